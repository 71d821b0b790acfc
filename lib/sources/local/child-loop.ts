/**
 * A program that goes on for ever and says something every interval. It is started once; only when it ends or falls silent it is started
 * again, later and later. Has no timer: `tick` is called at each collection.
 */
import { overdueAfter } from '../../model/endpoint.js';
import { clean } from '../../text/sanitize.js';
import type { SourceState } from '../../model/sample.js';
import { Child, type Command } from './child.js';
import { failure } from './run-command.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface LoopOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** What to start now; undefined: there is no such program. */
  readonly command: () => Command | undefined;
  /** Takes a line; whether it was data. */
  readonly onLine: (line: string) => boolean;
  /** It ended without a line of data, having said this. True: start it again at once, otherwise. */
  readonly onRefusal?: (output: string) => boolean;
  readonly intervalMs: Ms;
}

/** Silent for as long as makes an endpoint overdue, and at least so long, it is taken to hang, and is ended. */
const PATIENCE_MS = 10_000;
/** Its first word may take longer: a driver that nobody used may have to set up all its GPUs. */
const FIRST_PATIENCE_MS = 60_000;
const FIRST_BACKOFF_MS = 5_000;
const LAST_BACKOFF_MS = 60_000;
/** A line is longer than this in no program we run. */
const MAX_LINE = 64 * 1024;
/** Of what it says beside data, the start is kept. */
const MAX_TALK = 4096;

export class Loop {
  /** Resolves when it has said something, or is known to have nothing to say. */
  readonly settled: Promise<void>;
  readonly #options: LoopOptions;
  #settle: () => void = () => undefined;
  #child: Child | undefined;
  #state: SourceState = 'starting';
  #reason = '';
  /** When it was last started or heard, and whether it was heard since. */
  #aliveAt: Ms = 0;
  #heard = false;
  #dataAt: Ms = -Infinity;
  #startAt: Ms = -Infinity;
  #failures = 0;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get state(): SourceState {
    return this.#state;
  }
  get reason(): string {
    return this.#reason;
  }

  /** Whether what it last said is of now: not older than two intervals. */
  fresh(now: Ms): boolean {
    return now - this.#dataAt <= 2 * this.#options.intervalMs + 1000;
  }

  /** Starts it when it is due, ends it when it hangs. */
  tick(now: Ms): void {
    if (this.#stopped) return;
    if (this.#child === undefined) {
      if (now >= this.#startAt) this.#start(now);
      return;
    }
    const silence = now - this.#aliveAt;
    const patience = Math.max(overdueAfter(this.#options.intervalMs), PATIENCE_MS);
    if (silence > patience) this.#say('hanging', `silent for ${Math.round(silence / 1000)} s`);
    if (silence > (this.#heard ? patience : Math.max(patience, FIRST_PATIENCE_MS))) this.#child.kill();
  }

  /** Resolves when it is gone, or can't be killed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill();
    await this.#child?.exited;
  }

  #start(now: Ms): void {
    const command = this.#options.command();
    if (command === undefined) {
      this.#say('missing', 'not found');
      this.#startAt = now + LAST_BACKOFF_MS;
      return;
    }
    this.#aliveAt = now;
    this.#heard = false;
    let [open, talk] = ['', ''];
    const child = new Child(command, (text, from) => {
      if (from === 'stderr') {
        if (talk.length < MAX_TALK) talk += text;
        return;
      }
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      if (open.length > MAX_LINE) child.kill();
      for (const line of lines) {
        if (!this.#take(line) && talk.length < MAX_TALK) talk += `${line}\n`;
      }
    });
    this.#child = child;
    // A line that was cut short by its end is not looked at.
    void child.exited.then((exit) => {
      this.#ended(talk, failure(talk, exit));
    });
  }

  #take(line: string): boolean {
    if (this.#stopped || !this.#options.onLine(line)) return false;
    this.#aliveAt = this.#dataAt = this.#options.clock.now();
    this.#heard = true;
    this.#failures = 0;
    this.#say('ok', '');
    return true;
  }

  #ended(talk: string, reason: string): void {
    this.#child = undefined;
    if (this.#stopped) return;
    const now = this.#options.clock.now();
    if (!this.#heard && this.#options.onRefusal?.(talk) === true) return this.#start(now);
    const killed = this.#state === 'hanging';
    if (!killed) this.#say('failed', clean(reason, 200));
    // One that worked until now is started again at once.
    this.#startAt = this.#heard && !killed ? now : now + Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures++);
  }

  #say(state: SourceState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#settle();
  }
}
