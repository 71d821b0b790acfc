/** Runs other programs in a process group of their own: they and their children end on request, and when this program ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Command {
  /** A path, as `find` returned it. */
  readonly file: string;
  readonly args: readonly string[];
  /** Changes to the environment; undefined: without this variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It runs on, and each of its lines is wanted when it is printed. */
  readonly byLine?: true;
}

/** Receives both outputs of a program, as they arrive, as UTF-8. */
export type OnOutput = (text: string, from: 'stdout' | 'stderr') => void;

/** A program that was started. */
export interface Running {
  /** Resolves once it has ended; never rejects. */
  readonly exited: Promise<Exit>;
  kill(): void;
}

/** The programs of a machine. */
export interface Programs {
  /** The path of a program; undefined: no executable was found. */
  find(name: string): string | undefined;
  start(command: Command, onOutput: OnOutput): Running;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

/** More than any program prints at once: nvidia-smi -q -x prints about 20 KB per GPU. */
export const MAX_OUTPUT = 8 * 2 ** 20;

/** Time limit for reading the output of a program that has ended. */
const DRAIN_MS = 500;

/** The location of nvidia-smi when it is not on the path: under WSL, and in containers of some runtimes. */
const OTHER_PLACES = ['/usr/lib/wsl/lib', '/usr/local/nvidia/bin', '/usr/bin'];

/** The path of a program; undefined: no executable was found. A name with a slash is already a path. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  const files = name.includes('/')
    ? [name]
    : [...path.split(delimiter), ...OTHER_PLACES].filter(Boolean).map((directory) => join(directory, name));
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
 * Runs a program so that it does not outlive this process: if this process is killed, the pipe to the program's standard input closes, and
 * the program is ended. The program is at first killed alone and waited for, so that one that cannot be killed (a hung driver) is not
 * considered gone. Processes that it left running are in the same process group. Its output is never interpreted by a shell.
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

export class Child implements Running {
  readonly exited: Promise<Exit>;
  #child: ChildProcess | undefined;
  #guarded = false;

  constructor(command: Command, onOutput: OnOutput) {
    const child = this.#spawn(command);
    if (child instanceof Error) {
      this.exited = Promise.resolve({ code: null, signal: null, error: child });
      return;
    }
    this.#child = child;
    this.exited = new Promise((resolve) => {
      // Attached first: without a listener the error would end this program.
      child.once('error', (error) => {
        this.#child = undefined;
        resolve({ code: null, signal: null, error });
      });
      // `close` is emitted when the outputs are read to their end, and a process that the program left running may keep them open forever.
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
    // The other end may be closed; when no file descriptors are left there is no pipe at all.
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

  /** Without a shell (container images with nothing but Node.js), the program runs directly. */
  #spawn({ file, args, env = {} }: Command): ChildProcess | NodeJS.ErrnoException {
    const options = { detached: true, env: { ...process.env, ...env, LC_ALL: 'C' } };
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
      // No process is left.
    }
  }
}

const SIGNALS = new Map(Object.entries(systemConstants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** A shell returns 128 plus the number of the signal that ended a program. */
export function unguarded(code: number | null, signal: NodeJS.Signals | null): Exit {
  const ended = code !== null && code > 128 ? SIGNALS.get(code - 128) : undefined;
  return ended === undefined ? { code, signal } : { code: null, signal: ended };
}

/** When it writes to a pipe, a program may buffer some thousand bytes of output; `stdbuf` (coreutils) makes it write each line. */
function byLine({ file, args, ...rest }: Command): Command {
  const stdbuf = findProgram('stdbuf');
  return stdbuf === undefined ? { file, args, ...rest } : { ...rest, file: stdbuf, args: ['-oL', file, ...args] };
}

/** Those of this machine. */
export const OWN_PROGRAMS: Programs = {
  find: (name) => findProgram(name),
  start: (command, onOutput) => new Child(command.byLine ? byLine(command) : command, onOutput),
};
