/** Sheets as JSON: a description of the table, then one record per row. Values that were not reported are null. */
import type { Sheet, SheetCell, SheetRecord } from '../model/sheet.js';
import { clean } from '../text/sanitize.js';
import { MAX_CELL_BYTES } from '../text/sheet-text.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function jsonOf({ about, ...rows }: Sheet): string {
  return documentOf(Object.fromEntries(Object.entries(about).map(([name, cell]) => [name, cellJson(cell)])), rows);
}

/** `head`, then the rows under the key `rows`. One row per line, so that `diff` and `grep` work on it too. */
export function documentOf(head: Readonly<Record<string, Json>>, sheet: Pick<Sheet, 'columns' | 'rows'>): string {
  const facts = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  const lines = recordsOf(sheet).map((record) => `    ${JSON.stringify(record)}`);
  return `{\n${facts.join('')}  "rows": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}]\n}\n`;
}

/** One record per row, by column name. */
export const recordsOf = ({ columns, rows }: Pick<Sheet, 'columns' | 'rows'>): readonly Readonly<Record<string, Json>>[] =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, cellJson(row[at])])));

function itemJson(item: number | string | SheetRecord): Json {
  if (typeof item === 'object') return Object.fromEntries(Object.entries(item).map(([name, cell]) => [name, cellJson(cell)]));
  return typeof item === 'string' ? clean(item, MAX_CELL_BYTES) : item;
}

function cellJson(cell: SheetCell): Json {
  if (typeof cell === 'string') return cell === '' ? null : clean(cell, MAX_CELL_BYTES);
  if (typeof cell === 'object') return cell.map(itemJson);
  return cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell)) ? null : cell;
}
