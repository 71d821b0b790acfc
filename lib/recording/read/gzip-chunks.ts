/**
 * A gzip file written by this program: it can be read from each full flush on. Pages have the same size in the compressed file; the lines
 * of a page are those of the flush points in it. Flush points are found by their mark, and confirmed by decompressing from there.
 */
import { constants, crc32, inflateRawSync, type InflateRaw } from 'node:zlib';
import type { FileBytes } from './file-bytes.js';
import { linesOf, NO_LINES, type ChunkLines, type ChunkedFile, Damaged } from './chunk.js';
import { CHECKSUM } from './content-streams.js';
import { crc32Combine } from '../codec/crc32-combine.js';
import { GZIP_HEADER, gzipHeaderBytes, nextFlush, readTrailer, TRAILER_BYTES, type GzipTrailer } from '../codec/gzip-format.js';

const PAGE_BYTES = 64 * 1024;
/** Maximum content of a page; a cycle of many nodes may be tens of MiB. */
const MAX_CONTENT_BYTES = 256 * 2 ** 20;
const BRACE = 0x7b;
/** Enough to distinguish a flush point from bytes that only look like one, and from one that needs the data before it. */
const PROBE_BYTES = 128 * 1024;

export class GzipChunks implements ChunkedFile {
  readonly codec = 'gzip';
  readonly seekable = true;
  readonly complete = true;
  readonly cut: boolean;
  readonly ended: boolean;
  readonly chunks: number;
  readonly #file: FileBytes;
  readonly #pageBytes: number;
  /** The first flush point of a page; -1: it has none. */
  readonly #starts = new Map<number, number>();
  /** For the pages that have been read. */
  readonly #parts = new Map<number, readonly Part[]>();
  #damage: string | undefined;
  #checked = false;

  constructor(file: FileBytes, pageBytes = PAGE_BYTES) {
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.chunks = Math.ceil(file.size / pageBytes);
    const end = this.#lastPage();
    // A file whose writer was killed has no end; one that is still being written may stop within a line.
    this.ended = end?.parts.at(-1)?.trailer !== undefined;
    this.cut = end !== undefined && !this.ended && linesOf(end.content).unended;
  }

  get path(): string {
    return this.#file.path;
  }

  /** The checksums are verified when all pages have been read. */
  get damage(): string | undefined {
    if (this.#damage === undefined && !this.#checked && this.#parts.size === this.chunks) {
      this.#checked = true;
      if (!checksumsHold([...this.#parts].sort(([a], [b]) => a - b).flatMap(([, parts]) => parts))) this.#damage = CHECKSUM;
    }
    return this.#damage;
  }

  lines(chunk: number): ChunkLines {
    const page = this.#page(chunk);
    this.#parts.set(chunk, page?.parts ?? []);
    return page ? linesOf(page.content) : NO_LINES;
  }

  close(): void {
    this.#file.close();
  }

  /** Undefined: it contains no flush point. Throws `Damaged`. */
  #page(chunk: number): Page | undefined {
    const from = this.#startOf(chunk);
    if (from < 0) return undefined;
    let next = chunk + 1;
    while (next < this.chunks && this.#startOf(next) < 0) next++;
    const end = next < this.chunks ? this.#startOf(next) : this.#file.size;
    const page = pageOf(Buffer.from(this.#file.read(from, end - from)));
    if (!page) throw new Damaged('the compressed data is damaged');
    if (page.rest > 0) this.#damage ??= 'the compressed data is truncated, or followed by unexpected bytes';
    return page;
  }

  #startOf(page: number): number {
    let start = this.#starts.get(page);
    if (start === undefined) this.#starts.set(page, (start = page === 0 ? GZIP_HEADER.length : this.#findStart(page)));
    return start;
  }

  #findStart(page: number): number {
    const pageAt = page * this.#pageBytes;
    // The mark of a point at the boundary starts before it.
    const bytes = Buffer.from(this.#file.read(pageAt - 4, this.#pageBytes + 4));
    for (let at = nextFlush(bytes, 0); at >= 0 && at < bytes.length; at = nextFlush(bytes, at - 3)) {
      const found = inflated(this.#file.read(pageAt - 4 + at, PROBE_BYTES));
      if (found?.content[0] === BRACE) return pageAt - 4 + at;
    }
    return -1;
  }

  /** Undefined: it cannot be read. */
  #lastPage(): Page | undefined {
    try {
      return this.#page([...Array(this.chunks).keys()].findLast((page) => this.#startOf(page) >= 0) ?? 0);
    } catch (error) {
      if (error instanceof Damaged) return undefined;
      throw error;
    }
  }
}

/** The content of a member, or a part of it. */
interface Part {
  readonly crc: number;
  readonly bytes: number;
  /** The end of the member. */
  readonly trailer: GzipTrailer | undefined;
}

interface Page {
  readonly content: Buffer;
  readonly parts: readonly Part[];
  /** Bytes after the end of a member that are not another member. */
  readonly rest: number;
}

/** The content of a page: part of a member, and whole members after it if files were concatenated. Undefined: it starts with damage. */
function pageOf(bytes: Buffer): Page | undefined {
  const contents: Buffer[] = [];
  const parts: Part[] = [];
  let room = MAX_CONTENT_BYTES;
  for (let at = 0; ;) {
    const found = inflated(bytes.subarray(at), room);
    if (!found) return parts.length === 0 ? undefined : { content: Buffer.concat(contents), parts, rest: bytes.length - at };
    const { content, used } = found;
    contents.push(content);
    room -= content.length;
    at += used;
    const trailer = at < bytes.length ? readTrailer(bytes.subarray(at)) : undefined;
    parts.push({ crc: crc32(content), bytes: content.length, trailer });
    at = Math.min(bytes.length, trailer ? at + TRAILER_BYTES : bytes.length);
    const header = at < bytes.length ? gzipHeaderBytes(bytes.subarray(at)) : undefined;
    if (header === undefined || room <= 0) return { content: Buffer.concat(contents), parts, rest: bytes.length - at };
    at += header;
  }
}

function checksumsHold(parts: readonly Part[]): boolean {
  let [crc, bytes] = [0, 0];
  for (const part of parts) {
    crc = crc32Combine(crc, part.crc, part.bytes);
    bytes += part.bytes;
    if (!part.trailer) continue;
    if (part.trailer.crc !== crc || part.trailer.size !== bytes % 2 ** 32) return false;
    [crc, bytes] = [0, 0];
  }
  return true;
}

/** The available content, and how many bytes it took; undefined: decompression cannot start here. */
function inflated(bytes: Uint8Array, maxBytes = MAX_CONTENT_BYTES): { readonly content: Buffer; readonly used: number } | undefined {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, maxBytes), info: true };
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as { readonly buffer: Buffer; readonly engine: InflateRaw };
    return { content: buffer, used: engine.bytesWritten };
  } catch {
    return undefined;
  }
}
