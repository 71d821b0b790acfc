/** A part of a file that can be read on its own, and the lines that start in it. */
import { MAX_LINE_BYTES } from '../format/schema.js';

export interface ChunkLines {
  readonly lines: readonly Buffer[];
  /** Number of lines that are too long to be read. */
  readonly tooLong: number;
  /** The last line has no line feed. */
  readonly unended: boolean;
}

const LINE_FEED = 10;

/** Splits bytes into lines; the last one may lack its line feed. */
export function linesOf(bytes: Uint8Array): ChunkLines {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: Buffer[] = [];
  let tooLong = 0;
  for (let at = 0; at < all.length;) {
    const feed = all.indexOf(LINE_FEED, at);
    const end = feed < 0 ? all.length : feed;
    if (end - at > MAX_LINE_BYTES) tooLong++;
    else if (end > at) lines.push(all.subarray(at, end));
    at = end + 1;
  }
  return { lines, tooLong, unended: all.length > 0 && all.at(-1) !== LINE_FEED };
}

export const NO_LINES: ChunkLines = { lines: [], tooLong: 0, unended: false };

/** A file of a recording, as chunks in chronological order. */
export interface ChunkedFile {
  readonly path: string;
  readonly codec: string;
  /** Whether any chunk can be read directly. False: the file is read once from start to end first. */
  readonly seekable: boolean;
  /** Number of chunks known so far. */
  readonly chunks: number;
  /** No more will follow. */
  readonly complete: boolean;
  /** Its last frame is incomplete: it is still being written, or the writer was killed. */
  readonly cut: boolean;
  /** Whether the container is complete; undefined: unknown. */
  readonly ended: boolean | undefined;
  /** Damage of the container: checksums, unexpected bytes. May be found while chunks are read. */
  readonly damage?: string | undefined;
  /** What is known about a chunk without reading it. */
  known?(chunk: number): { readonly firstAt: number; readonly lastAt: number; readonly frames: number } | undefined;
  /** Throws `Damaged` if its bytes are wrong. */
  lines(chunk: number): ChunkLines;
  close(): void;
}

/** Damaged bytes of a recording. This costs the frames in them, not the replay. */
export class Damaged extends Error {}
