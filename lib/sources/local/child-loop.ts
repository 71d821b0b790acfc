/**
 * A program that runs forever and prints a result every interval. It is started once, and restarted with increasing delay only if it ends
 * or becomes silent. It has no timer: `tick` is called at each collection.
 */
import { overdueAfter } from '../../model/endpoint.js';
import { clean } from '../../text/sanitize.js';
import type { NodeSource, SourceState } from '../../model/sample.js';
import { OWN_PROGRAMS, type Command, type Programs, type Running } from './child.js';
import { failure } from './run-command.js';
import { isWarning } from './smi-values.js';
import { LineSplitter } from './line-splitter.js';
import { Words } from './words.js';
import type { Clock, Ms } from '../../model/clock.js';

/** The kind of a line. `words`: a problem, from an error message or a row of data. */
export type Heard =
  | { readonly kind: 'blank' }
  /** A header: the program is alive, but has not reported anything yet. */
  | { readonly kind: 'head' }
  | { readonly kind: 'words'; readonly words: string }
  /** `whole`: with this line (or before it) the program has reported a complete round. */
  | { readonly kind: 'data'; readonly whole: boolean; readonly words?: string };

export interface LoopOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Default: of this machine. */
  readonly programs?: Programs;
  /** The command to start now; undefined: the program does not exist. */
  readonly command: () => Command | undefined;
  readonly onLine: (line: string) => Heard;
  /** Called when it ended without a line of data, with its output. True: restart it at once, with other arguments. */
  readonly onRefusal?: (output: string) => boolean;
  readonly intervalMs: Ms;
}

/** After the time that makes an endpoint overdue, and at least this long, a silent program is considered hung and killed. */
const PATIENCE_MS = 10_000;
/** The first output may take longer: the driver of an unused machine may have to initialize all its GPUs. */
const FIRST_PATIENCE_MS = 60_000;
const FIRST_BACKOFF_MS = 5_000;
const LAST_BACKOFF_MS = 60_000;
/** Of its output other than data, the start is kept. */
const MAX_TALK = 4096;

type Verdict = Pick<NodeSource, 'state' | 'reason'>;
const verdict = (state: SourceState, reason = ''): Verdict => ({ state, reason });

export class Loop {
  /** Resolves when it has reported a whole round, or is known to have nothing to report. */
  readonly settled: Promise<void>;
  readonly #options: LoopOptions;
  readonly #patienceMs: Ms;
  #settle: () => void = () => undefined;
  #child: Running | undefined;
  /** The state while it reports nothing. */
  #verdict: Verdict = verdict('starting');
  readonly #words: Words;
  /** When it was last started or last printed something, and whether it has printed since. */
  #aliveAt: Ms = 0;
  #heard = false;
  #dataAt: Ms = -Infinity;
  #startAt: Ms = -Infinity;
  #failures = 0;
  #killed = false;
  /** It printed something and kept running until the next collection. */
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

  /** How long its data is current: two intervals. */
  get keepMs(): Ms {
    return 2 * this.#options.intervalMs + 1000;
  }

  /** Its state. The reason stays the same while the problem is the same. */
  report(now: Ms): Verdict {
    const words = this.#words.at(now);
    if (this.fresh(now)) return verdict(words === '' || isWarning(words) ? 'ok' : 'partial', words);
    if (words !== '') return verdict('failed', words);
    if (this.#verdict.state === 'ok') return verdict('hanging', this.#silent());
    return this.#verdict;
  }

  /** Whether its last data is current. */
  fresh(now: Ms): boolean {
    return now - this.#dataAt <= this.keepMs;
  }

  /** Whether it keeps running and printing, even if only errors. A program that has just started may be about to end. */
  talking(now: Ms): boolean {
    return this.fresh(now) || (this.#steady && this.#words.at(now) !== '');
  }

  /** Starts it when due, kills it when it hangs. */
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

  /** Resolves when it has ended, or cannot be killed. */
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
    let hasData = false;
    const lines = new LineSplitter((line) => {
      const { kind } = this.#take(line);
      hasData ||= kind === 'data';
      if (kind === 'words') note(`${line}\n`);
    });
    const { programs = OWN_PROGRAMS } = this.#options;
    const child = programs.start(command, (text, from) => {
      if (from === 'stderr') note(text);
      else lines.push(text);
    });
    this.#child = child;
    // A line that was cut off by its end is ignored.
    void child.exited.then((exit) => {
      this.#ended({ talk, hasData, reason: failure(talk, exit) });
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

  #ended({ talk, hasData, reason }: { readonly talk: string; readonly hasData: boolean; readonly reason: string }): void {
    this.#child = undefined;
    this.#steady = false;
    if (this.#stopped) return;
    const now = this.#options.clock.now();
    if (!hasData && this.#options.onRefusal?.(talk) === true) {
      this.#words.forget();
      return this.#start(now);
    }
    if (!this.#killed) {
      // What it reported before it ended is still valid; so is the reason why it ended.
      if (hasData) this.#words.add(clean(reason, 200), now);
      this.#judge(verdict('failed', clean(reason, 200)));
    }
    // A program that has worked so far is restarted at once.
    this.#startAt = hasData && !this.#killed ? now : now + Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures++);
  }

  #judge(found: Verdict): void {
    this.#verdict = found;
    this.#settle();
  }
}
