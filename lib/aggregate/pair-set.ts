/** Detects new (a, b) pairs, exactly and without an object per pair: open addressing over rows of two columns. */
const SEED = (Math.random() * 2 ** 32) | 0;

export class PairSet {
  /** `#base + row` of the pair in this place; smaller: a pair of an earlier set, so the place is empty. */
  #table = new Int32Array(64);
  #base = 1;
  #next = 1;
  #shift = 26;
  #a: ArrayLike<number> = [];
  #b: ArrayLike<number> = [];
  readonly #lastStamp: number;

  /** `lastStamp`: where the stamps start over; smaller in tests. */
  constructor(lastStamp = 2 ** 31 - 1) {
    this.#lastStamp = lastStamp;
  }

  /** Clears the set. The pairs to be added are (a[row], b[row]) with rows below `rows`. */
  begin(a: ArrayLike<number>, b: ArrayLike<number>, rows: number): void {
    this.#a = a;
    this.#b = b;
    this.#base = this.#next;
    this.#next += rows;
    if (rows * 2 > this.#table.length) this.#resize(rows);
    else if (this.#next > this.#lastStamp) this.#clear(rows);
  }

  /** Adds the row's pair. Whether it was new. */
  add(row: number): boolean {
    const a = this.#a;
    const b = this.#b;
    const table = this.#table;
    const base = this.#base;
    const mask = table.length - 1;
    const left = a[row]!;
    const right = b[row]!;
    let at = hash(left, right) >>> this.#shift;
    for (;;) {
      const other = table[at]! - base;
      if (other < 0) break;
      if (a[other] === left && b[other] === right) return false;
      at = (at + 1) & mask;
    }
    table[at] = base + row;
    return true;
  }

  #resize(rows: number): void {
    let bits = 6;
    while (2 ** bits < rows * 2) bits++;
    this.#table = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#base = 1;
    this.#next = 1 + rows;
  }

  #clear(rows: number): void {
    this.#table.fill(0);
    this.#base = 1;
    this.#next = 1 + rows;
  }
}

/** Seeded: even if a node knows the function, it cannot choose pids that all collide. */
function hash(a: number, b: number): number {
  let mixed = Math.imul(a ^ SEED, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ b, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
}
