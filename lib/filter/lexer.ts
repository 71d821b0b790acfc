/** Splits the text of a filter into words and symbols. */

export type TokenKind = 'word' | 'quoted' | 'operator' | '(' | ')' | '&' | '|' | 'not' | 'end';
export interface Token {
  readonly kind: TokenKind;
  /** Without quotes; for an operator, its canonical form. */
  readonly text: string;
  /** 1-based character. */
  readonly column: number;
}

/** Why a filter is invalid. */
export class FilterError extends Error {
  readonly reason: string;
  /** 1-based position of the error. */
  readonly column: number;

  constructor(reason: string, column: number) {
    super(`parse error: ${reason} at col ${column}`);
    this.name = 'FilterError';
    this.reason = reason;
    this.column = column;
  }
}

export const OPERATORS = ['==', '!=', '>=', '<=', '>', '<', '~='] as const;
export type Operator = (typeof OPERATORS)[number];

/** Longer symbols first. */
const SIGNS: readonly (readonly [sign: string, kind: TokenKind, text: string])[] = [
  ...OPERATORS.filter((sign) => sign.length === 2).map((sign) => [sign, 'operator', sign] as const),
  ['=~', 'operator', '~='],
  ['&&', '&', '&'],
  ['||', '|', '|'],
  ['=', 'operator', '=='],
  ['>', 'operator', '>'],
  ['<', 'operator', '<'],
  ['!', 'not', '!'],
  ['(', '(', '('],
  [')', ')', ')'],
  ['&', '&', '&'],
  ['|', '|', '|'],
];

/** The characters of an unquoted word: all except blanks and characters with a meaning. */
const WORD = /[^\s'"()&|<>=!~]/u;

export const isBareWord = (text: string): boolean => text !== '' && Array.from(text).every((ch) => WORD.test(ch));

/** Ends with the token 'end'. Throws FilterError. */
export function lex(text: string): readonly Token[] {
  const chars = Array.from(text);
  const tokens: Token[] = [];
  let at = 0;
  while (at < chars.length) {
    if (/\s/u.test(chars[at]!)) {
      at++;
      continue;
    }
    const { length, ...token } = tokenAt(chars, at);
    tokens.push({ ...token, column: at + 1 });
    at += length;
  }
  return [...tokens, { kind: 'end', text: '', column: chars.length + 1 }];
}

function tokenAt(chars: readonly string[], at: number): Omit<Token, 'column'> & { readonly length: number } {
  const first = chars[at]!;
  if (first === '"' || first === "'") {
    const close = chars.indexOf(first, at + 1);
    if (close < 0) throw new FilterError(`the quote ${first} is not closed`, at + 1);
    return { kind: 'quoted', text: chars.slice(at + 1, close).join(''), length: close + 1 - at };
  }
  const two = first + (chars[at + 1] ?? '');
  const sign = SIGNS.find(([form]) => two.startsWith(form));
  if (sign) return { kind: sign[1], text: sign[2], length: sign[0].length };
  let end = at;
  while (end < chars.length && WORD.test(chars[end]!)) end++;
  if (end === at) throw new FilterError(`unexpected ${first}`, at + 1);
  return { kind: 'word', text: chars.slice(at, end).join(''), length: end - at };
}
