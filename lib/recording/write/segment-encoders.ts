/** Encodes lines as the bytes of a segment, for each codec. Each record is in the file before the next one is accepted. */
import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import type { Codec } from '../codec/codec.js';
import type { LineBytes } from '../format/encode.js';
import { GZIP_HEADER, gzipTrailer } from '../codec/gzip-format.js';
import type { RecordingFile } from './segment-file.js';
import { encodeIndex, type Block } from '../codec/zstd-format.js';
import type { Ms } from '../../model/clock.js';

/** Lines that belong together: a cycle, and what goes with it. */
export interface RecordLines {
  readonly lines: readonly LineBytes[];
  /** Time of the cycle; NaN if the lines contain none. */
  readonly at: Ms;
  readonly frames: number;
}

export interface Encoder {
  record(record: RecordLines): Promise<void>;
  /** No more will follow. */
  finish(): Promise<void>;
}

/** Compresses outside the thread that paints. Chunks are transferred. */
export interface BlockCompressor {
  /** A zstd frame of these chunks, which are also kept for `block`. */
  add(chunks: readonly Uint8Array[]): Promise<Uint8Array>;
  /** One zstd frame of all chunks since the last block. */
  block(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** `gapMs`: this long without a frame is a gap. `compressor`: for zstd. */
export function newEncoder(codec: Codec, file: RecordingFile, gapMs: Ms, compressor: BlockCompressor | undefined): Encoder {
  if (codec === 'none') return new PlainEncoder(file);
  return codec === 'gzip' ? new GzipEncoder(file) : new ZstdEncoder(file, compressor!, gapMs);
}

const sizeOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

class PlainEncoder implements Encoder {
  readonly #file: RecordingFile;
  constructor(file: RecordingFile) {
    this.#file = file;
  }
  record({ lines }: RecordLines): Promise<void> {
    return this.#file.append(lines.flat());
  }
  finish(): Promise<void> {
    return Promise.resolve();
  }
}

/** Uncompressed bytes between two points from which a gzip file can be read. */
const FLUSH_BYTES = 256 * 1024;

/** One member. It is flushed after each record; from time to time with a full flush, so that the rest can be read without the data before it. */
class GzipEncoder implements Encoder {
  readonly #file: RecordingFile;
  readonly #deflate: DeflateRaw = createDeflateRaw();
  #out: Uint8Array[] = [GZIP_HEADER];
  #crc = 0;
  #bytes = 0;
  #sinceFull = 0;

  constructor(file: RecordingFile) {
    this.#file = file;
    this.#deflate.on('data', (chunk: Uint8Array) => this.#out.push(chunk));
  }

  async record({ lines }: RecordLines): Promise<void> {
    for (const chunk of lines.flat()) {
      this.#crc = crc32(chunk, this.#crc);
      this.#bytes += chunk.length;
      this.#sinceFull += chunk.length;
      this.#deflate.write(chunk);
    }
    const full = this.#sinceFull >= FLUSH_BYTES;
    if (full) this.#sinceFull = 0;
    await new Promise<void>((resolve) => {
      this.#deflate.flush(full ? constants.Z_FULL_FLUSH : constants.Z_SYNC_FLUSH, resolve);
    });
    await this.#write();
  }

  async finish(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('end', resolve).once('error', reject).end();
    });
    this.#out.push(gzipTrailer(this.#crc, this.#bytes));
    await this.#write();
  }

  async #write(): Promise<void> {
    const out = this.#out;
    this.#out = [];
    await this.#file.append(out);
  }
}

/** A block is closed at this many bytes or records, so that the file of a single node is hardly larger than one compressed as a whole. */
const BLOCK_BYTES = 512 * 1024;
const BLOCK_RECORDS = 64;

/**
 * Each record is first written as a zstd frame of its own. When a block is full, its records are compressed again as one frame, which is
 * several times smaller.
 */
class ZstdEncoder implements Encoder {
  readonly #file: RecordingFile;
  readonly #compressor: BlockCompressor;
  readonly #blocks: Block[] = [];
  /** The records of the open block: still separate frames. */
  #open: Block[] = [];
  #frames = 0;
  readonly #gapMs: Ms;

  constructor(file: RecordingFile, compressor: BlockCompressor, gapMs: Ms) {
    this.#file = file;
    this.#compressor = compressor;
    this.#gapMs = gapMs;
  }

  async record({ lines, at, frames }: RecordLines): Promise<void> {
    // A gap is always between two blocks, so that the index contains it.
    if (at - (this.#open.at(-1)?.lastAt ?? NaN) > this.#gapMs) await this.#closeBlock();
    const chunks = lines.flat();
    const bytes = sizeOf(chunks);
    const compressed = await this.#compressor.add(chunks);
    const offset = this.#file.size;
    await this.#file.append([compressed]);
    this.#open.push({ offset, length: compressed.length, bytes, firstAt: at, lastAt: at, firstFrame: this.#frames, frames });
    this.#frames += frames;
    const full = this.#open.length >= BLOCK_RECORDS || this.#open.reduce((sum, part) => sum + part.bytes, 0) >= BLOCK_BYTES;
    if (full) await this.#closeBlock();
  }

  async finish(): Promise<void> {
    await this.#closeBlock();
    await this.#file.append([encodeIndex(this.#blocks)]);
  }

  async #closeBlock(): Promise<void> {
    const parts = this.#open;
    this.#open = [];
    const [first] = parts;
    if (!first) return;
    const block = await this.#compressor.block();
    // A single record is a block already; and without space to replace them, so are these.
    const joined = parts.length > 1 && (await this.#file.replaceEnd(first.offset, block));
    this.#blocks.push(...(joined ? [joinedBlock(parts, block.length)] : parts));
  }
}

function joinedBlock(parts: readonly Block[], length: number): Block {
  return {
    ...parts[0]!,
    length,
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    firstAt: parts.find(({ firstAt }) => !Number.isNaN(firstAt))?.firstAt ?? NaN,
    lastAt: parts.findLast(({ lastAt }) => !Number.isNaN(lastAt))?.lastAt ?? NaN,
    frames: parts.reduce((sum, { frames }) => sum + frames, 0),
  };
}
