/**
 * Reads frames from a server: finds out what it has, asks for the rows, in parts where an answer would be too large, and puts them together. It
 * keeps what seldom changes, so that each frame is a few slim queries.
 */
import { AppError } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import type { Needs } from '../../model/collector.js';
import type { Dialect } from '../dialects/dialect.js';
import { msOf } from './series-reader.js';
import { Commands, FixedRows, FrameBuilder, type Frame } from './frame-builder.js';
import {
  commandQuestions,
  fixedQuestions,
  inventoryOf,
  lastSeen,
  probe,
  sampledQuestion,
  targetQuestions,
  valueQuestions,
  type Inventory,
  type Question,
  anyOf,
  upOf,
} from './questions.js';
import type { PrometheusServer, Range, Result } from './prometheus-server.js';

export interface ReadFrame {
  /** By the server's clock. */
  readonly at: Ms;
  /** Our clock minus the server's. */
  readonly offset: Ms;
  readonly frame: Frame;
}

/** How the last frame was read. */
export interface ReadFacts {
  readonly costMs: Ms;
  readonly bytes: number;
  readonly series: number;
  readonly warnings: readonly string[];
  readonly partial: boolean;
  /** In how many parts the nodes are asked for, because one answer for all of them would be too large. */
  readonly parts: number;
  /** Processes are left out, because even then the answers are too large. */
  readonly withoutProcesses: boolean;
}

/** Asks a query at one time, or at several. */
type Ask = (query: string) => Promise<Result>;

/** How often, at most, a range is looked at first for a time at which there is anything; and how far apart at least. */
const LOOKS = 500;
const LOOK_MS: Ms = 1000;
/** How long a server has a value after its sample, by default. */
const KEPT_MS: Ms = 300_000;
const PROBE_MS: Ms = 300_000;
const FIXED_MS: Ms = 300_000;
const COMMANDS_MS: Ms = 30_000;
/** What was too large is tried again after this. */
const RELAX_MS: Ms = 600_000;
const MAX_PARTS = 16;
/** Names of nodes in one query: VictoriaMetrics reads 16 KiB. */
const NAMES_PER_QUERY = 300;
/** Until it is known: the default of most configurations. */
const DEFAULT_INTERVAL_MS: Ms = 15_000;
const INTERVAL_SAMPLES = '5m';

export class FrameReader {
  readonly #server: PrometheusServer;
  readonly #clock: Clock;
  readonly #match: string;
  readonly #dialects: readonly Dialect[];
  /** Of the time that is asked about. */
  #inventory: { readonly of: Inventory; readonly at: Ms } | undefined;
  #last: Inventory | undefined;
  #fixed: { readonly rows: FixedRows; readonly at: Ms } | undefined;
  readonly #commands = new Commands();
  #commandsAsked: { readonly users: string; readonly at: Ms } | undefined;
  #parts = 1;
  #withoutProcesses = false;
  #narrowedAt: Ms = 0;
  intervalMs: Ms = DEFAULT_INTERVAL_MS;
  facts: ReadFacts = { costMs: 0, bytes: 0, series: 0, warnings: [], partial: false, parts: 1, withoutProcesses: false };

  constructor(server: PrometheusServer, match: string, clock: Clock, dialects: readonly Dialect[]) {
    this.#server = server;
    this.#match = match;
    this.#clock = clock;
    this.#dialects = dialects;
  }

