/** A recording with random access: its files in chronological order, its frames one after another or by time. */
import { basename } from 'node:path';
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import type { CacheDirectory } from './cache-directory.js';
import { filesOf } from './file-chain.js';
import { readFrame, readLine, rowsIn, type DataLine, type Header } from '../format/decode.js';
import { ChunkStore, type Chunk, type Place } from './chunk-store.js';
import { openChunkedFile, type OpenOptions, type OpenedFile } from './open-chunks.js';
import type { FrameRef, RecordingInfo } from './recording-info.js';
import type { RecordedFrame } from '../format/records.js';
import { MAX_FRAME_BYTES, MAX_FRAME_ROWS, SCHEMA } from '../format/schema.js';
import { StreamChunks } from './stream-chunks.js';
import { overdueAfter } from '../../model/endpoint.js';
import type { Ms } from '../../model/clock.js';

const DEFAULT_INTERVAL_MS: Ms = 3000;
/** For a file without a frame, to find out what it is. */
const LINES_LOOKED_AT = 100;

/** A frame and its position; its rows are undefined if it cannot be read. */
export interface Found {
  readonly ref: FrameRef;
  readonly at: Ms;
  readonly frame: RecordedFrame | undefined;
}

export class Reader {
  readonly #store: ChunkStore;
  readonly #cache: CacheDirectory;
  #header: Header | undefined;
  #intervalMs: Ms | undefined;
  #offsetMinutes: number | undefined;
  #firstAt: Ms = 0;
  /** Frames that could not be read when they were to be shown. */
  readonly #broken = new Set<string>();
  /** Frames that exceed the limit of rows or bytes. */
  readonly #tooLarge = new Set<string>();
  #lastAt: Ms | undefined;
  #read: Found | undefined;
  #closed = false;
  readonly #maxFrameBytes: number;

