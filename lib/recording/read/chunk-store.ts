/** The chunks of all files of a recording: decompressed on demand, with a few cached, and what was learned about each remembered. */
import { basename } from 'node:path';
import type { CacheDirectory } from './cache-directory.js';
import { type ChunkedFile, Damaged } from './chunk.js';
import { factsOf, fromJson, lostBetween, NO_FACTS, toJson, type ChunkFacts, type Loss, type Step } from './chunk-index.js';
import type { OpenedFile } from './open-chunks.js';
import { readLineHeader, type LineHeader, withSeals } from './line-times.js';
import { StreamChunks } from './stream-chunks.js';
import type { Ms } from '../../model/clock.js';

/** Number of decompressed chunks in the cache. */
const KEPT = 4;
/** Files of at least this size keep their index. */
const WORTH_KEEPING_BYTES = 4 * 2 ** 20;
const MAX_GAPS = 500;

export interface Chunk {
  readonly lines: readonly Buffer[];
  readonly lineHeaders: readonly LineHeader[];
  /** The first lines of frames. */
  readonly starts: readonly number[];
}

export interface Place {
  readonly file: number;
  readonly chunk: number;
}

interface Lane {
  readonly file: ChunkedFile;
  readonly identity: string;
  readonly bytes: number;
  readonly facts: (ChunkFacts | undefined)[];
  /** The damage of the file in an earlier run. */
  readonly damage: string | undefined;
}

/** What the chunks read so far show about the recording. */
export interface Summary {
  /** Share of the recording whose chunks are known, 0 to 1. */
  readonly indexed: number;
  readonly frames: number;
  readonly gaps: readonly (readonly [Ms, Ms])[];
  readonly badLines: number;
  /** Where frames are missing, by number or according to an index. */
  readonly losses: readonly Loss[];
  /** Where frames without numbers are probably missing, by their times; only in damaged files. */
  readonly likelyLosses: readonly Loss[];
  /** Some file is damaged, and nothing shows whether frames are missing in it, and where. */
  readonly unlocated: boolean;
  /** Frames that are duplicates or out of order. */
  readonly disorder: number;
  /** Other damage of files, one sentence each. */
  readonly damage: readonly string[];
  /** Whether all files were finished by their writer; undefined: they do not record it. */
  readonly ended: boolean | undefined;
}

const NOTHING: Chunk = { lines: [], lineHeaders: [], starts: [] };

export class ChunkStore {
  #gapMs: Ms = Infinity;
  #intervalMs: Ms = 0;
  #lanes: readonly Lane[];
  readonly #cache: CacheDirectory;
  #kept = new Map<string, Chunk>();

