/**
 * A compressed file that can only be read from start to end. It is read once, and what comes out is kept in blocks that can be read at
 * once: a copy in the cache folder, which serves the next time too. While it grows, what is there already plays.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { FileBytes } from './file-bytes.js';
import type { CacheCopy } from './cache-copy.js';
import { linesOf, type ChunkLines, type ChunkedFile, Damaged } from './chunk.js';
import { readLineHeader } from './line-times.js';
import { MAX_LINE_BYTES } from '../format/schema.js';
import { blockHeader, frameHeader, isSkippable, ZSTD_MAGIC } from '../codec/zstd-format.js';
import type { Ms } from '../../model/clock.js';

/** A block is closed at so many bytes of whole lines. The first one early, so that there is something to show. */
const BLOCK_BYTES = 2 ** 20;
/** Beyond these content may be at most so many times as large as the file: what swells further is no recording. */
const FREE_CONTENT_BYTES = 2 ** 30;
const MAX_RATIO = 1000;

const LINE_FEED = 10;

export class StreamChunks implements ChunkedFile {
  readonly codec: 'gzip' | 'zstd';
  readonly seekable = false;
  readonly path: string;
  complete = false;
  cut = false;
  damage: string | undefined;
  /** Compressed bytes that have been read. */
  taken = 0;
  readonly #copy: CacheCopy;
  #pass = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #turn: Promise<void>;
  /** Resolves when all of the file has been read. */
  readonly done: Promise<void>;

  /** `turn`: what follows the first block waits for it, so that of many files one is read after the other. */
  constructor(path: string, codec: 'gzip' | 'zstd', copy: CacheCopy, turn: Promise<void>) {
    this.path = path;
    this.codec = codec;
    this.#copy = copy;
    this.#turn = turn;
    this.done = this.#pump(++this.#pass);
  }

  /** Chunks from the first that had to make room: to read one of them takes another pass. */
  get forgotten(): number {
    return this.#copy.forgotten;
  }

  /** Begins again at the start of the file. */
  again(): void {
    this.#copy.clear();
    this.complete = false;
    this.taken = 0;
    void this.#pump(++this.#pass);
  }

  get chunks(): number {
    return this.#copy.blocks.length;
  }

  known(chunk: number): { readonly firstAt: Ms; readonly lastAt: Ms; readonly frames: number } | undefined {
    return this.#copy.blocks[chunk];
  }

  lines(chunk: number): ChunkLines {
    return linesOf(this.#copy.read(chunk));
  }

  /** Resolves when there is another chunk, or when there will be no more. */
  more(): Promise<void> {
    return this.complete ? Promise.resolve() : new Promise((resolve) => void this.#waiting.push(resolve));
  }

  close(): void {
    this.#pass = 0;
    this.#copy.close();
    this.#tell();
  }

  async #pump(pass: number): Promise<void> {
    const lines = new LineBlocks((block, last) => {
      this.#copy.append(block, summaryOf(block));
      if (!last) this.#tell();
    });
    try {
      for await (const chunk of this.#content()) {
        if (pass !== this.#pass) return;
        lines.push(chunk);
        if (this.chunks > 0) await this.#turn;
      }
    } catch (error) {
      // What came before the damage plays.
      this.cut = true;
      this.damage = error instanceof Damaged ? error.message : 'the compressed data is damaged';
    }
    if (pass !== this.#pass) return;
    lines.finish();
    this.complete = true;
    if (!this.cut) this.#copy.finish();
    this.#tell();
  }

  #tell(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    const taken = (bytes: number): void => void (this.taken = bytes);
    const content = this.codec === 'gzip' ? gunzipped(this.path, taken) : unzstd(this.path, taken);
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > FREE_CONTENT_BYTES && bytes > this.taken * MAX_RATIO) throw new Damaged('swells without end');
      yield chunk;
    }
  }
}

type Chunks = AsyncIterable<Uint8Array>;

/** All members, one after the other. */
async function* gunzipped(path: string, taken: (bytes: number) => void): Chunks {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  let bytes = 0;
  file.on('data', (chunk) => {
    taken((bytes += chunk.length));
  });
  file.on('error', (error: Error) => gunzip.destroy(error)).pipe(gunzip);
  yield* gunzip as unknown as Chunks;
}

/** Largest window that fzstd decodes rightly: beyond it gives wrong bytes, and no error. */
const MAX_WINDOW_BYTES = 2 ** 25;
/** Blocks between two looks at what else is to be done. */
const BLOCKS_AT_ONCE = 16;

