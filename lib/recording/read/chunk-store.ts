/** The extents of all files of a recording: decompressed when they are asked for, a few kept, what was learnt of each remembered. */
import type { Ms } from '../../model/node-view.js';
import type { CacheFolder } from './cache-folder.js';
import { type ChunkedFile, Damaged } from './chunk.js';
import { factsOf, fromJson, toJson, type ChunkFacts } from './chunk-index.js';
import type { OpenedFile } from './open-chunks.js';
import { readLineHeader, type LineHeader } from './line-times.js';
import { GAP_INTERVALS } from '../format/schema.js';
import { StreamChunks } from './stream-chunks.js';

/** Extents kept decompressed. */
const KEPT = 4;
/** Files from here on keep their index. */
const WORTH_KEEPING_BYTES = 4 * 2 ** 20;
const MAX_GAPS = 500;

export interface Chunk {
  readonly lines: readonly Buffer[];
  readonly peeks: readonly LineHeader[];
  /** Lines that frames begin with. */
  readonly starts: readonly number[];
}

export interface Place {
  readonly track: number;
  readonly extent: number;
}

interface Lane {
  readonly track: ChunkedFile;
  readonly identity: string;
  readonly bytes: number;
  readonly facts: (ChunkFacts | undefined)[];
  /** They come from an earlier time. */
  readonly complete: boolean;
}

const NOTHING: Chunk = { lines: [], peeks: [], starts: [] };

export class ChunkStore {
  #gapMs: Ms = Infinity;
  #lanes: readonly Lane[];
  readonly #cache: CacheFolder;
  #kept = new Map<string, Chunk>();

