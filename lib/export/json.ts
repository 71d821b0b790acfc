/** Sheets as JSON: a description of the table, then one record per row. Values that were not reported are null. */
import type { Sheet, SheetCell } from '../model/sheet.js';
import { clean } from '../text/sanitize.js';
import { MAX_CELL_BYTES } from '../text/sheet-text.js';

export function jsonOf({ about, columns, rows }: Sheet): string {
  const record = (row: readonly SheetCell[]) => Object.fromEntries(columns.map(({ name }, at) => [name, cellJson(row[at])]));
  const head = Object.entries(about).map(([name, cell]) => `  ${JSON.stringify(name)}: ${JSON.stringify(cellJson(cell))},\n`);
  const lines = rows.map((row) => `    ${JSON.stringify(record(row))}`);
  // One row per line, so that `diff` and `grep` work on it too.
  return `{\n${head.join('')}  "rows": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}]\n}\n`;
}

function cellJson(cell: SheetCell): string | number | boolean | null {
  if (typeof cell === 'string') return clean(cell, MAX_CELL_BYTES);
  return cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell)) ? null : cell;
}
