/** Reads values from a recording, which may contain anything: only valid values are accepted. */
import type { Loose } from '../../model/loose.js';
import { clean, withoutBlankEnds } from '../../text/sanitize.js';

/** An own property; properties of the prototype are not part of the recording. */
export function member(row: Loose, key: string): unknown {
  return Object.hasOwn(row, key) ? row[key] : undefined;
}

/** The objects in a list; undefined if there is no such list. The caller leaves out and counts everything else. */
export function listOf(row: Loose, key: string): readonly unknown[] | undefined {
  const value = member(row, key);
  return Array.isArray(value) ? value : undefined;
}

/** Cleaned, at most `maxBytes` long; '' if it is not a string. */
export function textOf(row: Loose, key: string, maxBytes = 256): string {
  const value = member(row, key);
  return typeof value === 'string' ? clean(value, maxBytes) : '';
}

/** The name of a user, a job, ... */
export const nameIn = (row: Loose, key: string): string => withoutBlankEnds(textOf(row, key, NAME_BYTES));
const NAME_BYTES = 128;

/** A finite number from `min` to `max`, else NaN. */
export function numberOf(row: Loose, key: string, min = 0, max = Number.MAX_VALUE): number {
  const value = member(row, key);
  return typeof value === 'number' && value >= min && value <= max ? value : NaN;
}

/** An integer from `min` to `max`, else undefined. */
export function integerOf(row: Loose, key: string, min: number, max: number): number | undefined {
  const value = member(row, key);
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

/** A number written in decimal digits, else NaN. */
export const decimal = (text: string): number => (/^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN);
