/** What is known about the chunks of a file without reading them again: times, frame numbers, damage. */
import type { LineHeader } from './line-times.js';
import type { Ms } from '../../model/clock.js';

/** Frames that are missing between two times. */
export type Loss = readonly [from: Ms, to: Ms, frames: number];

/** From one frame to the next. */
export type Step = readonly [from: Ms, to: Ms];

export interface ChunkFacts {
  readonly firstAt: Ms;
  readonly lastAt: Ms;
  readonly frames: number;
  readonly bad: number;
  /** The longest times from one frame to the next, in order, and the median of all; NaN if it has one frame at most. */
  readonly steps: readonly Step[];
  readonly medianStep: Ms;
  /** The numbers of its first and last frame; NaN if none has one. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** A header before its first frame restarts the numbering. */
  readonly counted: boolean;
  /** Missing frames in it, by number. */
  readonly losses: readonly Loss[];
  /** Frames that are duplicates or out of order. */
  readonly disorder: number;
  /** Its last line marks the file as finished; undefined: it has no line. */
  readonly ended: boolean | undefined;
  /** It has a header that announces sealed lines. */
  readonly sealed: boolean;
  /** It could not be decompressed. */
  readonly damaged: boolean;
  /** It ends within a line that cannot be read, as after a kill. */
  readonly halfLine: boolean;
}

/** Maximum number of losses kept per chunk. */
const MAX_LOSSES = 8;
const MAX_STEPS = 32;
/** Larger jumps in frame numbers are invalid, not a loss. */
const MAX_LOST = 1e7;

/** For an empty chunk. */
export const NO_FACTS: ChunkFacts = {
  firstAt: NaN,
  lastAt: NaN,
  frames: 0,
  bad: 0,
  steps: [],
  medianStep: NaN,
  firstSeq: NaN,
  lastSeq: NaN,
  counted: false,
  losses: [],
  disorder: 0,
  ended: undefined,
  sealed: false,
  damaged: false,
  halfLine: false,
};

/** Frames between two numbers: 0 if one follows the other; undefined if the second should not come after the first. */
export function lostBetween(before: number, after: number): number | undefined {
  const lost = after - before - 1;
  return lost >= 0 && lost <= MAX_LOST ? lost : undefined;
}

/** `unended`: its last line has no line feed. If that cannot be read either, it is not a bad line: a killed program leaves half a line. */
export function factsOf(all: readonly LineHeader[], tooLong: number, unended: boolean): ChunkFacts {
  const halfLine = unended && all.at(-1)?.kind === 'bad';
  const lineHeaders = halfLine ? all.slice(0, -1) : all;
  const times = lineHeaders.flatMap((lineHeader) => (lineHeader.kind === 'data' && lineHeader.nth === 1 ? [lineHeader.at] : []));
  const last = lineHeaders.findLast(({ kind }) => kind !== 'empty');
  return {
    ...NO_FACTS,
    ...numbersOf(lineHeaders),
    ...stepsOf(times),
    firstAt: times[0] ?? NaN,
    lastAt: times.at(-1) ?? NaN,
    frames: times.length,
    bad: tooLong + lineHeaders.filter(({ kind }) => kind === 'bad').length,
    ended: last === undefined ? undefined : last.kind === 'index' ? last.end : false,
    sealed: lineHeaders.some((lineHeader) => lineHeader.kind === 'header' && lineHeader.header.sealed),
    halfLine,
  };
}

function stepsOf(times: readonly Ms[]): Pick<ChunkFacts, 'steps' | 'medianStep'> {
  const longestFirst = times
    .slice(1)
    .map((to, nth): Step => [times[nth]!, to])
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  const median = longestFirst[longestFirst.length >> 1];
  return {
    steps: longestFirst.slice(0, MAX_STEPS).sort(([a], [b]) => a - b),
    medianStep: median ? median[1] - median[0] : NaN,
  };
}

