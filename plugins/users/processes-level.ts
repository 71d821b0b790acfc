/** The third level: the processes of a user on one node. A process is one row, on however many GPUs. */
import {
  FROM_COLS,
  commandOf,
  copyText,
  cutName,
  IDLE_SIGN,
  included,
  isIdleProcess,
  percent,
  screenColumns,
  span,
  tableCells,
  userProcesses,
  vramText,
  widest,
  type AppView,
  type NodeView,
  type Sort,
  type TableColumns,
  type UserProcess,
} from '../../lib/index.js';
import { gpuIndexes, gpuRanges } from './nodes-level.js';
import type { OwnedBy, ProcessesLevel, UsersUi } from './drilldown.js';
import { inOrderOf, sortedOrder, type RowOrder } from './row-order.js';
import { dimmed, goneCells, leastCommand, UNATTRIBUTED, userOfRow, type Page } from './table-page.js';

/** The data of the rows: the processes of a user. */
export interface ProcessRows extends OwnedBy {
  readonly rows: readonly UserProcess[];
}

const ownerText = ({ node, rows }: UserProcess): string => userOfRow(node, rows[0]!);
const runsAsOther = ({ node, rows }: UserProcess): boolean => (node.procs.known?.runsAs[rows[0]!] ?? 0) !== 0;
const mostUserCols = (cols: number): number => (cols >= FROM_COLS.wide ? 24 : 16);
const LEAST_GPU_COLS = 3;
const mostGpuCols = (cols: number): number => (cols >= FROM_COLS.wide ? 16 : 9);
const rangesOf = ({ node, slots }: UserProcess): string => gpuRanges(node, slots);

