/** Aligned columns of plain text. Pure. */
import { pad, width } from '../text/format.js';
import { clean } from '../text/sanitize.js';
import type { TextTable } from './table-query.js';

const GAP = '   ';
const MAX_CELL_BYTES = 4096;

/** Lines without blanks at their ends. Cells are cleaned: they are printed to a terminal. */
export function textLines({ columns, rows }: TextTable, headers = true): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => clean(cell, MAX_CELL_BYTES)));
  const all = headers ? [columns.map(({ title }) => title), ...cells] : cells;
  const widths = columns.map((_, at) => all.reduce((most, row) => Math.max(most, width(row[at]!)), 0));
  return all.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at]!, columns[at]!.align))
      .join(GAP)
      .trimEnd(),
  );
}