  constructor(opened: readonly OpenedFile[], cache: CacheFolder) {
    this.#cache = cache;
    this.#lanes = opened.map(({ track, identity, bytes }) => {
      const kept = track.complete && !track.known ? fromJson(cache.readJson(identity), track.extents) : undefined;
      return { track, identity, bytes, facts: kept ?? [], complete: kept !== undefined };
    });
  }

  /** So long without a frame is a gap. What was learnt before that was known is forgotten. */
  set gapMs(gapMs: Ms) {
    this.#gapMs = gapMs;
    this.#kept.clear();
    for (const lane of this.#lanes) if (!lane.complete) lane.facts.length = 0;
  }

  get tracks(): readonly ChunkedFile[] {
    return this.#lanes.map(({ track }) => track);
  }
  get bytes(): number {
    return this.#lanes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** `order`: the places that the tracks have now. */
  reorder(order: readonly number[]): void {
    this.#lanes = order.map((track) => this.#lanes[track]!);
    this.#kept.clear();
  }

  /** Undefined: behind the end of its track. Waits where the file is still being read, begins again where it has been forgotten. */
  async get(place: Place): Promise<Chunk | undefined> {
    const { track } = this.#lanes[place.track]!;
    if (track instanceof StreamChunks && place.extent < track.forgotten) track.again();
    if (!(await this.#reach(track, place.extent))) return undefined;
    const key = `${place.track} ${place.extent}`;
    const kept = this.#kept.get(key);
    const extent = kept ?? this.#read(place);
    this.#kept.delete(key);
    this.#kept.set(key, extent);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return extent;
  }

  /** Waits until the whole file is known, or `enough` of it; how many extents it has by then. */
  async count(track: number, enough: (facts: ChunkFacts) => boolean): Promise<number> {
    const { track: one } = this.#lanes[track]!;
    while (one instanceof StreamChunks && !one.complete) {
      const last = one.extents > 0 ? this.facts({ track, extent: one.extents - 1 }) : undefined;
      if (last && enough(last)) break;
      await one.more();
    }
    return one.extents;
  }

  /** What is known of an extent; undefined: it has not been read yet. */
  facts({ track, extent }: Place): ChunkFacts | undefined {
    const lane = this.#lanes[track]!;
    const known = lane.track.known?.(extent);
    return known ? { ...known, bad: 0, gaps: [] } : lane.facts[extent];
  }

  async learn(place: Place): Promise<ChunkFacts> {
    const known = this.facts(place);
    if (known) return known;
    await this.get(place);
    return this.facts(place)!;
  }

  /** Data frames before a place; undefined where not all of it was read yet. */
  framesBefore(place: Place): number | undefined {
    let frames = 0;
    for (let track = 0; track <= place.track; track++) {
      const { track: one } = this.#lanes[track]!;
      if (track < place.track && !one.complete) return undefined;
      for (let extent = 0; extent < (track < place.track ? one.extents : place.extent); extent++) {
        const facts = this.facts({ track, extent });
        if (!facts) return undefined;
        frames += facts.frames;
      }
    }
    return frames;
  }

  /** Reads what nobody has asked for yet; `pause` comes after each extent, and false from it ends it. */
  async index(pause: () => Promise<boolean>): Promise<void> {
    for (const [track, lane] of this.#lanes.entries()) {
      for (let extent = 0; extent < lane.track.extents; extent++) {
        if (this.facts({ track, extent })) continue;
        this.#read({ track, extent });
        if (!(await pause())) return;
      }
      if (lane.track instanceof StreamChunks) await lane.track.done;
      else if (!lane.track.known && lane.bytes >= WORTH_KEEPING_BYTES)
        this.#cache.writeJson(lane.identity, toJson(lane.facts as ChunkFacts[]));
    }
  }

  /** Over all that is known: part of the recording it is, frames, pauses, bad lines. */
  summary(): {
    readonly indexed: number;
    readonly frames: number;
    readonly gaps: readonly (readonly [Ms, Ms])[];
    readonly badLines: number;
  } {
    const gaps: (readonly [Ms, Ms])[] = [];
    let [done, frames, badLines, lastAt] = [0, 0, 0, NaN];
    for (const [track, lane] of this.#lanes.entries()) {
      let read = 0;
      for (let extent = 0; extent < lane.track.extents; extent++) {
        const facts = this.facts({ track, extent });
        if (!facts) continue;
        read++;
        frames += facts.frames;
        badLines += facts.bad;
        if (facts.firstAt - lastAt > this.#gapMs) gaps.push([lastAt, facts.firstAt]);
        gaps.push(...facts.gaps);
        if (!Number.isNaN(facts.lastAt)) lastAt = facts.lastAt;
      }
      done += lane.bytes * this.#share(lane, read);
    }
    return { indexed: this.bytes === 0 ? 1 : done / this.bytes, frames, gaps: gaps.slice(0, MAX_GAPS), badLines };
  }

  close(): void {
    for (const { track } of this.#lanes) track.close();
  }

  /** How much of a track is known when `read` of its extents are. */
  #share({ track, bytes }: Lane, read: number): number {
    if (track instanceof StreamChunks && !track.complete) return Math.min(0.999, track.taken / Math.max(1, bytes));
    return track.extents === 0 ? 1 : read / track.extents;
  }

  async #reach(track: ChunkedFile, extent: number): Promise<boolean> {
    while (extent >= track.extents && track instanceof StreamChunks && !track.complete) await track.more();
    return extent < track.extents;
  }

  #read({ track, extent }: Place): Chunk {
    const lane = this.#lanes[track]!;
    try {
      const { lines, tooLong, unended } = lane.track.lines(extent);
      const peeks = lines.map(readLineHeader);
      // A program that was killed leaves half a line.
      if (unended && peeks.at(-1)?.kind === 'bad') peeks.pop();
      lane.facts[extent] ??= factsOf(peeks, tooLong, this.#gapMs);
      return { lines, peeks, starts: peeks.flatMap((peek, line) => (peek.kind === 'data' && peek.nth === 1 ? [line] : [])) };
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      lane.facts[extent] ??= { firstAt: NaN, lastAt: NaN, frames: 0, bad: 1, gaps: [] };
      return NOTHING;
    }
  }
}

export const gapOf = (intervalMs: Ms): Ms => GAP_INTERVALS * intervalMs;
