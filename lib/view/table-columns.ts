/**
 * Columns that are declared once. What a table shows, how it sorts, what a click on a header does, what an export writes and what the docs
 * list come from the same declaration, so that a value is the same everywhere. Pure.
 */
import { argsort } from '../aggregate/argsort.js';
import { compareLabels } from '../aggregate/label-order.js';
import type { Sheet, SheetCell, SheetColumn } from '../model/sheet.js';
import { listText, sheetText, sortText } from '../text/sheet-text.js';
import { bytes, compact, count, duration, NONE, percent, watts } from '../text/format.js';
import { firstFitting, type Cell, type Cells, type Column, type Sort } from './table.js';

/** How a number is written in a cell: the first form that fits, so that digits are never cut. */
const FORMATS = {
  text: [String],
  /** An identifier: never rounded. */
  id: [String],
  count: [count, compact],
  bytes: [bytes],
  watts: [watts],
  seconds: [duration, (value: number) => (value >= DAY ? `${Math.floor(value / DAY)}d` : duration(value))],
  percent: [percent, (value: number) => `${compact(value)}%`],
  /** GPU-hours, energy, money. */
  amount: [(value: number) => (value < 10 ? value.toFixed(2) : value < 1000 ? value.toFixed(1) : count(Math.round(value))), compact],
  /** A sum of shares: 12.8 GPUs of computing, 104.0 % of a thread. */
  decimal: [(value: number) => value.toFixed(1), compact],
} as const satisfies Readonly<Record<string, readonly ((value: number) => string)[]>>;
const DAY = 86_400;

/** Unit of a column's value: bytes, watts, seconds; percent is 0 to 100. */
export type Unit = keyof typeof FORMATS;

/** A column on the screen. `cols`: the width of the terminal. */
export interface ScreenColumn<Data, Row> {
  readonly title: string;
  /** Columns of text; 'rest': what the others leave, at least `min`. */
  readonly width: number | 'rest';
  readonly min?: number;
  /** Default: by the unit, numbers to the right. */
  readonly align?: 'left' | 'right';
  /** Differences on a terminal of that width, or with these rows. */
  fit?(cols: number, data: Data): Partial<Pick<Column, 'title' | 'width' | 'min' | 'align'>>;
  /** Columns are dropped in this order when space is short, lowest first; never the sort column. Absent: never. */
  readonly drop?: number;
  /** Direction of the first press; absent: the column does not sort. */
  readonly sorts?: 'ascending' | 'descending';
  /** The sort key, if it is not the value. NaN and undefined come last in either direction. */
  order?(row: Row, data: Data): SheetCell;
  /** Default: the value in its unit, `–` if it is not reported. */
  cell?(row: Row, data: Data, cols: number): Cell;
  /** False: not on this screen now. */
  when?(data: Data, cols: number): boolean;
}

/** A column in CSV and JSON. */
export interface ExportColumn extends SheetColumn {
  /** Title in a printed table (`get`), for a column that no tab shows. */
  readonly title?: string;
  /** A list of records: printed as text only where it is asked for. */
  readonly records?: true;
  /** The exported column that it follows, if files have another order than the screen. */
  readonly after?: string;
}

/** A column of a table. `Row` is a handle that is looked up in `Data`: it need not be an object. */
export interface TableColumn<Data, Row> {
  readonly id: string;
  /** Default: text. */
  readonly unit?: Unit;
  /** On the machine itself, the value is a difference of two samples. */
  readonly isRate?: true;
  /** The raw value, as in JSON; undefined and NaN: not reported. */
  value(row: Row, data: Data): SheetCell;
  /** Absent: only exported. */
  readonly screen?: ScreenColumn<Data, Row>;
  /** Absent: not exported. */
  readonly export?: ExportColumn;
}

export type TableColumns<Data, Row> = readonly TableColumn<Data, Row>[];

/** The columns for a screen of `cols`, before any is dropped. */
export function screenColumns<Data, Row>(columns: TableColumns<Data, Row>, data: Data, cols: number): readonly Column[] {
  return columns.flatMap(({ id, unit = 'text', screen }) => {
    if (!screen || screen.when?.(data, cols) === false) return [];
    const { title, width, min, align = unit === 'text' ? 'left' : 'right', drop, sorts } = screen;
    const column: Column = {
      id,
      title,
      width,
      align,
      ...(min === undefined ? {} : { min }),
      ...(drop === undefined ? {} : { drop }),
      ...(sorts === undefined ? {} : { sorts }),
      ...screen.fit?.(cols, data),
    };
    return [column];
  });
}

