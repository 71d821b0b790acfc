/** Values from a recording, which may hold anything: each is taken only when it is what the format says. */
import type { Loose } from '../../model/loose.js';
import { clean } from '../../text/sanitize.js';

/** An own member; what the prototype has is none of the recording's. */
export function member(row: Loose, key: string): unknown {
  return Object.hasOwn(row, key) ? row[key] : undefined;
}

/** The records of a list; undefined: there is no such list. What is no record is left out and counted by the caller. */
export function listOf(row: Loose, key: string): readonly unknown[] | undefined {
  const value = member(row, key);
  return Array.isArray(value) ? value : undefined;
}

/** Cleaned, at most `maxBytes` long; '' when it is no text. */
export function textOf(row: Loose, key: string, maxBytes = 256): string {
  const value = member(row, key);
  return typeof value === 'string' ? clean(value, maxBytes) : '';
}

/** A finite number from `min` to `max`; NaN else. */
export function numberOf(row: Loose, key: string, min = 0, max = Number.MAX_VALUE): number {
  const value = member(row, key);
  return typeof value === 'number' && value >= min && value <= max ? value : NaN;
}

/** An integer from `min` to `max`; undefined else. */
export function integerOf(row: Loose, key: string, min: number, max: number): number | undefined {
  const value = member(row, key);
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

/** A number of decimal digits; NaN else. */
export const decimal = (text: string): number => (/^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN);
