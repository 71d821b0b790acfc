/** The first level below: a line per host of one user. */
import {
  ago,
  bytes,
  commandOf,
  counted,
  cut,
  duration,
  ranges,
  span,
  userHosts,
  usersDerivation,
  widest,
  type AppView,
  type Cells,
  type Column,
  type HostView,
  type Sort,
  type UserHost,
  type UsersTable,
} from '../../lib/index.js';
import type { HostsLevel, UsersUi } from './drilldown.js';
import { compareHosts, inOrderOf, sortedList, type RowOrder, type SortKey } from './row-order.js';
import { dimmed, goneCells, leastCommand, powerText, smText, WIDE, type Page } from './table-page.js';

const SMALL = 60;
const LEAST_HOST_COLS = 9;
const LEAST_GPU_COLS = 4;
const mostHostCols = (cols: number): number => (cols >= WIDE ? 24 : cols >= SMALL ? 14 : 12);
const mostGpuCols = (cols: number): number => (cols >= WIDE ? 20 : 11);

function hostColumns(cols: number, { hostCols, gpuCols, hasSm }: { hostCols: number; gpuCols: number; hasSm: boolean }): readonly Column[] {
  const columns: readonly Column[] = [
    { id: 'host', title: 'HOST', width: hostCols, sorts: 'ascending' },
    { id: 'gpus', title: 'GPUs', width: gpuCols, drop: 5, sorts: 'descending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'power', title: 'POWER*', width: 8, align: 'right', drop: 4, sorts: 'descending' },
    { id: 'procs', title: 'PIDS', width: 5, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'sm', title: 'SM', width: 5, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'longest', title: 'LONGEST', width: 12, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'cmd', title: 'COMMAND', width: 'rest', min: leastCommand(cols, 20) },
  ];
  return hasSm ? columns : columns.filter(({ id }) => id !== 'sm');
}

/** '0-3,5': as the host numbers its GPUs. */
export const gpuRanges = (host: HostView, slots: readonly number[]): string => ranges(slots.map((slot) => host.gpus.index[slot]!));

/** Remembered: the widths hang on those of all rows. */
const rangesOf = new WeakMap<UserHost, string>();
function rowRanges(row: UserHost): string {
  let text = rangesOf.get(row);
  if (text === undefined) rangesOf.set(row, (text = gpuRanges(row.host, row.slots)));
  return text;
}

const KEYS: Readonly<Record<string, SortKey<UserHost>>> = {
  host: ({ host }) => host.label,
  gpus: ({ slots }) => slots.length,
  vram: ({ vramBytes }) => vramBytes,
  power: ({ powerWatts }) => powerWatts,
  sm: ({ sm }) => sm,
  longest: ({ longestSeconds }) => longestSeconds,
};

export interface SortedHosts {
  readonly rows: readonly UserHost[];
  readonly order: RowOrder;
}
interface Kept {
  readonly user: string;
  readonly all: readonly UserHost[];
  readonly sorted: Map<string, SortedHosts>;
}
const kept = new WeakMap<UsersTable, Kept>();
/** Sorts of one table that are remembered. */
const MAX_SORTS = 4;

/** The hosts of a user, those that don't count any more among them. Remembered until a collector delivers. */
export function hostsOf(app: AppView, user: string, sort: Sort, countAll: boolean): SortedHosts {
  const table = app.derive(usersDerivation, app.listed);
  let known = kept.get(table);
  if (known?.user !== user) kept.set(table, (known = { user, all: userHosts(app.hosts, user), sorted: new Map() }));
  const wanted = `${sort.key} ${sort.descending} ${countAll}`;
  let found = known.sorted.get(wanted);
  if (!found) {
    if (known.sorted.size >= MAX_SORTS) known.sorted.clear();
    known.sorted.set(wanted, (found = sorted(known.all, sort, countAll)));
  }
  return found;
}

function sorted(all: readonly UserHost[], sort: Sort, countAll: boolean): SortedHosts {
  const rows = countAll ? all : all.filter(({ slots }) => slots.length > 0);
  const keys = { ...KEYS, procs: (row: UserHost) => (countAll ? row.procsAll : row.procs) };
  const ties = (a: UserHost, b: UserHost): number => compareHosts(a.host, b.host);
  return { rows, order: sortedList(rows, sort, keys, ties, ({ host }) => host.hostId) };
}

export function hostsPage(level: HostsLevel, ui: UsersUi, app: AppView, cols: number): Page {
  const { rows, order } = hostsOf(app, level.user, level.table.sort, ui.countAll);
  const shown = inOrderOf(order, level.frozen);
  const names = rows.map(({ host }) => `${host.label}${ageOf(host, app)}`);
  const hostCols = widest(names, LEAST_HOST_COLS, mostHostCols(cols));
  const gpuCols = widest(rows.map(rowRanges), LEAST_GPU_COLS, mostGpuCols(cols));
  const columns = hostColumns(cols, { hostCols, gpuCols, hasSm: rows.some(({ sm }) => !Number.isNaN(sm)) });
  return {
    order: shown,
    columns,
    cells(position) {
      const row = rows[shown.row(position)];
      if (!row) return goneCells(columns, { host: app.hosts.get(shown.id(position))?.label ?? shown.id(position) });
      const age = ageOf(row.host, app);
      const host = `${cut(row.host.label, hostCols - age.length)}${age}`;
      return { ...figures(row, ui.countAll), host: span(host, 'strong'), gpus: rowRanges(row) || dimmed('') };
    },
    dim: (position) => {
      const row = rows[shown.row(position)];
      return !row || !counted(row.host);
    },
  };
}

/** Behind the name of a host that doesn't count any more. */
const ageOf = (host: HostView, app: AppView): string => (counted(host) ? '' : ` ~${ago(app.now - host.at)}`);

function figures(row: UserHost, countAll: boolean): Cells {
  return {
    vram: bytes(row.vramBytes),
    power: powerText(row.powerWatts, row.powerPartial),
    procs: String(countAll ? row.procsAll : row.procs),
    sm: smText(row.sm),
    longest: duration(row.longestSeconds),
    cmd: dimmed(commandOf(row.host, row.topRow)),
  };
}
