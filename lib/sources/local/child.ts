/** Other programs, run without a shell, in a process group of their own: what they start ends with them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Command {
  /** A path; found before with `findProgram`. */
  readonly file: string;
  readonly args: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

/** Whatever a program says in one go: nvidia-smi -q -x says some 20 KB a GPU. */
export const MAX_OUTPUT = 8 * 2 ** 20;

/** How long the outputs of a program that has ended may take to be read. */
const DRAIN_MS = 500;

/** Where nvidia-smi is when it isn't on the path: under WSL, and in containers of some runtimes. */
const OTHER_PLACES = ['/usr/lib/wsl/lib', '/usr/local/nvidia/bin', '/usr/bin'];

/** The path of a program; undefined: there is none that may be run. A name with a slash is a path already. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  const files = name.includes('/')
    ? [name]
    : [...path.split(delimiter), ...OTHER_PLACES].filter(Boolean).map((folder) => join(folder, name));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

export class Child {
  /** Resolves once it is gone; never rejects. */
  readonly exited: Promise<Exit>;
  #child: ChildProcess | undefined;

  /** `onOutput` gets both of its outputs, as they come, as UTF-8. */
  constructor({ file, args }: Command, onOutput: (text: string, from: 'stdout' | 'stderr') => void) {
    const env = { ...process.env, LC_ALL: 'C' };
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
    this.#child = child;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        onOutput(text, name);
      });
    }
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#gone();
        resolve({ code: null, signal: null, error });
      });
      // `close` comes when the outputs are read to their end, which a grandchild may hold open for ever.
      child.once('exit', (code, signal) => {
        this.#gone();
        const end = (): void => {
          clearTimeout(timer);
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ code, signal });
        };
        const timer = setTimeout(end, DRAIN_MS);
        child.once('close', end);
      });
    });
  }

  kill(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }

  #gone(): void {
    this.#child = undefined;
  }
}
