/**
 * The outer structure of zstd data: where frames start and end (RFC 8878), the seek table of the zstd seekable format, and our own
 * skippable frame with the time and number of the first frame of each block. Nothing is decompressed here.
 */
import type { Ms } from '../../model/clock.js';

export const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_FIRST = 0x184d2a50;
const SKIPPABLE_LAST = 0x184d2a5f;
const SEEK_TABLE = 0x184d2a5e;
const SEEKABLE = 0x8f92eab1;
/** The magic number of our skippable frame. */
const OUR_INDEX = 0x184d2a53;
const OUR_TAG = 'ASMIVIEW';
const OUR_VERSION = 1;

/** A part of a file: at most `length` bytes from `at`, fewer at its end. */
export type ReadBytes = (at: number, length: number) => Uint8Array;

/** A complete frame of the file. */
export interface ZstdFrame {
  readonly kind: 'zstd' | 'skippable';
  readonly offset: number;
  readonly length: number;
  /** The window size that decoding needs; 0 for a skippable frame. */
  readonly windowBytes: number;
  /** Decompressed size; undefined if the header does not have it. */
  readonly contentBytes: number | undefined;
}

/** `cut`: the file ends inside the frame; `strange`: there is no frame here. */
export type Walked = ZstdFrame | { readonly kind: 'cut' | 'strange' };

const HEAD_BYTES = 18;

export const isSkippable = (magic: number): boolean => magic >= SKIPPABLE_FIRST && magic <= SKIPPABLE_LAST;

export function walkFrame(read: ReadBytes, offset: number): Walked {
  const head = read(offset, HEAD_BYTES);
  if (head.length < 8) return { kind: 'cut' };
  const view = viewOf(head);
  const magic = view.getUint32(0, true);
  if (isSkippable(magic)) {
    const length = 8 + view.getUint32(4, true);
    if (read(offset + length - 1, 1).length === 0) return { kind: 'cut' };
    return { kind: 'skippable', offset, length, windowBytes: 0, contentBytes: 0 };
  }
  if (magic !== ZSTD_MAGIC) return { kind: 'strange' };
  const header = frameHeader(view);
  if (header === undefined) return { kind: 'cut' };
  const length = blocksEnd(read, offset + header.bytes, header.checksum);
  if (typeof length === 'string') return { kind: length };
  return { kind: 'zstd', offset, length: length - offset, windowBytes: header.windowBytes, contentBytes: header.contentBytes };
}

interface FrameHeader {
  readonly bytes: number;
  readonly windowBytes: number;
  readonly contentBytes: number | undefined;
  readonly checksum: boolean;
}

/** Undefined: the view ends before the header does. */
export function frameHeader(view: DataView): FrameHeader | undefined {
  if (view.byteLength < 6) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (view.byteLength < sizeAt + sizeBytes) return undefined;
  const contentBytes = contentSize(view, sizeAt, sizeBytes);
  const windowBytes = single ? (contentBytes ?? 0) : windowSize(view.getUint8(5));
  return { bytes: sizeAt + sizeBytes, windowBytes, contentBytes, checksum: (descriptor & 4) !== 0 };
}