  /** What the server has, as far as it is known: when it was asked last, else at the first of these times at which it has anything. */
  async inventoryAt(times: readonly Ms[]): Promise<Inventory> {
    if (this.#last) return this.#last;
    const [first = this.#clock.now(), ...others] = times;
    try {
      return await this.#known((query) => this.#server.query(query, first), first);
    } catch (thrown) {
      if (others.length === 0) throw thrown;
      return this.inventoryAt(others);
    }
  }

  /** The time of the last sample in a range. Rejects with an AppError. */
  async lastAt({ from, to }: Pick<Range, 'from' | 'to'>): Promise<Ms> {
    const step = Math.max(LOOK_MS, Math.ceil((to - from) / LOOKS / 1000) * 1000);
    const query = probe(this.#match, this.#dialects);
    const now = await this.#server.query(query, to);
    const { series } = now.series.length > 0 ? now : await this.#server.range(query, { from, to, step });
    const seen = Math.max(...series.map(({ points }) => msOf(points.at(-1)?.[0] ?? -Infinity)));
    const isSeen = seen > -Infinity;
    // VictoriaMetrics has a value for a whole step. Where the looks saw nothing, there is so little that all of it can be gone through.
    const last =
      isSeen && (seen === to || step <= KEPT_MS) ? seen : await this.#lastSeen(isSeen ? { from: seen - step, to: seen } : { from, to });
    // The time of the sample: later, those before it may be out of the server's sight.
    const inventory = await this.#known((one) => this.#server.query(one, last), last);
    const sampled = await this.#server.query(sampledQuestion(inventory).query, last);
    return Math.max(...sampled.series.map(({ points }) => Math.round(Number(points[0]?.[1]) * 1000)));
  }

  async #lastSeen({ from, to }: Pick<Range, 'from' | 'to'>): Promise<Ms> {
    const { series } = await this.#server.query(lastSeen(this.#match, this.#dialects, (to - from) / 1000), to);
    const at = series[0]?.points[0]?.[1];
    if (at === undefined) throw new AppError('S_NO_SERIES');
    return msOf(Number(at));
  }

  /** The frame at a time; without one, now. Rejects with an AppError. */
  async read(needs: Needs, at?: Ms, signal?: AbortSignal): Promise<ReadFrame> {
    const tally = new Tally(this.#clock.now());
    const asking =
      (time: Ms | undefined): Ask =>
      async (query) =>
        tally.count(await this.#server.query(query, time, signal));
    const inventory = await this.#known(asking(at), at);
    const targets = await this.#targets(inventory, asking(at));
    // The time at which the server has answered: all other queries are about the same.
    const now = this.#clock.now();
    const time = at ?? timeOf(targets) ?? now;
    const offset = now - time;
    const ask = asking(time);
    let fixed = await this.#fixedRows(inventory, ask, time);
    const instances = targets.flatMap(({ result }) => result.series).map(({ labels }) => labels.instance ?? '');
    const values = await this.#values(inventory, needs, [...new Set(instances)], ask);
    const commands = await this.#askedCommands(inventory, needs, ask, time);
    const build = (): FrameBuilder => filled(new FrameBuilder(fixed, this.#commands, inventory.jobs), [...commands, ...targets, ...values]);
    let builder = build();
    if (builder.unknownGpus.size > 0) {
      this.#fixed = undefined;
      fixed = await this.#fixedRows(inventory, ask, time);
      builder = build();
    }
    const frame = builder.build();
    this.facts = tally.facts(this.#clock.now(), this.#parts, this.#withoutProcesses);
    if (frame.size === 0) {
      this.#inventory = undefined;
      throw new AppError('S_NO_SERIES');
    }
    return { at: time, offset, frame };
  }

  /** The frames of a range, the earliest first; times at which nothing is known are left out. Rejects with an AppError. */
  async range(range: Range, signal?: AbortSignal): Promise<readonly ReadFrame[]> {
    const tally = new Tally(this.#clock.now());
    try {
      return await this.#framesOf(range, async (query) => tally.count(await this.#server.range(query, range, signal)), signal);
    } finally {
      // An answer without any rows may be an incomplete one.
      this.facts = tally.facts(this.#clock.now(), this.#parts, this.#withoutProcesses);
    }
  }

  async #framesOf(range: Range, ask: Ask, signal?: AbortSignal): Promise<readonly ReadFrame[]> {
    // Whatever there is at any of the times: at the first, and at the last, there may be nothing.
    const inventory = await this.#known(ask, range.from);
    const askOne: Ask = async (query) => this.#server.query(query, range.to, signal);
    const fixedRows = (): Promise<FixedRows> => this.#fixedRows(inventory, ask, range.from, askOne);
    const fixed = await fixedRows();
    const targets = await this.#targets(inventory, ask);
    const instances = targets.flatMap(({ result }) => result.series).map(({ labels }) => labels.instance ?? '');
    const values = await this.#values(inventory, {}, [...new Set(instances)], ask);
    const build = (rows: FixedRows): Map<Ms, FrameBuilder> =>
      filledByTime(() => new FrameBuilder(rows, this.#commands, inventory.jobs), [...targets, ...values]);
    let builders = build(fixed);
    if ([...builders.values()].some(({ unknownGpus }) => unknownGpus.size > 0)) {
      this.#fixed = undefined;
      builders = build(await fixedRows());
    }
    return [...builders]
      .map(([at, builder]) => ({ at, offset: 0, frame: builder.build() }))
      .filter(({ frame }) => frame.size > 0)
      .sort((a, b) => a.at - b.at);
  }

  /** What the server has. Rejects with `S_NO_SERIES` if it has nothing that is read here. */
  async #known(ask: Ask, at: Ms | undefined): Promise<Inventory> {
    const now = at ?? this.#clock.now();
    if (this.#inventory && Math.abs(now - this.#inventory.at) < PROBE_MS) return this.#inventory.of;
    const { series } = await ask(probe(this.#match, this.#dialects));
    const of = inventoryOf(
      series.map(({ labels }) => [labels.__name__ ?? '', labels.job ?? '']),
      this.#match,
      this.#dialects,
    );
    // What rules have recorded is there without the nodes, too.
    if (of.families.length === 0) throw new AppError('S_NO_SERIES');
    this.#inventory = { of, at: now };
    this.#last = of;
    return of;
  }

  async #targets(inventory: Inventory, ask: Ask): Promise<readonly Answered[]> {
    const answers = await all(targetQuestions(inventory), ask);
    if (answers.some(({ result }) => result.series.length > 0)) return answers;
    return all([sampledQuestion(inventory)], ask);
  }

  /** `askOne`: at one time only, where `ask` is at several. */
  async #fixedRows(inventory: Inventory, ask: Ask, at: Ms, askOne = ask): Promise<FixedRows> {
    if (this.#fixed && Math.abs(at - this.#fixed.at) < FIXED_MS) return this.#fixed.rows;
    const rows = new FixedRows();
    for (const { result } of await all(fixedQuestions(inventory), ask)) {
      for (const { labels, points } of result.series) rows.add(labels, points[0]?.[1] ?? 'NaN');
    }
    await this.#measureInterval(inventory, askOne);
    this.#fixed = { rows, at };
    return rows;
  }

  /** In parts if one answer would be too large; without processes if even the parts are. */
  async #values(inventory: Inventory, needs: Needs, instances: readonly string[], ask: Ask): Promise<readonly Answered[]> {
    this.#relax();
    for (;;) {
      const parts = Math.max(this.#parts, this.#parts === 1 ? 1 : Math.ceil(instances.length / NAMES_PER_QUERY));
      const questions = partsOf(instances, parts).flatMap((part) => valueQuestions(inventory, needs, part));
      const asked = this.#withoutProcesses ? questions.filter(({ subject }) => !OF_PROCESSES.has(subject)) : questions;
      try {
        return await all(asked, ask);
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code !== 'S_QUERY_LIMIT' || this.#withoutProcesses) throw thrown;
        this.#narrowedAt = this.#clock.now();
        if (this.#parts >= MAX_PARTS || this.#parts >= instances.length) this.#withoutProcesses = true;
        else this.#parts *= 2;
      }
    }
  }

  /** Once in a while, and when those of other users are shown. */
  async #askedCommands(inventory: Inventory, needs: Needs, ask: Ask, at: Ms): Promise<readonly Answered[]> {
    const users = (needs.users ?? []).join('\n');
    const last = this.#commandsAsked;
    if (last?.users === users && Math.abs(at - last.at) < COMMANDS_MS) return [];
    this.#commandsAsked = { users, at };
    try {
      return await all(commandQuestions(inventory, needs), ask);
    } catch (thrown) {
      // The figures are there without them.
      if (thrown instanceof AppError && thrown.code === 'S_QUERY_LIMIT') return [];
      throw thrown;
    }
  }

  #relax(): void {
    if (this.#parts === 1 || this.#clock.now() - this.#narrowedAt < RELAX_MS) return;
    this.#parts /= 2;
    this.#withoutProcesses = false;
    this.#narrowedAt = this.#clock.now();
  }

  /** The time between the samples of a target. */
  async #measureInterval(inventory: Inventory, ask: Ask): Promise<void> {
    const longest = await ask(`topk(1, count_over_time(${upOf(inventory)}[${INTERVAL_SAMPLES}]))`);
    const { instance, job } = longest.series[0]?.labels ?? {};
    if (instance === undefined) return;
    const { series } = await ask(`${upOf({ ...inventory, jobs: [job ?? ''] }, anyOf('instance', [instance]))}[${INTERVAL_SAMPLES}]`);
    const times = (series[0]?.points ?? []).map(([seconds]) => seconds);
    const gaps = times.slice(1).map((seconds, nth) => seconds - times[nth]!);
    const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
    if (median !== undefined && median > 0) this.intervalMs = msOf(median);
  }
}

interface Answered {
  readonly subject: Question['subject'];
  readonly result: Result;
}

const OF_PROCESSES: ReadonlySet<string> = new Set(['processes', 'ages', 'shares', 'identities']);

const all = (questions: readonly Question[], ask: Ask): Promise<readonly Answered[]> =>
  Promise.all(questions.map(async ({ subject, query }) => ({ subject, result: await ask(query) })));

function filled(builder: FrameBuilder, answers: readonly Answered[]): FrameBuilder {
  for (const { subject, result } of answers) {
    for (const { labels, points } of result.series) builder.add(subject, labels, points[0]?.[1] ?? 'NaN');
  }
  return builder;
}

/** A builder for each time of which anything is known. */
function filledByTime(newBuilder: () => FrameBuilder, answers: readonly Answered[]): Map<Ms, FrameBuilder> {
  const builders = new Map<Ms, FrameBuilder>();
  for (const { subject, result } of answers) {
    for (const { labels, points } of result.series) {
      for (const [seconds, value] of points) {
        const at = msOf(seconds);
        let builder = builders.get(at);
        if (!builder) builders.set(at, (builder = newBuilder()));
        builder.add(subject, labels, value);
      }
    }
  }
  return builders;
}

function timeOf(answers: readonly Answered[]): Ms | undefined {
  const [point] = answers.flatMap(({ result }) => result.series)[0]?.points ?? [];
  return point && msOf(point[0]);
}

/** One part is not narrowed at all. */
function partsOf(instances: readonly string[], parts: number): readonly (readonly string[] | undefined)[] {
  if (parts <= 1 || instances.length < 2) return [undefined];
  const size = Math.ceil(instances.length / parts);
  return Array.from({ length: Math.ceil(instances.length / size) }, (_, part) => instances.slice(part * size, (part + 1) * size));
}

/** Adds up what a frame costs. */
class Tally {
  readonly #startedAt: Ms;
  readonly #warnings = new Set<string>();
  #bytes = 0;
  #series = 0;
  #partial = false;

  constructor(startedAt: Ms) {
    this.#startedAt = startedAt;
  }

  count(result: Result): Result {
    this.#bytes += result.bytes;
    this.#series += result.series.length;
    this.#partial ||= result.partial;
    for (const warning of result.warnings) this.#warnings.add(warning);
    return result;
  }

  facts(now: Ms, parts: number, withoutProcesses: boolean): ReadFacts {
    return {
      costMs: now - this.#startedAt,
      bytes: this.#bytes,
      series: this.#series,
      warnings: [...this.#warnings],
      partial: this.#partial,
      parts,
      withoutProcesses,
    };
  }
}