/** The ids of columns that sort, and their first direction: for keys and clicks. */
export function sortableColumns<Data, Row>(columns: TableColumns<Data, Row>): readonly Pick<Column, 'id' | 'sorts'>[] {
  return columns.flatMap(({ id, screen }) => (screen?.sorts === undefined ? [] : [{ id, sorts: screen.sorts }]));
}

/** The cells of a row on a screen of `cols`. */
export function tableCells<Data, Row>(columns: TableColumns<Data, Row>, row: Row, data: Data, cols: number): Cells {
  const cells: Record<string, Cell> = {};
  for (const column of columns) if (column.screen) cells[column.id] = cellOf(column, row, data, cols);
  return cells;
}

/** The value of a column as the screen shows it. */
export function cellOf<Data, Row>(column: TableColumn<Data, Row>, row: Row, data: Data, cols: number): Cell {
  if (column.screen?.cell) return column.screen.cell(row, data, cols);
  const value = column.value(row, data);
  if (typeof value === 'number') {
    const forms = FORMATS[column.unit ?? 'text'].map((form) => form(value));
    return Number.isNaN(value) ? NONE : forms.length === 1 ? forms[0]! : firstFitting(forms);
  }
  const text = typeof value === 'object' ? listText(value) : String(value ?? '');
  return text === '' ? NONE : text;
}

/** Positions in `rows` in sorted order; the sort is stable. A key that is not a column changes nothing. */
export function sortedPositions<Data, Row>(columns: TableColumns<Data, Row>, rows: ArrayLike<Row>, data: Data, sort: Sort): Int32Array {
  const column = columns.find(({ id, screen }) => id === sort.key && screen?.sorts !== undefined);
  return column ? positionsBy(column, rows, data, sort.descending) : Int32Array.from({ length: rows.length }, (_, at) => at);
}

/** Positions in `rows` in the order of any column; ties keep their order, unreported values come last. */
export function positionsBy<Data, Row>(column: TableColumn<Data, Row>, rows: ArrayLike<Row>, data: Data, descending: boolean): Int32Array {
  const key = (at: number): SheetCell => (column.screen?.order ? column.screen.order(rows[at]!, data) : column.value(rows[at]!, data));
  let kind: SheetCell;
  for (let at = 0; at < rows.length && kind === undefined; at++) kind = key(at);
  const isText = typeof kind === 'string' || typeof kind === 'object';
  return isText ? byText(rows.length, key, descending) : byNumber(rows.length, key, descending);
}

function byNumber(count: number, key: (at: number) => SheetCell, descending: boolean): Int32Array {
  const keys = new Float64Array(count);
  // Negated, so that values that are not reported come last in either direction.
  const sign = descending ? -1 : 1;
  for (let at = 0; at < count; at++) keys[at] = sign * Number(key(at) ?? NaN);
  return argsort(keys);
}

function byText(count: number, key: (at: number) => SheetCell, descending: boolean): Int32Array {
  const keys = Array.from({ length: count }, (_, at) => sortText(key(at)));
  const sign = descending ? -1 : 1;
  return Int32Array.from(keys.keys()).sort((a, b) => sign * compareLabels(keys[a]!, keys[b]!) || a - b);
}

/** The exported columns, in the order of files. */
export function exportColumns<Data, Row>(columns: TableColumns<Data, Row>): TableColumns<Data, Row> {
  const listed = columns.filter((column) => column.export && column.export.after === undefined);
  const placed = columns.filter((column) => column.export?.after !== undefined);
  // One may follow another that has not been placed yet.
  while (placed.length > 0) {
    const next = placed.findIndex((column) => listed.some((other) => other.export!.name === column.export!.after));
    const [column] = placed.splice(Math.max(0, next), 1);
    listed.splice(listed.findIndex((other) => other.export!.name === column!.export!.after) + 1, 0, column!);
  }
  return [...listed.filter((column) => !column.export?.jsonOnly), ...listed.filter((column) => column.export?.jsonOnly)];
}

/** A row as it is copied: the values that an export of the table writes, between tabs. */
export const copyText = <Data, Row>(columns: TableColumns<Data, Row>, row: Row, data: Data): string =>
  exportColumns(columns)
    .filter((column) => !column.export!.jsonOnly)
    .map((column) => sheetText(column.value(row, data), column.export!))
    .join('\t');

/** Rows as data, for a file. `about`: what the table is of, and when. */
export function tableSheet<Data, Row>(columns: TableColumns<Data, Row>, rows: Iterable<Row>, data: Data, about: Sheet['about']): Sheet {
  const exported = exportColumns(columns);
  return {
    about,
    columns: exported.map((column): SheetColumn => {
      const { after: _after, title: _title, records: _records, ...rest } = column.export!;
      return rest;
    }),
    rows: Array.from(rows, (row) => exported.map((column) => column.value(row, data))),
  };
}
