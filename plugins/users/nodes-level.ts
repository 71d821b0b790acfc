/** The second level: one line per node of a user. */
import {
  FROM_COLS,
  ago,
  commandOf,
  copyText,
  included,
  ranges,
  screenColumns,
  span,
  tableCells,
  userNodes,
  usageDerivations,
  vramText,
  widest,
  shortName,
  withoutDomain,
  type AppView,
  type NodeView,
  type Sort,
  type TableColumns,
  type UserNode,
  type UsersTable,
} from '../../lib/index.js';
import type { NodesLevel, OwnedBy, UsersUi } from './drilldown.js';
import { compareNodes, inOrderOf, sortedOrder, type RowOrder } from './row-order.js';
import {
  dimmed,
  goneCells,
  gpusText,
  leastCommand,
  ownerColumn,
  perGrouping,
  powerColumns,
  type ByUse,
  type Page,
  type Power,
} from './table-page.js';

/** The data of the rows: the nodes of a user. */
export interface NodeRows extends OwnedBy, ByUse {
  readonly rows: readonly UserNode[];
  /** PIDS includes processes that are on no GPU. */
  readonly countAll: boolean;
  /** For ages. */
  readonly app: AppView;
}

const LEAST_NODE_COLS = 9;
const LEAST_GPU_COLS = 4;
const mostNodeCols = (cols: number): number =>
  cols >= FROM_COLS.wide ? 32 : cols >= FROM_COLS.standard ? 20 : cols >= FROM_COLS.small ? 14 : 12;
const mostGpuCols = (cols: number): number => (cols >= FROM_COLS.wide ? 20 : 11);

const powerOf = ({ powerWatts, powerByUseWatts, powerPartial, powerEstimated }: UserNode): Power => ({
  watts: powerWatts,
  byUseWatts: powerByUseWatts,
  isPartial: powerPartial,
  isEstimate: powerEstimated,
});

const COLUMNS: TableColumns<NodeRows, UserNode> = [
  {
    id: 'host',
    value: ({ node }) => node.name,
    screen: {
      title: 'NODE',
      width: LEAST_NODE_COLS,
      fit: (cols, data) => ({ width: nodeCols(data, cols) }),
      sorts: 'ascending',
      cell({ node }, data, cols) {
        const age = ageOf(node, data.app);
        return span(`${shortName(node.name, data.app.domain, nodeCols(data, cols) - age.length)}${age}`, 'strong');
      },
    },
    export: { name: 'host' },
  },
  { id: 'address', value: ({ node }) => node.nodeId, export: { name: 'address' } },
  {
    id: 'gpus',
    unit: 'count',
    value: ({ slots }) => slots.length,
    screen: {
      title: 'GPUs',
      width: LEAST_GPU_COLS,
      align: 'left',
      fit: (cols, { rows }) => ({ width: widest(rows.map(rowRanges), LEAST_GPU_COLS, mostGpuCols(cols)) }),
      drop: 5,
      sorts: 'descending',
      cell: (row) => rowRanges(row) || dimmed(''),
    },
    export: { name: 'gpus' },
  },
  { id: 'gpu_indexes', value: ({ node, slots }) => gpuIndexes(node, slots), export: { name: 'gpu_indexes' } },
  {
    id: 'vram',
    unit: 'bytes',
    value: ({ vramBytes }) => vramBytes,
    screen: { title: 'VRAM', width: 8, sorts: 'descending', cell: ({ vramBytes, vramPartial }) => vramText(vramBytes, vramPartial) },
    export: { name: 'vram_bytes' },
  },
  ...powerColumns<NodeRows, UserNode>(powerOf, 4),
  {
    id: 'allocated',
    unit: 'decimal',
    value: ({ allocatedGpus }) => allocatedGpus,
    screen: {
      title: 'ALLOC',
      width: 6,
      drop: 4,
      sorts: 'descending',
      when: ({ rows }) => rows.some(({ allocatedGpus }) => allocatedGpus > 0),
      cell: ({ allocatedGpus }) => gpusText(allocatedGpus),
    },
    export: { name: 'allocated_gpus', jsonOnly: true },
  },
  {
    id: 'held_idle',
    unit: 'decimal',
    value: ({ heldIdleGpus }) => heldIdleGpus,
    screen: {
      title: 'IDLE',
      width: 5,
      drop: 2.5,
      sorts: 'descending',
      when: ({ rows }) => rows.some(({ heldIdleGpus }) => !Number.isNaN(heldIdleGpus)),
      cell: ({ heldIdleGpus }) => gpusText(heldIdleGpus),
    },
    export: { name: 'gpus_held_idle', jsonOnly: true },
  },
  {
    id: 'allocated_idle',
    unit: 'decimal',
    value: ({ allocatedIdleGpus }) => allocatedIdleGpus,
    export: { name: 'allocated_idle_gpus', jsonOnly: true },
  },
  {
    id: 'procs',
    unit: 'count',
    value: ({ procs, procsAll }, { countAll }) => (countAll ? procsAll : procs),
    screen: { title: 'PIDS', width: 5, drop: 3, sorts: 'descending' },
    export: { name: 'procs', after: 'gpu_indexes' },
  },
  {
    id: 'sm',
    unit: 'decimal',
    value: ({ sm }) => sm,
    screen: { title: 'SM', width: 5, drop: 1, sorts: 'descending', when: ({ rows }) => rows.some(({ sm }) => !Number.isNaN(sm)) },
    export: { name: 'sm_gpus', decimals: 2 },
  },
  {
    id: 'longest',
    unit: 'seconds',
    value: ({ longestSeconds, longestOfAllSeconds }, { countAll }) => (countAll ? longestOfAllSeconds : longestSeconds),
    screen: { title: 'LONGEST', width: 12, drop: 2, sorts: 'descending' },
    export: { name: 'longest_seconds' },
  },
  {
    id: 'cmd',
    value: ({ node, topRow }) => commandOf(node, topRow),
    screen: {
      title: 'COMMAND',
      width: 'rest',
      fit: (cols) => ({ min: leastCommand(cols, 20) }),
      cell: ({ node, topRow }) => dimmed(commandOf(node, topRow)),
    },
    export: { name: 'top_command' },
  },
  { id: 'vram_is_partial', value: ({ vramPartial }) => vramPartial, export: { name: 'vram_is_partial', jsonOnly: true } },
  { id: 'power_is_partial', value: ({ powerPartial }) => powerPartial, export: { name: 'power_is_partial', jsonOnly: true } },
];

