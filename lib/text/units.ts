/** Parses numbers with units as people type them: in filters, options and the config file. */

/** The kind of a quantity: determines which units may follow, and which one applies without a unit. */
export type Unit = 'bytes' | 'percent' | 'celsius' | 'watts' | 'megahertz' | 'seconds' | 'state' | 'number';

interface UnitTable {
  /** As the end of a sentence: "expected ...". */
  readonly wanted: string;
  /** By unit, in lower case; '' for no unit. */
  readonly factors: Readonly<Record<string, number>>;
  /** Several numbers with units may follow each other: 1h30m. */
  readonly joined?: true;
  /** An optional prefix. */
  readonly prefix?: RegExp;
}

const KIB = 1024;
const BINARY = { ki: KIB, mi: KIB ** 2, gi: KIB ** 3, ti: KIB ** 4, pi: KIB ** 5 };

/** K, KiB: 1024. KB: 1000. */
const BYTES: Readonly<Record<string, number>> = Object.fromEntries([
  ['', 1],
  ['b', 1],
  ...Object.entries(BINARY).flatMap(([unit, factor], at) => [
    [unit, factor],
    [`${unit}b`, factor],
    [unit[0]!, factor],
    [`${unit[0]!}b`, 1000 ** (at + 1)],
  ]),
]) as Record<string, number>;

export const UNITS: Readonly<Record<Unit, UnitTable>> = {
  bytes: { wanted: 'a size like 40GiB', factors: BYTES },
  percent: { wanted: 'a number of percent', factors: { '': 1, '%': 1 } },
  celsius: { wanted: 'a number of degrees', factors: { '': 1, '°': 1, c: 1, '°c': 1 } },
  watts: { wanted: 'a power like 300W', factors: { '': 1, w: 1, kw: 1e3, mw: 1e6 } },
  megahertz: { wanted: 'a clock like 1980MHz', factors: { '': 1, mhz: 1, ghz: 1e3 } },
  seconds: { wanted: 'a time like 20s, 15m, 2d', factors: { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }, joined: true },
  state: { wanted: 'a number like 0 or P0', factors: { '': 1 }, prefix: /^p(?=\d)/i },
  number: { wanted: 'a number', factors: { '': 1 } },
};

const FIGURE = /^(\d+(?:\.\d+)?)([^\d.]*)$/;

/** The value of `text` in bytes, percent, degrees Celsius, watts, MHz or seconds; undefined if it is not one. */
export function quantity(text: string, unit: Unit): number | undefined {
  const { factors, joined, prefix } = UNITS[unit];
  const sign = text.startsWith('-') ? -1 : 1;
  const figures = text.slice(sign < 0 ? 1 : 0).replace(prefix ?? '', '');
  const parts = joined ? (figures.match(/\d+(?:\.\d+)?[^\d.]*/g) ?? []) : [figures];
  if (parts.join('') !== figures) return undefined;
  let sum = 0;
  for (const part of parts) {
    const [, number, letters] = FIGURE.exec(part) ?? [];
    const suffix = letters?.toLowerCase();
    if (suffix === undefined || !Object.hasOwn(factors, suffix) || (suffix === '' && parts.length > 1)) return undefined;
    sum += Number(number) * factors[suffix]!;
  }
  return parts.length === 0 ? undefined : sign * sum;
}

/** Whether a word after a number is a unit of this kind: "40 GiB". */
export function isUnit(word: string, unit: Unit): boolean {
  return word !== '' && Object.hasOwn(UNITS[unit].factors, word.toLowerCase());
}
