/** The top level: one line per user. */
import {
  FROM_COLS,
  copyText,
  cellText,
  count,
  cutName,
  costOf,
  hasPrices,
  JOULES_PER_KWH,
  NONE,
  SECONDS_PER_HOUR,
  totalCost,
  screenColumns,
  sortedPositions,
  span,
  spark,
  tableCells,
  usageDerivations,
  vramText,
  widest,
  type AppView,
  type Grouping,
  type Prices,
  type Sort,
  type Span,
  type Table,
  type TableColumn,
  type TableColumns,
  type UsageRow,
  type UsersTable,
} from '../../lib/index.js';
import type { UsersLevel, UsersUi } from './drilldown.js';
import { inOrderOf, type RowOrder } from './row-order.js';
import {
  dimmed,
  goneCells,
  GROUP_NAMES,
  gpusText,
  leastCommand,
  namesThatFit,
  NOBODY,
  perGrouping,
  powerColumns,
  shownUser,
  UNATTRIBUTED,
  type ByUse,
  type Page,
  type Power,
} from './table-page.js';

/** The data of the rows of users; a row is its number in the table. */
export interface UserRows extends ByUse {
  readonly users: UsersTable;
  /** NODES and PROCS include processes that are on no GPU. */
  readonly countAll: boolean;
  /** VRAM of a user at the last samples; undefined: no trend is shown. */
  readonly trend?: (user: string) => ArrayLike<number>;
  /** What each user has used since the start; undefined: not shown. */
  readonly usage?: ReadonlyMap<string, UsageRow>;
  /** What that costs; undefined: no price is known. */
  readonly prices?: Prices;
}

/** Of a row of the table. */
export const powerOf = (users: UsersTable, row: number): Power => ({
  watts: users.powerWatts[row]!,
  byUseWatts: users.powerByUseWatts[row]!,
  isPartial: users.powerPartial[row] === 1,
  isEstimate: users.powerEstimated[row] === 1,
});

const trendCols = (cols: number): number => (cols >= FROM_COLS.longTrends ? 40 : cols >= FROM_COLS.wide ? 20 : 10);
const LEAST_USER_COLS = 12;
const mostUserCols = (cols: number): number => (cols >= FROM_COLS.wide ? 24 : cols >= FROM_COLS.standard ? 16 : LEAST_USER_COLS);

/** The first column: the owner of a row. */
const ownerNames = (by: Grouping): TableColumns<UserRows, number> => [
  {
    id: 'user',
    value: (row, { users }) => users.user(row),
    screen: {
      title: by.toUpperCase(),
      width: LEAST_USER_COLS,
      fit: (cols, { users }) => ({ width: Math.min(longestName(users), mostUserCols(cols)) }),
      sorts: 'ascending',
      // Processes of unknown users come last, like unreported values.
      order: (row, { users }) => (users.user(row) === '' ? NaN : users.nameRank[row]!),
      // Names often differ at their ends.
      cell: (row, { users }) => {
        const name = users.user(row);
        return name === '' ? dimmed(NOBODY) : { fit: (cols) => span(cutName(name, cols), users.system(row) ? 'dim' : 'strong') };
      },
    },
    export: by === 'user' ? { name: by, unknown: UNATTRIBUTED } : { name: by },
  },
  by === 'user' ? { id: 'is_system', value: (row, { users }) => users.system(row), export: { name: 'is_system' } } : USERS_COLUMN,
];

/** Who the owner of a row is, where it is not a user. */
const USERS_COLUMN: TableColumn<UserRows, number> = {
  id: 'users',
  value: (row, { users }) => users.usersOf(row).map(shownUser),
  screen: {
    title: 'USERS',
    width: 10,
    fit: (cols) => ({ width: cols >= FROM_COLS.standard ? 20 : 10 }),
    sorts: 'ascending',
    cell: (row, { users }) => dimmed(namesThatFit(users.usersOf(row).map(shownUser))),
  },
  export: { name: 'users' },
};

/** 0.25, 12.5, 1,234: three digits, however short the time. */
const shortNumber = (value: number): string =>
  Number.isNaN(value) ? NONE : value < 10 ? value.toFixed(2) : value < 1000 ? value.toFixed(1) : count(Math.round(value));

