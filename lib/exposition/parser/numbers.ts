/** Values of samples. */
import type { Window } from './workspace.js';
import { RETURN, NEWLINE } from './ascii.js';

const DOT = 46;
const ZERO = 48;
/** Integers with fewer digits than this are exact, and so is their quotient by a power of ten. */
const EXACT_DIGITS = 15;
const TENS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** The position after the last number. */
export interface NumberEnd {
  at: number;
}

/**
 * The plain decimal number at `at` (digits, optionally a point and digits); -1 if there is none, or if it has too many digits to be exact.
 * Sets `end` to the position after it. Needs a byte after the number that is neither a digit nor a point.
 */
export function plainNumber(bytes: Uint8Array, at: number, end: NumberEnd): number {
  let value = 0;
  let i = at;
  let digit = bytes[i]! - ZERO;
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    digit = bytes[++i]! - ZERO;
  }
  if (digit !== DOT - ZERO) {
    end.at = i;
    return i === at || i - at > EXACT_DIGITS ? -1 : value;
  }
  const point = i;
  digit = bytes[++i]! - ZERO;
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    digit = bytes[++i]! - ZERO;
  }
  end.at = i;
  const decimals = i - point - 1;
  if (decimals === 0 || point === at || i - at - 1 > EXACT_DIGITS) return -1;
  return value / TENS[decimals]!;
}

const MINUS = 45;
const PLUS = 43;
/** In lower case. */
const EXPONENT = 101;
/** Powers of ten up to this one are exact. */
const EXACT_POWER = 22;
const POWERS = Float64Array.from({ length: EXACT_POWER + 1 }, (_, power) => 10 ** power);

/** The number from `from` to `to`, as exporters write most: `-1.5`, `1.83e+09`. NaN: it is not one, or not exact when computed so simply. */
export function shortNumber(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === MINUS;
  let at = isNegative ? from + 1 : from;
  let [value, digits, decimals] = [0, 0, 0];
  for (let isFraction = false; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits++;
      if (isFraction) decimals++;
    } else if (digit === DOT - ZERO && !isFraction) isFraction = true;
    else break;
  }
  if (digits === 0 || digits > EXACT_DIGITS) return NaN;
  const power = (at < to ? exponentAt(bytes, at, to) : 0) - decimals;
  // False for NaN.
  if (!(power >= -EXACT_POWER && power <= EXACT_POWER)) return NaN;
  const size = power < 0 ? value / POWERS[-power]! : value * POWERS[power]!;
  return isNegative ? -size : size;
}

function exponentAt(bytes: Uint8Array, from: number, to: number): number {
  if ((bytes[from]! | 32) !== EXPONENT) return NaN;
  const sign = bytes[from + 1]!;
  const first = sign === MINUS || sign === PLUS ? from + 2 : from + 1;
  if (first >= to || to - first > 3) return NaN;
  let value = 0;
  for (let at = first; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return sign === MINUS ? -value : value;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^([+-]?)(inf|infinity|nan)$/i;

/**
 * Parses what follows the labels, up to the end of the line: a value, optionally a timestamp (milliseconds; in OpenMetrics seconds, which
 * Go's client writes with an exponent), optionally an exemplar. Timestamp and exemplar are ignored. Undefined if it is none of that.
 */
export function readValue(text: string): number | undefined {
  const exemplar = text.indexOf('#');
  const [value = '', timestamp, ...rest] = (exemplar < 0 ? text : text.slice(0, exemplar)).trim().split(/[ \t]+/);
  if (rest.length > 0 || (timestamp !== undefined && !NUMBER.test(timestamp))) return undefined;
  if (NUMBER.test(value)) return Number(value);
  const [, sign, word] = NOT_FINITE.exec(value) ?? [];
  if (word === undefined) return undefined;
  if (word.toLowerCase() === 'nan') return NaN;
  return sign === '-' ? -Infinity : Infinity;
}

export class ValueReader {
  /** The last value; not `valid`: it was not a number. */
  value = 0;
  valid = false;
  readonly #window: Window;
  readonly #end: NumberEnd = { at: 0 };

  constructor(window: Window) {
    this.#window = window;
  }

  /** Reads from `from` to the end of the line. Returns that end; -1 if the line is incomplete. */
  read(from: number, end: number): number {
    const { bytes, finder } = this.#window;
    const value = plainNumber(bytes, from, this.#end);
    let to = this.#end.at;
    if (bytes[to] === RETURN) to++;
    if (to >= end) return -1;
    this.value = value;
    this.valid = true;
    if (value >= 0 && bytes[to] === NEWLINE) return to;
    to = finder.indexOf(NEWLINE, from);
    if (to >= end) return -1;
    const slow = readValue(latin1.decode(bytes.subarray(from, to)));
    this.valid = slow !== undefined;
    this.value = slow ?? 0;
    return to;
  }
}

/** Values of lines in the window. */

const latin1 = new TextDecoder('latin1');
