/** Sheets as CSV, as all-smi writes them: LF, quotes only where needed, fixed number formats. */
import Papa from 'papaparse';
import type { Sheet, SheetCell, SheetColumn } from '../model/sheet.js';
import { clean } from '../text/sanitize.js';

/**
 * Text that a spreadsheet would take for a formula: these signs, their full-width forms, TAB, CR or LF at the start or after spaces. It is
 * quoted and gets a leading apostrophe.
 */
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/u;
const GUARDED = /^'\s*[=+\-@\t\r\n＝＋－＠]/u;

export const MAX_CELL_BYTES = 4096;
/** all-smi's sums of bytes stop here. */
const MAX_U64 = 18_446_744_073_709_551_615n;

export function csvOf({ columns, rows }: Sheet): string {
  const shown = columns.flatMap((column, at) => (column.jsonOnly ? [] : [{ column, at }]));
  const head = shown.map(({ column }) => column.name);
  const lines = [head, ...rows.map((row) => shown.map(({ column, at }) => cellText(row[at], column)))];
  return `${Papa.unparse(lines, { newline: '\n', quotes: (text: string) => GUARDED.test(text) })}\n`;
}

function cellText(cell: SheetCell, { decimals, otherwise = '' }: SheetColumn): string {
  if (typeof cell === 'string') return guarded(clean(cell, MAX_CELL_BYTES));
  if (typeof cell === 'boolean') return String(cell);
  if (cell === undefined || !Number.isFinite(cell)) return otherwise;
  return decimals === undefined ? whole(cell) : cell.toFixed(decimals);
}

const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** Never with an exponent. */
function whole(value: number): string {
  const rounded = Math.trunc(value);
  if (Number.isSafeInteger(rounded)) return String(rounded);
  const exact = BigInt(rounded);
  return String(exact > MAX_U64 ? MAX_U64 : exact);
}