/** All frames of a zstd file, block by block, so that nobody allocates what a header asks for before it was looked at. */
async function* unzstd(path: string, taken: (bytes: number) => void): Chunks {
  const { Decompress } = await import('fzstd');
  const file = new FileBytes(path);
  let out: Uint8Array[] = [];
  let blocks = 0;
  try {
    for (let at = 0; at < file.size;) {
      const frame = frameAt(file, at);
      const stream = frame.bytes > 0 ? new Decompress((chunk) => out.push(chunk)) : undefined;
      stream?.push(Buffer.from(file.read(at, frame.bytes)));
      at += frame.bytes + frame.skip;
      for (let last = !stream; !last;) {
        const block = blockHeader(file.read(at, 3));
        if (!block) throw new Damaged('the compressed data is damaged or cut off');
        stream?.push(Buffer.from(file.read(at, block.bytes)));
        last = block.last;
        at += block.bytes;
        if (last && frame.checksum) stream?.push(Buffer.from(file.read(at, 4)));
        yield* out;
        out = [];
        taken(at);
        if (++blocks % BLOCKS_AT_ONCE === 0) await new Promise(setImmediate);
      }
      if (frame.checksum) at += 4;
    }
  } finally {
    file.close();
  }
}

/** A frame's header, or a skippable frame of which nothing is read. */
function frameAt({ read }: FileBytes, at: number): { readonly bytes: number; readonly skip: number; readonly checksum: boolean } {
  const start = read(at, 18);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.byteLength >= 8 && view.getUint32(0, true) !== ZSTD_MAGIC) {
    if (!isSkippable(view.getUint32(0, true))) throw new Damaged('the compressed data is damaged');
    return { bytes: 0, skip: 8 + view.getUint32(4, true), checksum: false };
  }
  const header = frameHeader(view);
  if (!header) throw new Damaged('the compressed data is cut off');
  if (header.windowBytes > MAX_WINDOW_BYTES) {
    throw new Damaged(
      `is compressed with a window of ${Math.ceil(header.windowBytes / 2 ** 20)} MiB, and up to ${MAX_WINDOW_BYTES / 2 ** 20} MiB can be read`,
    );
  }
  return { bytes: header.bytes, skip: 0, checksum: header.checksum };
}

/**
 * Cuts content into blocks of whole lines, at the same places however the content comes in. Lines beyond the limit are dropped as they
 * come, in bounded memory.
 */
class LineBlocks {
  readonly #emit: (block: Buffer, last: boolean) => void;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** False until a block with a frame is out: until then each line is one. */
  #shown = false;
  #dropping = false;

  constructor(emit: (block: Buffer, last: boolean) => void) {
    this.#emit = emit;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const enough = this.#dropping || !this.#shown ? 0 : Math.max(0, BLOCK_BYTES - this.#heldBytes);
      const feed = chunk.indexOf(LINE_FEED, at + enough);
      const end = feed < 0 ? chunk.length : feed + 1;
      if (!this.#dropping) this.#hold(chunk.subarray(at, end));
      if (feed < 0) this.#limit();
      else if (this.#dropping) this.#dropping = false;
      else this.#close(false);
      at = end;
    }
  }

  finish(): void {
    if (this.#heldBytes > 0) this.#close(true);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #close(last: boolean): void {
    const block = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#shown ||= linesOf(block).lines.some((line) => readLineHeader(line).kind === 'data');
    this.#emit(block, last);
  }

  /** What is held begins with a block's worth of lines at most; the rest is one line, which may be too long. */
  #limit(): void {
    if (this.#heldBytes <= BLOCK_BYTES + MAX_LINE_BYTES) return;
    const held = Buffer.concat(this.#held);
    this.#held = [held.subarray(0, held.lastIndexOf(LINE_FEED) + 1)];
    this.#heldBytes = this.#held[0]!.length;
    if (this.#heldBytes > 0) this.#close(false);
    this.#dropping = true;
  }
}

function summaryOf(block: Buffer): { readonly firstAt: Ms; readonly lastAt: Ms; readonly frames: number } {
  const times = linesOf(block).lines.flatMap((line) => {
    const lineHeader = readLineHeader(line);
    return lineHeader.kind === 'data' && lineHeader.nth === 1 ? [lineHeader.at] : [];
  });
  return { firstAt: times[0] ?? NaN, lastAt: times.at(-1) ?? NaN, frames: times.length };
}