function contentSize(view: DataView, at: number, bytes: number): number | undefined {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return bytes === 8 ? Number(view.getBigUint64(at, true)) : undefined;
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The length of a block including its header; undefined if there is no block here, or its header is incomplete. */
export function blockHeader(header: Uint8Array): { readonly bytes: number; readonly last: boolean } | undefined {
  const bits = header[0]! | (header[1]! << 8) | (header[2]! << 16);
  const type = (bits >> 1) & 3;
  return header.length < 3 || type === 3 ? undefined : { bytes: 3 + (type === 1 ? 1 : bits >>> 3), last: (bits & 1) === 1 };
}

/** The end of the frame whose first block is at `at`. Block headers are read one window at a time: a file has thousands of them. */
function blocksEnd(read: ReadBytes, at: number, checksum: boolean): number | 'cut' | 'strange' {
  for (;;) {
    const header = read(at, 3);
    if (header.length < 3) return 'cut';
    const block = blockHeader(header);
    if (!block) return 'strange';
    at += block.bytes;
    if (!block.last) continue;
    const end = at + (checksum ? 4 : 0);
    return read(end - 1, 1).length === 1 ? end : 'cut';
  }
}

/** A block of a recording: a zstd frame of complete lines. */
export interface Block {
  readonly offset: number;
  readonly length: number;
  /** Decompressed size. */
  readonly bytes: number;
  /** Times of its first and last data frame; NaN if none starts in it. */
  readonly firstAt: Ms;
  readonly lastAt: Ms;
  /** The number of data frames before it in the file, and in it. */
  readonly firstFrame: number;
  readonly frames: number;
}

const BLOCK_BYTES = 24;
const INDEX_HEAD_BYTES = 16;

/** Our index, followed by the seek table: the end of a finished file. */
export function encodeIndex(blocks: readonly Block[]): Uint8Array {
  const own = new Uint8Array(8 + INDEX_HEAD_BYTES + blocks.length * BLOCK_BYTES);
  const view = viewOf(own);
  view.setUint32(0, OUR_INDEX, true);
  view.setUint32(4, own.length - 8, true);
  own.set(new TextEncoder().encode(OUR_TAG), 8);
  view.setUint32(16, OUR_VERSION, true);
  view.setUint32(20, blocks.length, true);
  blocks.forEach(({ firstAt, lastAt, firstFrame, frames }, nth) => {
    const at = 8 + INDEX_HEAD_BYTES + nth * BLOCK_BYTES;
    view.setFloat64(at, firstAt, true);
    view.setFloat64(at + 8, lastAt, true);
    view.setUint32(at + 16, firstFrame, true);
    view.setUint32(at + 20, frames, true);
  });
  const table = encodeSeekTable([...blocks.map(({ length, bytes }) => [length, bytes] as const), [own.length, 0]]);
  const both = new Uint8Array(own.length + table.length);
  both.set(own);
  both.set(table, own.length);
  return both;
}

function encodeSeekTable(frames: readonly (readonly [compressed: number, decompressed: number])[]): Uint8Array {
  const table = new Uint8Array(8 + frames.length * 8 + 9);
  const view = viewOf(table);
  view.setUint32(0, SEEK_TABLE, true);
  view.setUint32(4, table.length - 8, true);
  frames.forEach(([compressed, decompressed], nth) => {
    view.setUint32(8 + nth * 8, compressed, true);
    view.setUint32(12 + nth * 8, decompressed, true);
  });
  view.setUint32(table.length - 9, frames.length, true);
  view.setUint8(table.length - 5, 0);
  view.setUint32(table.length - 4, SEEKABLE, true);
  return table;
}

/** The index at the end of a file of `size` bytes; undefined if there is none, or it does not match the file. */
export function decodeIndex(read: ReadBytes, size: number): readonly Block[] | undefined {
  const frames = decodeSeekTable(read, size);
  const own = frames?.at(-1);
  if (own?.[1] !== 0 || !frames) return undefined;
  const end = size - (8 + frames.length * 8 + 9);
  if (own[0] > end) return undefined;
  const bytes = read(end - own[0], own[0]);
  const count = frames.length - 1;
  if (bytes.length !== own[0] || bytes.length !== 8 + INDEX_HEAD_BYTES + count * BLOCK_BYTES) return undefined;
  const view = viewOf(bytes);
  const ours =
    view.getUint32(0, true) === OUR_INDEX &&
    new TextDecoder().decode(bytes.subarray(8, 16)) === OUR_TAG &&
    view.getUint32(16, true) === OUR_VERSION &&
    view.getUint32(20, true) === count;
  if (!ours) return undefined;
  let offset = 0;
  const blocks = frames.slice(0, count).map(([length, decompressed], nth): Block => {
    const at = 8 + INDEX_HEAD_BYTES + nth * BLOCK_BYTES;
    const block = {
      offset,
      length,
      bytes: decompressed,
      firstAt: view.getFloat64(at, true),
      lastAt: view.getFloat64(at + 8, true),
      firstFrame: view.getUint32(at + 16, true),
      frames: view.getUint32(at + 20, true),
    };
    offset += length;
    return block;
  });
  return offset === end - own[0] ? blocks : undefined;
}

/** Whether the file ends with a seek table, whatever its contents. */
export function hasSeekTable(read: ReadBytes, size: number): boolean {
  const footer = read(Math.max(0, size - 9), 9);
  return footer.length === 9 && viewOf(footer).getUint32(5, true) === SEEKABLE;
}

const SEARCH_BYTES = 64 * 1024;
const MAGIC_BYTES = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The start of the next complete frame with content at or after `at`; undefined if there is none. */
export function nextMagic(read: ReadBytes, at: number, size: number): number | undefined {
  for (; at < size; at += SEARCH_BYTES) {
    const bytes = Buffer.from(read(at, SEARCH_BYTES + MAGIC_BYTES.length - 1));
    for (let found = bytes.indexOf(MAGIC_BYTES); found >= 0; found = bytes.indexOf(MAGIC_BYTES, found + 1)) {
      if ('length' in walkFrame(read, at + found)) return at + found;
    }
  }
  return undefined;
}

function decodeSeekTable(read: ReadBytes, size: number): readonly (readonly [number, number])[] | undefined {
  const footer = read(Math.max(0, size - 9), 9);
  if (footer.length < 9) return undefined;
  const view = viewOf(footer);
  const count = view.getUint32(0, true);
  const entryBytes = view.getUint8(4) & 0x80 ? 12 : 8;
  const length = 8 + count * entryBytes + 9;
  if (view.getUint32(5, true) !== SEEKABLE || length > size) return undefined;
  const table = read(size - length, length);
  const entries = viewOf(table);
  if (table.length !== length || entries.getUint32(0, true) !== SEEK_TABLE || entries.getUint32(4, true) !== length - 8) return undefined;
  return Array.from({ length: count }, (_, nth) => [
    entries.getUint32(8 + nth * entryBytes, true),
    entries.getUint32(12 + nth * entryBytes, true),
  ]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
