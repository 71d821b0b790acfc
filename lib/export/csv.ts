/** Sheets as CSV, as all-smi writes them: LF, quotes only where they are needed, figures of a fixed form; what is not known is empty, not 0. */
import Papa from 'papaparse';
import type { Sheet } from '../model/sheet.js';
import { sheetText } from '../text/sheet-text.js';

/** Texts that begin with an apostrophe before what a spreadsheet would take for a formula: they are quoted as well. */
const GUARDED = /^'\s*[=+\-@\t\r\n＝＋－＠]/u;

export function csvOf({ columns, rows }: Sheet, headers = true): string {
  const shown = columns.flatMap((column, at) => (column.jsonOnly ? [] : [{ column, at }]));
  const head = shown.map(({ column }) => column.name);
  const lines = [head, ...rows.map((row) => shown.map(({ column, at }) => sheetText(row[at], column)))];
  const written = headers ? lines : lines.slice(1);
  if (written.length === 0) return '';
  return `${Papa.unparse(written, { newline: '\n', quotes: (text: string) => GUARDED.test(text) })}\n`;
}
