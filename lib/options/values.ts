/** Parsers for the values of options. */
import { quantity } from '../text/units.js';

/** Why a value is rejected, as the end of a sentence that starts with the option's name. */
export class Invalid extends Error {}

export function last(words: readonly string[]): string {
  return words.at(-1) ?? '';
}

/** One of the words, in any case, and its value. */
export function choice<Table extends Readonly<Record<string, string>>>(table: Table): (words: readonly string[]) => Table[keyof Table] {
  return (words) => {
    const word = last(words).toLowerCase();
    if (!Object.hasOwn(table, word)) throw new Invalid(`"${last(words)}" is not one of: ${Object.keys(table).join(', ')}`);
    return table[word] as Table[keyof Table];
  };
}

export function number({ min, max, whole = false }: { min: number; max: number; whole?: boolean }): (words: readonly string[]) => number {
  return (words) => {
    const word = last(words);
    const value = /^[+-]?\d+(\.\d*)?$|^[+-]?\.\d+$/.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) throw new Invalid(`"${word}" is not a number`);
    if (whole && !Number.isInteger(value)) throw new Invalid(`"${word}" is not a whole number`);
    if (value < min || value > max) throw new Invalid(`"${word}" is not between ${min} and ${max}`);
    return value;
  };
}

/** Names separated by commas, each one of `names`; `plural`: also with a trailing s. */
export function list<Name extends string>(
  names: readonly Name[],
  plural: readonly Name[] = [],
): (words: readonly string[]) => readonly Name[] {
  return (words) => {
    const given = last(words)
      .split(',')
      .map((word) => word.trim())
      .map((word) => plural.find((name) => word === `${name}s` || word === `${name}es`) ?? word);
    const wrong = given.find((word) => !(names as readonly string[]).includes(word));
    if (wrong !== undefined) throw new Invalid(`"${wrong}" is not one of: ${names.join(', ')}`);
    return names.filter((name) => given.includes(name));
  };
}

const SWITCH: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  1: true,
  false: false,
  off: false,
  no: false,
  0: false,
};

export function onOff(words: readonly string[]): boolean {
  const word = last(words).toLowerCase();
  if (!Object.hasOwn(SWITCH, word)) throw new Invalid(`"${last(words)}" is not on or off`);
  return SWITCH[word]!;
}

/** `20s`, `15m`, `1h30m`, or a bare number in units of `bareMs`; returns milliseconds. */
export function time(bareMs: number): (words: readonly string[]) => number {
  return (words) => {
    const word = last(words);
    const bare = /^\d+(\.\d+)?$/.test(word);
    const seconds = bare ? Number(word) : quantity(word, 'seconds');
    if (seconds === undefined || seconds < 0) throw new Invalid(`"${word}" is not like 20s, 15m or 2h`);
    return seconds * (bare ? bareMs : 1000);
  };
}

/** A number with a unit; without one, the first unit applies. Whether 0 is valid is up to the caller, where it may mean no limit. */
function measured(units: Readonly<Record<string, number>>, example: string): (words: readonly string[]) => number {
  const [first = ''] = Object.keys(units);
  return (words) => {
    const word = last(words);
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(word) ?? [];
    const factor = units[unit === '' ? first : unit.toLowerCase()];
    if (digits === '' || factor === undefined) throw new Invalid(`"${word}" is not like ${example}`);
    return Number(digits) * factor;
  };
}

/** `90`, `90s`, `10m`, `2h`, `1d`: milliseconds. */
export const span = measured({ s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }, '90s, 10m, 2h or 1d');

/** `500K`, `100M`, `2G`: bytes, in steps of 1024. */
export const size = measured({ b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }, '500K, 100M or 2G');
