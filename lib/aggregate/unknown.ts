/** Sums and orders of figures some of which were not reported: NaN, which is never 0. */

/** The sum of what is known; NaN while nothing is. */
export const plus = (sum: number, value: number): number => (Number.isNaN(value) ? sum : Number.isNaN(sum) ? value : sum + value);

/** The sum of what is known: 0 of none, NaN of those of which none is. */
export const total = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce(plus, NaN));

/** For sorting: the largest first, what is not known last. */
export function descending(a: number, b: number): number {
  const unknown = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return unknown !== 0 || Number.isNaN(a) ? unknown : b - a;
}
