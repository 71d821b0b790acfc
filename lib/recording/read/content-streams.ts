/** Decompresses compressed files of any program from start to end, and verifies their checksums. */
import { crc32, createInflateRaw } from 'node:zlib';
import { gzipHeaderBytes, readTrailer, TRAILER_BYTES } from '../codec/gzip-format.js';
import { Xxh64 } from '../codec/xxh64.js';
import { blockHeader, frameHeader, isSkippable, walkFrame, ZSTD_MAGIC } from '../codec/zstd-format.js';
import { Damaged } from './chunk.js';
import { FileBytes } from './file-bytes.js';

export interface StreamNews {
  /** Compressed bytes that have been read. */
  taken(bytes: number): void;
  /** Damage was found, and the rest is still read if possible. */
  wrong(what: string): void;
}

/** Throws `Damaged` if nothing after the damage can be read; `CutOff` if the file is truncated. */
export type ContentStream = (path: string, news: StreamNews) => AsyncIterable<Uint8Array>;

export class CutOff extends Damaged {}

export const CHECKSUM = 'a checksum of the compressed data does not match, so values may be wrong';
const DAMAGED = 'the compressed data is damaged';

/** Compressed bytes per step: when damage is found, the output of one step may be lost. */
const PIECE_BYTES = 16 * 1024;
const HEADER_BYTES = 512;
const MAX_HEADER_BYTES = 128 * 1024;
/** A file with so many members and so little content is not a recording. */
const MANY_MEMBERS = 10_000;
const LEAST_MEMBER_BYTES = 64;

/** All members, one after another. Not with node's own gunzip, which returns nothing of the data before the damage. */
export const gunzipped: ContentStream = async function* (path, news) {
  const file = new FileBytes(path);
  try {
    let [members, bytes] = [0, 0];
    for (let at = 0; at < file.size;) {
      const header = gzipHeaderBytes(file.read(at, HEADER_BYTES)) ?? gzipHeaderBytes(file.read(at, MAX_HEADER_BYTES));
      if (header === undefined) throw at === 0 ? new Damaged(DAMAGED) : new Damaged('unexpected bytes after the compressed data');
      at += header;
      const member = new Member();
      for (let next = at; !member.ended;) {
        const piece = Buffer.from(file.read(next, PIECE_BYTES));
        if (piece.length === 0) throw new CutOff('the compressed data is truncated');
        yield* await member.push(piece);
        next += piece.length;
        news.taken(next);
      }
      at += member.taken;
      const trailer = readTrailer(file.read(at, TRAILER_BYTES));
      if (!trailer) throw new CutOff('the compressed data is truncated');
      if (trailer.crc !== member.crc || trailer.size !== member.bytes % 2 ** 32) news.wrong(CHECKSUM);
      at += TRAILER_BYTES;
      bytes += member.bytes;
      if (++members > MANY_MEMBERS && bytes < members * LEAST_MEMBER_BYTES)
        throw new Damaged('the compressed data continues without content');
    }
  } finally {
    file.close();
  }
};

class Member {
  crc = 0;
  bytes = 0;
  ended = false;
  readonly #inflate = createInflateRaw();
  #out: Buffer[] = [];
  #failed = false;
  #wake: () => void = () => undefined;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#out.push(chunk));
    this.#inflate.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.#inflate.on('error', () => {
      this.#failed = true;
      this.#wake();
    });
  }

  /** Number of compressed bytes of the member. */
  get taken(): number {
    return this.#inflate.bytesWritten;
  }

  /** Throws `Damaged`. */
  async push(piece: Buffer): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#inflate.write(piece, () => {
        resolve();
      });
    });
    const out = this.#out;
    this.#out = [];
    if (this.#failed) throw new Damaged(DAMAGED);
    for (const chunk of out) {
      this.crc = crc32(chunk, this.crc);
      this.bytes += chunk.length;
    }
    return out;
  }
}

/** Maximum window that fzstd decodes correctly: above it, it returns wrong bytes without an error. */
const MAX_WINDOW_BYTES = 2 ** 25;
/** Number of blocks before yielding to other work. */
const BLOCKS_AT_ONCE = 16;

/** All frames, block by block, so that no memory is allocated for a header before it has been checked. Damaged frames are skipped. */
export const unzstd: ContentStream = async function* (path, news) {
  const { Decompress } = await import('fzstd');
  const file = new FileBytes(path);
  let out: Uint8Array[] = [];
  let blocks = 0;
  try {
    for (let at = 0; at < file.size;) {
      const frame = frameAt(file, at);
      const begin = at;
      const stream = frame.bytes > 0 ? new Decompress((chunk) => out.push(chunk)) : undefined;
      const hash = frame.checksum ? new Xxh64() : undefined;
      try {
        stream?.push(Buffer.from(file.read(at, frame.bytes)));
        at += frame.bytes + frame.skip;
        for (let last = !stream; !last;) {
          const header = file.read(at, 3);
          const block = blockHeader(header);
          if (!block) throw header.length < 3 ? new CutOff('the compressed data is truncated') : new Damaged(DAMAGED);
          const bytes = Buffer.from(file.read(at, block.bytes));
          if (bytes.length < block.bytes) throw new CutOff('the compressed data is truncated');
          stream?.push(bytes);
          last = block.last;
          at += block.bytes;
          const check = last && frame.checksum ? Buffer.from(file.read(at, 4)) : undefined;
          if (check) stream?.push(check);
          for (const chunk of out) hash?.update(chunk);
          yield* out;
          out = [];
          news.taken(at);
          if (check && check.length < 4) throw new CutOff('the compressed data is truncated');
          if (check && check.readUInt32LE(0) !== hash?.low32()) news.wrong(CHECKSUM);
          if (++blocks % BLOCKS_AT_ONCE === 0) await new Promise(setImmediate);
        }
      } catch (error) {
        const walked = error instanceof CutOff ? undefined : walkFrame(file.read, begin);
        if (!walked || !('length' in walked) || begin + walked.length >= file.size) throw error;
        // The next frame starts where this one ends according to the lengths of its blocks.
        news.wrong(DAMAGED);
        out = [];
        at = begin + walked.length;
        continue;
      }
      if (frame.checksum) at += 4;
    }
  } finally {
    file.close();
  }
};

/** The header of a frame, or a skippable frame, which is ignored. */
function frameAt({ read }: FileBytes, at: number): { readonly bytes: number; readonly skip: number; readonly checksum: boolean } {
  const start = read(at, 18);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.byteLength < 8 && at > 0) throw new CutOff('the compressed data is truncated');
  if (view.byteLength >= 8 && view.getUint32(0, true) !== ZSTD_MAGIC) {
    if (!isSkippable(view.getUint32(0, true))) throw new Damaged(DAMAGED);
    return { bytes: 0, skip: 8 + view.getUint32(4, true), checksum: false };
  }
  const header = frameHeader(view);
  if (!header) throw new Damaged('the compressed data is truncated');
  if (header.windowBytes > MAX_WINDOW_BYTES) {
    throw new Damaged(
      `is compressed with a window of ${Math.ceil(header.windowBytes / 2 ** 20)} MiB; at most ${MAX_WINDOW_BYTES / 2 ** 20} MiB is supported`,
    );
  }
  return { bytes: header.bytes, skip: 0, checksum: header.checksum };
}
