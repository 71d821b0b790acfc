/** The top level: a line per user. */
import {
  bytes,
  duration,
  span,
  spark,
  usersDerivation,
  widest,
  type AppView,
  type Cells,
  type Column,
  type Sort,
  type Span,
  type UsersTable,
} from '../../lib/index.js';
import type { UsersLevel, UsersUi } from './drilldown.js';
import { compareFigures, inOrderOf, type RowOrder } from './row-order.js';
import { dimmed, goneCells, leastCommand, NARROW, NOBODY, powerText, shownUser, smText, WIDE, type Page } from './table-page.js';

const VERY_WIDE = 160;
const trendCols = (cols: number): number => (cols >= VERY_WIDE ? 40 : cols >= WIDE ? 20 : 10);

/** Room is made in the order of `drop`; CMD keeps what is left, and is long enough to tell commands apart where the terminal allows. */
function userColumns(cols: number, userCols: number, hasSm: boolean, trend: boolean): readonly Column[] {
  const roomy = cols >= NARROW && !(trend && cols < WIDE);
  const columns: readonly Column[] = [
    { id: 'user', title: 'USER', width: userCols, sorts: 'ascending' },
    { id: 'nodes', title: 'NODES', width: 5, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'gpus', title: 'GPUs', width: 5, align: 'right', drop: 6, sorts: 'descending' },
    { id: 'procs', title: 'PROCS', width: 6, align: 'right', drop: 4, sorts: 'descending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'trend', title: 'TREND', width: trendCols(cols) },
    { id: 'power', title: 'POWER*', width: 8, align: 'right', drop: 5, sorts: 'descending' },
    { id: 'sm', title: 'SM', width: 5, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'longest', title: 'LONGEST', width: 12, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'cmd', title: roomy ? 'CMD (largest VRAM)' : 'CMD', width: 'rest', min: roomy ? 28 : leastCommand(cols, 12) },
  ];
  // SM only where somebody reports it.
  return columns.filter(({ id }) => (id !== 'sm' || hasSm) && (id !== 'trend' || trend));
}

type Figures = ArrayLike<number>;
const FIGURES: Readonly<Record<string, (users: UsersTable, all: boolean) => Figures>> = {
  user: nameOrder,
  nodes: (users, all) => (all ? users.nodesAll : users.nodes),
  gpus: (users) => users.gpus,
  procs: (users, all) => (all ? users.procsAll : users.procs),
  vram: (users) => users.vramBytes,
  power: (users) => users.powerWatts,
  sm: (users) => users.sm,
  longest: (users) => users.longestSeconds,
};

/** Processes of no known user come last, like what is not reported. */
function nameOrder(users: UsersTable): Figures {
  const order = Float64Array.from(users.nameRank);
  const nobody = users.find('');
  if (nobody >= 0) order[nobody] = NaN;
  return order;
}

export interface UsersOrder extends RowOrder {
  /** System accounts left out. */
  readonly hidden: number;
}

const kept = new WeakMap<UsersTable, { readonly key: string; readonly order: UsersOrder }>();

/** Rows shown, sorted; ties by user. Remembered per table: a frame that changes neither sort nor filter sorts nothing. */
export function userOrder(users: UsersTable, { key, descending }: Sort, { showSystem, countAll }: UsersUi): UsersOrder {
  const wanted = `${key} ${descending} ${showSystem} ${countAll}`;
  const known = kept.get(users);
  if (known?.key === wanted) return known.order;
  const order = makeOrder(users, (FIGURES[key] ?? FIGURES.user!)(users, countAll), descending, { showSystem, countAll });
  kept.set(users, { key: wanted, order });
  return order;
}

function makeOrder(
  users: UsersTable,
  figures: Figures,
  descending: boolean,
  { showSystem, countAll }: Pick<UsersUi, 'showSystem' | 'countAll'>,
): UsersOrder {
  const rows: number[] = [];
  let hidden = 0;
  for (let row = 0; row < (countAll ? users.countAll : users.count); row++) {
    if (!showSystem && users.system(row)) hidden++;
    else rows.push(row);
  }
  const { nameRank } = users;
  rows.sort((a, b) => compareFigures(figures[a]!, figures[b]!, descending) || nameRank[a]! - nameRank[b]!);
  let places: ReadonlyMap<number, number> | undefined;
  return {
    count: rows.length,
    present: rows.length,
    hidden,
    row: (position) => rows[position]!,
    id: (position) => users.user(rows[position]!),
    find: (user) => (places ??= new Map(rows.map((row, position) => [row, position]))).get(users.find(user)) ?? -1,
  };
}

export function usersPage(level: UsersLevel, ui: UsersUi, app: AppView, cols: number): Page {
  const users = app.derive(usersDerivation, app.listed);
  const order = inOrderOf(userOrder(users, level.table.sort, ui), level.frozen);
  const columns = userColumns(cols, Math.min(longestName(users), mostUserCols(cols)), anySm(users), ui.showTrend);
  return {
    order,
    columns,
    cells(position) {
      const [user, row] = [order.id(position), order.row(position)];
      if (row < 0) return goneCells(columns, { user: shownUser(user) });
      return { ...figures(users, row, ui.countAll), trend: trendCell(app.vramTrend(user), trendCols(cols)) };
    },
    dim: (position) => order.row(position) < 0,
    out: (position) => app.filter?.mode === 'dim' && app.derive(usersDerivation).find(order.id(position)) < 0,
  };
}

const mostUserCols = (cols: number): number => (cols >= WIDE ? 24 : cols >= NARROW ? 16 : LEAST_USER_COLS);
const LEAST_USER_COLS = 12;
const nameCols = new WeakMap<UsersTable, number>();

/** Columns of the longest name, also of those that are not on screen: scrolling moves no column. */
function longestName(users: UsersTable): number {
  let cols = nameCols.get(users);
  if (cols === undefined) {
    const all = Array.from({ length: users.countAll }, (_, row) => users.user(row));
    nameCols.set(users, (cols = widest(all, LEAST_USER_COLS, Infinity)));
  }
  return cols;
}

function anySm({ sm, count }: UsersTable): boolean {
  for (let row = 0; row < count; row++) if (!Number.isNaN(sm[row])) return true;
  return false;
}

function figures(users: UsersTable, row: number, countAll: boolean): Cells {
  const user = users.user(row);
  return {
    user: user === '' ? dimmed(NOBODY) : span(user, users.system(row) ? 'dim' : 'strong'),
    nodes: String((countAll ? users.nodesAll : users.nodes)[row]),
    gpus: String(users.gpus[row]),
    procs: String((countAll ? users.procsAll : users.procs)[row]),
    vram: bytes(users.vramBytes[row]),
    power: powerText(users.powerWatts[row]!, users.powerPartial[row] === 1),
    sm: smText(users.sm[row]!),
    longest: duration(users.longestSeconds[row]),
    cmd: dimmed(users.command(row)),
  };
}

/** The user's own highest is the full height: the shape tells, the figure beside it how much. */
function trendCell(values: ArrayLike<number>, cols: number): Span {
  let highest = 0;
  for (let at = 0; at < values.length; at++) if (values[at]! > highest) highest = values[at]!;
  return span(spark(values, cols, 0, highest), 'accent');
}
