/**
 * One table for every tab: a column table, rows addressed by id, and a small state. Sorting, scrolling, selection, mouse regions and
 * exports use the same columns. Pure: rows are only read when they are on screen.
 */
import type { Line, Span, Tone } from './frame.js';
import { measuredSpan, spanCols } from './frame.js';
import { count, cutMeasured, padMeasured, width } from '../text/format.js';

export interface Sort {
  readonly key: string;
  readonly descending: boolean;
}

export interface TableState {
  /** Id of the selected row: the selection follows the row, not the position. Undefined: the first row. */
  readonly selected: string | undefined;
  /** The last position of the selection: it stays there when its row disappears. */
  readonly at: number;
  readonly top: number;
  readonly sort: Sort;
}

export const tableState = (key: string, descending = false): TableState => ({
  selected: undefined,
  at: 0,
  top: 0,
  sort: { key, descending },
});

/** The rows in the order shown, without their contents: position -> id and back. `find` returns -1 for an unknown id. */
export interface Order {
  readonly count: number;
  id(position: number): string;
  find(id: string): number;
}

/** The order of rows given as a list. `id` identifies a row across scrapes. */
export function listOrder<Row>(rows: readonly Row[], id: (row: Row) => string): Order {
  let places: ReadonlyMap<string, number> | undefined;
  return {
    count: rows.length,
    id: (position) => id(rows[position]!),
    find: (name) => (places ??= new Map(rows.map((row, position) => [id(row), position]))).get(name) ?? -1,
  };
}

export interface Column {
  /** Also the sort key if the column sorts. */
  readonly id: string;
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of text; 'rest': what is left, at least `min`. */
  readonly width: number | 'rest';
  readonly min?: number;
  /** When space is short columns are dropped in this order, lowest first; never the sort column. Absent: never. */
  readonly drop?: number;
  /** Direction of the first press; absent: this column does not sort. */
  readonly sorts?: 'ascending' | 'descending';
}

/** Text of a cell: a plain string has the normal tone; several spans are concatenated. */
export type CellText = string | Span | readonly Span[];

/** A cell that depends on its width; for `Infinity` it returns everything. */
export interface FittingCell {
  fit(cols: number): CellText;
}

export type Cell = CellText | FittingCell;

/** The first of `forms` that fits, else the last: all of them contain what matters, so that it is never cut. */
export const firstFitting = (forms: readonly CellText[]): FittingCell => ({
  fit(cols) {
    if (cols === Infinity) return forms[0] ?? '';
    let last: readonly Span[] = [];
    for (const form of forms) {
      // The width is kept with the text, so that it is not measured again for its column.
      last = spansOf(form).map((part): Span => ({ ...part, cols: spanCols(part) }));
      if (last.reduce((sum, part) => sum + spanCols(part), 0) <= cols) break;
    }
    return last.length === 1 ? last[0]! : last;
  },
});

function spansOf(cell: CellText): readonly Span[] {
  if (typeof cell === 'string') return [{ text: cell }];
  return 'text' in cell ? [cell] : cell;
}

/** The full text of a cell, whatever its column's width. */
export const cellText = (cell: Cell): string =>
  spansOf(textIn(cell, Infinity))
    .map(({ text }) => text)
    .join('')
    .trim();

function textIn(cell: Cell, cols: number): CellText {
  return typeof cell === 'object' && 'fit' in cell ? cell.fit(cols) : cell;
}

/** What a table shows of a row: one cell per column id. */
export type Cells = Readonly<Record<string, Cell>>;

/** A column with its actual width. */
export type FittedColumn = Column & { readonly cols: number };

export interface TableInput {
  readonly columns: readonly Column[];
  readonly order: Order;
  readonly state: TableState;
  /** Size of the table, including the header line. */
  readonly cols: number;
  readonly rows: number;
  cells(position: number): Cells;
  /** The whole row is dim: its node is not counted. */
  dim?(position: number): boolean;
  /** The row does not match the filter: dim, with a sign in the margin. */
  out?(position: number): boolean;
  /** An alert is active: a sign in the margin. */
  alert?(position: number): boolean;
  /** The text that `y` copies for the row; absent: its cells. */
  copy?(position: number): string | undefined;
}

