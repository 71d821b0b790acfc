/**
 * A program that goes on for ever and prints something every interval. It is started once; only when it ends or falls silent it is started
 * again, later and later. Has no timer: `tick` is called at each collection.
 */
import { overdueAfter } from '../../model/endpoint.js';
import { clean } from '../../text/sanitize.js';
import type { NodeSource, SourceState } from '../../model/sample.js';
import { Child, type Command } from './child.js';
import { failure } from './run-command.js';
import { isWarning } from './smi-values.js';
import { LineSplitter } from './line-splitter.js';
import { Words } from './words.js';
import type { Clock, Ms } from '../../model/clock.js';

/** What a line was. `words`: what is wrong, in an error or in a row of data. */
export type Heard =
  | { readonly kind: 'blank' }
  /** A heading: the program is alive, and has told nothing yet. */
  | { readonly kind: 'head' }
  | { readonly kind: 'words'; readonly words: string }
  /** `whole`: with it (or before it) the program has told all it has to tell in a round. */
  | { readonly kind: 'data'; readonly whole: boolean; readonly words?: string };

export interface LoopOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** What to start now; undefined: there is no such program. */
  readonly command: () => Command | undefined;
  readonly onLine: (line: string) => Heard;
  /** It ended without a line of data, having printed this. True: start it again at once, otherwise. */
  readonly onRefusal?: (output: string) => boolean;
  readonly intervalMs: Ms;
}

/** Silent for as long as makes an endpoint overdue, and at least so long, it is taken to hang, and is ended. */
const PATIENCE_MS = 10_000;
/** Its first word may take longer: a driver that nobody used may have to set up all its GPUs. */
const FIRST_PATIENCE_MS = 60_000;
const FIRST_BACKOFF_MS = 5_000;
const LAST_BACKOFF_MS = 60_000;
/** Of what it prints beside data, the start is kept. */
const MAX_TALK = 4096;

type Verdict = Pick<NodeSource, 'state' | 'reason'>;
const verdict = (state: SourceState, reason = ''): Verdict => ({ state, reason });

export class Loop {
  /** Resolves when it has told a whole round, or is known to have nothing to tell. */
  readonly settled: Promise<void>;
  readonly #options: LoopOptions;
  readonly #patienceMs: Ms;
  #settle: () => void = () => undefined;
  #child: Child | undefined;
  /** What holds while it tells nothing. */
  #verdict: Verdict = verdict('starting');
  readonly #words: Words;
  /** When it was last started or heard, and whether it was heard since. */
  #aliveAt: Ms = 0;
  #heard = false;
  #dataAt: Ms = -Infinity;
  #startAt: Ms = -Infinity;
  #failures = 0;
  #killed = false;
  /** It was heard, and ran on until the collection after that. */
  #steady = false;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#patienceMs = Math.max(overdueAfter(options.intervalMs), PATIENCE_MS);
    this.#words = new Words(this.keepMs);
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** How long what it told is of now: two intervals. */
  get keepMs(): Ms {
    return 2 * this.#options.intervalMs + 1000;
  }

  /** How it is. The reason is the same as long as the same thing is wrong. */
  report(now: Ms): Verdict {
    const words = this.#words.at(now);
    if (this.fresh(now)) return verdict(words === '' || isWarning(words) ? 'ok' : 'partial', words);
    if (words !== '') return verdict('failed', words);
    if (this.#verdict.state === 'ok') return verdict('hanging', this.#silent());
    return this.#verdict;
  }

  /** Whether what it last told is of now. */
  fresh(now: Ms): boolean {
    return now - this.#dataAt <= this.keepMs;
  }

  /** Whether it runs on and prints, be it only what is wrong. One that has only begun to may be about to end. */
  talking(now: Ms): boolean {
    return this.fresh(now) || (this.#steady && this.#words.at(now) !== '');
  }

  /** Starts it when it is due, ends it when it hangs. */
  tick(now: Ms): void {
    if (this.#stopped) return;
    if (this.#child === undefined) {
      if (now >= this.#startAt) this.#start(now);
      return;
    }
    this.#steady = this.#heard;
    const silence = now - this.#aliveAt;
    if (silence > this.#patienceMs) this.#judge(verdict('hanging', this.#silent()));
    if (silence > (this.#heard ? this.#patienceMs : Math.max(this.#patienceMs, FIRST_PATIENCE_MS))) this.#end();
  }

  /** Resolves when it is gone, or can't be killed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill();
    await this.#child?.exited;
  }

  #end(): void {
    this.#killed = true;
    this.#child?.kill();
  }

  #silent(): string {
    return `no response for more than ${Math.round(this.#patienceMs / 1000)} s`;
  }

  #start(now: Ms): void {
    const command = this.#options.command();
    if (command === undefined) {
      this.#judge(verdict('missing', 'not found'));
      this.#startAt = now + LAST_BACKOFF_MS;
      return;
    }
    this.#aliveAt = now;
    this.#heard = this.#killed = this.#steady = false;
    let talk = '';
    const note = (text: string): void => {
      if (talk.length < MAX_TALK) talk += text;
    };
    let told = false;
    const lines = new LineSplitter((line) => {
      const { kind } = this.#take(line);
      told ||= kind === 'data';
      if (kind === 'words') note(`${line}\n`);
    });
    const child = new Child(command, (text, from) => {
      if (from === 'stderr') note(text);
      else lines.push(text);
    });
    this.#child = child;
    // A line that was cut short by its end is not looked at.
    void child.exited.then((exit) => {
      this.#ended({ talk, told, reason: failure(talk, exit) });
    });
  }

  #take(line: string): Heard {
    if (this.#stopped) return { kind: 'blank' };
    const heard = this.#options.onLine(line);
    if (heard.kind === 'blank') return heard;
    const now = (this.#aliveAt = this.#options.clock.now());
    this.#heard = true;
    if (heard.kind === 'head') return heard;
    if (heard.words !== undefined) this.#words.add(clean(heard.words, 200), now);
    if (heard.kind === 'words') return heard;
    this.#dataAt = now;
    this.#failures = 0;
    this.#verdict = verdict('ok');
    if (heard.whole) this.#settle();
    return heard;
  }

  #ended({ talk, told, reason }: { readonly talk: string; readonly told: boolean; readonly reason: string }): void {
    this.#child = undefined;
    this.#steady = false;
    if (this.#stopped) return;
    const now = this.#options.clock.now();
    if (!told && this.#options.onRefusal?.(talk) === true) {
      this.#words.forget();
      return this.#start(now);
    }
    if (!this.#killed) {
      // What it told before it ended holds; so does why it ended.
      if (told) this.#words.add(clean(reason, 200), now);
      this.#judge(verdict('failed', clean(reason, 200)));
    }
    // One that worked until now is started again at once.
    this.#startAt = told && !this.#killed ? now : now + Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures++);
  }

  #judge(found: Verdict): void {
    this.#verdict = found;
    this.#settle();
  }
}
