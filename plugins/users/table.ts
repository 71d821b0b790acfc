/** The columns of the users table, and its rows in the order shown. */
import type { Column, Order, TableState, UsersTable } from '../../lib/index.js';

const WIDE = 100;
const NARROW = 76;

/** Room is made in the order of `drop`; CMD keeps what is left, and is long enough to tell commands apart where the terminal allows. */
export function columnsFor(cols: number, hasSm: boolean): readonly Column[] {
  const columns: readonly Column[] = [
    { id: 'user', title: 'USER', width: cols >= WIDE ? 20 : 12, sorts: 'ascending' },
    { id: 'nodes', title: 'NODES', width: 5, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'gpus', title: 'GPUs', width: 5, align: 'right', sorts: 'descending' },
    { id: 'procs', title: 'PROCS', width: 6, align: 'right', drop: 4, sorts: 'descending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'power', title: 'POWER*', width: 8, align: 'right', drop: 5, sorts: 'descending' },
    { id: 'sm', title: 'SM', width: 5, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'longest', title: 'LONGEST', width: 12, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'cmd', title: cols >= NARROW ? 'CMD (largest VRAM)' : 'CMD', width: 'rest', min: cols >= NARROW ? 28 : 12 },
  ];
  // Only where somebody reports it.
  return hasSm ? columns : columns.filter(({ id }) => id !== 'sm');
}
/** All of them, for sorting. */
export const COLUMNS: readonly Column[] = columnsFor(WIDE, true);

type Figures = ArrayLike<number>;
const FIGURES: Readonly<Record<string, (users: UsersTable) => Figures>> = {
  user: nameOrder,
  nodes: (users) => users.nodes,
  gpus: (users) => users.gpus,
  procs: (users) => users.procs,
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
