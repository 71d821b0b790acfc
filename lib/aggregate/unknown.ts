/** Sums and orders of figures some of which were not reported: NaN, which is never 0. */

/** The sum of what is known; NaN while nothing is. */
export const plus = (sum: number, value: number): number => (Number.isNaN(value) ? sum : Number.isNaN(sum) ? value : sum + value);

/** The sum of what is known: 0 of none, NaN of those of which none is. */
export const total = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce(plus, NaN));

/**
 * Bytes of which some may not be reported: the least that they can be, and NaN, not 0, where that is nothing: who holds nothing here and an
 * unknown number of bytes there may hold any number.
 */
export const held = (values: readonly number[]): number => total(values) || (values.some(Number.isNaN) ? NaN : 0);

/** For sorting: the largest first, what is not known last. */
export function descending(a: number, b: number): number {
  const unknown = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return unknown !== 0 || Number.isNaN(a) ? unknown : b - a;
}
