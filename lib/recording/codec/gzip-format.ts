/** Writes and reads gzip members: node's own writer cannot mark its files, and the mark shows a reader that it may start at a flush point. */

/** ID, deflate, FEXTRA; no time; no hint; unknown system. */
const HEAD = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff];
/** Subfield "AV", four bytes: the version, and reserved bytes. */
const EXTRA = [0x41, 0x56, 4, 0, 1, 0, 0, 0];

/** The header of a member. */
export const GZIP_HEADER = Uint8Array.from([...HEAD, EXTRA.length, 0, ...EXTRA]);

/** CRC-32 and length of the content: the end of a member. */
export function gzipTrailer(crc: number, bytes: number): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, bytes % 2 ** 32, true);
  return new Uint8Array(trailer.buffer);
}

/** Whether the file is marked as readable from each full flush on. */
export const hasFlushPoints = (first: Uint8Array): boolean => GZIP_HEADER.every((byte, at) => first[at] === byte);

/** The end of each flush: an empty stored block. */
const MARK = Buffer.from([0, 0, 0xff, 0xff]);

/** The position of the next flush point after `at`: just after its mark. -1 if there is none. */
export function nextFlush(bytes: Buffer, at: number): number {
  const found = bytes.indexOf(MARK, at);
  return found < 0 ? -1 : found + MARK.length;
}

const [FHCRC, FEXTRA, FNAME, FCOMMENT] = [2, 4, 8, 16];

/** The length of the header of any gzip member (RFC 1952); undefined if there is none here, or it is incomplete. */
export function gzipHeaderBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length < 10 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) return undefined;
  const flags = bytes[3]!;
  let at = 10;
  if (flags & FEXTRA) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const flag of [FNAME, FCOMMENT]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & FHCRC) at += 2;
  return at <= bytes.length ? at : undefined;
}

export const TRAILER_BYTES = 8;

export interface GzipTrailer {
  /** CRC-32 of the content, and its length modulo 2^32. */
  readonly crc: number;
  readonly size: number;
}

/** Undefined: it is incomplete. */
export function readTrailer(bytes: Uint8Array): GzipTrailer | undefined {
  if (bytes.length < TRAILER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_BYTES);
  return { crc: view.getUint32(0, true), size: view.getUint32(4, true) };
}