export const PROCESS_COLUMNS: TableColumns<ProcessRows, UserProcess> = [
  {
    id: 'user',
    value: ({ node, rows }) => node.userName(node.procs.user[rows[0]!]!),
    screen: {
      title: 'USER',
      width: 10,
      fit: (cols, { rows }) => ({ width: widest(rows.map(ownerText), 4, mostUserCols(cols)) }),
      sorts: 'ascending',
      // Where all rows are of one user and run as that user, the breadcrumb has it.
      when: ({ by, rows }) => by !== 'user' || rows.some(runsAsOther),
      cell: (row) => ({ fit: (cols) => span(cutName(ownerText(row), cols), 'strong') }),
    },
    export: { name: 'user', unknown: UNATTRIBUTED },
  },
  { id: 'host', value: ({ node }) => node.name, export: { name: 'host' } },
  {
    id: 'pid',
    unit: 'id',
    value: ({ pid }) => pid,
    screen: { title: 'PID', width: 7, sorts: 'ascending', cell: ({ pid }) => span(String(pid), 'strong') },
    export: { name: 'pid' },
  },
  {
    id: 'gpu',
    value: ({ node, slots }) => gpuIndexes(node, slots),
    screen: {
      title: 'GPU',
      width: LEAST_GPU_COLS,
      align: 'right',
      fit: (cols, { rows }) => ({ width: widest(rows.map(rangesOf), LEAST_GPU_COLS, mostGpuCols(cols)) }),
      sorts: 'descending',
      order: ({ slots }) => slots.length,
      cell: (row) => rangesOf(row) || dimmed(''),
    },
    export: { name: 'gpu_indexes' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: ({ vramBytes }) => vramBytes,
    screen: { title: 'VRAM', width: 8, sorts: 'descending', cell: ({ vramBytes, vramPartial }) => vramText(vramBytes, vramPartial) },
    export: { name: 'vram_bytes' },
  },
  {
    id: 'sm',
    unit: 'percent',
    value: ({ smPercent }) => smPercent,
    screen: {
      title: 'SM%',
      width: 5,
      drop: 2,
      sorts: 'descending',
      cell: ({ node, rows, smPercent }) => (isIdleProcess(node, rows) ? IDLE_SIGN : percent(smPercent)),
    },
    export: { name: 'sm_percent', decimals: 1 },
  },
  {
    id: 'cpu',
    unit: 'decimal',
    value: ({ cpuPercent }) => cpuPercent,
    screen: { title: 'CPU%', width: 6, drop: 1, sorts: 'descending' },
    export: { name: 'cpu_percent', decimals: 2 },
  },
  {
    id: 'running',
    unit: 'seconds',
    value: ({ ageSeconds }) => ageSeconds,
    screen: { title: 'RUNNING', width: 12, drop: 3, sorts: 'descending' },
    export: { name: 'running_seconds' },
  },
  { id: 'name', value: ({ node, rows }) => node.text(node.procs.name[rows[0]!]!), export: { name: 'name' } },
  {
    id: 'cmd',
    value: ({ node, rows }) => commandOf(node, rows[0]!),
    // The command may take several lines: the view lays it out.
    screen: { title: 'COMMAND', width: 'rest', fit: (cols) => ({ min: leastCommand(cols, 24) }), cell: () => '' },
    export: { name: 'command' },
  },
  { id: 'is_idle', value: ({ node, rows }) => isIdleProcess(node, rows), export: { name: 'is_idle', jsonOnly: true } },
  {
    id: 'vram_is_partial',
    value: ({ vramPartial }) => vramPartial,
    export: { name: 'vram_is_partial', jsonOnly: true },
  },
];

export interface SortedProcesses {
  readonly rows: readonly UserProcess[];
  readonly order: RowOrder;
}
export const NO_ROWS: RowOrder = { count: 0, present: 0, id: String, find: () => -1, row: () => -1 };
const NOTHING: SortedProcesses = { rows: [], order: NO_ROWS };

const kept = new WeakMap<NodeView, { readonly key: string; readonly found: SortedProcesses }>();

/** The user's processes on a node. Cached per version of the node. */
export function processesOf(
  app: AppView,
  { by, user, nodeId }: Pick<ProcessesLevel, 'by' | 'user' | 'nodeId'>,
  sort: Sort,
  countAll: boolean,
): SortedProcesses {
  const node = app.nodes.get(nodeId);
  if (!node) return NOTHING;
  const key = `${node.version} ${app.versions.collector} ${sort.key} ${sort.descending} ${countAll} ${by} ${user}`;
  const known = kept.get(node);
  if (known?.key === key) return known.found;
  const all = [...userProcesses(node, user, by)].sort((a, b) => a.pid - b.pid);
  const rows = countAll ? all : all.filter(({ slots }) => slots.length > 0);
  const found = { rows, order: sortedOrder(PROCESS_COLUMNS, rows, { by, user, rows }, sort, ({ pid }) => String(pid)) };
  kept.set(node, { key, found });
  return found;
}

export interface ProcessesPage extends Page {
  /** The full command of the row at a position; '' if the row is gone. */
  command(position: number): string;
}

export function processesPage(level: ProcessesLevel, ui: UsersUi, app: AppView, cols: number): ProcessesPage {
  const { rows, order } = processesOf(app, level, level.table.sort, ui.countAll);
  const shown = inOrderOf(order, level.frozen);
  const node = app.nodes.get(level.nodeId);
  const data: ProcessRows = { by: level.by, user: level.user, rows };
  const columns = screenColumns(PROCESS_COLUMNS, data, cols);
  return {
    order: shown,
    columns,
    cells(position) {
      const row = rows[shown.row(position)];
      return row ? tableCells(PROCESS_COLUMNS, row, data, cols) : goneCells(columns, { pid: shown.id(position) });
    },
    command(position) {
      const row = rows[shown.row(position)];
      return row ? commandOf(row.node, row.rows[0]!) : '';
    },
    copy(position) {
      const row = rows[shown.row(position)];
      return row && copyText(PROCESS_COLUMNS, row, data);
    },
    dim: (position) => shown.row(position) < 0 || !node || !included(node),
  };
}