function numbersOf(lineHeaders: readonly LineHeader[]): Pick<ChunkFacts, 'firstSeq' | 'lastSeq' | 'counted' | 'losses' | 'disorder'> {
  const losses: Loss[] = [];
  let [firstSeq, lastSeq, counted, disorder, lastAt] = [NaN, NaN, false, 0, NaN];
  for (const one of lineHeaders) {
    if (one.kind === 'header' && one.header.firstSeq !== undefined) {
      lastSeq = one.header.firstSeq - 1;
      counted ||= Number.isNaN(firstSeq);
    } else if (one.kind === 'data' && one.nth === 1 && one.seq !== undefined) {
      const lost = Number.isNaN(lastSeq) ? 0 : lostBetween(lastSeq, one.seq);
      if (lost === undefined) disorder++;
      else if (lost > 0) losses.push([lastAt, one.at, lost]);
      if (Number.isNaN(firstSeq)) firstSeq = one.seq;
      lastSeq = one.seq;
      lastAt = one.at;
    }
  }
  return { firstSeq, lastSeq, counted, losses: mergedLosses(losses), disorder };
}

/** Up to the limit: the last one includes the rest, so that all are counted. */
function mergedLosses(losses: readonly Loss[]): readonly Loss[] {
  if (losses.length <= MAX_LOSSES) return losses;
  const [kept, rest] = [losses.slice(0, MAX_LOSSES - 1), losses.slice(MAX_LOSSES - 1)];
  return [...kept, [rest[0]![0], rest.at(-1)![1], rest.reduce((sum, [, , frames]) => sum + frames, 0)]];
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** As stored in a side file; null for a value that is not a number. `damage`: of the file. */
export const toJson = (chunks: readonly ChunkFacts[], damage: string | undefined): object => ({ version: 3, chunks, damage });

export interface KeptFacts {
  readonly chunks: ChunkFacts[];
  readonly damage: string | undefined;
}

/** Undefined: it is not one of ours, or not for `count` chunks. */
export function fromJson(value: unknown, count: number): KeptFacts | undefined {
  const { version, chunks, damage } = (value ?? {}) as { version?: unknown; chunks?: unknown; damage?: unknown };
  if (version !== 3 || !Array.isArray(chunks) || chunks.length !== count) return undefined;
  const facts = chunks.map(factsFrom);
  if (facts.includes(undefined)) return undefined;
  return { chunks: facts as ChunkFacts[], damage: typeof damage === 'string' ? damage : undefined };
}

function factsFrom(row: unknown): ChunkFacts | undefined {
  const given = (row ?? {}) as Partial<Record<keyof ChunkFacts, unknown>>;
  const { frames, bad, steps, losses, disorder, ended } = given;
  if (!isNumber(frames) || !isNumber(bad) || !isNumber(disorder) || !Array.isArray(steps) || !Array.isArray(losses)) return undefined;
  const number = (key: keyof ChunkFacts): number => (isNumber(given[key]) ? given[key] : NaN);
  const orNaN = (one: unknown): number => (isNumber(one) ? one : NaN);
  return {
    firstAt: number('firstAt'),
    lastAt: number('lastAt'),
    frames,
    bad,
    steps: steps.filter((step): step is [number, number] => Array.isArray(step) && step.length === 2 && step.every(isNumber)),
    medianStep: number('medianStep'),
    firstSeq: number('firstSeq'),
    lastSeq: number('lastSeq'),
    counted: given.counted === true,
    losses: losses
      .filter((loss) => Array.isArray(loss))
      .map(([from, to, lost]: unknown[]): Loss => [orNaN(from), orNaN(to), orNaN(lost) || 0]),
    disorder,
    ended: typeof ended === 'boolean' ? ended : undefined,
    sealed: given.sealed === true,
    damaged: given.damaged === true,
    halfLine: given.halfLine === true,
  };
}
