/** The chunks of all files of a recording: decompressed when they are asked for, a few kept, what was learnt of each remembered. */
import type { CacheFolder } from './cache-folder.js';
import { type ChunkedFile, Damaged } from './chunk.js';
import { factsOf, fromJson, toJson, type ChunkFacts } from './chunk-index.js';
import type { OpenedFile } from './open-chunks.js';
import { readLineHeader, type LineHeader } from './line-times.js';
import { StreamChunks } from './stream-chunks.js';
import type { Ms } from '../../model/clock.js';

/** Chunks kept decompressed. */
const KEPT = 4;
/** Files from here on keep their index. */
const WORTH_KEEPING_BYTES = 4 * 2 ** 20;
const MAX_GAPS = 500;

export interface Chunk {
  readonly lines: readonly Buffer[];
  readonly lineHeaders: readonly LineHeader[];
  /** Lines that frames begin with. */
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
  /** They come from an earlier time. */
  readonly complete: boolean;
}

const NOTHING: Chunk = { lines: [], lineHeaders: [], starts: [] };

export class ChunkStore {
  #gapMs: Ms = Infinity;
  #lanes: readonly Lane[];
  readonly #cache: CacheFolder;
  #kept = new Map<string, Chunk>();

  constructor(opened: readonly OpenedFile[], cache: CacheFolder) {
    this.#cache = cache;
    this.#lanes = opened.map(({ chunked: file, identity, bytes }) => {
      const kept = file.complete && !file.known ? fromJson(cache.readJson(identity), file.chunks) : undefined;
      return { file, identity, bytes, facts: kept ?? [], complete: kept !== undefined };
    });
  }

  /** So long without a frame is a gap. What was learnt before that was known is forgotten. */
  set gapMs(gapMs: Ms) {
    this.#gapMs = gapMs;
    this.#kept.clear();
    for (const lane of this.#lanes) if (!lane.complete) lane.facts.length = 0;
  }

  get files(): readonly ChunkedFile[] {
    return this.#lanes.map(({ file }) => file);
  }
  get bytes(): number {
    return this.#lanes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** `order`: the places that the files have now. */
  reorder(order: readonly number[]): void {
    this.#lanes = order.map((file) => this.#lanes[file]!);
    this.#kept.clear();
  }

  /** Undefined: behind the end of its file. Waits where the file is still being read, begins again where it has been forgotten. */
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

  /** Waits until the whole file is known, or `enough` of it; how many chunks it has by then. */
  async count(file: number, enough: (facts: ChunkFacts) => boolean): Promise<number> {
    const { file: one } = this.#lanes[file]!;
    while (one instanceof StreamChunks && !one.complete) {
      const last = one.chunks > 0 ? this.facts({ file, chunk: one.chunks - 1 }) : undefined;
      if (last && enough(last)) break;
      await one.more();
    }
    return one.chunks;
  }

  /** What is known of an chunk; undefined: it has not been read yet. */
  facts({ file, chunk }: Place): ChunkFacts | undefined {
    const lane = this.#lanes[file]!;
    const known = lane.file.known?.(chunk);
    return known ? { ...known, bad: 0, gaps: [] } : lane.facts[chunk];
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

  /** Reads what nobody has asked for yet; `pause` comes after each chunk, and false from it ends it. */
  async index(pause: () => Promise<boolean>): Promise<void> {
    for (const [file, lane] of this.#lanes.entries()) {
      for (let chunk = 0; chunk < lane.file.chunks; chunk++) {
        if (this.facts({ file, chunk })) continue;
        this.#read({ file, chunk });
        if (!(await pause())) return;
      }
      if (lane.file instanceof StreamChunks) await lane.file.done;
      else if (!lane.file.known && lane.bytes >= WORTH_KEEPING_BYTES)
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
    for (const [file, lane] of this.#lanes.entries()) {
      let read = 0;
      for (let chunk = 0; chunk < lane.file.chunks; chunk++) {
        const facts = this.facts({ file, chunk });
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
    for (const { file } of this.#lanes) file.close();
  }

  /** How much of a file is known when `read` of its chunks are. */
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
      const lineHeaders = lines.map(readLineHeader);
      // A program that was killed leaves half a line.
      if (unended && lineHeaders.at(-1)?.kind === 'bad') lineHeaders.pop();
      lane.facts[chunk] ??= factsOf(lineHeaders, tooLong, this.#gapMs);
      return {
        lines,
        lineHeaders,
        starts: lineHeaders.flatMap((lineHeader, line) => (lineHeader.kind === 'data' && lineHeader.nth === 1 ? [line] : [])),
      };
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      lane.facts[chunk] ??= { firstAt: NaN, lastAt: NaN, frames: 0, bad: 1, gaps: [] };
      return NOTHING;
    }
  }
}