/** What the row has used since the start, shown by `W`. */
const sinceStart = (
  id: string,
  name: string,
  title: string,
  drop: number,
  of: (row: UsageRow) => number,
): TableColumn<UserRows, number> => {
  const value = (row: number, { users, usage }: UserRows): number => {
    const one = usage?.get(users.user(row));
    return one ? of(one) : NaN;
  };
  return {
    id,
    unit: 'decimal',
    value,
    screen: {
      title,
      width: 6,
      drop,
      sorts: 'descending',
      when: ({ usage }) => usage !== undefined,
      cell: (row, data) => shortNumber(value(row, data)),
    },
    export: { name, jsonOnly: true },
  };
};
const USAGE_SINCE_START: TableColumns<UserRows, number> = [
  sinceStart('used_hours', 'gpu_hours', 'GPU·h', 5.8, ({ usedSeconds }) => usedSeconds / SECONDS_PER_HOUR),
  sinceStart('idle_hours', 'idle_gpu_hours', 'IDLE·h', 5.7, ({ idleSeconds }) => idleSeconds / SECONDS_PER_HOUR),
  sinceStart('kwh', 'energy_kwh', 'kWh', 5.6, ({ joules }) => joules / JOULES_PER_KWH),
  {
    id: 'cost',
    unit: 'decimal',
    value: costOfRow,
    screen: {
      title: 'COST',
      width: 8,
      drop: 5.9,
      sorts: 'descending',
      fit: (_cols, { prices }) => ({ title: `COST ${prices?.currency ?? ''}`.trimEnd() }),
      when: ({ usage, prices }) => usage !== undefined && prices !== undefined,
      cell: (row, data) => shortNumber(costOfRow(row, data)),
    },
    export: { name: 'cost', jsonOnly: true },
  },
];

function costOfRow(row: number, { users, usage, prices }: UserRows): number {
  const one = usage?.get(users.user(row));
  return one && prices ? totalCost(costOf(one, prices)) : NaN;
}

/** By processes where they are known, else by allocation: `2+1a`, `1a`. */
function gpusCell(gpus: number, unseen: number): string | Span {
  if (unseen === 0) return count(gpus);
  if (Number.isNaN(unseen)) return gpus === 0 ? NONE : `≥${count(gpus)}`;
  const text = `${cellText(gpusText(unseen))}a`;
  return gpus === 0 ? text : `${count(gpus)}+${text}`;
}

/** Processes that nobody reports are not 0. */
const procsCell = (procs: number, unseen: number): string | Span => (procs === 0 && unseen !== 0 ? NONE : count(procs));

