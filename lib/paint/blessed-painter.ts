/**
 * The painter for real terminals. It uses the screen buffer of neo-blessed, which writes the difference between two frames, but not its input,
 * signal handlers, terminal database or exit handling.
 */
import Box from 'neo-blessed/lib/widgets/box.js';
import type Screen from 'neo-blessed/lib/widgets/screen.js';
import type { InputEvent } from '../keys/key-names.js';
import { composeCells, type Cells } from '../view/cells.js';
import type { Frame, Size } from '../view/frame.js';
import { capabilitiesOf, themeFor } from './capabilities.js';
import { toAscii } from './ascii-signs.js';
import { listenInput, type TerminalIn } from './keyboard.js';
import { holdTerminal, type Lifetime, type LifetimeEdges } from './lifetime.js';
import { Output, type TerminalOut } from './output.js';
import { openScreen, Sink } from './open-terminal.js';
import { lookOf, type Look, type Theme } from './theme.js';
import type { Clock } from '../model/clock.js';
import type { Painter } from '../view/painter.js';

const SYNC_ON = '\x1b[?2026h';
const SYNC_OFF = '\x1b[?2026l';
const HIDE_CURSOR = '\x1b[?25l';
/** Alternate screen, plain keypad and cursor keys, cursor hidden, mouse (buttons, drags, SGR), bracketed paste, whole screen scrolls. */
const ENTER = (mouse: boolean): string =>
  `\x1b[?1049h\x1b[?1l\x1b>\x1b[?25l${mouse ? '\x1b[?1000h\x1b[?1002h\x1b[?1006h' : ''}\x1b[?2004h\x1b[r\x1b[?6l\x1b[?7h\x1b[m\x1b[H\x1b[2J`;
const LEAVE = (mouse: boolean): string =>
  `${SYNC_OFF}\x1b[?2004l${mouse ? '\x1b[?1006l\x1b[?1002l\x1b[?1000l' : ''}\x1b[m\x1b[?25h\x1b[?1049l`;

/** A terminal that accepted nothing for this long is redrawn completely. */
const STALL_MS = 250;
/** Serial lines, and containers that are still starting, report 0x0. */
const UNKNOWN_SIZE: Size = { cols: 80, rows: 24 };
const STYLES = 256;
const DEFAULT_COLOUR = 0x1ff;

export interface BlessedOptions {
  readonly stdin: TerminalIn;
  readonly stdout: TerminalOut;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: from the environment. */
  readonly theme?: Theme;
  /** ASCII characters only. Default: from the environment. */
  readonly ascii?: boolean;
  /** False: leave the mouse to the terminal, to select text. */
  readonly mouse?: boolean;
  readonly clock: Clock;
  /** If given, signals, uncaught errors and console output are handled until `close`. */
  readonly lifetime?: LifetimeEdges;
}

/** neo-blessed's attribute word of each style a cell can have. */
function attributesOf(theme: Theme): Int32Array {
  const word = ({ fg = DEFAULT_COLOUR, bg = DEFAULT_COLOUR, bold, underline, inverse }: Look): number =>
    ((bold === true ? 1 : 0) | (underline === true ? 2 : 0) | (inverse === true ? 8 : 0)) * 2 ** 18 + fg * 2 ** 9 + bg;
  return Int32Array.from({ length: STYLES }, (_zero, style) => word(lookOf(theme, style)));
}

/** Copies the cells that changed. */
function blit(cells: Cells, attributes: Int32Array, { lines, olines }: Screen): void {
  const cols = Math.min(cells.cols, lines[0]?.length ?? 0);
  const rows = Math.min(cells.rows, lines.length);
  for (let y = 0; y < rows; y++) {
    const row = lines[y]!;
    for (let x = 0, at = y * cells.cols; x < cols; x++, at++) {
      const cell = row[x]!;
      const attribute = attributes[cells.style[at]!]!;
      const ch = cells.ch[at]!;
      if (cell[0] === attribute && cell[1] === ch) continue;
      cell[0] = attribute;
      cell[1] = ch;
      row.dirty = true;
      // The second half of a wide character has to be "written" with the first, or draw() would take the cursor to be between them.
      if (x + 1 < cols && cells.ch[at + 1] === '') olines[y]![x + 1]![1] = '\0';
    }
  }
}

