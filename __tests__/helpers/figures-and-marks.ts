/** What is left of a screen without its words: figures with their units of one sign, and marks. */

/** A figure with separators and a sign of unit behind it (61.2, 00:01:12, 9,140, 97%, 31°), or one mark that is not punctuation of prose. */
const TOKEN = /\d+(?:[.,:]\d+)*[%°]?|[^\p{L}\p{N}\s.,;:'"()?!·’“”]/gu;

/** The tokens of a screen in reading order. */
export function figuresAndMarks(screen: string): string[] {
  return [...screen.matchAll(TOKEN)].map(([token]) => token);
}

export interface Difference {
  /** "3 × 97%": how often the first screen has a token more than the second. */
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

/** Where two screens differ in figures and marks, wherever on the screen they stand. */
export function difference(before: string, after: string): Difference {
  const balance = new Map<string, number>();
  for (const token of figuresAndMarks(before)) balance.set(token, (balance.get(token) ?? 0) - 1);
  for (const token of figuresAndMarks(after)) balance.set(token, (balance.get(token) ?? 0) + 1);
  const of = (sign: 1 | -1): string[] =>
    [...balance].filter(([, more]) => Math.sign(more) === sign).map(([token, more]) => `${Math.abs(more)} × ${token}`);
  return { lost: of(-1), gained: of(1) };
}