/** With the owner of the rows, in files. */
export const NODE_COLUMNS = perGrouping((by): TableColumns<NodeRows, UserNode> => [ownerColumn(by), ...COLUMNS]);

/** Wide enough for the longest name with its age. */
const nodeCols = (data: NodeRows, cols: number): number =>
  widest(
    data.rows.map(({ node }) => `${withoutDomain(node.name, data.app.domain)}${ageOf(node, data.app)}`),
    LEAST_NODE_COLS,
    mostNodeCols(cols),
  );

/** After the name of a node that is not included in totals. */
const ageOf = (node: NodeView, app: AppView): string => (included(node) ? '' : ` ~${ago(app.now - node.at)}`);

/** GPUs as the node numbers them, in ascending order. */
export const gpuIndexes = (node: NodeView, slots: readonly number[]): readonly number[] =>
  [...new Set(slots.map((slot) => node.gpus.index[slot]!))].sort((a, b) => a - b);
/** '0-3,5' */
export const gpuRanges = (node: NodeView, slots: readonly number[]): string => ranges(gpuIndexes(node, slots));

const rangesOf = new WeakMap<UserNode, string>();
/** Cached: the width of the column depends on those of all rows. */
function rowRanges(row: UserNode): string {
  let text = rangesOf.get(row);
  if (text === undefined) rangesOf.set(row, (text = gpuRanges(row.node, row.slots)));
  return text;
}

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
/** Number of cached sorts per table. */
const MAX_SORTS = 4;

/** The nodes of a user, including those that are not included in totals any more. Cached until the next delivery. */
export function nodesOf(
  app: AppView,
  { by, user }: OwnedBy,
  sort: Sort,
  { countAll, byUse }: Pick<UsersUi, 'countAll' | 'byUse'>,
): SortedNodes {
  const table = app.derive(usageDerivations[by], app.listed);
  let known = kept.get(table);
  if (known?.user !== user) {
    const all = [...userNodes(app.nodes, user, by)].sort((a, b) => compareNodes(a.node, b.node));
    kept.set(table, (known = { user, all, sorted: new Map() }));
  }
  const wanted = `${sort.key} ${sort.descending} ${countAll} ${byUse}`;
  let found = known.sorted.get(wanted);
  if (!found) {
    if (known.sorted.size >= MAX_SORTS) known.sorted.clear();
    const rows = countAll ? known.all : known.all.filter(({ slots, allocatedGpus }) => slots.length > 0 || allocatedGpus > 0);
    const order = sortedOrder(COLUMNS, rows, { by, user, rows, countAll, byUse, app }, sort, ({ node }) => node.nodeId);
    known.sorted.set(wanted, (found = { rows, order }));
  }
  return found;
}

export function nodesPage(level: NodesLevel, ui: UsersUi, app: AppView, cols: number): Page {
  const { rows, order } = nodesOf(app, level, level.table.sort, ui);
  const shown = inOrderOf(order, level.frozen);
  const data: NodeRows = { by: level.by, user: level.user, rows, countAll: ui.countAll, byUse: ui.byUse, app };
  const columns = screenColumns(COLUMNS, data, cols);
  return {
    order: shown,
    columns,
    cells(position) {
      const row = rows[shown.row(position)];
      if (!row) return goneCells(columns, { host: app.nodes.get(shown.id(position))?.name ?? shown.id(position) });
      return tableCells(COLUMNS, row, data, cols);
    },
    copy(position) {
      const row = rows[shown.row(position)];
      return row && copyText(NODE_COLUMNS[level.by], row, data);
    },
    dim: (position) => {
      const row = rows[shown.row(position)];
      return !row || !included(row.node);
    },
  };
}
