/** Sums and orders of figures of which some are not reported: NaN, which is never 0. */

/** The sum of the known values; NaN if none is known. */
export const plus = (sum: number, value: number): number => (Number.isNaN(value) ? sum : Number.isNaN(sum) ? value : sum + value);

/** The sum of the known values: 0 for an empty list, NaN if no value is known. */
export const total = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce(plus, NaN));

/**
 * Bytes of which some may not be reported: the least that they can be, and NaN, not 0, where that is nothing: who holds nothing here and an
 * unknown number of bytes there may hold any number.
 */
export const held = (values: readonly number[]): number => total(values) || (values.some(Number.isNaN) ? NaN : 0);

/** For sorting: largest first, unknown values last. */
export function descending(a: number, b: number): number {
  const unknown = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return unknown !== 0 || Number.isNaN(a) ? unknown : b - a;
}
