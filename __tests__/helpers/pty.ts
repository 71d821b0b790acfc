/** Programs on a real pseudo-terminal, seen through a terminal emulator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { buildSync } from 'esbuild';
import { Emulator } from './terminal.js';

export interface Exit {
  readonly status: number;
  readonly signal: number;
}

/** The variables that CommonJS packages expect, inside an ES module. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/** Bundles a TypeScript file and its imports into one file that node can run outside node_modules. */
export function bundle(entry: string): { readonly file: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-test-'));
  const file = join(directory, 'program.mjs');
  buildSync({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: BANNER },
    // Required by a neo-blessed widget that is not used.
    external: ['term.js', 'pty.js'],
    logLevel: 'error',
  });
  return {
    file,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export class PtyProgram {
  readonly emulator: Emulator;
  readonly exited: Promise<Exit>;
  /** All output so far. */
  raw = '';
  readonly #pty: pty.IPty;
  #writing: Promise<void> = Promise.resolve();
  #changed: (() => void)[] = [];

  constructor(command: string, args: readonly string[], options: { cols?: number; rows?: number; env?: Record<string, string> } = {}) {
    const { cols = 60, rows = 12, env = {} } = options;
    this.emulator = new Emulator(cols, rows);
    const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
    this.#pty = pty.spawn(command, [...args], {
      cols,
      rows,
      name: env.TERM ?? 'xterm-256color',
      env: { ...inherited, NO_COLOR: '', LC_ALL: '', LC_CTYPE: '', LANG: 'C.UTF-8', ...env },
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#writing = this.emulator.write(data);
      void this.#writing.then(() => {
        this.#tell();
      });
    });
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        resolve({ status: exitCode, signal: signal ?? 0 });
        this.#tell();
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Waits for the condition; the error shows the screen if it never holds. */
  async until(what: string, holds: () => boolean, patienceMs = 8000): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!holds()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`never came: ${what}\n${this.emulator.text()}`);
      // Conditions may also depend on files, so it also checks at short intervals.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 25));
        this.#changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  shows(text: string): Promise<void> {
    return this.until(JSON.stringify(text), () => this.emulator.text().includes(text));
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(cols: number, rows: number): void {
    this.emulator.resize(Math.max(2, cols), Math.max(1, rows));
    this.#pty.resize(cols, rows);
  }

  /** The terminal stops reading, and resumes. */
  hold(): void {
    this.#pty.pause();
  }
  release(): void {
    this.#pty.resume();
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The terminal closes, as when its window is closed. */
  hangUp(): void {
    (this.#pty as pty.IPty & { destroy(): void }).destroy();
  }

  /** Ends the program in any state. */
  dispose(): void {
    try {
      this.#pty.kill('SIGKILL');
    } catch {
      // Already gone.
    }
    this.emulator.dispose();
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const run of changed) run();
  }
}
