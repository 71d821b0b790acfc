/** Samples on a common timeline, in fixed memory: new samples replace the oldest. */
import { MISSED_LIMIT } from '../model/endpoint.js';

type Samples = Uint8Array | Uint16Array | Float64Array;

export interface RingKind {
  /** Allocates an array of this kind. */
  readonly make: (length: number) => Samples;
  /** Represents "not known". */
  readonly none: number;
  /** The largest value that can be stored. */
  readonly max: number;
}
export const UINT8: RingKind = { make: (length) => new Uint8Array(length), none: 255, max: 254 };
export const UINT16: RingKind = { make: (length) => new Uint16Array(length), none: 65_535, max: 65_534 };
export const FLOAT64: RingKind = { make: (length) => new Float64Array(length), none: NaN, max: Infinity };

/** `rings` rings of `length` samples, all written at the same times. Small kinds hold integers. */
export class Rings {
  /** Number of the newest sample; -1: none. */
  last = -1;
  readonly #kind: RingKind;
  readonly #length: number;
  readonly #samples: Samples;
  readonly #rings: number;
  /** Number of the oldest sample that was ever written. */
  #first = 0;

  constructor(kind: RingKind, rings: number, length: number) {
    this.#kind = kind;
    this.#rings = rings;
    this.#length = length;
    this.#samples = kind.make(rings * length);
  }

  /** Makes `sample` the newest one; returns how many were skipped. Going back in time starts over (-1), as does the first sample. */
  advance(sample: number): number {
    const gap = this.last < 0 || sample < this.last ? -1 : sample - this.last;
    if (gap < 0) {
      this.#first = sample;
      this.#blank(sample);
    }
    for (let at = Math.max(this.last + 1, sample - this.#length + 1); gap > 0 && at <= sample; at++) {
      // A reading stays valid for the next samples as long as its node counts.
      if (gap <= MISSED_LIMIT && at < sample) this.#repeat(at);
      else this.#blank(at);
    }
    this.last = sample;
    return gap < 0 ? -1 : Math.max(0, gap - 1);
  }

  /** Sets the value of the newest sample; of several values the highest is kept. NaN changes nothing. */
  put(ring: number, value: number): void {
    if (Number.isNaN(value)) return;
    const { none, max } = this.#kind;
    const at = this.#at(ring, this.last);
    const kept = Math.max(0, Math.min(max, max === Infinity ? value : Math.round(value)));
    const known = this.#samples[at]!;
    if (known === none || Number.isNaN(known) || kept > known) this.#samples[at] = kept;
  }

  /** Overwrites the value of the newest sample. */
  set(ring: number, value: number): void {
    this.#samples[this.#at(ring, this.last)] = this.#kind.none;
    this.put(ring, value);
  }

  /** The samples of a ring, the newest last; NaN: not known. At most `most` of them. */
  read(ring: number, most = this.#length): Float64Array {
    const length = this.last < 0 ? 0 : Math.min(most, this.#length, this.last - this.#first + 1);
    const { none } = this.#kind;
    return Float64Array.from({ length }, (_, nth) => {
      const value = this.#samples[this.#at(ring, this.last - length + 1 + nth)]!;
      return value === none ? NaN : value;
    });
  }

  clear(): void {
    this.last = -1;
  }

  /** Rings with the same samples, to be written on their own. */
  copy(): Rings {
    const copy = new Rings(this.#kind, this.#rings, this.#length);
    copy.last = this.last;
    copy.#first = this.#first;
    copy.#samples.set(this.#samples);
    return copy;
  }

  #at(ring: number, sample: number): number {
    return ring * this.#length + (sample % this.#length);
  }
  #blank(sample: number): void {
    for (let ring = 0; ring < this.#rings; ring++) this.#samples[this.#at(ring, sample)] = this.#kind.none;
  }
  #repeat(sample: number): void {
    for (let ring = 0; ring < this.#rings; ring++) this.#samples[this.#at(ring, sample)] = this.#samples[this.#at(ring, sample - 1)]!;
  }
}
