/**
 * Sorts thousands of rows by a reading within a frame, without comparisons: the time depends only on their number. Written as loops,
 * because `from` with a function takes longer than the whole sort.
 */

/** Bits sorted in one pass over the rows. */
const DIGIT = 11;
const PLACES = 2 ** DIGIT;
const SIGN = 0x8000_0000;

/**
 * Positions of `values` in ascending order, ties in their original order, NaN last. A radix sort over the bits of the floats: as unsigned
 * integers they sort like the numbers, once all bits of negative numbers and the sign of the others are flipped.
 */
export function argsort(values: Float64Array): Int32Array {
  const count = values.length;
  const sortable = new Float64Array(count);
  let from = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const value = values[at]!;
    sortable[at] = Number.isNaN(value) ? Infinity : value === 0 ? 0 : value;
    from[at] = at;
  }
  const halves = new Uint32Array(sortable.buffer);
  for (let at = 0; at < count; at++) {
    const high = halves[at * 2 + 1]!;
    const negative = (high & SIGN) !== 0;
    halves[at * 2 + 1] = negative ? ~high : high | SIGN;
    if (negative) halves[at * 2] = ~halves[at * 2]!;
  }
  let to = new Int32Array(count);
  for (let bit = 0; bit < 64; bit += DIGIT) {
    if (pass(halves, bit, from, to)) [from, to] = [to, from];
  }
  return from;
}

/** Sorts by the digit at `bit`; stable. False: all digits are equal, and nothing was moved. */
function pass(halves: Uint32Array, bit: number, from: Int32Array, to: Int32Array): boolean {
  const starts = new Int32Array(PLACES + 1);
  for (let at = 0; at < from.length; at++) starts[digitOf(halves, from[at]!, bit) + 1]!++;
  if (starts.includes(from.length, 1)) return false;
  for (let place = 0; place < PLACES; place++) starts[place + 1]! += starts[place]!;
  for (let at = 0; at < from.length; at++) {
    const row = from[at]!;
    to[starts[digitOf(halves, row, bit)]!++] = row;
  }
  return true;
}

function digitOf(halves: Uint32Array, row: number, bit: number): number {
  const at = row * 2 + (bit >> 5);
  const shift = bit & 31;
  const low = halves[at]! >>> shift;
  const straddles = shift + DIGIT > 32 && bit < 32;
  return (straddles ? low | (halves[at + 1]! << (32 - shift)) : low) & (PLACES - 1);
}