class BlessedPainter implements Painter {
  readonly #stdin: TerminalIn;
  readonly #stdout: TerminalOut;
  readonly #clock: Clock;
  readonly #ascii: boolean;
  readonly #enter: string;
  readonly #leave: string;
  readonly #output: Output;
  readonly #sink = new Sink();
  readonly #screen: Screen;
  readonly #lifetime: Lifetime | undefined;
  readonly #listeners = { input: [] as ((event: InputEvent) => void)[], resize: [] as (() => void)[], ready: [] as (() => void)[] };
  #cells: Cells | undefined;
  #last: Frame | undefined;
  #up = false;
  #closed = false;
  #whole = true;
  #refused = false;
  #deafen: () => void = () => undefined;

  constructor(options: BlessedOptions) {
    const { stdin, stdout, env, clock, lifetime } = options;
    const { theme = themeFor('auto', env), ascii = capabilitiesOf(env).ascii, mouse = true } = options;
    this.#ascii = ascii;
    this.#enter = ENTER(mouse);
    this.#leave = LEAVE(mouse);
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#clock = clock;
    this.#output = new Output(stdout, clock);
    this.#output.onDrain((waited) => {
      this.#drained(waited);
    });
    this.#screen = openScreen(this.#sink);
    const attributes = attributesOf(theme);
    const view = new Box({ parent: this.#screen, screen: this.#screen, top: 0, left: 0, width: '100%', height: '100%' });
    view.render = () => {
      if (this.#cells) blit(this.#cells, attributes, this.#screen);
      view.lpos = view._getCoords();
      return view.lpos;
    };
    stdout.on('resize', this.#resized);
    stdout.on('error', ignore);
    stdin.on('error', ignore);
    this.enter();
    this.#lifetime = lifetime && holdTerminal(this, { ...lifetime, stdin, clock });
  }

  get size(): Size {
    const { columns, rows } = this.#stdout;
    return columns !== undefined && rows !== undefined && columns > 0 && rows > 0 ? { cols: columns, rows } : UNKNOWN_SIZE;
  }

  get gone(): boolean {
    return this.#output.gone;
  }

  get bytesWritten(): number {
    return this.#output.bytesWritten;
  }

  paint(frame: Frame): void {
    this.#last = frame;
    if (!this.#up || !this.ready()) return;
    const { program } = this.#screen;
    const { cols, rows } = this.size;
    if (this.#whole || program.cols !== cols || program.rows !== rows) {
      program.cols = cols;
      program.rows = rows;
      program.scrollBottom = rows - 1;
      this.#screen.alloc();
      this.#whole = false;
    }
    this.#cells = composeCells(frame, this.#cells);
    if (this.#ascii) toAscii(this.#cells.ch);
    this.#screen.render();
    program.flush();
    const drawn = this.#sink.take();
    // Hidden again with each frame: another program may have shown it.
    if (drawn !== '') this.#output.write(SYNC_ON + drawn + HIDE_CURSOR + SYNC_OFF);
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
    const { waiting } = this.#output;
    this.#refused ||= waiting;
    return !waiting;
  }

  suspend(): void {
    this.#lifetime?.suspend();
  }

  redraw(): void {
    this.#whole = true;
  }

  copy(text: string): void {
    if (this.#up) this.#output.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`);
  }

  bell(): void {
    if (this.#up) this.#output.write('\x07');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lifetime?.release();
    this.leave();
    this.#stdout.removeListener('resize', this.#resized);
    this.#screen.destroy();
  }

  /** Takes the terminal, or takes it back after another program had it, and shows the last frame. */
  enter(): void {
    if (this.#closed) return;
    this.#deafen();
    // Off first: the mode may have been changed since, and libuv does not set a mode that it believes to be set.
    this.#stdin.setRawMode?.(false);
    this.#stdin.setRawMode?.(true);
    this.#deafen = listenInput(this.#stdin, this.#clock, (event) => {
      for (const run of this.#listeners.input) run(event);
    });
    this.#stdin.resume();
    this.#output.hold();
    this.#output.write(this.#enter);
    this.#up = true;
    this.#whole = true;
    this.#stdout._refreshSize?.();
    if (this.#last) this.paint(this.#last);
  }

  /** Restores the terminal. */
  leave(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#deafen();
    this.#output.finish(this.#leave);
    this.#output.release();
    this.#stdin.setRawMode?.(false);
    this.#stdin.pause();
  }

  readonly #resized = (): void => {
    for (const run of this.#listeners.resize) run();
  };

  #drained(waitedMs: number): void {
    if (waitedMs >= STALL_MS) this.#whole = true;
    if (!this.#refused) return;
    this.#refused = false;
    for (const run of this.#listeners.ready) run();
  }
}

const ignore = (): void => undefined;

/** Takes the terminal at once; `close` gives it back. Check `isUsableTerminal` first. */
export function createBlessedPainter(options: BlessedOptions): Painter {
  return new BlessedPainter(options);
}
