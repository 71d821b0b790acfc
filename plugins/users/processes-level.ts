/** The second level below: what a user runs on one host. A process is one row, however many GPUs it is on. */
import {
  bytes,
  commandOf,
  included,
  duration,
  percent,
  span,
  userProcesses,
  widest,
  type AppView,
  type Cells,
  type Column,
  type NodeView,
  type Sort,
  type UserProcess,
} from '../../lib/index.js';
import { gpuRanges } from './nodes-level.js';
import type { ProcessesLevel, UsersUi } from './drilldown.js';
import { inOrderOf, sortedList, type RowOrder, type SortKey } from './row-order.js';
import { dimmed, goneCells, leastCommand, WIDE, type Page } from './table-page.js';

const LEAST_GPU_COLS = 3;
const mostGpuCols = (cols: number): number => (cols >= WIDE ? 16 : 9);

function processColumns(cols: number, gpuCols: number): readonly Column[] {
  return [
    { id: 'pid', title: 'PID', width: 7, align: 'right', sorts: 'ascending' },
    { id: 'gpu', title: 'GPU', width: gpuCols, align: 'right', sorts: 'descending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'sm', title: 'SM%', width: 5, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'cpu', title: 'CPU%', width: 6, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'running', title: 'RUNNING', width: 12, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'cmd', title: 'COMMAND', width: 'rest', min: leastCommand(cols, 24) },
  ];
}

const KEYS: Readonly<Record<string, SortKey<UserProcess>>> = {
  pid: ({ pid }) => pid,
  gpu: ({ slots }) => slots.length,
  vram: ({ vramBytes }) => vramBytes,
  sm: ({ smPercent }) => smPercent,
  cpu: ({ cpuPercent }) => cpuPercent,
  running: ({ ageSeconds }) => ageSeconds,
};

export interface SortedProcesses {
  readonly rows: readonly UserProcess[];
  readonly order: RowOrder;
}
export const NO_ROWS: RowOrder = { count: 0, present: 0, id: String, find: () => -1, row: () => -1 };
const NOTHING: SortedProcesses = { rows: [], order: NO_ROWS };

const kept = new WeakMap<NodeView, { readonly key: string; readonly found: SortedProcesses }>();

/** The user's processes on a host. Remembered per version of the host. */
export function processesOf(
  app: AppView,
  { user, nodeId }: Pick<ProcessesLevel, 'user' | 'nodeId'>,
  sort: Sort,
  countAll: boolean,
): SortedProcesses {
  const node = app.nodes.get(nodeId);
  if (!node) return NOTHING;
  const key = `${node.version} ${app.versions.collector} ${sort.key} ${sort.descending} ${countAll} ${user}`;
  const known = kept.get(node);
  if (known?.key === key) return known.found;
  const all = userProcesses(node, user);
  const rows = countAll ? all : all.filter(({ slots }) => slots.length > 0);
  const found = {
    rows,
    order: sortedList(
      rows,
      sort,
      KEYS,
      (a, b) => a.pid - b.pid,
      ({ pid }) => String(pid),
    ),
  };
  kept.set(node, { key, found });
  return found;
}

export interface ProcessesPage extends Page {
  /** The whole command of the row at a position; '' for one that is gone. */
  command(position: number): string;
}

export function processesPage(level: ProcessesLevel, ui: UsersUi, app: AppView, cols: number): ProcessesPage {
  const { rows, order } = processesOf(app, level, level.table.sort, ui.countAll);
  const shown = inOrderOf(order, level.frozen);
  const node = app.nodes.get(level.nodeId);
  const gpus = node ? rows.map(({ slots }) => gpuRanges(node, slots)) : [];
  const columns = processColumns(cols, widest(gpus, LEAST_GPU_COLS, mostGpuCols(cols)));
  return {
    order: shown,
    columns,
    cells(position) {
      const at = shown.row(position);
      const row = rows[at];
      return row ? { ...figures(row), gpu: gpus[at] || dimmed('') } : goneCells(columns, { pid: shown.id(position) });
    },
    command(position) {
      const row = rows[shown.row(position)];
      return node && row ? commandOf(node, row.rows[0]!) : '';
    },
    dim: (position) => shown.row(position) < 0 || !node || !included(node),
  };
}

function figures({ pid, vramBytes, smPercent, cpuPercent, ageSeconds }: UserProcess): Cells {
  return {
    pid: span(String(pid), 'strong'),
    vram: bytes(vramBytes),
    sm: percent(smPercent),
    cpu: Number.isNaN(cpuPercent) ? dimmed('') : cpuPercent.toFixed(1),
    running: duration(ageSeconds),
  };
}
