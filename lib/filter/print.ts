/** A query as text, the same for queries with the same structure: it is shown, kept in the history, and used as a key. */
import { isBareWord } from './lexer.js';
import type { Query } from './parser.js';

const BINDS = { or: 0, and: 1, not: 2, compare: 3 } as const;

/** Parsing it returns the query. */
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

/** No value contains both kinds of quotes: such a value cannot be typed. */
function quoted(value: string): string {
  if (isBareWord(value)) return value;
  const quote = value.includes('"') ? "'" : '"';
  return quote + value + quote;
}
