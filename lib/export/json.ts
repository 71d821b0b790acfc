/** Sheets as JSON: what the table is of, then a record per row. What was not reported is null. */
import type { Sheet, SheetCell } from '../model/sheet.js';
import { clean } from '../text/sanitize.js';
import { MAX_CELL_BYTES } from './csv.js';

export function jsonOf({ about, columns, rows }: Sheet): string {
  const record = (row: readonly SheetCell[]) => Object.fromEntries(columns.map(({ name }, at) => [name, cellJson(row[at])]));
  const head = Object.entries(about).map(([name, cell]) => `  ${JSON.stringify(name)}: ${JSON.stringify(cellJson(cell))},\n`);
  const lines = rows.map((row) => `    ${JSON.stringify(record(row))}`);
  // A row a line: as good for `diff` and `grep` as for a parser.
  return `{\n${head.join('')}  "rows": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}]\n}\n`;
}

function cellJson(cell: SheetCell): string | number | boolean | null {
  if (typeof cell === 'string') return clean(cell, MAX_CELL_BYTES);
  return cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell)) ? null : cell;
}