export interface TableLayout {
  readonly header: Line;
  readonly body: readonly Line[];
  readonly top: number;
  /** Position of the selected row, -1: there are no rows. */
  readonly selected: number;
}

const MARK_COLS = 3;
/** Bars and sparklines. */
const DRAWN = /[\u2581-\u258f\u2591]+/gu;
const GAP = '  ';
const blank = (cols: number, tone?: Tone): Span => measuredSpan({ text: ' '.repeat(cols), cols }, tone);
const BETWEEN = blank(GAP.length);
const BETWEEN_TITLES = blank(GAP.length - 1, 'header');

/** Position of the selection: of its row, or where it was last. */
export function selectedAt(state: TableState, order: Order): number {
  if (order.count === 0) return -1;
  const found = state.selected === undefined ? 0 : order.find(state.selected);
  return found >= 0 ? found : Math.min(state.at, order.count - 1);
}

/** First row shown: as close to the last one as keeps the selection visible and the page full. */
export function topRow(state: TableState, selected: number, count: number, page: number): number {
  const visible = Math.min(Math.max(state.top, selected - page + 1), Math.max(selected, 0));
  return Math.max(0, Math.min(visible, count - page));
}

/** Below this width a 'rest' column is useless. */
const LEAST_REST = 4;

/** The columns that fit, with their widths. If even those that are never dropped do not fit, the 'rest' column shrinks, and finally disappears. */
export function fitColumns(columns: readonly Column[], sortKey: string, cols: number): readonly FittedColumn[] {
  const least = (column: Column): number => (column.width === 'rest' ? (column.min ?? 1) : column.width);
  const total = (list: readonly Column[]): number =>
    MARK_COLS + list.reduce((sum, column) => sum + least(column) + GAP.length, -GAP.length);
  const droppable = columns.filter((column) => column.drop !== undefined && column.id !== sortKey).sort((a, b) => a.drop! - b.drop!);
  let kept = columns;
  for (const column of droppable) {
    if (total(kept) <= cols) break;
    kept = kept.filter((other) => other !== column);
  }
  const spare = cols - total(kept);
  return kept
    .map((column) => ({ ...column, cols: least(column) + (column.width === 'rest' ? spare : 0) }))
    .filter((column) => column.width !== 'rest' || column.cols >= Math.min(LEAST_REST, least(column)));
}

export function layoutTable(input: TableInput): TableLayout {
  const { order, state } = input;
  const columns = fitColumns(input.columns, state.sort.key, input.cols);
  const page = Math.max(0, input.rows - 1);
  const selected = selectedAt(state, order);
  const top = topRow(state, selected, order.count, page);
  const body: Line[] = [];
  for (let at = top; at < Math.min(order.count, top + page); at++) {
    const region = `row:${order.id(at)}`;
    const copy = at === selected ? input.copy?.(at) : undefined;
    const look = {
      region,
      selected: at === selected,
      ...(copy === undefined ? {} : { copy }),
      dim: input.dim?.(at) ?? false,
      out: input.out?.(at) ?? false,
      alert: input.alert?.(at) ?? false,
    };
    body.push(rowLine(columns, input.cells(at), look));
  }
  return { header: headerLine(columns, state.sort), body, top, selected };
}

/** The region where a click sorts by a column. */
export const sortRegion = (columnId: string): string => `sort:${columnId}`;

/** Column headers; those of columns that sort are regions. */
export function headerLine(columns: readonly FittedColumn[], sort?: Sort): Line {
  const spans: Span[] = [blank(MARK_COLS - 1, 'header')];
  columns.forEach((column, at) => {
    const arrow = column.id !== sort?.key ? '' : sort.descending ? '▼' : '▲';
    // A header is one column wider than its cells, for the arrow, so that headers are aligned with their text.
    const title = column.align === 'right' ? `${arrow}${column.title}` : `${arrow || ' '}${column.title}`;
    const shown = padMeasured(title, column.cols + 1, column.align);
    spans.push(measuredSpan(shown, 'header', sort && column.sorts ? sortRegion(column.id) : undefined));
    if (at < columns.length - 1) spans.push(BETWEEN_TITLES);
  });
  return { spans, fill: 'header' };
}

