/** What is known of the chunks of a chunked without reading them again: times, frames, what is wrong. */
import type { LineHeader } from './line-times.js';
import type { Ms } from '../../model/clock.js';

export interface ChunkFacts {
  readonly firstAt: Ms;
  readonly lastAt: Ms;
  readonly frames: number;
  readonly bad: number;
  /** Longest pauses inside it. */
  readonly gaps: readonly (readonly [from: Ms, to: Ms])[];
}

/** Gaps kept of one chunk. */
const MAX_GAPS = 8;

export function factsOf(lineHeaders: readonly LineHeader[], tooLong: number, gapMs: Ms): ChunkFacts {
  const times = lineHeaders.flatMap((lineHeader) => (lineHeader.kind === 'data' && lineHeader.nth === 1 ? [lineHeader.at] : []));
  const gaps = times.flatMap((at, nth) => (nth > 0 && at - times[nth - 1]! > gapMs ? [[times[nth - 1]!, at] as const] : []));
  return {
    firstAt: times[0] ?? NaN,
    lastAt: times.at(-1) ?? NaN,
    frames: times.length,
    bad: tooLong + lineHeaders.filter(({ kind }) => kind === 'bad').length,
    gaps: gaps.slice(0, MAX_GAPS),
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** As a side file keeps it: a row per chunk, null for a time that there is none of. */
export function toJson(all: readonly ChunkFacts[]): object {
  return { version: 1, chunks: all.map(({ firstAt, lastAt, frames, bad, gaps }) => [firstAt, lastAt, frames, bad, gaps]) };
}

/** Undefined: it is not one of ours, or not for `chunks` chunks. */
export function fromJson(value: unknown, chunks: number): ChunkFacts[] | undefined {
  const { version, chunks: rows } = (value ?? {}) as { version?: unknown; chunks?: unknown };
  if (version !== 1 || !Array.isArray(rows) || rows.length !== chunks) return undefined;
  const facts = rows.map((row: unknown): ChunkFacts | undefined => {
    if (!Array.isArray(row)) return undefined;
    const [firstAt, lastAt, frames, bad, gaps] = row as readonly unknown[];
    if (!isNumber(frames) || !isNumber(bad) || !Array.isArray(gaps)) return undefined;
    const pairs = gaps.filter((gap): gap is [number, number] => Array.isArray(gap) && gap.every(isNumber));
    return { firstAt: isNumber(firstAt) ? firstAt : NaN, lastAt: isNumber(lastAt) ? lastAt : NaN, frames, bad, gaps: pairs };
  });
  return facts.includes(undefined) ? undefined : (facts as ChunkFacts[]);
}
