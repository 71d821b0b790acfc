/**
 * A gzip file of ours: it can be read from each full flush on. Pages are of equal size in the compressed file; a page's lines are those of
 * the flush points in it. Flush points are found by the mark they leave, and known by decompressing from there.
 */
import { constants, inflateRawSync } from 'node:zlib';
import type { FileBytes } from './file-bytes.js';
import { linesOf, NO_LINES, type ChunkLines, type ChunkedFile, Damaged } from './chunk.js';
import { GZIP_HEADER, nextFlush } from '../codec/gzip-format.js';

const PAGE_BYTES = 64 * 1024;
/** Content of a page; a cycle of many hosts may be tens of MiB. */
const MAX_CONTENT_BYTES = 256 * 2 ** 20;
const BRACE = 0x7b;
/** Enough to tell a flush point from bytes that only look like one, and from one that needs what was before it. */
const PROBE_BYTES = 128 * 1024;

export class GzipChunks implements ChunkedFile {
  readonly codec = 'gzip';
  readonly seekable = true;
  readonly complete = true;
  readonly cut: boolean;
  readonly chunks: number;
  readonly #file: FileBytes;
  readonly #pageBytes: number;
  /** Where the first flush point of a page is; -1: it has none. */
  readonly #starts = new Map<number, number>();

  constructor(file: FileBytes, pageBytes = PAGE_BYTES) {
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.chunks = Math.ceil(file.size / pageBytes);
    this.cut = !this.#ended();
  }

  get path(): string {
    return this.#file.path;
  }

  lines(chunk: number): ChunkLines {
    const from = this.#startOf(chunk);
    if (from < 0) return NO_LINES;
    let next = chunk + 1;
    while (next < this.chunks && this.#startOf(next) < 0) next++;
    const end = next < this.chunks ? this.#startOf(next) : this.#file.size;
    const content = inflated(this.#file.read(from, end - from));
    if (!content) throw new Damaged('the compressed data is damaged');
    return linesOf(content);
  }

  close(): void {
    this.#file.close();
  }

  #startOf(page: number): number {
    let start = this.#starts.get(page);
    if (start === undefined) this.#starts.set(page, (start = page === 0 ? GZIP_HEADER.length : this.#findStart(page)));
    return start;
  }

  #findStart(page: number): number {
    const pageAt = page * this.#pageBytes;
    // The mark of a point on the edge begins before it.
    const bytes = Buffer.from(this.#file.read(pageAt - 4, this.#pageBytes + 4));
    for (let at = nextFlush(bytes, 0); at >= 0 && at < bytes.length; at = nextFlush(bytes, at - 3)) {
      const content = inflated(this.#file.read(pageAt - 4 + at, PROBE_BYTES));
      if (content?.[0] === BRACE) return pageAt - 4 + at;
    }
    return -1;
  }

  /** Whether the member has its end: a file whose program was killed has not. */
  #ended(): boolean {
    try {
      const last = [...Array(this.chunks).keys()].findLast((page) => this.#startOf(page) >= 0) ?? 0;
      const from = this.#startOf(last);
      inflateRawSync(this.#file.read(from, this.#file.size - from), { maxOutputLength: MAX_CONTENT_BYTES });
      return true;
    } catch {
      return false;
    }
  }
}

/** What is there of the content; undefined: this is no place to start from. */
function inflated(bytes: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_CONTENT_BYTES });
  } catch {
    return undefined;
  }
}
