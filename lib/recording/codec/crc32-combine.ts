/** The CRC-32 of two byte sequences together, from the CRC-32 of each: zlib's crc32_combine, as products of polynomials over GF(2). */

const POLYNOMIAL = 0xedb88320;

/** a * b modulo the polynomial; bit 31 is x^0. */
function product(a: number, b: number): number {
  let found = 0;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if (a & bit) found ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return found >>> 0;
}

/** `secondBytes`: the length of the sequence that `second` belongs to. */
export function crc32Combine(first: number, second: number, secondBytes: number): number {
  // x^8 by squaring: one factor per bit of the length.
  let power = 0x00800000;
  let shift = 0x80000000;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = product(shift, power);
    power = product(power, power);
  }
  return (product(shift, first) ^ second) >>> 0;
}
