/** An isolated screen of neo-blessed: its output is captured, and it does not touch the process. */
import { EventEmitter } from 'node:events';
import Program from 'neo-blessed/lib/program.js';
import Tput, { type Terminfo } from 'neo-blessed/lib/tput.js';
import Screen from 'neo-blessed/lib/widgets/screen.js';

/**
 * The capabilities that drawing needs, spelled as in terminfo. Every current terminal has them; reading the system's database instead would
 * depend on TERM, on the formats that neo-blessed can parse, and on files next to the bundle.
 */
const XTERM: Terminfo = {
  name: 'xterm-256color',
  names: ['xterm-256color'],
  desc: '',
  bools: {},
  numbers: { max_colors: 256, max_pairs: 32767, U8: 1 },
  strings: {
    clear_screen: '\x1b[m\x1b[H\x1b[2J',
    cursor_address: '\x1b[%i%p1%d;%p2%dH',
    parm_right_cursor: '\x1b[%p1%dC',
    save_cursor: '\x1b7',
    restore_cursor: '\x1b8',
  },
};

/** What neo-blessed takes for the terminal: collects its output, and never sends input. */
export class Sink extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  columns = 1;
  rows = 1;
  #text = '';

  write(text: string): boolean {
    this.#text += text;
    return true;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  setRawMode(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

/** A screen that reads no terminfo, starts no `tmux -V`, and leaves no handler on the process. */
export function openScreen(sink: Sink): Screen {
  const original = Object.getOwnPropertyDescriptor(Tput.prototype, 'readTerminfo')!;
  const { TMUX } = process.env;
  Tput.prototype.readTerminfo = () => structuredClone(XTERM);
  delete process.env.TMUX;
  try {
    const screen = new Screen({ input: new Sink(), output: sink, terminal: XTERM.name, forceUnicode: true });
    screen.tput.brokenACS = true;
    // We control cursor and modes: draw() must not touch them.
    screen.program.cursorHidden = true;
    for (const handler of [Screen._exitHandler, Program._exitHandler]) if (handler) process.removeListener('exit', handler);
    if (Screen._exceptionHandler) process.removeListener('uncaughtException', Screen._exceptionHandler);
    if (Screen._sigtermHandler) process.removeListener('SIGTERM', Screen._sigtermHandler);
    if (Screen._sigintHandler) process.removeListener('SIGINT', Screen._sigintHandler);
    if (Screen._sigquitHandler) process.removeListener('SIGQUIT', Screen._sigquitHandler);
    return screen;
  } finally {
    Object.defineProperty(Tput.prototype, 'readTerminfo', original);
    if (TMUX !== undefined) process.env.TMUX = TMUX;
  }
}
