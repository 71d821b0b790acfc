/** A screen without its words: values with their one-character units, and marks. */

/** A value with separators and a one-character unit after it (61.2, 00:01:12, 9,140, 97%, 31°), or one mark that is not punctuation. */
const TOKEN = /\d+(?:[.,:]\d+)*[%°]?|[^\p{L}\p{N}\s.,;:'"()?!·’“”]/gu;

/** The tokens of a screen in reading order. */
export function figuresAndMarks(screen: string): string[] {
  return [...screen.matchAll(TOKEN)].map(([token]) => token);
}

export interface Difference {
  /** "3 × 97%": how many more times a token appears on the first screen than on the second. */
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

/** The differences in values and marks between two screens, regardless of position. */
export function difference(before: string, after: string): Difference {
  const balance = new Map<string, number>();
  for (const token of figuresAndMarks(before)) balance.set(token, (balance.get(token) ?? 0) - 1);
  for (const token of figuresAndMarks(after)) balance.set(token, (balance.get(token) ?? 0) + 1);
  const of = (sign: 1 | -1): string[] =>
    [...balance].filter(([, more]) => Math.sign(more) === sign).map(([token, more]) => `${Math.abs(more)} × ${token}`);
  return { lost: of(-1), gained: of(1) };
}
