/**
 * Takes and restores the terminal: whatever ends or stops the program, the shell gets its terminal back as it left it. Nothing here ends the
 * process; `exit` is passed in.
 */
import { constants } from 'node:os';
import type { ErrorCode } from '../errors.js';
import { clean } from '../text/sanitize.js';
import { divertConsole } from './stream-capture.js';
import { forsakeTerminal } from './hangup.js';
import type { Clock } from '../model/clock.js';

/**
 * Signals that end a program that has no handler for them, as far as this system has them. SIGUSR1 is Node.js's own. It ignores SIGXFSZ, so
 * that a write over a limit is refused like one on a full disk.
 */
export const END_SIGNALS = (
  [
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGTERM',
    'SIGALRM',
    'SIGUSR2',
    'SIGVTALRM',
    'SIGPROF',
    'SIGXCPU',
    'SIGIO',
    'SIGPWR',
    'SIGSTKFLT',
  ] as const
).filter((name) => name in constants.signals);

/** Exit statuses of signals, as shells count them: 128 and the signal's number. */
const signalExit = (name: NodeJS.Signals): number => 128 + constants.signals[name];

/** Exit code after an internal error. */
export const FAULT_EXIT = 70;

/** If a stop signal did not stop us (an orphaned process group could never be continued), the screen returns after this time. */
const NOT_STOPPED_MS = 100;

/** What the app passes in. */
export interface LifetimeEdges {
  /** Called once, after the terminal is restored. May take a while; a second signal other than SIGHUP then kills. */
  readonly exit: (status: number) => void;
  readonly stderr: { write(text: string): unknown };
  readonly process?: NodeJS.Process;
}

interface Held extends LifetimeEdges {
  readonly stdin: NodeJS.EventEmitter;
  readonly clock: Clock;
}

export interface Lifetime {
  /** Restores the terminal and stops the job, as Ctrl-Z does; returns as soon as this has started. */
  suspend(): void;
  /** Removes all handlers. Restoring the terminal is up to the caller. */
  release(): void;
}

/** The thing that is entered and left. Entering twice repairs; leaving twice does nothing. */
export interface Enterable {
  /** The terminal is gone. */
  readonly gone: boolean;
  enter(): void;
  leave(): void;
}

class Hold implements Lifetime {
  readonly #terminal: Enterable;
  readonly #held: Held;
  readonly #process: NodeJS.Process;
  readonly #handlers: { readonly on: NodeJS.EventEmitter; readonly event: string; readonly run: (reason?: unknown) => void }[] = [];
  #state: 'up' | 'suspended' | 'released' = 'up';
  #undivert: () => void;

  constructor(terminal: Enterable, held: Held) {
    this.#terminal = terminal;
    this.#held = held;
    this.#process = held.process ?? process;
    this.#undivert = divertConsole(held.stderr, this.#process);
    this.#listen();
  }

  suspend(): void {
    // The whole job: a wrapper such as npm must stop too, or the shell would go on waiting.
    this.#stop(0);
  }

  release(): void {
    if (this.#state === 'released') return;
    const state = this.#state;
    // First, because leaving a terminal that is gone reports errors, which lead here again.
    this.#state = 'released';
    if (state === 'up') this.#down();
    else if (this.#terminal.gone) forsakeTerminal();
    for (const { on, event, run } of this.#handlers) on.removeListener(event, run);
    this.#process.removeListener('SIGTSTP', this.#onStop);
  }

  #listen(): void {
    const proc = this.#process;
    const on = (emitter: NodeJS.EventEmitter, event: string, run: (reason?: unknown) => void): void => {
      emitter.on(event, run);
      this.#handlers.push({ on: emitter, event, run });
    };
    for (const signal of END_SIGNALS) on(proc, signal, () => this.#end(signalExit(signal)));
    for (const event of ['uncaughtException', 'unhandledRejection']) on(proc, event, (reason) => this.#fault(reason));
    on(proc, 'exit', () => this.release());
    on(proc, 'SIGCONT', () => this.#resume());
    // A terminal that is gone shows up here too, not always as SIGHUP.
    for (const event of ['end', 'error']) on(this.#held.stdin, event, () => this.#end(signalExit('SIGHUP')));
    proc.on('SIGTSTP', this.#onStop);
  }

  readonly #onStop = (): void => {
    this.#stop(this.#process.pid);
  };

  #down(): void {
    this.#terminal.leave();
    if (this.#terminal.gone) forsakeTerminal();
    this.#undivert();
  }

  #end(status: number): void {
    if (this.#state === 'released') return;
    // A closed window sends SIGHUP more than once (kernel, shell, emulator), which must not cut the shutdown short. Set before the
    // other handlers are removed: a moment without one would be enough.
    this.#process.on('SIGHUP', () => undefined);
    this.release();
    this.#held.exit(status);
  }

  #fault(reason: unknown): void {
    if (this.#state === 'released') return;
    this.release();
    this.#held.stderr.write(`${faultText(reason)}\n`);
    this.#held.exit(FAULT_EXIT);
  }

  #stop(target: number): void {
    if (this.#state !== 'up') return;
    this.#state = 'suspended';
    this.#down();
    // Without a handler the signal does what it does by default.
    this.#process.removeListener('SIGTSTP', this.#onStop);
    this.#process.kill(target, 'SIGTSTP');
    this.#held.clock.after(NOT_STOPPED_MS, () => {
      if (this.#state === 'suspended') this.#resume();
    });
  }

  #resume(): void {
    if (this.#state === 'released') return;
    if (this.#state === 'suspended') {
      this.#state = 'up';
      this.#undivert = divertConsole(this.#held.stderr, this.#process);
      this.#process.on('SIGTSTP', this.#onStop);
    }
    this.#terminal.enter();
  }
}

/** Watches over a terminal that has been entered. */
export const holdTerminal = (terminal: Enterable, held: Held): Lifetime => new Hold(terminal, held);

/** One line about what happened, then the stack. Its text may come from anywhere. */
function faultText(reason: unknown): string {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const lines = (error.stack ?? '').split('\n').map((line) => clean(line));
  return [`all-smi-view: internal error: ${clean(error.message)}`, ...lines].join('\n');
}

/** Undefined if a full-screen program can run here, else the error. */
export function isUsableTerminal(
  stdin: { readonly isTTY?: boolean },
  stdout: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Extract<ErrorCode, 'E_NOT_A_TTY' | 'E_TERM_DUMB'> | undefined {
  if (stdin.isTTY !== true || stdout.isTTY !== true) return 'E_NOT_A_TTY';
  return env.TERM === 'dumb' || env.TERM === 'unknown' ? 'E_TERM_DUMB' : undefined;
}