export interface RowLook {
  readonly region?: string;
  readonly selected?: boolean;
  /** All tones become dim. */
  readonly dim?: boolean;
  /** Does not match the filter. */
  readonly out?: boolean;
  readonly alert?: boolean;
  /** The text that `y` copies when it is selected; absent: its cells. */
  readonly copy?: string;
}

export function rowLine(columns: readonly FittedColumn[], cells: Cells, look: RowLook = {}): Line {
  const { region, selected = false, out = false, alert = false, dim = false } = look;
  const spans: Span[] = [
    measuredSpan({ text: selected ? ' ▌' : '  ', cols: 2 }, 'accent'),
    measuredSpan({ text: alert ? '!' : out ? '-' : ' ', cols: 1 }, alert ? 'bad' : 'accent'),
  ];
  columns.forEach((column, index) => {
    const parts = cellSpans(cells[column.id] ?? '', column);
    spans.push(...(dim || out ? parts.map((part): Span => ({ ...part, tone: 'dim' })) : parts));
    if (index < columns.length - 1) spans.push(BETWEEN);
  });
  const copy = selected ? { selected, copy: look.copy ?? copied(columns, cells) } : {};
  return { spans, ...(region === undefined ? {} : { region }), ...copy };
}

/** Full cells, even if they were cut; graphics are not values. */
const copied = (columns: readonly FittedColumn[], cells: Cells): string =>
  columns
    .map(({ id }) =>
      cellText(cells[id] ?? '')
        .replace(DRAWN, '')
        .trim(),
    )
    .join('\t');

/** A cell in exactly its column's width. */
function cellSpans(given: Cell, { cols, align = 'left' }: FittedColumn): readonly Span[] {
  const cell = textIn(given, cols);
  if (typeof cell === 'string') return [measuredSpan(padMeasured(cell, cols, align))];
  if ('text' in cell) return [measuredSpan(padMeasured(cell, cols, align), cell.tone)];
  let room = cols;
  const parts: Span[] = [];
  for (const part of cell) {
    const shown = cutMeasured(part, room);
    room -= shown.cols;
    parts.push(measuredSpan(shown, part.tone));
    if (shown.text !== part.text) break;
  }
  const blanks = blank(room);
  return align === 'right' ? [blanks, ...parts] : [...parts, blanks];
}

/** The state with the selection moved; `page` is the number of rows that a page key moves by. */
export function moveTo(state: TableState, order: Order, position: number, page: number): TableState {
  if (order.count === 0) return state;
  const at = Math.max(0, Math.min(position, order.count - 1));
  const moved = { ...state, selected: order.id(at), at };
  return { ...moved, top: topRow(moved, at, order.count, Math.max(1, page)) };
}

/** Sorting by another column starts in its own direction; by the same one reverses. The selected row stays selected. */
export function sortBy(state: TableState, columns: readonly Pick<Column, 'id' | 'sorts'>[], key: string, order: Order): TableState {
  const column = columns.find(({ id }) => id === key);
  if (!column?.sorts) return state;
  const descending = state.sort.key === key ? !state.sort.descending : column.sorts === 'descending';
  const at = selectedAt(state, order);
  const pinned = at > 0 || (at === 0 && state.selected !== undefined) ? { selected: order.id(at), at } : {};
  return { ...state, ...pinned, sort: { key, descending } };
}

/** '1-20 of 1,340', '' if everything is on screen, or there are no rows. */
export function position(layout: TableLayout, rows: number): string {
  const shown = layout.body.length;
  return shown === rows || shown === 0 ? '' : `${count(layout.top + 1)}-${count(layout.top + shown)} of ${count(rows)}`;
}

/** Columns of the widest of `texts`, between `least` and `most`. */
export function widest(texts: Iterable<string>, least: number, most: number): number {
  let cols = least;
  for (const text of texts) cols = Math.max(cols, width(text));
  return Math.min(cols, most);
}
