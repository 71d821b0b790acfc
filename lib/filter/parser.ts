/**
 * The grammar of filters:
 *
 *   query = and { "|" and }        and = term { "&" term }        term = "not" term | "(" query ")" | field operator value
 *
 * `&` binds tighter than `|`, `not` tighter than both. Instead of the signs: `and`, `or`, `!`, and `&&`, `||`. A value is a word, a
 * quoted text, or a figure with a unit.
 */
import { isUnit, quantity, UNITS } from '../text/units.js';
import { fieldLike, fieldOf, isNumber, type Field } from './fields.js';
import { FilterError, lex, type Operator, type Token, type TokenKind } from './lexer.js';

export interface Comparison {
  readonly kind: 'compare';
  /** Canonical name of the field. */
  readonly field: string;
  readonly operator: Operator;
  /** The value as typed, without quotes and blanks. */
  readonly value: string;
  /** The value of a numeric field, in the unit of the field. */
  readonly number?: number;
  /** 1-based position of the value. */
  readonly column: number;
}
export type Query =
  { readonly kind: 'and' | 'or'; readonly of: readonly Query[] } | { readonly kind: 'not'; readonly of: Query } | Comparison;

/** Maximum nesting depth of parentheses and `not`. */
const MAX_DEPTH = 64;

/** Maximum length of an external text, in UTF-16 units. */
export const MAX_FILTER_LENGTH = 16_384;

/** Undefined for a blank text. Throws FilterError, also for a text that is too long. */
export function parse(text: string): Query | undefined {
  if (text.length > MAX_FILTER_LENGTH) throw new FilterError(`longer than ${MAX_FILTER_LENGTH} characters`, MAX_FILTER_LENGTH + 1);
  return reparse(text);
}

/** The same for the text of a printed query, which may be longer than the original. */
export function reparse(text: string): Query | undefined {
  const tokens = lex(text);
  return tokens.length === 1 ? undefined : new Parser(tokens).query();
}

const ORDERINGS: readonly Operator[] = ['>', '>=', '<', '<='];

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): Query {
    const query = this.#or();
    if (this.#next.kind !== 'end') throw this.#wrong(this.#next.kind === ')' ? 'unmatched )' : 'expected & or |');
    return query;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    return this.#tokens[this.#at++]!;
  }

  #wrong(reason: string, token = this.#next): FilterError {
    return new FilterError(reason, token.column);
  }

  /** Accepts the symbol, or the word for it. */
  #skip(kind: TokenKind, word: string): boolean {
    const { kind: next, text } = this.#next;
    if (next !== kind && !(next === 'word' && text.toLowerCase() === word)) return false;
    this.#at++;
    return true;
  }

  #or(): Query {
    return this.#list('or', '|', () => this.#list('and', '&', () => this.#term()));
  }

  #list(kind: 'and' | 'or', sign: '&' | '|', item: () => Query): Query {
    const items: Query[] = [];
    do {
      const one = item();
      // (a & b) & c is a & b & c.
      if (one.kind === kind) items.push(...one.of);
      else items.push(one);
    } while (this.#skip(sign, kind));
    return items.length === 1 ? items[0]! : { kind, of: items };
  }

  #term(): Query {
    if (++this.#depth > MAX_DEPTH) throw this.#wrong(`more than ${MAX_DEPTH} nested brackets`);
    const term = this.#skip('not', 'not')
      ? ({ kind: 'not', of: this.#term() } as const)
      : this.#skip('(', '(')
        ? this.#bracketed()
        : this.#comparison();
    this.#depth--;
    return term;
  }

  #bracketed(): Query {
    const query = this.#or();
    if (!this.#skip(')', ')')) throw this.#wrong('expected & or | or )');
    return query;
  }

  #comparison(): Comparison {
    const token = this.#next;
    if (token.kind !== 'word') throw this.#wrong('expected a field');
    const field = fieldOf(token.text);
    if (!field) throw this.#wrong(unknownField(token.text));
    this.#at++;
    const operator = this.#operator(field);
    const { column } = this.#next;
    const { text, number } = this.#value(field);
    this.#check(field, operator, text, number, column);
    return { kind: 'compare', field: field.name, operator, value: text, ...(number === undefined ? {} : { number }), column };
  }

  #operator(field: Field): Operator {
    const token = this.#next;
    if (token.kind !== 'operator') throw this.#wrong('expected one of == != > >= < <= ~=');
    const operator = token.text as Operator;
    if (isNumber(field) && operator === '~=') throw this.#wrong(`${field.name} is a number: ~= works only on text`);
    if (!isNumber(field) && ORDERINGS.includes(operator)) throw this.#wrong(`${field.name} is text: expected one of == != ~=`);
    this.#at++;
    return operator;
  }

  /** Conditions that can never be true, or are hardly intended: an error is better than an unexpectedly empty or complete list. */
  #check(field: Field, operator: Operator, text: string, number: number | undefined, column: number): void {
    if (!isNumber(field)) {
      if (operator === '~=' || !field.values || field.values.includes(text) || field.former?.includes(text)) return;
      throw new FilterError(`${field.name} must be one of ${field.values.join(', ')}`, column);
    }
    if (field.unit !== 'bytes' || !/\d$/.test(text) || !(number! > 0 && number! < LEAST_BYTES)) return;
    throw new FilterError(`${text} bytes: write ${text}GiB, or ${text}B`, column);
  }

  #value(field: Field): { readonly text: string; readonly number?: number } {
    const token = this.#next;
    if (!isNumber(field)) {
      if (token.kind !== 'word' && token.kind !== 'quoted') throw this.#wrong('expected a value');
      return { text: this.#take().text };
    }
    const wanted = `expected ${UNITS[field.unit].wanted}`;
    if (token.kind !== 'word' && token.kind !== 'quoted') throw this.#wrong(wanted);
    this.#at++;
    // "40 GiB" is one value.
    const text = this.#next.kind === 'word' && isUnit(this.#next.text, field.unit) ? token.text + this.#take().text : token.text;
    const number = quantity(text.trim(), field.unit);
    if (number === undefined) throw this.#wrong(wanted, token);
    return { text: text.trim(), number };
  }
}

/** A size below this without a unit: the unit was probably forgotten. */
const LEAST_BYTES = 2 ** 20;

function unknownField(name: string): string {
  const like = fieldLike(name);
  return like === undefined ? `unknown field ${name}` : `unknown field ${name} (did you mean ${like}?)`;
}
