/**
 * A compressed file that can only be read from start to end. It is read once, and the content is stored in blocks that can be read
 * directly: a copy in the cache directory, which is also used the next time. While the copy grows, what is already there can be played.
 */
import type { CacheCopy } from './cache-copy.js';
import { linesOf, type ChunkLines, type ChunkedFile, Damaged } from './chunk.js';
import { factsOf, type ChunkFacts } from './chunk-index.js';
import { CutOff, gunzipped, unzstd } from './content-streams.js';
import { partOf, readLineHeader } from './line-times.js';
import { MAX_LINE_BYTES } from '../format/schema.js';

/** A block is closed at this many bytes of complete lines. The first block is smaller, so that something can be shown early. */
const BLOCK_BYTES = 2 ** 20;
/** Above the free size, the content may be at most this many times as large as the file; anything larger is not a recording. */
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
  #facts: ChunkFacts[] = [];
  #pass = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #turn: Promise<void>;
  /** Resolves when the whole file has been read. */
  readonly done: Promise<void>;

  readonly #maxFrameBytes: number;

  /** `turn`: everything after the first block waits for it, so that of many files one is read after another. */
  constructor(path: string, codec: 'gzip' | 'zstd', copy: CacheCopy, turn: Promise<void>, maxFrameBytes: number) {
    this.path = path;
    this.#maxFrameBytes = maxFrameBytes;
    this.codec = codec;
    this.#copy = copy;
    this.#turn = turn;
    this.done = this.#pump(++this.#pass);
  }

  /** Number of chunks dropped from the start: to read one of them, the file has to be read again. */
  get forgotten(): number {
    return this.#copy.forgotten;
  }

  /** Starts again at the beginning of the file. */
  again(): void {
    this.#copy.clear();
    this.#facts = [];
    this.complete = this.cut = false;
    this.taken = 0;
    void this.#pump(++this.#pass);
  }

  get chunks(): number {
    return this.#copy.blocks.length;
  }

  get ended(): boolean | undefined {
    return this.complete ? !this.cut && this.damage === undefined : undefined;
  }

  known(chunk: number): ChunkFacts | undefined {
    return this.#facts[chunk];
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
    this.#wake();
  }

  async #pump(pass: number): Promise<void> {
    const lines = new LineBlocks(this.#maxFrameBytes, (block, tooLong, last) => {
      const facts = factsOfBlock(block, tooLong);
      this.#copy.append(block, facts);
      this.#facts.push(facts);
      if (!last) this.#wake();
    });
    try {
      for await (const chunk of this.#content()) {
        if (pass !== this.#pass) return;
        lines.push(chunk);
        if (this.chunks > 0) await this.#turn;
      }
    } catch (error) {
      // The content before the damage can be played.
      if (error instanceof CutOff) this.cut = true;
      // If the file contains nothing else, the reader reports that; a truncated file has its own flag.
      if (!(error instanceof CutOff) || this.chunks === 0)
        this.damage = error instanceof Damaged ? error.message : 'the compressed data is damaged';
    }
    if (pass !== this.#pass) return;
    lines.finish();
    this.complete = true;
    if (this.ended) this.#copy.finish();
    this.#wake();
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    const news = {
      taken: (bytes: number): void => void (this.taken = bytes),
      wrong: (what: string): void => void (this.damage = what),
    };
    let bytes = 0;
    for await (const chunk of (this.codec === 'gzip' ? gunzipped : unzstd)(this.path, news)) {
      bytes += chunk.length;
      if (bytes > FREE_CONTENT_BYTES && bytes > this.taken * MAX_RATIO) throw new Damaged('decompresses to an unreasonable size');
      yield chunk;
    }
  }
}

/**
 * Splits content into blocks of complete lines, at the same positions whatever the chunks it arrives in. Lines over the limit are dropped
 * as they arrive, in bounded memory.
 */
class LineBlocks {
  readonly #emit: (block: Buffer, tooLong: number, last: boolean) => void;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** False until a block with a frame has been passed on: until then, each line is a block. */
  #shown = false;
  #dropping = false;
  /** Lines dropped since the last block. */
  #dropped = 0;
  readonly #surplus: SurplusParts;

  constructor(maxFrameBytes: number, emit: (block: Buffer, tooLong: number, last: boolean) => void) {
    this.#surplus = new SurplusParts(maxFrameBytes);
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
    if (this.#heldBytes > 0 || this.#dropped > 0) this.#close(true);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #close(last: boolean): void {
    const block = this.#surplus.without(Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
    if (block.length === 0 && this.#dropped === 0) return;
    this.#shown ||= linesOf(block).lines.some((line) => readLineHeader(line).kind === 'data');
    this.#emit(block, this.#dropped, last);
    this.#dropped = 0;
  }

  /** Starts with at most a block's worth of lines; the rest is one line, which may be too long. */
  #limit(): void {
    if (this.#heldBytes <= BLOCK_BYTES + MAX_LINE_BYTES) return;
    const held = Buffer.concat(this.#held);
    this.#held = [held.subarray(0, held.lastIndexOf(LINE_FEED) + 1)];
    this.#heldBytes = this.#held[0]!.length;
    if (this.#heldBytes > 0) this.#close(false);
    this.#dropping = true;
    this.#dropped++;
  }
}

/**
 * Leaves out the parts of a frame after the one that makes it too large: the frame is not shown whatever they contain, and 256 parts of
 * 16 MiB would be parsed and copied for nothing.
 */
class SurplusParts {
  /** The part that comes next of the frame being read, of how many, and the bytes so far. */
  #next = 0;
  #of = 0;
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  without(block: Buffer): Buffer {
    const kept: Buffer[] = [];
    for (let at = 0, end: number; at < block.length; at = end) {
      const feed = block.indexOf(LINE_FEED, at);
      end = feed < 0 ? block.length : feed + 1;
      const line = block.subarray(at, end);
      if (!this.#isSurplus(line)) kept.push(line);
    }
    const bytes = kept.reduce((sum, { length }) => sum + length, 0);
    return bytes === block.length ? block : Buffer.concat(kept, bytes);
  }

  #isSurplus(line: Buffer): boolean {
    const [nth, of] = partOf(line);
    if (nth === 1 || nth !== this.#next || of !== this.#of) {
      [this.#next, this.#of, this.#bytes] = [nth === 1 ? 2 : 0, of, line.length];
      return false;
    }
    const isSurplus = this.#bytes > this.#maxBytes;
    this.#next++;
    this.#bytes += line.length;
    return isSurplus;
  }
}

function factsOfBlock(block: Buffer, dropped: number): ChunkFacts {
  const { lines, tooLong, unended } = linesOf(block);
  return factsOf(lines.map(readLineHeader), tooLong + dropped, unended);
}
