/** The columns of the users table, and its rows in the order shown. */
import type { Column, Order, TableState, UsersTable } from '../../lib/index.js';

export const COLUMNS: readonly Column[] = [
  { id: 'user', title: 'USER', width: 20, sorts: 'ascending' },
  { id: 'nodes', title: 'NODES', width: 6, align: 'right', drop: 2, sorts: 'descending' },
  { id: 'gpus', title: 'GPUs', width: 5, align: 'right', sorts: 'descending' },
  { id: 'procs', title: 'PROCS', width: 6, align: 'right', drop: 4, sorts: 'descending' },
  { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
  { id: 'power', title: 'POWER*', width: 8, align: 'right', sorts: 'descending' },
  { id: 'sm', title: 'SM', width: 5, align: 'right', drop: 1, sorts: 'descending' },
  { id: 'longest', title: 'LONGEST', width: 12, align: 'right', drop: 3, sorts: 'descending' },
  { id: 'cmd', title: 'CMD (largest VRAM)', width: 'rest', min: 28 },
];

/** USER is narrower where the terminal is, and SM is there only when somebody reports it. */
export function columnsFor(cols: number, hasSm: boolean): readonly Column[] {
  const user = cols >= 100 ? 20 : 12;
  return COLUMNS.filter(({ id }) => hasSm || id !== 'sm').map((column) => (column.id === 'user' ? { ...column, width: user } : column));
}

type Figures = ArrayLike<number>;
const FIGURES: Readonly<Record<string, (users: UsersTable) => Figures>> = {
  user: (users) => users.nameRank,
  nodes: (users) => users.nodes,
  gpus: (users) => users.gpus,
  procs: (users) => users.procs,
  vram: (users) => users.vramBytes,
  power: (users) => users.powerWatts,
  sm: (users) => users.sm,
  longest: (users) => users.longestSeconds,
};

export interface UsersOrder extends Order {
  /** Row of the users table at a position. */
  row(position: number): number;
  /** System accounts left out. */
  readonly hidden: number;
}

interface Kept {
  readonly key: string;
  readonly order: UsersOrder;
}
const kept = new WeakMap<UsersTable, Kept>();

/** Rows shown, sorted; ties by user. Remembered per table: a frame that changes neither sort nor filter sorts nothing. */
export function orderOf(users: UsersTable, { sort }: TableState, showSystem: boolean): UsersOrder {
  const key = `${sort.key} ${sort.descending} ${showSystem}`;
  const known = kept.get(users);
  if (known?.key === key) return known.order;
  const order = makeOrder(users, sort.key, sort.descending, showSystem);
  kept.set(users, { key, order });
  return order;
}

function makeOrder(users: UsersTable, sortKey: string, descending: boolean, showSystem: boolean): UsersOrder {
  const rows: number[] = [];
  let hidden = 0;
  for (let row = 0; row < users.count; row++) {
    if (users.gpus[row] === 0) continue;
    if (!showSystem && users.system(row)) hidden++;
    else rows.push(row);
  }
  const figures = (FIGURES[sortKey] ?? FIGURES.user!)(users);
  const { nameRank } = users;
  rows.sort((a, b) => compare(figures[a]!, figures[b]!, descending) || nameRank[a]! - nameRank[b]!);
  const places = new Map(rows.map((row, position) => [row, position]));
  return {
    count: rows.length,
    hidden,
    row: (position) => rows[position]!,
    id: (position) => users.user(rows[position]!),
    find: (user) => places.get(users.find(user)) ?? -1,
  };
}

/** What is not reported comes last, whichever way the rest is sorted. */
function compare(a: number, b: number, descending: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return descending ? b - a : a - b;
}
