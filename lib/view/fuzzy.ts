/** How well a text matches a query: the letters in order, better the closer together. Pure. */

/** Scores of a letter at the start of a word, after another letter that matched, and elsewhere; skipped letters cost. */
const AT_START = 8;
const NEXT = 6;
const ANYWHERE = 1;
const PASSED = 0.1;

/** Also after leading zeros of a number: 42 starts a word in node-0042. A change from letters to digits starts a new word. */
const startsWord = (text: string, at: number): boolean => /(^|[^\p{L}\p{N}])0*$|\p{L}0*$/u.test(text.slice(0, at)) && isStart(text, at);
const isStart = (text: string, at: number): boolean => at === 0 || !/\p{L}/u.test(text[at]!) || !/[\p{L}\p{N}]/u.test(text[at - 1]!);

/** Higher is better; -1: a letter is missing. Both in lower case. */
function scoreOf(word: string, text: string): number {
  // A contiguous match beats scattered letters, wherever it is.
  const run = text.indexOf(word);
  if (run >= 0) return word.length * NEXT + (startsWord(text, run) ? AT_START : 0) - (text.length - word.length) * PASSED;
  let score = 0;
  let from = 0;
  for (const letter of word) {
    const at = text.indexOf(letter, from);
    if (at < 0) return -1;
    score += at === from && from > 0 ? NEXT : startsWord(text, at) ? AT_START / 2 : ANYWHERE;
    score -= (at - from) * PASSED;
    from = at + letter.length;
  }
  return Math.max(0, score);
}

/**
 * How well `texts` together match all words of `query`: each word counts where it matches best. -1: one of them matches nowhere. An empty
 * query matches everything equally.
 */
export function fuzzyScore(query: string, texts: readonly string[]): number {
  let sum = 0;
  for (const word of query.toLowerCase().split(/\s+/u)) {
    if (word === '') continue;
    let best = -1;
    for (const text of texts) best = Math.max(best, scoreOf(word, text.toLowerCase()));
    if (best < 0) return -1;
    sum += best;
  }
  return sum;
}
