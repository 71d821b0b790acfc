/** A gzip member by hand: node's own writer cannot mark its files, and the mark tells a reader that it may start at a flush point. */

/** ID, deflate, FEXTRA; no time; no hint; unknown system. */
const HEAD = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff];
/** Subfield "AV", four bytes: version, and what it may be one day. */
const EXTRA = [0x41, 0x56, 4, 0, 1, 0, 0, 0];

/** The member's header. */
export const GZIP_HEADER = Uint8Array.from([...HEAD, EXTRA.length, 0, ...EXTRA]);

/** CRC-32 and length of the content: the member's end. */
export function gzipTrailer(crc: number, bytes: number): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, bytes % 2 ** 32, true);
  return new Uint8Array(trailer.buffer);
}

/** Whether the file says that its lines can be read from each full flush on. */
export const hasFlushPoints = (first: Uint8Array): boolean => GZIP_HEADER.every((byte, at) => first[at] === byte);

/** How each flush ends: an empty stored block. */
const MARK = Buffer.from([0, 0, 0xff, 0xff]);

/** Where the next flush point behind `at` is: just after its mark. -1: there is none. */
export function nextFlush(bytes: Buffer, at: number): number {
  const found = bytes.indexOf(MARK, at);
  return found < 0 ? -1 : found + MARK.length;
}