  constructor(opened: readonly OpenedFile[], cache: CacheDirectory) {
    this.#cache = cache;
    this.#lanes = opened.map(({ chunked: file, identity, bytes }) => {
      const kept = file.complete && !file.known ? fromJson(cache.readJson(identity), file.chunks) : undefined;
      return { file, identity, bytes, facts: kept?.chunks ?? [], damage: kept?.damage };
    });
  }

  /** `gapMs` without a frame is a gap. `intervalMs`: according to the header, 0 if it does not say. */
  setPace(gapMs: Ms, intervalMs: Ms): void {
    [this.#gapMs, this.#intervalMs] = [gapMs, intervalMs];
  }

  get files(): readonly ChunkedFile[] {
    return this.#lanes.map(({ file }) => file);
  }
  get bytes(): number {
    return this.#lanes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** `order`: the new positions of the files. */
  reorder(order: readonly number[]): void {
    this.#lanes = order.map((file) => this.#lanes[file]!);
    this.#kept.clear();
  }

  /** Undefined: after the end of its file. Waits while the file is still being read; reads it again if the chunk was dropped. */
  async get(place: Place): Promise<Chunk | undefined> {
    const { file } = this.#lanes[place.file]!;
    if (file instanceof StreamChunks && place.chunk < file.forgotten) file.again();
    if (!(await this.#reach(file, place.chunk))) return undefined;
    const key = `${place.file} ${place.chunk}`;
    const kept = this.#kept.get(key);
    const chunk = kept ?? this.#read(place);
    this.#kept.delete(key);
    this.#kept.set(key, chunk);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return chunk;
  }

  /** Waits until the whole file is known, or `enough` of it; returns how many chunks it has by then. */
  async count(file: number, enough: (facts: ChunkFacts) => boolean): Promise<number> {
    const { file: one } = this.#lanes[file]!;
    while (one instanceof StreamChunks && !one.complete) {
      const last = one.chunks > 0 ? this.facts({ file, chunk: one.chunks - 1 }) : undefined;
      if (last && enough(last)) break;
      await one.more();
    }
    return one.chunks;
  }

  /** What is known about a chunk; undefined: it has not been read yet. */
  facts({ file, chunk }: Place): ChunkFacts | undefined {
    const lane = this.#lanes[file]!;
    const read = lane.facts[chunk];
    if (read) return read;
    const known = lane.file.known?.(chunk);
    return known && { ...NO_FACTS, ...known };
  }

  async learn(place: Place): Promise<ChunkFacts> {
    const known = this.facts(place);
    if (known) return known;
    await this.get(place);
    return this.facts(place)!;
  }

  /** Data frames before a position; undefined if not everything before it has been read. */
  framesBefore(place: Place): number | undefined {
    let frames = 0;
    for (let file = 0; file <= place.file; file++) {
      const { file: one } = this.#lanes[file]!;
      if (file < place.file && !one.complete) return undefined;
      for (let chunk = 0; chunk < (file < place.file ? one.chunks : place.chunk); chunk++) {
        const facts = this.facts({ file, chunk });
        if (!facts) return undefined;
        frames += facts.frames;
      }
    }
    return frames;
  }

  /** Reads chunks that have not been requested yet; `pause` is called after each chunk, and false from it ends this. */
  async index(pause: () => Promise<boolean>): Promise<void> {
    for (const [file, lane] of this.#lanes.entries()) {
      for (let chunk = 0; chunk < lane.file.chunks; chunk++) {
        // Including chunks known from an index: reading shows whether it is right.
        if (lane.facts[chunk] || lane.file instanceof StreamChunks) continue;
        this.#read({ file, chunk });
        if (!(await pause())) return;
      }
      if (lane.file instanceof StreamChunks) await lane.file.done;
      else if (!lane.file.known && lane.bytes >= WORTH_KEEPING_BYTES)
        this.#cache.writeJson(lane.identity, toJson(lane.facts as ChunkFacts[], lane.file.damage));
    }
  }

  /** Over everything that is known. */
  summary(): Summary {
    const files = this.#lanes.map((lane, file) => this.#summaryOf(lane, file));
    const gaps: (readonly [Ms, Ms])[] = [];
    let lastAt: Ms = NaN;
    for (const { facts } of files) {
      for (const one of facts) {
        if (!one) continue;
        if (one.firstAt - lastAt > this.#gapMs) gaps.push([lastAt, one.firstAt]);
        gaps.push(...one.steps.filter(([from, to]) => to - from > this.#gapMs));
        if (!Number.isNaN(one.lastAt)) lastAt = one.lastAt;
      }
    }
    const sum = (value: (file: FileSummary) => number): number => files.reduce((all, file) => all + value(file), 0);
    const ends = files.map(({ ended }) => ended);
    return {
      indexed: this.bytes === 0 ? 1 : sum(({ done }) => done) / this.bytes,
      frames: sum(({ frames }) => frames),
      gaps: gaps.slice(0, MAX_GAPS),
      badLines: sum(({ bad }) => bad),
      losses: files.flatMap(({ losses }) => losses),
      likelyLosses: files.flatMap(({ likelyLosses }) => likelyLosses),
      unlocated: files.some(({ unlocated }) => unlocated),
      disorder: sum(({ disorder }) => disorder),
      damage: files.flatMap(({ damage }) => damage),
      ended: ends.includes(false) ? false : ends.includes(undefined) ? undefined : true,
    };
  }

  #summaryOf(lane: Lane, file: number): FileSummary {
    const facts = Array.from({ length: lane.file.chunks }, (_, chunk) => this.facts({ file, chunk }));
    const known = facts.filter((one) => one !== undefined);
    const readAll = lane.file.complete && facts.every((_, chunk) => lane.facts[chunk] ?? lane.file instanceof StreamChunks);
    const last = known.findLast(({ ended }) => ended !== undefined);
    const sealed = known.some((one) => one.sealed);
    const blocks = known.filter(({ damaged }) => damaged).length;
    const name = basename(lane.file.path);
    const wrong = lane.file.damage ?? lane.damage;
    const { losses, disorder } = lossesOf(facts, (chunk) => lane.file.known?.(chunk));
    const damaged = blocks > 0 || wrong !== undefined;
    const numbered = known.some((one) => !Number.isNaN(one.firstSeq));
    // In a container that does not end too early, half a line at the end is not from a program that was killed.
    const endsInLine = known.findLast(({ ended: hasEnd, halfLine }) => hasEnd !== undefined || halfLine)?.halfLine === true;
    const brokenEnd = wrong !== undefined && endsInLine && lane.file.complete && !lane.file.cut;
    const likelyLosses: readonly Loss[] = [
      ...(damaged && !numbered ? likelyLossesOf(facts, this.#intervalMs, losses) : []),
      ...(brokenEnd ? [[known.findLast(({ frames }) => frames > 0)?.lastAt ?? NaN, NaN, NaN] as const] : []),
    ];
    return {
      facts,
      frames: known.reduce((sum, one) => sum + one.frames, 0),
      bad: known.reduce((sum, one) => sum + one.bad, brokenEnd ? 1 : 0),
      done: lane.bytes * this.#share(lane, known.length),
      losses,
      disorder,
      likelyLosses,
      unlocated: damaged && !numbered && losses.length + likelyLosses.length === 0,
      damage: [
        ...(blocks > 0 ? [`${name}: ${blocks} damaged ${blocks === 1 ? 'block' : 'blocks'}`] : []),
        ...(wrong === undefined ? [] : [`${name}: ${wrong}`]),
      ],
      // Not known until the last chunk has been read.
      ended: readAll ? (last?.ended === true ? true : sealed ? false : lane.file.ended) : lane.file.ended,
    };
  }

  close(): void {
    for (const { file } of this.#lanes) file.close();
  }

  /** The share of a file that is known when `read` of its chunks are. */
  #share({ file, bytes }: Lane, read: number): number {
    if (file instanceof StreamChunks && !file.complete) return Math.min(0.999, file.taken / Math.max(1, bytes));
    return file.chunks === 0 ? 1 : read / file.chunks;
  }

  async #reach(file: ChunkedFile, chunk: number): Promise<boolean> {
    while (chunk >= file.chunks && file instanceof StreamChunks && !file.complete) await file.more();
    return chunk < file.chunks;
  }

  #read({ file, chunk }: Place): Chunk {
    const lane = this.#lanes[file]!;
    try {
      const { lines, tooLong, unended } = lane.file.lines(chunk);
      const lineHeaders = withSeals(lines.map(readLineHeader));
      const facts = factsOf(lineHeaders, tooLong, unended);
      // Lines that were too long for a stream are no longer in its blocks.
      lane.facts[chunk] ??= lane.file instanceof StreamChunks ? { ...facts, bad: lane.file.known(chunk)?.bad ?? facts.bad } : facts;
      return {
        lines,
        lineHeaders,
        starts: lineHeaders.flatMap((lineHeader, line) => (lineHeader.kind === 'data' && lineHeader.nth === 1 ? [line] : [])),
      };
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      lane.facts[chunk] ??= { ...NO_FACTS, damaged: true };
      return NOTHING;
    }
  }
}

interface FileSummary {
  readonly facts: readonly (ChunkFacts | undefined)[];
  readonly frames: number;
  readonly bad: number;
  /** Number of bytes that are known. */
  readonly done: number;
  readonly losses: readonly Loss[];
  readonly likelyLosses: readonly Loss[];
  readonly unlocated: boolean;
  readonly disorder: number;
  readonly damage: readonly string[];
  readonly ended: boolean | undefined;
}

/**
 * What is missing in a file, in and between its chunks: by frame number, or, if frames have none, by an index that lists more frames than a
 * chunk has. `known`: the index.
 */
function lossesOf(
  facts: readonly (ChunkFacts | undefined)[],
  known: (chunk: number) => { readonly firstAt: Ms; readonly frames: number } | undefined,
): Pick<FileSummary, 'losses' | 'disorder'> {
  const losses: Loss[] = [];
  let [lastSeq, lastAt, disorder] = [NaN, NaN, 0];
  /** Frames in the index that were not found and may still show up as a jump in the numbers. */
  let missing: { readonly from: Ms; readonly frames: number } | undefined;
  const settle = (to: Ms): void => {
    if (missing) losses.push([missing.from, to, missing.frames]);
    missing = undefined;
  };
  facts.forEach((one, chunk) => {
    // What is missing between two chunks is unknown until both have been read.
    if (!one) return void ([lastSeq, missing] = [NaN, undefined]);
    const indexed = known(chunk);
    if (indexed && indexed.frames > one.frames) {
      missing = { from: missing?.from ?? indexed.firstAt, frames: (missing?.frames ?? 0) + indexed.frames - one.frames };
    }
    if (!Number.isNaN(one.firstSeq)) {
      const lost = one.counted || Number.isNaN(lastSeq) ? undefined : lostBetween(lastSeq, one.firstSeq);
      if (lost !== undefined) missing = undefined;
      else settle(one.firstAt);
      if (lost !== undefined && lost > 0) losses.push([lastAt, one.firstAt, lost]);
      if (lost === undefined && !one.counted && !Number.isNaN(lastSeq)) disorder++;
    } else if (one.frames > 0) settle(one.firstAt);
    losses.push(...one.losses);
    disorder += one.disorder;
    if (!Number.isNaN(one.lastSeq)) lastSeq = one.lastSeq;
    else if (one.frames > 0) lastSeq = NaN;
    if (!Number.isNaN(one.lastAt)) lastAt = one.lastAt;
  });
  settle(NaN);
  return { losses, disorder };
}

/** Frames that are this many intervals apart or more have lost one between them, if any was lost. */
const LOST_INTERVALS = 1.5;
/** Times of all-smi are whole seconds. */
const WHOLE_SECOND: Ms = 1000;

/**
 * Between frames that are too far apart, in a damaged file whose frames have no numbers. Recorders do not keep to their interval exactly, so
 * the usual time between frames counts if it is longer. Not where `losses` are known, and not where times are too coarse to tell.
 */
function likelyLossesOf(facts: readonly (ChunkFacts | undefined)[], intervalMs: Ms, losses: readonly Loss[]): Loss[] {
  const steps: Step[] = [];
  let lastAt: Ms = NaN;
  for (const one of facts) {
    // What is between two chunks is unknown until both have been read.
    if (!one) lastAt = NaN;
    if (!one || one.frames === 0) continue;
    if (!Number.isNaN(lastAt)) steps.push([lastAt, one.firstAt]);
    steps.push(...one.steps);
    lastAt = one.lastAt;
  }
  const medians = facts.flatMap((one) => (one && one.medianStep > 0 ? [one.medianStep] : [])).sort((a, b) => a - b);
  const usual = Math.max(intervalMs, medians[medians.length >> 1] ?? 0);
  const coarse = steps.every((step) => step.every((at) => at % WHOLE_SECOND === 0)) ? WHOLE_SECOND : 0;
  return steps
    .filter(([from, to]) => usual > 0 && to - from - coarse >= LOST_INTERVALS * usual)
    .filter(([from, to]) => !losses.some(([a, b]) => !(from >= b) && !(to <= a)))
    .map(([from, to]): Loss => [from, to, Math.max(1, Math.round((to - from) / usual) - 1)]);
}
