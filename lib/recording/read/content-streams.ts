/** Compressed files of any maker, decompressed from start to end, with their checksums checked on the way. */
import { crc32, createInflateRaw } from 'node:zlib';
import { gzipHeaderBytes, readTrailer, TRAILER_BYTES } from '../codec/gzip-format.js';
import { Xxh64 } from '../codec/xxh64.js';
import { blockHeader, frameHeader, isSkippable, walkFrame, ZSTD_MAGIC } from '../codec/zstd-format.js';
import { Damaged } from './chunk.js';
import { FileBytes } from './file-bytes.js';

export interface StreamNews {
  /** Compressed bytes that have been read. */
  taken(bytes: number): void;
  /** Something is wrong, and what follows is still read where that is possible. */
  wrong(what: string): void;
}

/** Throws `Damaged` where nothing behind can be read; `CutOff` where the file ends too early. */
export type ContentStream = (path: string, news: StreamNews) => AsyncIterable<Uint8Array>;

export class CutOff extends Damaged {}

export const CHECKSUM = 'a checksum of the compressed data does not match, so figures may be wrong';
const DAMAGED = 'the compressed data is damaged';

/** Compressed bytes handed over at a time: where they turn out to be damaged, what came of them may be lost with them. */
const PIECE_BYTES = 16 * 1024;
const HEADER_BYTES = 512;
const MAX_HEADER_BYTES = 128 * 1024;
/** So many members with so little in them are no recording. */
const MANY_MEMBERS = 10_000;
const LEAST_MEMBER_BYTES = 64;

/** All members, one after the other. By hand: node's own gunzip gives nothing of what came before the damage. */
export const gunzipped: ContentStream = async function* (path, news) {
  const file = new FileBytes(path);
  try {
    let [members, bytes] = [0, 0];
    for (let at = 0; at < file.size;) {
      const header = gzipHeaderBytes(file.read(at, HEADER_BYTES)) ?? gzipHeaderBytes(file.read(at, MAX_HEADER_BYTES));
      if (header === undefined) throw at === 0 ? new Damaged(DAMAGED) : new Damaged('bytes that belong nowhere follow the compressed data');
      at += header;
      const member = new Member();
      for (let next = at; !member.ended;) {
        const piece = Buffer.from(file.read(next, PIECE_BYTES));
        if (piece.length === 0) throw new CutOff('the compressed data is cut off');
        yield* await member.push(piece);
        next += piece.length;
        news.taken(next);
      }
      at += member.taken;
      const trailer = readTrailer(file.read(at, TRAILER_BYTES));
      if (!trailer) throw new CutOff('the compressed data is cut off');
      if (trailer.crc !== member.crc || trailer.size !== member.bytes % 2 ** 32) news.wrong(CHECKSUM);
      at += TRAILER_BYTES;
      bytes += member.bytes;
      if (++members > MANY_MEMBERS && bytes < members * LEAST_MEMBER_BYTES)
        throw new Damaged('the compressed data goes on without content');
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

  /** Compressed bytes that were the member's. */
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

/** Largest window that fzstd decodes rightly: beyond it gives wrong bytes, and no error. */
const MAX_WINDOW_BYTES = 2 ** 25;
/** Blocks between two looks at what else is to be done. */
const BLOCKS_AT_ONCE = 16;

/** All frames, block by block, so that nobody allocates what a header asks for before it was looked at. A damaged one is passed over. */
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
          if (!block) throw header.length < 3 ? new CutOff('the compressed data is cut off') : new Damaged(DAMAGED);
          const bytes = Buffer.from(file.read(at, block.bytes));
          if (bytes.length < block.bytes) throw new CutOff('the compressed data is cut off');
          stream?.push(bytes);
          last = block.last;
          at += block.bytes;
          const check = last && frame.checksum ? Buffer.from(file.read(at, 4)) : undefined;
          if (check) stream?.push(check);
          for (const chunk of out) hash?.update(chunk);
          yield* out;
          out = [];
          news.taken(at);
          if (check && check.length < 4) throw new CutOff('the compressed data is cut off');
          if (check && check.readUInt32LE(0) !== hash?.low32()) news.wrong(CHECKSUM);
          if (++blocks % BLOCKS_AT_ONCE === 0) await new Promise(setImmediate);
        }
      } catch (error) {
        const walked = error instanceof CutOff ? undefined : walkFrame(file.read, begin);
        if (!walked || !('length' in walked) || begin + walked.length >= file.size) throw error;
        // The next frame begins where this one ends by what its blocks say of their length.
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

/** A frame's header, or a skippable frame of which nothing is read. */
function frameAt({ read }: FileBytes, at: number): { readonly bytes: number; readonly skip: number; readonly checksum: boolean } {
  const start = read(at, 18);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.byteLength < 8 && at > 0) throw new CutOff('the compressed data is cut off');
  if (view.byteLength >= 8 && view.getUint32(0, true) !== ZSTD_MAGIC) {
    if (!isSkippable(view.getUint32(0, true))) throw new Damaged(DAMAGED);
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