/** CMD gets what the others leave, and is long enough to distinguish commands if the terminal is wide enough. */
const USE_COLUMNS: TableColumns<UserRows, number> = [
  {
    id: 'nodes',
    unit: 'count',
    value: (row, { users, countAll }) => (countAll ? users.nodesAll : users.nodes)[row],
    screen: { title: 'NODES', width: 5, drop: 2, sorts: 'descending' },
    export: { name: 'nodes' },
  },
  {
    id: 'gpus',
    unit: 'count',
    value: (row, { users }) => users.gpus[row],
    screen: {
      title: 'GPUs',
      width: 5,
      drop: 6,
      sorts: 'descending',
      order: (row, { users }) => users.gpus[row]! + (users.unseenGpus[row]! || 0),
      cell: (row, { users }) => gpusCell(users.gpus[row]!, users.unseenGpus[row]!),
    },
    export: { name: 'gpus' },
  },
  {
    id: 'gpus_by_allocation',
    unit: 'decimal',
    value: (row, { users }) => users.unseenGpus[row],
    export: { name: 'gpus_by_allocation', jsonOnly: true },
  },
  {
    id: 'allocated',
    unit: 'decimal',
    value: (row, { users }) => users.allocatedGpus[row],
    screen: {
      title: 'ALLOC',
      width: 6,
      drop: 5.5,
      sorts: 'descending',
      when: ({ users }) => users.totals.allocating > 0,
      cell: (row, { users }) => gpusText(users.allocatedGpus[row]!),
    },
    export: { name: 'allocated_gpus', jsonOnly: true },
  },
  {
    id: 'held_idle',
    unit: 'decimal',
    value: (row, { users }) => users.heldIdleGpus[row],
    screen: {
      title: 'IDLE',
      width: 5,
      drop: 2.5,
      sorts: 'descending',
      when: ({ users }) => isKnown(users.heldIdleGpus, users.count),
      cell: (row, { users }) => gpusText(users.heldIdleGpus[row]!),
    },
    export: { name: 'gpus_held_idle', jsonOnly: true },
  },
  {
    id: 'allocated_idle',
    unit: 'decimal',
    value: (row, { users }) => users.allocatedIdleGpus[row],
    export: { name: 'allocated_idle_gpus', jsonOnly: true },
  },
  {
    id: 'procs',
    unit: 'count',
    value: (row, { users, countAll }) => (countAll ? users.procsAll : users.procs)[row],
    screen: {
      title: 'PROCS',
      width: 6,
      drop: 4,
      sorts: 'descending',
      cell: (row, { users, countAll }) => procsCell((countAll ? users.procsAll : users.procs)[row]!, users.unseenGpus[row]!),
    },
    export: { name: 'procs' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: (row, { users }) => users.vramBytes[row],
    screen: {
      title: 'VRAM',
      width: 8,
      sorts: 'descending',
      cell: (row, { users }) => vramText(users.vramBytes[row]!, users.vramPartial[row] === 1),
    },
    export: { name: 'vram_bytes' },
  },
  {
    id: 'trend',
    value: () => undefined,
    screen: {
      title: 'TREND',
      width: 10,
      fit: (cols) => ({ width: trendCols(cols) }),
      when: ({ trend }) => trend !== undefined,
      cell: (row, { users, trend }, cols) => trendCell(trend?.(users.user(row)) ?? [], trendCols(cols)),
    },
  },
  ...powerColumns<UserRows, number>((row, { users }) => powerOf(users, row), 5),
  {
    id: 'vram_is_partial',
    value: (row, { users }) => users.vramPartial[row] === 1,
    export: { name: 'vram_is_partial', jsonOnly: true },
  },
  {
    id: 'power_is_partial',
    value: (row, { users }) => users.powerPartial[row] === 1,
    export: { name: 'power_is_partial', jsonOnly: true },
  },
  {
    id: 'sm',
    unit: 'decimal',
    isRate: true,
    value: (row, { users }) => users.sm[row],
    screen: { title: 'SM', width: 5, drop: 1, sorts: 'descending', when: ({ users }) => isKnown(users.sm, users.count) },
    export: { name: 'sm_gpus', jsonOnly: true },
  },
  ...USAGE_SINCE_START,
  {
    id: 'longest',
    unit: 'seconds',
    value: (row, { users, countAll }) => (countAll ? users.longestOfAll(row) : users.longestSeconds[row]),
    screen: { title: 'LONGEST', width: 12, drop: 3, sorts: 'descending' },
    export: { name: 'longest_seconds' },
  },
  {
    id: 'cmd',
    value: (row, { users, countAll }) => users.command(row, countAll),
    screen: {
      title: 'CMD (largest VRAM)',
      width: 'rest',
      min: 28,
      fit: (cols, { trend }) =>
        cols >= (trend ? FROM_COLS.wide : FROM_COLS.standard) ? {} : { title: 'CMD', min: leastCommand(cols, 12) },
      cell: (row, { users, countAll }) => dimmed(users.command(row, countAll)),
    },
    export: { name: 'top_command' },
  },
];

export const USAGE_COLUMNS = perGrouping((by): TableColumns<UserRows, number> => [
  ...ownerNames(by),
  // The history that a trend shows is kept by user.
  ...USE_COLUMNS.filter(({ id }) => by === 'user' || id !== 'trend'),
]);

/** What each user uses, and the same for accounts, jobs, namespaces and teams. */
export const USAGE_TABLES = perGrouping((by): Table<UserRows, number> => ({
  id: GROUP_NAMES[by].many,
  columns: USAGE_COLUMNS[by],
  rows: (app) => {
    const users = app.derive(usageDerivations[by], app.listed);
    const data = { users, countAll: false, byUse: false };
    const rows = byName(users, users.count);
    return {
      data,
      rows: Array.from(sortedPositions(USAGE_COLUMNS[by], rows, data, { key: 'user', descending: false }), (at) => rows[at]!),
    };
  },
}));

const byName = ({ nameRank }: UsersTable, count: number): readonly number[] =>
  Array.from({ length: count }, (_, row) => row).sort((a, b) => nameRank[a]! - nameRank[b]!);

export interface UsersOrder extends RowOrder {
  /** System accounts that are hidden. */
  readonly hidden: number;
}

const kept = new WeakMap<UsersTable, { readonly key: string; readonly order: UsersOrder }>();

/** Rows shown, sorted; ties by user. Cached per table: a frame that changes neither sort nor filter sorts nothing. */
export function userOrder(
  { users, usage, prices }: Pick<UserRows, 'users' | 'usage' | 'prices'>,
  sort: Sort,
  ui: UsersUi,
  by: Grouping,
): UsersOrder {
  const wanted = `${sort.key} ${sort.descending} ${ui.showSystem} ${ui.countAll} ${ui.byUse} ${usage !== undefined}`;
  const known = kept.get(users);
  if (known?.key === wanted) return known.order;
  const order = makeOrder({ users, ...(usage ? { usage } : {}), ...(prices ? { prices } : {}) }, sort, ui, by);
  kept.set(users, { key: wanted, order });
  return order;
}

function makeOrder(
  { users, usage, prices }: Pick<UserRows, 'users' | 'usage' | 'prices'>,
  sort: Sort,
  { showSystem, countAll, byUse }: UsersUi,
  by: Grouping,
): UsersOrder {
  const all = byName(users, countAll ? users.countAll : users.count);
  const listed = showSystem ? all : all.filter((row) => !users.system(row));
  const rows = Array.from(
    sortedPositions(
      USAGE_COLUMNS[by],
      listed,
      { users, countAll, byUse, ...(usage ? { usage } : {}), ...(prices ? { prices } : {}) },
      sort,
    ),
    (at) => listed[at]!,
  );
  let places: ReadonlyMap<number, number> | undefined;
  return {
    count: rows.length,
    present: rows.length,
    hidden: all.length - listed.length,
    row: (position) => rows[position]!,
    id: (position) => users.user(rows[position]!),
    find: (user) => (places ??= new Map(rows.map((row, position) => [row, position]))).get(users.find(user)) ?? -1,
  };
}

const keptUsage = new WeakMap<AppView, { readonly collector: number; readonly rows: ReadonlyMap<string, UsageRow> }>();

/** What was used since the start, if it is shown; cached until the next delivery. It is kept by user. */
function usageOf({ showUsage }: UsersUi, app: AppView, by: Grouping): ReadonlyMap<string, UsageRow> | undefined {
  if (!showUsage || by !== 'user') return undefined;
  const { collector } = app.versions;
  let known = keptUsage.get(app);
  if (known?.collector !== collector) {
    keptUsage.set(app, (known = { collector, rows: new Map(app.usage.rows().map((row) => [row.name, row])) }));
  }
  return known.rows;
}

/** What the level shows, and what its export writes. */
export function userRows(ui: UsersUi, app: AppView, by: Grouping): UserRows {
  const { countAll, showTrend, byUse } = ui;
  const usage = usageOf(ui, app, by);
  const users = app.derive(usageDerivations[by], app.listed);
  return {
    users,
    countAll,
    byUse,
    ...(usage ? { usage } : {}),
    ...(hasPrices(app.prices) ? { prices: app.prices } : {}),
    ...(showTrend && by === 'user' ? { trend: (user) => app.history.userVram(user).values } : {}),
  };
}

/** `matching`: the users that match the filter, if rows of others are shown too. */
export function usersPage(
  { by, frozen }: UsersLevel,
  data: UserRows,
  sorted: UsersOrder,
  matching: UsersTable | undefined,
  cols: number,
): Page {
  const order = inOrderOf(sorted, frozen);
  const declared = USAGE_COLUMNS[by];
  const columns = screenColumns(declared, data, cols);
  return {
    order,
    columns,
    cells(position) {
      const row = order.row(position);
      return row < 0 ? goneCells(columns, { user: shownUser(order.id(position)) }) : tableCells(declared, row, data, cols);
    },
    copy: (position) => (order.row(position) < 0 ? undefined : copyText(declared, order.row(position), data)),
    dim: (position) => order.row(position) < 0,
    out: (position) => matching !== undefined && matching.find(order.id(position)) < 0,
  };
}

const nameCols = new WeakMap<UsersTable, number>();

/** Columns of the longest name, including those that are not on screen: scrolling moves no column. */
function longestName(users: UsersTable): number {
  let cols = nameCols.get(users);
  if (cols === undefined) {
    const all = Array.from({ length: users.countAll }, (_, row) => users.user(row));
    nameCols.set(users, (cols = widest(all, LEAST_USER_COLS, Infinity)));
  }
  return cols;
}

/** Whether any row reports it. */
function isKnown(values: Float64Array, count: number): boolean {
  for (let row = 0; row < count; row++) if (!Number.isNaN(values[row])) return true;
  return false;
}

/** Scaled to the user's own maximum: the shape shows the trend, the value next to it the amount. */
function trendCell(values: ArrayLike<number>, cols: number): Span {
  let highest = 0;
  for (let at = 0; at < values.length; at++) if (values[at]! > highest) highest = values[at]!;
  return span(spark(values, cols, 0, highest), 'accent');
}
