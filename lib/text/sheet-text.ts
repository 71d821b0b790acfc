/** Cells of sheets as text: the same in CSV and in what is copied from the screen. */
import type { SheetCell, SheetColumn, SheetRecord } from '../model/sheet.js';
import { ranges } from './number-ranges.js';
import { clean } from './sanitize.js';

/**
 * What a spreadsheet would take for a formula: these signs, their full-width forms, TAB, CR or LF at the start or after blanks. Such a
 * text begins with an apostrophe.
 */
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/u;

export const MAX_CELL_BYTES = 4096;
/** all-smi's sums of bytes stop here. */
const MAX_U64 = 18_446_744_073_709_551_615n;

/** Unknown values are empty, unless the column has a text for them. */
export function sheetText(cell: SheetCell, { decimals, unknown = '' }: Pick<SheetColumn, 'decimals' | 'unknown'>): string {
  if (cell === '') return unknown;
  if (typeof cell === 'string') return guarded(clean(cell, MAX_CELL_BYTES));
  if (typeof cell === 'object') return guarded(clean(listText(cell), MAX_CELL_BYTES));
  if (typeof cell === 'boolean') return String(cell);
  if (cell === undefined || !Number.isFinite(cell)) return unknown;
  return decimals === undefined ? whole(cell) : cell.toFixed(decimals);
}

/** Numbers as ranges, names with commas, of records what they contain. */
export const listText = (list: readonly number[] | readonly string[] | readonly SheetRecord[]): string =>
  typeof list[0] === 'number' ? ranges(list as readonly number[]) : list.map(oneText).join(', ');

/** A cell as it sorts. */
export const sortText = (cell: SheetCell): string => (typeof cell === 'object' ? cell.map(oneText).join() : String(cell ?? ''));

const oneText = (one: number | string | SheetRecord): string =>
  typeof one === 'object' ? Object.values(one).flat().filter(Boolean).join(' ') : String(one);

const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** Without an exponent however large. */
function whole(value: number): string {
  const rounded = Math.trunc(value);
  if (Number.isSafeInteger(rounded)) return String(rounded);
  const exact = BigInt(rounded);
  return String(exact > MAX_U64 ? MAX_U64 : exact);
}
