/** Bytes in growing stores, and comparing them fast. */

/** The bytes of one place and a view of them: what is read bytewise, and what is compared in words. */
export interface Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
}

export function bytesOf(length: number): Bytes {
  const buffer = new ArrayBuffer(length);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

/**
 * Whether `length` bytes are the same. Eight at a time, the last step overlapping the one before; as integers, because floats would take
 * different bytes for equal (zeroes) and equal bytes for different (NaN).
 */
export function same(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  const last = length - 8;
  if (last < 0) return sameShort(a, from, b, at, length);
  for (let i = 0; i < last; i += 8) {
    if (((a.getInt32(from + i, true) ^ b.getInt32(at + i, true)) | (a.getInt32(from + i + 4, true) ^ b.getInt32(at + i + 4, true))) !== 0)
      return false;
  }
  const [left, right] = [from + last, at + last];
  return ((a.getInt32(left, true) ^ b.getInt32(right, true)) | (a.getInt32(left + 4, true) ^ b.getInt32(right + 4, true))) === 0;
}

function sameShort(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a.getUint8(from + i) !== b.getUint8(at + i)) return false;
  return true;
}

const QUOTE = new DataView(Uint8Array.of(34).buffer);

/** Pieces of text one behind the other. Offset 0 is nobody's, so that 0 can say "none". */
export class Arena implements Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  length = 1;

  constructor(capacity = 1024) {
    ({ bytes: this.bytes, view: this.view } = bytesOf(capacity));
  }

  /** Where the copy of source[from] to source[to - 1] begins. */
  add(source: DataView, from: number, to: number): number {
    const at = this.length;
    const size = to - from;
    if (at + size > this.bytes.length) this.#grow(at + size);
    const { view } = this;
    let i = 0;
    for (; i + 4 <= size; i += 4) view.setInt32(at + i, source.getInt32(from + i, true), true);
    for (; i < size; i++) view.setUint8(at + i, source.getUint8(from + i));
    this.length = at + size;
    return at;
  }

  /** The same for the bytes of a value, with a quote behind them: a text in an arena is known by where it begins. */
  addText(source: DataView, from: number, to: number): number {
    const at = this.add(source, from, to);
    this.add(QUOTE, 0, 1);
    return at;
  }

  #grow(needed: number): void {
    const old = this.bytes;
    ({ bytes: this.bytes, view: this.view } = bytesOf(Math.max(needed, old.length * 2)));
    this.bytes.set(old);
  }
}

/** A longer array that begins like `array`. */
export function longerInts(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(array);
  return longer;
}

/** Cuts arrays out of one allocation, which costs a fraction of one for each. Floats come first, so that they are aligned. */
export class Cutter {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  constructor(floats: number, ints: number) {
    this.#buffer = new ArrayBuffer(floats * 8 + ints * 4);
  }

  /** `length` floats that begin like `old`. */
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
}
