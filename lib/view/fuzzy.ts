/** How well a text answers what was typed: letters in their order, better the closer together. Pure. */

/** A letter at the start of a word, behind another letter that matched, anywhere else; what is passed over costs. */
const AT_START = 8;
const NEXT = 6;
const ANYWHERE = 1;
const PASSED = 0.1;

/** Also behind zeros that a number begins with: 42 begins one in node-0042. From letters to digits there are two words. */
const startsWord = (text: string, at: number): boolean => /(^|[^\p{L}\p{N}])0*$|\p{L}0*$/u.test(text.slice(0, at)) && isStart(text, at);
const isStart = (text: string, at: number): boolean => at === 0 || !/\p{L}/u.test(text[at]!) || !/[\p{L}\p{N}]/u.test(text[at - 1]!);

/** Higher is better; -1: some letter is missing. Both in lower case. */
function scoreOf(word: string, text: string): number {
  // A whole run of the letters beats letters strewn about, wherever they stand.
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
 * How well `texts` together answer all the words of `query`: each word counts where it fits best. -1: one of them fits nowhere. An empty
 * query fits everything alike.
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
