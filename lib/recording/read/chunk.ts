/** A stretch of a file that can be read on its own, and the lines that begin in it. */
import { MAX_LINE_BYTES } from '../format/schema.js';

export interface ChunkLines {
  readonly lines: readonly Buffer[];
  /** Lines too long to be read. */
  readonly tooLong: number;
  /** The last line lacks its line feed. */
  readonly unended: boolean;
}

const LINE_FEED = 10;

/** The lines of bytes that hold whole ones; the last may lack its line feed. */
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

/** A file of a recording, as chunks in the order of time. */
export interface ChunkedFile {
  readonly path: string;
  readonly codec: string;
  /** Whether any chunk can be read at once. False: the file is read once from start to end to make it so. */
  readonly seekable: boolean;
  /** Chunks known so far. */
  readonly chunks: number;
  /** No more will come. */
  readonly complete: boolean;
  /** Its last frame is not all there: its writer is still at it, or was killed. */
  readonly cut: boolean;
  /** Whether the container has its end; undefined: there is no telling. */
  readonly ended: boolean | undefined;
  /** What is wrong with the container: checksums, bytes that belong nowhere. May come up while chunks are read. */
  readonly damage?: string | undefined;
  /** What is known of an chunk without reading it. */
  known?(chunk: number): { readonly firstAt: number; readonly lastAt: number; readonly frames: number } | undefined;
  /** Throws `Damaged` where its bytes are not what they should be. */
  lines(chunk: number): ChunkLines;
  close(): void;
}

/** Bytes of a recording that are not what they should be. It costs the frames they hold, not the replay. */
export class Damaged extends Error {}
