/** A real terminal emulator inside the test, which shows what the program writes. */
import { PassThrough, Writable } from 'node:stream';
import unicode11 from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';

export class Emulator {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly titles: string[] = [];

  constructor(cols: number, rows: number) {
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 0 });
    this.#terminal.loadAddon(new unicode11.Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#terminal.onTitleChange((title) => this.titles.push(title));
  }

  get cols(): number {
    return this.#terminal.cols;
  }
  get rows(): number {
    return this.#terminal.rows;
  }
  get cursor(): { readonly x: number; readonly y: number; readonly hidden: boolean } {
    const { cursorX: x, cursorY: y } = this.#terminal.buffer.active;
    const core = (this.#terminal as unknown as { _core: { coreService: { isCursorHidden: boolean } } })._core;
    return { x, y, hidden: core.coreService.isCursorHidden };
  }
  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }
  get modes(): { readonly mouse: string; readonly paste: boolean } {
    const { mouseTrackingMode, bracketedPasteMode } = this.#terminal.modes;
    return { mouse: mouseTrackingMode, paste: bracketedPasteMode };
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#terminal.write(bytes, resolve);
    });
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
  }

  /** Characters of a row by cell; '' is the second half of a wide one. */
  row(y: number): string[] {
    const line = this.#terminal.buffer.active.getLine(y);
    return Array.from({ length: this.cols }, (_cell, x) => {
      const cell = line?.getCell(x);
      return cell === undefined || cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
    });
  }

  /** [foreground, background, bold, underlined, inverse]; -1 is the default colour of the terminal. */
  look(x: number, y: number): [fg: number, bg: number, bold: boolean, underline: boolean, inverse: boolean] {
    const cell = this.#terminal.buffer.active.getLine(y)!.getCell(x)!;
    const fg = cell.isFgDefault() ? -1 : cell.getFgColor();
    const bg = cell.isBgDefault() ? -1 : cell.getBgColor();
    return [fg, bg, cell.isBold() !== 0, cell.isUnderline() !== 0, cell.isInverse() !== 0];
  }

  text(): string {
    return Array.from({ length: this.rows }, (_row, y) => this.row(y).join('').trimEnd()).join('\n');
  }

  dispose(): void {
    this.#terminal.dispose();
  }
}

/** stdin and stdout of a program whose terminal is an emulator in this process. */
export class FakeTty {
  readonly emulator: Emulator;
  readonly stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    raw: false,
    setRawMode(raw: boolean) {
      this.raw = raw;
    },
  });
  readonly stdout: Writable & { isTTY: true; columns: number; rows: number };
  /** All output so far. */
  raw = '';
  #held: (() => void)[] | undefined;

  constructor(cols: number, rows: number) {
    this.emulator = new Emulator(Math.max(2, cols), Math.max(1, rows));
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.raw += chunk.toString();
        const deliver = (): void => void this.emulator.write(chunk).then(() => done());
        if (this.#held) this.#held.push(deliver);
        else deliver();
      },
    });
    this.stdout = Object.assign(stdout, { isTTY: true as const, columns: cols, rows });
  }

  /** Resolves when all output is on the screen. */
  async settled(): Promise<void> {
    while (this.stdout.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.emulator.write('');
    await new Promise((resolve) => setImmediate(resolve));
  }

  type(bytes: string): void {
    this.stdin.write(bytes);
  }

  resize(cols: number, rows: number): void {
    this.emulator.resize(Math.max(2, cols), Math.max(1, rows));
    Object.assign(this.stdout, { columns: cols, rows });
    this.stdout.emit('resize');
  }

  /** The terminal stops reading. */
  hold(): void {
    this.#held = [];
  }

  /** It resumes reading. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }
}
