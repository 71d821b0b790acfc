/** A table whose last column is wrapped: a row takes as many lines as its command needs. */
import {
  cutStart,
  fitColumns,
  headerLine,
  rowLine,
  wrap,
  type Cells,
  type FittedColumn,
  type Line,
  type RowLook,
  type TableState,
} from '../../lib/index.js';
import type { ProcessesPage } from './processes-level.js';

/** Maximum lines of one row; longer commands have to be scrolled, or opened. */
const MOST_LINES = 6;

export interface WrappedTableInput {
  readonly page: ProcessesPage;
  readonly state: TableState;
  readonly shift: number;
  /** Size of the table, including the header line. */
  readonly cols: number;
  readonly rows: number;
}

export interface WrappedTableLayout {
  readonly header: Line;
  readonly body: readonly Line[];
  /** First row shown, and how many are. */
  readonly top: number;
  readonly shown: number;
}

const lineCount = (rows: number): number => Math.max(0, rows - 1);

/** Below this width a command continues under its whole row, not in its own column. */
const ROOMY_COLS = 48;
const MARK_COLS = 3;
const INDENT = '    ';

/** The layout of a command: the width of its first line, and that of the lines that follow. */
interface Spread {
  readonly first: number;
  readonly below: FittedColumn | undefined;
}

function spreadOf(columns: readonly FittedColumn[], cols: number): Spread {
  const first = columns.find(({ id }) => id === 'cmd')?.cols ?? 0;
  const below = cols - MARK_COLS - 1;
  if (first >= ROOMY_COLS || below <= first + INDENT.length) return { first, below: undefined };
  return { first, below: { id: 'below', title: '', width: 'rest', cols: below } };
}

/** Pieces of the command of a row, one per line. */
function piecesOf({ page, shift, rows }: WrappedTableInput, spread: Spread) {
  const most = Math.max(1, Math.min(MOST_LINES, Math.floor(lineCount(rows) / 2)));
  const known = new Map<number, readonly string[]>();
  return (position: number): readonly string[] => {
    let pieces = known.get(position);
    if (!pieces) {
      const all = spreadOut(cutStart(page.command(position), shift), spread);
      // What does not fit is cut, and marked.
      pieces = all.length <= most ? all : [...all.slice(0, most - 1), `${all[most - 1]!}${all[most]!}`];
      known.set(position, pieces);
    }
    return pieces;
  };
}

function spreadOut(text: string, { first, below }: Spread): readonly string[] {
  if (!below) return first > 0 ? wrap(text, first) : [''];
  const [head = '', ...rest] = first > 0 ? wrap(text, first) : ['', text];
  return rest.length === 0 || text === '' ? [head] : [head, ...wrap(rest.join(''), below.cols - INDENT.length)];
}

/** The first row shown: as close to the last one as keeps the selected row visible and the page full. */
function topOf(from: number, selected: number, count: number, lines: number, height: (position: number) => number): number {
  const earliest = earliestFor(Math.max(0, selected), lines, height);
  const fullest = earliestFor(count - 1, lines, height);
  return Math.max(0, Math.min(Math.max(from, earliest), Math.max(0, selected), fullest));
}

/** The first row from which all rows up to `last` fit; at least `last` itself. */
function earliestFor(last: number, lines: number, height: (position: number) => number): number {
  let used = 0;
  for (let row = last; row >= 0; row--) {
    used += height(row);
    if (used > lines) return Math.min(last, row + 1);
  }
  return 0;
}

export function layoutWrappedTable(input: WrappedTableInput, selected: number): WrappedTableLayout {
  const { page, state, cols, rows } = input;
  const columns = fitColumns(page.columns, state.sort.key, cols);
  const spread = spreadOf(columns, cols);
  const pieces = piecesOf(input, spread);
  const lines = lineCount(rows);
  const top = topOf(state.top, selected, page.order.count, lines, (position) => pieces(position).length);
  const body: Line[] = [];
  let shown = 0;
  for (let at = top; at < page.order.count && body.length < lines; at++) {
    const copy = at === selected ? page.copy(at) : undefined;
    const look: RowLook = {
      region: `row:${page.order.id(at)}`,
      selected: at === selected,
      dim: page.dim(at),
      ...(copy === undefined ? {} : { copy }),
    };
    const all = rowLines(columns, spread, page.cells(at), pieces(at), look);
    // A row is shown whole, unless it is the only one.
    if (body.length + all.length > lines && shown > 0) break;
    body.push(...all.slice(0, lines - body.length));
    shown++;
  }
  return { header: headerLine(columns, state.sort), body, top, shown };
}

function rowLines(
  columns: readonly FittedColumn[],
  { below }: Spread,
  cells: Cells,
  [first = '', ...rest]: readonly string[],
  look: RowLook,
): readonly Line[] {
  const head = rowLine(columns, first === '' ? cells : { ...cells, cmd: first }, look);
  // The text to copy belongs to the first line.
  const more = look.copy === undefined ? look : { ...look, copy: '' };
  const follows = (piece: string): Line =>
    below ? rowLine([below], { below: `${INDENT}${piece}` }, more) : rowLine(columns, { cmd: piece }, more);
  return [head, ...rest.map(follows)];
}
