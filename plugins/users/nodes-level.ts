/** The first level below: a line per host of one user. */
import {
  ago,
  bytes,
  commandOf,
  included,
  cut,
  duration,
  ranges,
  span,
  userNodes,
  usersDerivation,
  widest,
  type AppView,
  type Cells,
  type Column,
  type NodeView,
  type Sort,
  type UserNode,
  type UsersTable,
} from '../../lib/index.js';
import type { NodesLevel, UsersUi } from './drilldown.js';
import { compareNodes, inOrderOf, sortedList, type RowOrder, type SortKey } from './row-order.js';
import { dimmed, goneCells, leastCommand, powerText, smText, WIDE, type Page } from './table-page.js';

const SMALL = 60;
const LEAST_HOST_COLS = 9;
const LEAST_GPU_COLS = 4;
const mostHostCols = (cols: number): number => (cols >= WIDE ? 24 : cols >= SMALL ? 14 : 12);
const mostGpuCols = (cols: number): number => (cols >= WIDE ? 20 : 11);

function hostColumns(cols: number, { nodeCols, gpuCols, hasSm }: { nodeCols: number; gpuCols: number; hasSm: boolean }): readonly Column[] {
  const columns: readonly Column[] = [
    { id: 'host', title: 'HOST', width: nodeCols, sorts: 'ascending' },
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
export const gpuRanges = (node: NodeView, slots: readonly number[]): string => ranges(slots.map((slot) => node.gpus.index[slot]!));

/** Remembered: the widths hang on those of all rows. */
const rangesOf = new WeakMap<UserNode, string>();
function rowRanges(row: UserNode): string {
  let text = rangesOf.get(row);
  if (text === undefined) rangesOf.set(row, (text = gpuRanges(row.node, row.slots)));
  return text;
}

const KEYS: Readonly<Record<string, SortKey<UserNode>>> = {
  host: ({ node }) => node.name,
  gpus: ({ slots }) => slots.length,
  vram: ({ vramBytes }) => vramBytes,
  power: ({ powerWatts }) => powerWatts,
  sm: ({ sm }) => sm,
  longest: ({ longestSeconds }) => longestSeconds,
};

export interface SortedNodes {
  readonly rows: readonly UserNode[];
  readonly order: RowOrder;
}
interface Kept {
  readonly user: string;
  readonly all: readonly UserNode[];
  readonly sorted: Map<string, SortedNodes>;
}
const kept = new WeakMap<UsersTable, Kept>();
/** Sorts of one table that are remembered. */
const MAX_SORTS = 4;

/** The hosts of a user, those that don't count any more among them. Remembered until a collector delivers. */
export function nodesOf(app: AppView, user: string, sort: Sort, countAll: boolean): SortedNodes {
  const table = app.derive(usersDerivation, app.listed);
  let known = kept.get(table);
  if (known?.user !== user) kept.set(table, (known = { user, all: userNodes(app.nodes, user), sorted: new Map() }));
  const wanted = `${sort.key} ${sort.descending} ${countAll}`;
  let found = known.sorted.get(wanted);
  if (!found) {
    if (known.sorted.size >= MAX_SORTS) known.sorted.clear();
    known.sorted.set(wanted, (found = sorted(known.all, sort, countAll)));
  }
  return found;
}

function sorted(all: readonly UserNode[], sort: Sort, countAll: boolean): SortedNodes {
  const rows = countAll ? all : all.filter(({ slots }) => slots.length > 0);
  const keys = { ...KEYS, procs: (row: UserNode) => (countAll ? row.procsAll : row.procs) };
  const ties = (a: UserNode, b: UserNode): number => compareNodes(a.node, b.node);
  return { rows, order: sortedList(rows, sort, keys, ties, ({ node }) => node.nodeId) };
}

export function nodesPage(level: NodesLevel, ui: UsersUi, app: AppView, cols: number): Page {
  const { rows, order } = nodesOf(app, level.user, level.table.sort, ui.countAll);
  const shown = inOrderOf(order, level.frozen);
  const names = rows.map(({ node }) => `${node.name}${ageOf(node, app)}`);
  const nodeCols = widest(names, LEAST_HOST_COLS, mostHostCols(cols));
  const gpuCols = widest(rows.map(rowRanges), LEAST_GPU_COLS, mostGpuCols(cols));
  const columns = hostColumns(cols, { nodeCols, gpuCols, hasSm: rows.some(({ sm }) => !Number.isNaN(sm)) });
  return {
    order: shown,
    columns,
    cells(position) {
      const row = rows[shown.row(position)];
      if (!row) return goneCells(columns, { host: app.nodes.get(shown.id(position))?.name ?? shown.id(position) });
      const age = ageOf(row.node, app);
      const host = `${cut(row.node.name, nodeCols - age.length)}${age}`;
      return { ...figures(row, ui.countAll), host: span(host, 'strong'), gpus: rowRanges(row) || dimmed('') };
    },
    dim: (position) => {
      const row = rows[shown.row(position)];
      return !row || !included(row.node);
    },
  };
}

/** Behind the name of a host that doesn't count any more. */
const ageOf = (node: NodeView, app: AppView): string => (included(node) ? '' : ` ~${ago(app.now - node.at)}`);

function figures(row: UserNode, countAll: boolean): Cells {
  return {
    vram: bytes(row.vramBytes),
    power: powerText(row.powerWatts, row.powerPartial),
    procs: String(countAll ? row.procsAll : row.procs),
    sm: smText(row.sm),
    longest: duration(row.longestSeconds),
    cmd: dimmed(commandOf(row.node, row.topRow)),
  };
}
