/** The interface between frames and terminals. */
import type { InputEvent } from '../keys/key-names.js';
import { cellsToText, composeCells, type Cells } from '../view/cells.js';
import type { Frame, Size } from '../view/frame.js';
import type { Painter } from '../view/painter.js';

/** A painter without a terminal. It composes the same cells. */
export class MemoryPainter implements Painter {
  size: Size;
  /** Frames shown so far. */
  frames = 0;
  redraws = 0;
  bells = 0;
  /** What was last copied. */
  clipboard = '';
  suspends = 0;
  closed = false;
  readonly bytesWritten = 0;
  cells: Cells;
  frame: Frame | undefined;
  #stalled = false;
  #refused = false;
  readonly #listeners = { input: [] as ((event: InputEvent) => void)[], resize: [] as (() => void)[], ready: [] as (() => void)[] };

  constructor(cols = 80, rows = 24) {
    this.size = { cols, rows };
    this.cells = composeCells({ size: this.size, lines: [], rasters: [] });
  }

  paint(frame: Frame): void {
    if (!this.ready()) return;
    this.frame = frame;
    this.cells = composeCells(frame, this.cells);
    this.frames++;
  }

  onInput(run: (event: InputEvent) => void): void {
    this.#listeners.input.push(run);
  }

  onResize(run: () => void): void {
    this.#listeners.resize.push(run);
  }

  onReady(run: () => void): void {
    this.#listeners.ready.push(run);
  }

  ready(): boolean {
    this.#refused ||= this.#stalled;
    return !this.#stalled;
  }

  suspend(): void {
    this.suspends++;
  }

  redraw(): void {
    this.redraws++;
  }

  copy(text: string): void {
    this.clipboard = text;
  }

  bell(): void {
    this.bells++;
  }

  close(): void {
    this.closed = true;
  }

  /** What is on screen. */
  text(): string {
    return cellsToText(this.cells);
  }

  /** The first cell with `text`, from the top; undefined: not found. */
  find(text: string): { readonly x: number; readonly y: number } | undefined {
    const { cols, rows, ch } = this.cells;
    for (let y = 0; y < rows; y++) {
      const row = ch.slice(y * cols, (y + 1) * cols);
      const x = row.findIndex((_ch, from) => row[from] !== '' && row.slice(from).join('').startsWith(text));
      if (x >= 0) return { x, y };
    }
    return undefined;
  }

  send(event: InputEvent): void {
    for (const run of this.#listeners.input) run(event);
  }

  /** Presses keys by their canonical names: `press('u', 'Down', 'C-c')`. */
  press(...names: readonly string[]): void {
    for (const name of names) this.send({ type: 'key', name, text: name === 'Space' ? ' ' : Array.from(name).length === 1 ? name : '' });
  }

  paste(text: string): void {
    this.send({ type: 'paste', text });
  }

  /** Presses the left button on a cell, or at the position of a text. */
  click(where: string | { readonly x: number; readonly y: number }, clicks = 1): void {
    const place = typeof where === 'string' ? this.find(where) : where;
    if (place === undefined) throw new Error(`not on screen: ${JSON.stringify(where)}`);
    this.send({ type: 'mouse', action: 'press', button: 'left', x: place.x, y: place.y, clicks });
  }

  resize(cols: number, rows: number): void {
    this.size = { cols, rows };
    for (const run of this.#listeners.resize) run();
  }

  /** Simulates a terminal that stops reading, and one that reads again. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (stalled || !this.#refused) return;
    this.#refused = false;
    for (const run of this.#listeners.ready) run();
  }
}
