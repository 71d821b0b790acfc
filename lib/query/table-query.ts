/**
 * A table without its tab: which columns, in which order, how many rows. The values and their texts come from the columns that the screen
 * shows. Pure.
 */
import { AppError } from '../errors.js';
import type { TableSort } from '../options/option-types.js';
import type { Sheet, SheetCell, SheetColumn } from '../model/sheet.js';
import type { AppView, Table, TableRows } from '../plugin/types.js';
import { clean } from '../text/sanitize.js';
import { sortText } from '../text/sheet-text.js';
import { cellText } from '../view/table.js';
import { cellOf, exportColumns, positionsBy, type TableColumn } from '../view/table-columns.js';

export interface TableQuery {
  /** JSON keys; a unit suffix may be left out. Absent: all columns. */
  readonly columns?: readonly string[];
  readonly sort?: TableSort;
  readonly limit?: number;
}

/** The rows of a table as data, and as the texts of the screen. */
export interface QueryResult extends Pick<Sheet, 'columns' | 'rows'> {
  /** A name per row, for other programs. */
  names(): readonly string[];
  /** The table as text. `wide`: with columns for which tabs have no space. */
  texts(wide: boolean): TextTable;
}

export interface TextTable {
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

type AnyColumn = TableColumn<unknown, unknown>;

/** Unit suffixes of column names, as in the text exposition. */
const UNIT_SUFFIX = /_(bytes|watts|seconds|percent|celsius|mhz|gpus)$/;

/** The column of a name, as it is typed on the command line. */
function columnOf(columns: readonly AnyColumn[], name: string): AnyColumn | undefined {
  const wanted = name.toLowerCase();
  const named = (text: (column: AnyColumn) => string | undefined): AnyColumn | undefined =>
    columns.find((column) => text(column) === wanted);
  return (
    named(({ export: file }) => file?.name) ?? named(({ export: file }) => file?.name.replace(UNIT_SUFFIX, '')) ?? named(({ id }) => id)
  );
}

/** Whether the table has an exported column of that name. */
export const hasColumn = (table: Table, name: string): boolean => columnOf(exportColumns(table.columns), name) !== undefined;

function columnsOf(table: Table, names: readonly string[], option: string): readonly AnyColumn[] {
  const exported = exportColumns(table.columns);
  return names.map((name) => {
    const column = columnOf(exported, name);
    if (column) return column;
    const known = exported.map(({ export: file }) => file!.name).join(', ');
    throw new AppError('E_OPTION_BAD', { option, reason: `${table.id} has no column "${name}"; it has ${known}` });
  });
}

/** What a format prints: the columns of the screen, with the others too, those of JSON, those of CSV, or only the names of the rows. */
export type Contents = 'screen' | 'wide' | 'json' | 'csv' | 'names';

/** Whether a value that is printed or sorted by may be a difference of two samples. */
export function needsRates(table: Table, { columns, sort }: TableQuery, contents: Contents): boolean {
  const used = [...(columns ?? []), ...(sort ? [sort.column] : [])].map((name) => columnOf(exportColumns(table.columns), name));
  return [...used, ...(columns ? [] : table.columns.filter(PRINTS[contents]))].some((column) => column?.isRate);
}

const PRINTS: Readonly<Record<Contents, (column: AnyColumn) => unknown>> = {
  screen: ({ screen, export: file }) => screen ?? file?.title,
  wide: () => true,
  json: ({ export: file }) => file,
  csv: ({ export: file }) => file && !file.jsonOnly,
  names: () => false,
};

/** Throws `E_OPTION_BAD` for columns that the table does not have. */
export function checkQuery(table: Table, { columns = [], sort }: TableQuery): void {
  columnsOf(table, columns, '--columns');
  if (sort) columnsOf(table, [sort.column], '--sort');
}

/** Width of the terminal that texts are made for: without the bars that wider ones have. */
const TEXT_COLS = 80;

export const queryTable = (table: Table, app: AppView, query: TableQuery): QueryResult => queryRows(table, table.rows(app), query);

/** The same of rows that do not depend on an app. */
export function queryRows(
  table: Table,
  { data, rows }: TableRows<unknown, unknown>,
  { columns, sort, limit = Infinity }: TableQuery,
): QueryResult {
  const shown = columns ? columnsOf(table, columns, '--columns') : exportColumns(table.columns);
  const positions = sort ? sortedBy(table, rows, data, sort) : Array.from(rows, (_, at) => at);
  const listed = Array.from(positions.slice(0, limit), (at) => rows[at]!);
  return {
    columns: shown.map((column) => sheetColumn(column, columns !== undefined)),
    rows: listed.map((row) => shown.map((column) => dataOf(column, row, data))),
    names: () => listed.map((row) => clean(nameOf(table, row, data), MAX_NAME_BYTES) || UNKNOWN),
    texts(wide) {
      const texts = columns ? shown : textColumns(table.columns, data, wide);
      return {
        columns: texts.map((column) => titleOf(column, data)),
        rows: listed.map((row) => texts.map((column) => cellText(cellOf(column, row, data, TEXT_COLS)))),
      };
    },
  };
}

/** Bytes are whole, whatever a node sends. */
function dataOf(column: AnyColumn, row: unknown, data: unknown): SheetCell {
  const cell = column.value(row, data);
  return column.unit === 'bytes' && typeof cell === 'number' ? Math.round(cell) : cell;
}

const MAX_NAME_BYTES = 4096;
/** No line of names is empty. */
const UNKNOWN = '?';

function nameOf(table: Table, row: unknown, data: unknown): string {
  const first = table.nameOf ? table.nameOf(row, data) : exportColumns(table.columns)[0]?.value(row, data);
  return Number.isNaN(first) ? '' : sortText(first);
}

function sortedBy(table: Table, rows: ArrayLike<unknown>, data: unknown, { column: name, descending }: TableSort): Int32Array {
  const [column] = columnsOf(table, [name], '--sort') as [AnyColumn];
  const first = column.screen?.sorts ?? (column.unit === undefined || column.unit === 'text' ? 'ascending' : 'descending');
  return positionsBy(column, rows, data, descending ?? first === 'descending');
}

/** Columns that were asked for are in CSV too. */
function sheetColumn({ export: file }: AnyColumn, chosen: boolean): SheetColumn {
  const { after: _after, title: _title, records: _records, jsonOnly, ...column } = file!;
  return jsonOnly && !chosen ? { ...column, jsonOnly } : column;
}

/** Those of the screen and those with a title of their own; `wide` adds the others at the end. */
function textColumns(columns: readonly AnyColumn[], data: unknown, wide: boolean): readonly AnyColumn[] {
  const printed = columns.filter(({ screen, export: file }) => (screen ? screen.when?.(data, TEXT_COLS) !== false : file?.title));
  return wide ? [...printed, ...columns.filter(({ screen, export: file }) => !screen && file && !file.title && !file.records)] : printed;
}

function titleOf({ id, unit = 'text', screen, export: file }: AnyColumn, data: unknown): TextTable['columns'][number] {
  const fitted = screen?.fit?.(TEXT_COLS, data);
  return {
    title: fitted?.title ?? screen?.title ?? file?.title ?? (file?.name ?? id).toUpperCase(),
    align: fitted?.align ?? screen?.align ?? (unit === 'text' ? 'left' : 'right'),
  };
}
