/** Growing byte buffers, and fast comparison of bytes. */

/** A buffer as bytes, and as a view for comparing several bytes at once. */
export interface Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
}

export function bytesOf(length: number): Bytes {
  const buffer = new ArrayBuffer(length);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

/**
 * Whether `length` bytes are the same, to identify something new. Compares eight at a time; the last step overlaps the one before it. Uses
 * integers, because floats would take different bytes for equal (zeroes) and equal bytes for different (NaN).
 */
export function same(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  const last = length - 8;
  if (last < 0) return sameShort(a, from, b, at, length);
  for (let i = 0; i < last; i += 8) {
    if (((a.getInt32(from + i, true) ^ b.getInt32(at + i, true)) | (a.getInt32(from + i + 4, true) ^ b.getInt32(at + i + 4, true))) !== 0)
      return false;
  }
  const left = from + last;
  const right = at + last;
  return ((a.getInt32(left, true) ^ b.getInt32(right, true)) | (a.getInt32(left + 4, true) ^ b.getInt32(right + 4, true))) === 0;
}

/**
 * Whether `length` bytes equal those remembered at `from` in `a`, to recognise something that was read before. Faster than `same` because
 * it compares floats. True is certain as long as the remembered bytes contain no NUL, since then no word of them is zero. False is not
 * certain, because some bytes that are not UTF-8 make NaN; then the input is simply read again.
 */
export function repeats(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  const last = length - 16;
  if (last < 0) return same(a, from, b, at, length);
  for (let i = 0; i < last; i += 16) {
    if (a.getFloat64(from + i, true) !== b.getFloat64(at + i, true) || a.getFloat64(from + i + 8, true) !== b.getFloat64(at + i + 8, true))
      return false;
  }
  const left = from + last;
  const right = at + last;
  return a.getFloat64(left, true) === b.getFloat64(right, true) && a.getFloat64(left + 8, true) === b.getFloat64(right + 8, true);
}

function sameShort(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a.getUint8(from + i) !== b.getUint8(at + i)) return false;
  return true;
}

const QUOTE = new DataView(Uint8Array.of(34).buffer);

/** Bytes that may be read past the end, when whole words are read. */
const SLACK = 8;
/** From this size on a buffer grows in larger steps: copying costs time, and memory that is not touched yet costs nothing. */
const LARGE = 131_072;

/** The size to grow to. */
export const roomFor = (needed: number, now: number): number => Math.max(needed, now * (now < LARGE ? 2 : 4));

/** Texts, one after another. Offset 0 is never used, so that 0 can mean "none". */
export class Arena implements Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  length = 1;

  constructor({ bytes, view }: Bytes = bytesOf(1024)) {
    this.bytes = bytes;
    this.view = view;
  }

  /** The offset of the copy of source[from] to source[to - 1]. */
  add(source: DataView, from: number, to: number): number {
    const at = this.length;
    const size = to - from;
    if (at + size + SLACK > this.bytes.length) this.#grow(at + size + SLACK);
    const { view } = this;
    let i = 0;
    for (; i + 8 <= size; i += 8) {
      view.setInt32(at + i, source.getInt32(from + i, true), true);
      view.setInt32(at + i + 4, source.getInt32(from + i + 4, true), true);
    }
    for (; i < size; i++) view.setUint8(at + i, source.getUint8(from + i));
    this.length = at + size;
    return at;
  }

  /** The same for the bytes of a value, followed by a quote: a text in an arena is identified by its start alone. */
  addText(source: DataView, from: number, to: number): number {
    const at = this.add(source, from, to);
    this.add(QUOTE, 0, 1);
    return at;
  }

  #grow(needed: number): void {
    const old = this.bytes;
    ({ bytes: this.bytes, view: this.view } = bytesOf(roomFor(needed, old.length)));
    this.bytes.set(old);
  }
}

/** Empty arrays to start with. */
export const NO_FLOATS = new Float64Array(0);
export const NO_INTS = new Int32Array(0);
export const NO_BYTES = new Uint8Array(0);

/** How much of a Cutter is needed. */
export interface Room {
  readonly floats: number;
  readonly ints: number;
}

/**
 * Cuts arrays out of one allocation, which costs a fraction of allocating each. Floats are aligned as long as everything before them is a
 * multiple of eight bytes.
 */
export class Cutter {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  constructor({ floats, ints }: Room, bytes = 0) {
    this.#buffer = new ArrayBuffer(floats * 8 + ints * 4 + bytes);
  }

  /** `length` floats, starting with a copy of `old`. */
  floats(length: number, old?: Float64Array): Float64Array<ArrayBuffer> {
    const array = new Float64Array(this.#buffer, this.#at, length);
    this.#at += length * 8;
    if (old) array.set(old);
    return array;
  }

  ints(length: number, old?: Int32Array): Int32Array<ArrayBuffer> {
    const array = new Int32Array(this.#buffer, this.#at, length);
    this.#at += length * 4;
    if (old) array.set(old);
    return array;
  }

  unsigned(length: number): Uint32Array<ArrayBuffer> {
    const array = new Uint32Array(this.#buffer, this.#at, length);
    this.#at += length * 4;
    return array;
  }

  bytes(length: number): Bytes {
    const from = this.#at;
    this.#at += length;
    return { bytes: new Uint8Array(this.#buffer, from, length), view: new DataView(this.#buffer, from, length) };
  }
}