  private constructor(store: ChunkStore, { cache, maxFrameBytes = MAX_FRAME_BYTES }: OpenOptions) {
    this.#store = store;
    this.#cache = cache;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Throws `E_RECORDING_UNREADABLE`, or `E_RECORDING_BAD` if there is no readable frame. */
  static async open(paths: readonly string[], options: OpenOptions): Promise<Reader> {
    const opened: OpenedFile[] = [];
    let turn = Promise.resolve();
    for (const path of filesOf(paths)) {
      const one = await openChunkedFile(path, options, turn);
      if (one.chunked instanceof StreamChunks) turn = one.chunked.done;
      // A segment may have been found under two names.
      if (opened.some(({ identity }) => identity === one.identity)) one.chunked.close();
      else opened.push(one);
    }
    const reader = new Reader(new ChunkStore(opened, options.cache), options);
    try {
      await reader.#begin(clean(paths.join(', '), 200));
    } catch (error) {
      reader.close();
      throw error;
    }
    return reader;
  }

  get info(): RecordingInfo {
    const { indexed, frames, gaps, badLines, losses, likelyLosses, unlocated, disorder, damage, ended } = this.#store.summary();
    const files = this.#store.files;
    return {
      files: files.map(({ path }) => clean(basename(path), 200)),
      codecs: [...new Set(files.map(({ codec }) => codec))],
      bytes: this.#store.bytes,
      seekable: files.every((file) => file.seekable || file.complete),
      hosts: this.#header?.hosts ?? [],
      writer: this.#header?.writer ?? '',
      intervalMs: this.#intervalMs,
      zone: this.#header?.zone ?? '',
      offsetMinutes: this.#offsetMinutes ?? 0,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      frames: indexed === 1 ? frames : undefined,
      indexed,
      gaps,
      badLines: badLines + this.#broken.size,
      losses,
      likelyLosses,
      unlocated,
      disorder,
      damage: [...damage.map((one) => clean(one, 300)), ...this.#tooLargeText()],
      cut: files.some(({ cut }) => cut),
      ended,
    };
  }

  #tooLargeText(): readonly string[] {
    const { size } = this.#tooLarge;
    if (size === 0) return [];
    const limits = `${MAX_FRAME_ROWS / 1000},000 rows or ${this.#maxFrameBytes / 2 ** 20} MiB`;
    return [size === 1 ? `1 frame has more than ${limits}` : `${size} frames have more than ${limits}`];
  }

  /** Reads the whole recording for `info`, unless `pause` returns false. */
  async index(pause: () => Promise<boolean>): Promise<void> {
    await this.#store.index(pause);
    if (this.#lastAt === undefined) await this.#findLast();
  }

  async first(): Promise<Found | undefined> {
    const ref = await this.#forward({ file: 0, chunk: 0 });
    return ref && this.#found(ref);
  }

  async last(): Promise<Found | undefined> {
    const file = this.#store.files.length - 1;
    const chunks = await this.#store.count(file, () => false);
    const ref = await this.#backward({ file, chunk: chunks - 1 });
    return ref && this.#found(ref);
  }

  async next({ file, chunk, nth }: FrameRef): Promise<Found | undefined> {
    const here = await this.#store.get({ file, chunk });
    const ref = here && nth + 1 < here.starts.length ? { file, chunk, nth: nth + 1 } : await this.#forward({ file, chunk: chunk + 1 });
    return ref && this.#found(ref);
  }

  async previous({ file, chunk, nth }: FrameRef): Promise<Found | undefined> {
    const ref = nth > 0 ? { file, chunk, nth: nth - 1 } : await this.#backward({ file, chunk: chunk - 1 });
    return ref && this.#found(ref);
  }

  /** The last frame after `ref` that is not after `time`; the next frame if even that is after it. Frames in between are not read. */
  async until(ref: FrameRef, time: Ms): Promise<Found | undefined> {
    let next = await this.#following(ref);
    for (let further = next; further && further.at <= time; further = await this.#following(further.ref)) next = further;
    return next && this.#found(next.ref);
  }

  /** The frame nearest to a time: before the first frame the first one, after the last frame the last one. */
  async at(time: Ms): Promise<Found | undefined> {
    const ref = await this.#lastUntil(time);
    if (!ref) return this.first();
    const [before, after] = [await this.#timeOf(ref), await this.#following(ref)];
    const nearest = after && after.at - time < time - before ? after.ref : ref;
    return this.#found(nearest);
  }

  /** Number of frames before it; undefined until the index has reached it. */
  numberOf({ file, chunk, nth }: FrameRef): number | undefined {
    const before = this.#store.framesBefore({ file, chunk });
    return before === undefined ? undefined : before + nth;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.close();
    this.#cache.close();
  }

  async #begin(name: string): Promise<void> {
    await this.#sort();
    const first = await this.#readable(name);
    this.#firstAt = first.at;
    this.#header = await this.#findHeader(first.ref.file);
    this.#intervalMs = this.#header?.intervalMs ?? (await this.#step(first));
    this.#store.setPace(overdueAfter(this.#intervalMs ?? DEFAULT_INTERVAL_MS), this.#header?.intervalMs ?? 0);
    this.#offsetMinutes = this.#header?.offsetMinutes ?? first.frame?.offsetMinutes;
    if (this.#store.files.every(({ complete }) => complete)) await this.#findLast();
  }

  /** Files in the order of their first frames; those without frames come last, so that they are reported, although they are not played. */
  async #sort(): Promise<void> {
    const times = await Promise.all(this.#store.files.map((_, file) => this.#firstTime(file)));
    const order = times.map((_, file) => file).sort((a, b) => times[a]! - times[b]! || a - b);
    this.#store.reorder(order);
  }

  async #firstTime(file: number): Promise<Ms> {
    for (let chunk = 0; ; chunk++) {
      const place = { file, chunk };
      const facts = this.#store.facts(place);
      if (facts && facts.frames > 0) return facts.firstAt;
      const here = await this.#store.get(place);
      if (!here) return Infinity;
      if (here.starts.length > 0) return this.#store.facts(place)!.firstAt;
    }
  }

  /** Time to the second frame; undefined if that is not an interval. */
  async #step({ ref, at }: Found): Promise<Ms | undefined> {
    const second = await this.#following(ref);
    return second && second.at > at ? second.at - at : undefined;
  }

  /** The time of the last frame, from the index if there is one. */
  async #findLast(): Promise<void> {
    for (let file = this.#store.files.length - 1; file >= 0; file--) {
      const chunks = await this.#store.count(file, () => false);
      for (let chunk = chunks - 1; chunk >= 0; chunk--) {
        const { frames, lastAt } = await this.#store.learn({ file, chunk });
        if (frames > 0) return void (this.#lastAt = lastAt);
      }
    }
  }

  /** The first readable frame, or the reason why there is none. */
  async #readable(name: string): Promise<Found> {
    for (let found = await this.first(); found; found = await this.next(found.ref)) if (found.frame) return found;
    throw new AppError('E_RECORDING_BAD', { file: name, reason: await this.#whyNone() });
  }

  async #whyNone(): Promise<string> {
    if (this.#store.bytes === 0) return 'is empty';
    const chunk = await this.#store.get({ file: 0, chunk: 0 });
    const damage = this.#store.files.find((file) => file.damage !== undefined)?.damage;
    if (damage !== undefined && !chunk?.lines.length) return damage;
    const read = (chunk?.lines ?? []).slice(0, LINES_LOOKED_AT).map((line) => readLine(line.toString('utf8')));
    const schema = read.flatMap((line) => (line.kind === 'bad' && line.schema !== undefined ? [line.schema] : []))[0];
    if (schema !== undefined) return `has schema ${schema}, but this version reads schema ${SCHEMA}`;
    return chunk?.lineHeaders.some(({ kind }) => kind === 'header') ? 'contains no frame' : 'is not a recording';
  }

  async #findHeader(file: number): Promise<Header | undefined> {
    const chunk = await this.#store.get({ file, chunk: 0 });
    for (const lineHeader of chunk?.lineHeaders ?? []) if (lineHeader.kind === 'header') return lineHeader.header;
    return undefined;
  }

  /** The first frame that starts in this chunk or after it. */
  async #forward(place: Place): Promise<FrameRef | undefined> {
    for (let { file, chunk } = place; file < this.#store.files.length; file++, chunk = 0) {
      for (; ; chunk++) {
        const here = await this.#store.get({ file, chunk });
        if (!here) break;
        if (here.starts.length > 0) return { file, chunk, nth: 0 };
      }
    }
    return undefined;
  }

  /** The last frame that starts in this chunk or before it. */
  async #backward(place: Place): Promise<FrameRef | undefined> {
    let { file, chunk } = place;
    for (;;) {
      for (; chunk >= 0; chunk--) {
        const here = await this.#store.get({ file, chunk });
        if (here && here.starts.length > 0) return { file, chunk, nth: here.starts.length - 1 };
      }
      if (file === 0) return undefined;
      file--;
      chunk = (await this.#store.count(file, () => false)) - 1;
    }
  }

  /** The last frame that is not after `time`; undefined if all are. */
  async #lastUntil(time: Ms): Promise<FrameRef | undefined> {
    let file = 0;
    while (file + 1 < this.#store.files.length && (await this.#firstTime(file + 1)) <= time) file++;
    const chunks = await this.#store.count(file, ({ firstAt }) => firstAt > time);
    const chunk = await this.#search(file, chunks, time);
    const here = chunk < 0 ? undefined : await this.#store.get({ file, chunk });
    const nth = here?.starts.findLastIndex((line) => timeIn(here, line) <= time) ?? -1;
    return nth < 0 ? undefined : { file, chunk, nth };
  }

  /** The last chunk of a file whose first frame is not after `time`: each step reads one chunk, unless it is known already. */
  async #search(file: number, chunks: number, time: Ms): Promise<number> {
    let [low, high] = [-1, chunks];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      // A chunk in which no frame starts has no time: the next one has to be used.
      let probe = middle;
      let firstAt = NaN;
      while (probe < high && Number.isNaN((firstAt = (await this.#store.learn({ file, chunk: probe })).firstAt))) probe++;
      if (firstAt <= time) low = probe;
      else high = middle;
    }
    return low;
  }

  async #timeOf({ file, chunk, nth }: FrameRef): Promise<Ms> {
    const here = (await this.#store.get({ file, chunk }))!;
    return timeIn(here, here.starts[nth]!);
  }

  async #following({ file, chunk, nth }: FrameRef): Promise<{ readonly ref: FrameRef; readonly at: Ms } | undefined> {
    const here = await this.#store.get({ file, chunk });
    const ref = here && nth + 1 < here.starts.length ? { file, chunk, nth: nth + 1 } : await this.#forward({ file, chunk: chunk + 1 });
    return ref && { ref, at: await this.#timeOf(ref) };
  }

  /** The frame there; the last one read is cached, since the first frame is requested right after a recording is opened. */
  async #found(ref: FrameRef): Promise<Found> {
    if (this.#read && same(this.#read.ref, ref)) return this.#read;
    return (this.#read = await this.#parse(ref));
  }

  async #parse(ref: FrameRef): Promise<Found> {
    const lines = await this.#linesOf(ref);
    const data: DataLine[] = [];
    let rows = 0;
    for (const line of lines ?? []) {
      const read = readLine(line.toString('utf8'));
      if (read.kind !== 'data' || (rows += rowsIn(read)) > MAX_FRAME_ROWS) break;
      data.push(read);
    }
    const isTooLarge = lines === undefined || rows > MAX_FRAME_ROWS;
    if (isTooLarge) this.#tooLarge.add(`${ref.file} ${ref.chunk} ${ref.nth}`);
    const whole =
      !isTooLarge && data.length === lines.length && data.every(({ part }, at) => part[0] === at + 1 && part[1] === data.length);
    if (!whole && !isTooLarge) this.#broken.add(`${ref.file} ${ref.chunk} ${ref.nth}`);
    return { ref, at: await this.#timeOf(ref), frame: whole ? readFrame(data) : undefined };
  }

  /** All lines of a frame, undefined if they are too large: the line it starts with and its further parts, which may be in the next chunks. */
  async #linesOf({ file, chunk, nth }: FrameRef): Promise<readonly Buffer[] | undefined> {
    let here = (await this.#store.get({ file, chunk }))!;
    let line = here.starts[nth]!;
    const start = here.lineHeaders[line]!;
    const found = [here.lines[line]!];
    let bytes = found[0]!.length;
    const wanted = start.kind === 'data' ? start.of : 1;
    while (found.length < wanted) {
      if (++line >= here.lineHeaders.length) {
        const further = await this.#store.get({ file, chunk: ++chunk });
        if (!further) break;
        here = further;
        line = -1;
        continue;
      }
      const lineHeader = here.lineHeaders[line]!;
      if (lineHeader.kind !== 'data') continue;
      if (lineHeader.nth !== found.length + 1) break;
      found.push(here.lines[line]!);
      if ((bytes += here.lines[line]!.length) > this.#maxFrameBytes) return undefined;
    }
    return found;
  }
}

const same = (a: FrameRef, b: FrameRef): boolean => a.file === b.file && a.chunk === b.chunk && a.nth === b.nth;

function timeIn(chunk: Chunk, line: number): Ms {
  const lineHeader = chunk.lineHeaders[line]!;
  return lineHeader.kind === 'data' ? lineHeader.at : NaN;
}
