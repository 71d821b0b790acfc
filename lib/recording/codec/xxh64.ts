/**
 * XXH64 (xxHash, 64 bits, seed 0). The low half is the checksum of a zstd frame's content (RFC 8878, 3.1.1). For decoders that do not check
 * it. In pairs of 32 bits: bigints would take thirty times as long.
 */

/** Primes of the algorithm, as [high, low]. */
const P1 = [0x9e3779b1, 0x85ebca87] as const;
const P2 = [0xc2b2ae3d, 0x27d4eb4f] as const;
const P3 = [0x165667b1, 0x9e3779f9] as const;
const P4 = [0x85ebca77, 0xc2b2ae63] as const;
const P5 = [0x27d4eb2f, 0x165667c5] as const;
type Prime = readonly [high: number, low: number];

const STRIPE = 32;

/** A 64-bit value and the operations of the algorithm on it. */
class Word {
  high = 0;
  low = 0;

  /** (high, low) times a prime. */
  times([primeHigh, primeLow]: Prime): void {
    const [aHigh, aLow, bHigh, bLow] = [this.low >>> 16, this.low & 0xffff, primeLow >>> 16, primeLow & 0xffff];
    const mid = aHigh * bLow + ((aLow * bLow) >>> 16);
    const carry = aLow * bHigh + (mid & 0xffff);
    const over = aHigh * bHigh + Math.floor(mid / 0x10000) + Math.floor(carry / 0x10000);
    this.high = (over + Math.imul(this.high, primeLow) + Math.imul(this.low, primeHigh)) | 0;
    this.low = Math.imul(this.low, primeLow);
  }

  plus(otherHigh: number, otherLow: number): void {
    const sum = (this.low >>> 0) + (otherLow >>> 0);
    this.high = (this.high + otherHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
  }

  rotate(bits: number): void {
    const [h, l] = bits < 32 ? [this.high, this.low] : [this.low, this.high];
    const by = bits % 32;
    this.high = (h << by) | (l >>> (32 - by));
    this.low = (l << by) | (h >>> (32 - by));
  }

  xor(otherHigh: number, otherLow: number): void {
    this.high ^= otherHigh;
    this.low ^= otherLow;
  }

  /** (high, low) ^= (high, low) >> bits */
  xorShift(bits: number): void {
    if (bits >= 32) this.low ^= this.high >>> (bits - 32);
    else {
      const shifted = (this.low >>> bits) | (this.high << (32 - bits));
      this.xor(this.high >>> bits, shifted);
    }
  }

  /** One step of a lane: acc = rotl(acc + input * P2, 31) * P1. */
  round(accHigh: number, accLow: number, inputHigh: number, inputLow: number): void {
    this.high = inputHigh;
    this.low = inputLow;
    this.times(P2);
    this.plus(accHigh, accLow);
    this.rotate(31);
    this.times(P1);
  }
}

export class Xxh64 {
  readonly #at = new Word();
  /** Four lanes of [high, low]. */
  readonly #lanes = Int32Array.of(0x60ea27ee, 0xadc0b5d6 | 0, P2[0] | 0, P2[1] | 0, 0, 0, 0x61c8864e, 0x7a143579);
  readonly #rest = new Uint8Array(STRIPE);
  #held = 0;
  #bytes = 0;

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(bytes.length, STRIPE - this.#held);
      this.#rest.set(bytes.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < STRIPE) return;
      this.#stripes(this.#rest, 0, STRIPE);
      this.#held = 0;
    }
    const end = at + Math.floor((bytes.length - at) / STRIPE) * STRIPE;
    this.#stripes(bytes, at, end);
    this.#rest.set(bytes.subarray(end));
    this.#held = bytes.length - end;
  }

  /** The low 32 bits of the hash of everything so far. */
  low32(): number {
    const lanes = this.#lanes;
    if (this.#bytes < STRIPE) [this.#at.high, this.#at.low] = P5;
    else {
      let [sumHigh, sumLow] = [0, 0];
      for (const [lane, bits] of [1, 7, 12, 18].entries()) {
        [this.#at.high, this.#at.low] = [lanes[2 * lane]!, lanes[2 * lane + 1]!];
        this.#at.rotate(bits);
        this.#at.plus(sumHigh, sumLow);
        [sumHigh, sumLow] = [this.#at.high, this.#at.low];
      }
      for (let lane = 0; lane < 4; lane++) {
        this.#at.round(0, 0, lanes[2 * lane]!, lanes[2 * lane + 1]!);
        this.#at.xor(sumHigh, sumLow);
        this.#at.times(P1);
        this.#at.plus(...P4);
        [sumHigh, sumLow] = [this.#at.high, this.#at.low];
      }
      [this.#at.high, this.#at.low] = [sumHigh, sumLow];
    }
    this.#at.plus(Math.floor(this.#bytes / 2 ** 32), this.#bytes | 0);
    this.#tail();
    this.#at.xorShift(33);
    this.#at.times(P2);
    this.#at.xorShift(29);
    this.#at.times(P3);
    this.#at.xorShift(32);
    return this.#at.low >>> 0;
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    const lanes = this.#lanes;
    for (let at = from; at < to; at += STRIPE) {
      for (let lane = 0; lane < 4; lane++) {
        const here = at + 8 * lane;
        this.#at.round(lanes[2 * lane]!, lanes[2 * lane + 1]!, word(bytes, here + 4), word(bytes, here));
        lanes[2 * lane] = this.#at.high;
        lanes[2 * lane + 1] = this.#at.low;
      }
    }
  }

  #tail(): void {
    const rest = this.#rest;
    let at = 0;
    for (; at + 8 <= this.#held; at += 8) {
      const [accHigh, accLow] = [this.#at.high, this.#at.low];
      this.#at.round(0, 0, word(rest, at + 4), word(rest, at));
      this.#at.xor(accHigh, accLow);
      this.#at.rotate(27);
      this.#at.times(P1);
      this.#at.plus(...P4);
    }
    if (at + 4 <= this.#held) {
      const [accHigh, accLow] = [this.#at.high, this.#at.low];
      [this.#at.high, this.#at.low] = [0, word(rest, at)];
      this.#at.times(P1);
      this.#at.xor(accHigh, accLow);
      this.#at.rotate(23);
      this.#at.times(P2);
      this.#at.plus(...P3);
      at += 4;
    }
    for (; at < this.#held; at++) {
      const [accHigh, accLow] = [this.#at.high, this.#at.low];
      [this.#at.high, this.#at.low] = [0, rest[at]!];
      this.#at.times(P5);
      this.#at.xor(accHigh, accLow);
      this.#at.rotate(11);
      this.#at.times(P1);
    }
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
