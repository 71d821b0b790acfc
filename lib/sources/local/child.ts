/** Other programs, in a process group of their own: they, and what they start, end when they are told to and when this program is gone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as systemConstants } from 'node:os';
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

/**
 * Runs a program for somebody who may be killed: then the pipe to its standard input ends, and so does the program. It is killed alone at
 * first and waited for, so that one that cannot be killed (a driver that hangs) is not taken to be gone. What it left running is in the
 * same process group. No shell takes part in what it prints.
 */
const GUARD = `exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
exec >/dev/null 2>&1
{ read -r _ <&3; kill -9 $child; } &
guard=$!
exec 3<&-
wait $child
status=$?
kill -9 $guard
wait $guard
[ $status -ne 137 ] || kill -9 0
exit $status`;

export class Child {
  /** Resolves once it is gone; never rejects. */
  readonly exited: Promise<Exit>;
  #child: ChildProcess | undefined;
  #guarded = false;

  /** `onOutput` gets both of its outputs, as they come, as UTF-8. */
  constructor(command: Command, onOutput: (text: string, from: 'stdout' | 'stderr') => void) {
    const child = this.#spawn(command);
    if (child instanceof Error) {
      this.exited = Promise.resolve({ code: null, signal: null, error: child });
      return;
    }
    this.#child = child;
    this.exited = new Promise((resolve) => {
      // First of all: without a listener it would end this program.
      child.once('error', (error) => {
        this.#child = undefined;
        resolve({ code: null, signal: null, error });
      });
      // `close` comes when the outputs are read to their end, which a process that the program has left running may hold open for ever.
      child.once('exit', (code, signal) => {
        this.#endGroup();
        this.#child = undefined;
        const end = (): void => {
          clearTimeout(timer);
          child.stdin?.destroy();
          child.stdout?.destroy();
          child.stderr?.destroy();
          resolve(this.#guarded ? unguarded(code, signal) : { code, signal });
        };
        const timer = setTimeout(end, DRAIN_MS);
        child.once('close', end);
      });
    });
    // The other end may be gone; no pipe was made at all where there are no more files.
    child.stdin?.on('error', () => undefined);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8');
      child[name]?.on('data', (text: string) => {
        onOutput(text, name);
      });
    }
  }

  kill(): void {
    if (this.#guarded) this.#child?.stdin?.destroy();
    else this.#endGroup();
  }

  /** Where there is no shell (images of containers that hold nothing but Node.js), the program runs by itself. */
  #spawn({ file, args }: Command): ChildProcess | NodeJS.ErrnoException {
    const options = { detached: true, env: { ...process.env, LC_ALL: 'C' } };
    const shell = findProgram('/bin/sh');
    try {
      if (shell === undefined) return spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      this.#guarded = true;
      return spawn(shell, ['-c', GUARD, 'sh', file, ...args], { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  }

  #endGroup(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  }
}

const SIGNALS = new Map(Object.entries(systemConstants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** A shell gives 128 and the number of the signal that ended a program. */
function unguarded(code: number | null, signal: NodeJS.Signals | null): Exit {
  const ended = code !== null && code > 128 ? SIGNALS.get(code - 128) : undefined;
  return ended === undefined ? { code, signal } : { code: null, signal: ended };
}
