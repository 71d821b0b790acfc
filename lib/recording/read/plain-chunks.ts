/** A plain file in pages of equal size; the lines of a page are those that start in it. Any position is found at once, in a file of any size. */
import type { FileBytes } from './file-bytes.js';
import { linesOf, NO_LINES, type ChunkLines, type ChunkedFile } from './chunk.js';
import { MAX_LINE_BYTES } from '../format/schema.js';

const PAGE_BYTES = 2 ** 20;
const STEP_BYTES = 256 * 1024;
const LINE_FEED = 10;

export class PlainChunks implements ChunkedFile {
  readonly codec = 'none';
  readonly seekable = true;
  readonly complete = true;
  /** Only a line can show that. */
  readonly ended = undefined;
  readonly chunks: number;
  readonly #file: FileBytes;
  readonly #pageBytes: number;

  /** `pageBytes`: smaller in tests. */
  constructor(file: FileBytes, pageBytes = PAGE_BYTES) {
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.chunks = Math.ceil(file.size / pageBytes);
  }

  get path(): string {
    return this.#file.path;
  }
  get cut(): boolean {
    return this.#file.size > 0 && this.#file.read(this.#file.size - 1, 1)[0] !== LINE_FEED;
  }

  lines(chunk: number): ChunkLines {
    const pageAt = chunk * this.#pageBytes;
    const next = Math.min(this.#file.size, pageAt + this.#pageBytes);
    const from = pageAt === 0 ? 0 : this.#lineAfter(pageAt - 1, next - 1);
    if (from < 0 || from >= next) return NO_LINES;
    const reach = Math.min(this.#file.size, next + MAX_LINE_BYTES);
    const end = this.#lineAfter(next - 1, reach);
    // The last line that starts here does not end within the limit: it is left out.
    if (end < 0 && reach < this.#file.size) return this.#withoutLast(from, next);
    return linesOf(Buffer.from(this.#file.read(from, (end < 0 ? reach : end) - from)));
  }

  close(): void {
    this.#file.close();
  }

  /** Just after the first line feed from `at` to before `limit`; -1 if there is none. */
  #lineAfter(at: number, limit: number): number {
    for (; at < limit; at += STEP_BYTES) {
      const feed = this.#file.read(at, Math.min(STEP_BYTES, limit - at)).indexOf(LINE_FEED);
      if (feed >= 0) return at + feed + 1;
    }
    return -1;
  }

  #withoutLast(from: number, next: number): ChunkLines {
    const bytes = this.#file.read(from, next - from);
    const end = bytes.lastIndexOf(LINE_FEED);
    return { ...linesOf(Buffer.from(bytes.subarray(0, end + 1))), tooLong: 1 };
  }
}
