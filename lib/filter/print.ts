/** A query as text, the same for queries that mean the same word by word: what is shown, kept in the history, and tells queries apart. */
import { isBareWord } from './lexer.js';
import type { Query } from './parser.js';

const BINDS = { or: 0, and: 1, not: 2, compare: 3 } as const;

/** Parsing it gives the query again. */
export function print(query: Query): string {
  switch (query.kind) {
    case 'compare':
      return `${query.field} ${query.operator} ${quoted(query.value)}`;
    case 'not':
      return `not ${within(query.of, query)}`;
    case 'and':
    case 'or':
      return query.of.map((one) => within(one, query)).join(query.kind === 'and' ? ' & ' : ' | ');
  }
}

function within(inner: Query, outer: Query): string {
  return BINDS[inner.kind] < BINDS[outer.kind] ? `(${print(inner)})` : print(inner);
}

/** No value holds both kinds of quotes: there is no way to type one. */
function quoted(value: string): string {
  if (isBareWord(value)) return value;
  const quote = value.includes('"') ? "'" : '"';
  return quote + value + quote;
}
