/**
 * How the terminal is taken and given back: whatever ends or stops the program, the shell finds its terminal as it left it. Nothing here
 * ends the process; `exit` is handed in.
 */
import type { ErrorCode } from '../errors.js';
import type { Clock } from '../model/ports.js';
import { clean } from '../sanitize.js';
import { divertConsole } from './diversion.js';

/** Exit statuses of signals, as shells count them: 128 and the signal's number. */
export const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;
type EndSignal = keyof typeof SIGNAL_EXITS;
const END_SIGNALS = Object.keys(SIGNAL_EXITS) as EndSignal[];

/** Exit status after a fault of the program itself. */
export const FAULT_EXIT = 70;

/** When a stop signal did not stop us (nobody could continue an orphaned process group), the screen comes back after this. */
const NOT_STOPPED_MS = 100;

/** What the app hands in. */
export interface LifetimeEdges {
  /** Called once, with the terminal given back. May take its time; a second signal then ends the process. */
  readonly exit: (status: number) => void;
  readonly stderr: { write(text: string): unknown };
  readonly process?: NodeJS.Process;
}

interface Held extends LifetimeEdges {
  readonly stdin: NodeJS.EventEmitter;
  readonly clock: Clock;
}

export interface Lifetime {
  /** Gives the terminal back and stops the job, as Ctrl-Z does; returns when it is under way. */
  suspend(): void;
  /** Gives up all handlers. The terminal is the caller's. */
  release(): void;
}

/** The thing that is entered and left. Entering twice repairs; leaving twice does nothing. */
export interface Enterable {
  enter(): void;
  leave(): void;
}

/** Watches over a terminal that has been entered. */
export function holdTerminal(terminal: Enterable, { exit, stderr, stdin, clock, process: proc = process }: Held): Lifetime {
  let state: 'up' | 'suspended' | 'released' = 'up';
  let undivert = divertConsole(stderr, proc);
  const handlers: [NodeJS.EventEmitter, string, (...args: never[]) => void][] = [];

  const down = (): void => {
    terminal.leave();
    undivert();
  };
  const release = (): void => {
    if (state === 'released') return;
    if (state === 'up') down();
    state = 'released';
    for (const [emitter, event, handler] of handlers) emitter.removeListener(event, handler as () => void);
    proc.removeListener('SIGTSTP', onStop);
  };
  const end = (status: number): void => {
    release();
    exit(status);
  };
  const fault = (reason: unknown): void => {
    if (state === 'released') return;
    release();
    stderr.write(`${faultText(reason)}\n`);
    exit(FAULT_EXIT);
  };
  const resume = (): void => {
    if (state === 'released') return;
    if (state === 'suspended') {
      state = 'up';
      undivert = divertConsole(stderr, proc);
      proc.on('SIGTSTP', onStop);
    }
    terminal.enter();
  };
  /** `target` 0 is the whole job: a wrapper such as npm has to stop too, or the shell would wait on. */
  const stop = (target: number): void => {
    if (state !== 'up') return;
    state = 'suspended';
    down();
    // Without a handler the signal does what it does by default.
    proc.removeListener('SIGTSTP', onStop);
    proc.kill(target, 'SIGTSTP');
    clock.after(NOT_STOPPED_MS, () => {
      if (state === 'suspended') resume();
    });
  };
  const onStop = (): void => {
    stop(proc.pid);
  };

  const on = (emitter: NodeJS.EventEmitter, event: string, handler: (...args: never[]) => void): void => {
    emitter.on(event, handler as () => void);
    handlers.push([emitter, event, handler]);
  };
  for (const signal of END_SIGNALS) on(proc, signal, () => end(SIGNAL_EXITS[signal]));
  on(proc, 'uncaughtException', fault);
  on(proc, 'unhandledRejection', fault);
  on(proc, 'exit', release);
  on(proc, 'SIGCONT', resume);
  // A terminal that is gone says so here too, not always with SIGHUP.
  for (const event of ['end', 'error']) on(stdin, event, () => end(SIGNAL_EXITS.SIGHUP));
  proc.on('SIGTSTP', onStop);

  return {
    suspend: () => {
      stop(0);
    },
    release,
  };
}

/** One line that says what happened, then the stack. Its text may come from anywhere. */
function faultText(reason: unknown): string {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const lines = (error.stack ?? '').split('\n').map((line) => clean(line));
  return [`all-smi-view: internal error: ${clean(error.message)}`, ...lines].join('\n');
}

/** Undefined when a full-screen program can run here, else the error that says why not. */
export function isUsableTerminal(
  stdin: { readonly isTTY?: boolean },
  stdout: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Extract<ErrorCode, 'E_NOT_A_TTY' | 'E_TERM_DUMB'> | undefined {
  if (stdin.isTTY !== true || stdout.isTTY !== true) return 'E_NOT_A_TTY';
  return env.TERM === 'dumb' || env.TERM === 'unknown' ? 'E_TERM_DUMB' : undefined;
}
