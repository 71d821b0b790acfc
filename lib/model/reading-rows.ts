import type { ExtraReading, ExtraRows } from './columns.js';

/** A table of what only some nodes export, of records: a list of readings per row. */
export const extraRowsOf = (rows: readonly (readonly ExtraReading[])[]): ExtraRows => ({
  count: rows.length,
  value: (row, family) => rows[row]?.find((reading) => reading.family === family)?.value ?? NaN,
  label: (row, name) => {
    for (const { labels } of rows[row] ?? []) for (const [label, text] of labels) if (label === name) return text;
    return '';
  },
  families: (row) => rows[row] ?? [],
});
