/** The last level: the details of one process. */
import {
  FROM_COLS,
  bytes,
  cellText,
  commandOf,
  included,
  duration,
  fitColumns,
  gpuShares,
  headerLine,
  line,
  ownerFacts,
  NONE,
  percent,
  ranges,
  rowLine,
  screenColumns,
  span,
  tableCells,
  twoDigits,
  userProcesses,
  vramText,
  wrap,
  type AppView,
  type Cells,
  type Column,
  type GpuShare,
  type NodeView,
  type Line,
  type TableColumns,
  type UserProcess,
} from '../../lib/index.js';
import type { ProcessLevel } from './drilldown.js';
import { dimmed, powerColumns, shownUser, UNATTRIBUTED, userOfRow, type ByUse, type Power } from './table-page.js';

const LABEL_COLS = 11;

export interface FoundProcess {
  readonly node: NodeView;
  readonly process: UserProcess;
}

/** Undefined: the process, or its node, is gone. */
export function processOf(app: AppView, { nodeId, by, user, pid }: ProcessLevel): FoundProcess | undefined {
  const node = app.nodes.get(nodeId);
  const process = node && userProcesses(node, user, by).find((one) => one.pid === pid);
  return process && { node, process };
}

export function detailLines(found: FoundProcess, app: AppView, cols: number, byUse: boolean): readonly Line[] {
  return [
    ...facts(found.node, found.process, app).flatMap(([label, text]) => factLines(label, text, cols)),
    line(''),
    ...gpuLines(found, cols, { byUse }),
  ];
}

type Fact = readonly [label: string, text: string];

function facts(node: NodeView, process: UserProcess, app: AppView): readonly Fact[] {
  const row = process.rows[0]!;
  const groups = [...node.groups].map(([name, value]) => `${name}=${value}`);
  const { procs } = node;
  return [
    ['user', userOfRow(node, row)],
    ...ownerFacts(node, row, app),
    ['node', [node.name, ...(node.name === node.nodeId ? [] : [node.nodeId]), ...groups].join('  ')],
    ['pid', String(process.pid)],
    ['name', node.text(procs.name[row]!) || NONE],
    ['command', commandOf(node, row) || NONE],
    ['running', runningText(node, process)],
    ['CPU', Number.isNaN(process.cpuPercent) ? NONE : `${process.cpuPercent.toFixed(1)}%  (100 is one thread)`],
    [
      'SM',
      Number.isNaN(process.smPercent)
        ? NONE
        : `${percent(process.smPercent)}${process.slots.length > 1 ? '  (summed over its GPUs: 100% is one GPU)' : ''}`,
    ],
    ['VRAM', vramOn(node, process)],
  ];
}

function vramOn(node: NodeView, { slots, vramBytes, vramPartial }: UserProcess): string {
  if (slots.length === 0) return 'on no GPU';
  const which = ranges(slots.map((slot) => node.gpus.index[slot]!));
  return `${vramText(vramBytes, vramPartial)} on ${slots.length === 1 ? 'GPU' : `${slots.length} GPUs:`} ${which}`;
}

/** How long, and since when by our clock: the age is that of the last scrape. */
function runningText(node: NodeView, { ageSeconds }: UserProcess): string {
  if (Number.isNaN(ageSeconds)) return NONE;
  const since = new Date(node.at - ageSeconds * 1000);
  const day = `${since.getFullYear()}-${twoDigits(since.getMonth() + 1)}-${twoDigits(since.getDate())}`;
  return `${duration(ageSeconds)}  since ${day} ${twoDigits(since.getHours())}:${twoDigits(since.getMinutes())}`;
}

/** Long text is wrapped in its own column. */
function factLines(label: string, text: string, cols: number): readonly Line[] {
  return wrap(text, Math.max(2, cols - LABEL_COLS - 3)).map((piece, nth) =>
    line(
      span(` ${(nth === 0 ? label : '').padEnd(LABEL_COLS)} `, 'dim'),
      span(piece, label === 'pid' || label === 'user' ? 'strong' : undefined),
    ),
  );
}

/** A process on one of its GPUs; without a share: on none. */
export interface GpuRow {
  readonly node: NodeView;
  readonly user: string;
  readonly process: UserProcess;
  readonly share: GpuShare | undefined;
}

const onGpu =
  <T>(value: (node: NodeView, share: GpuShare) => T) =>
  ({ node, share }: GpuRow): T | undefined =>
    share && value(node, share);
const utilOf = ({ gpus }: NodeView, { slot }: GpuShare): number => (slot < gpus.count ? gpus.field.utilPercent[slot]! : NaN);
const modelOf = (node: NodeView, { slot }: GpuShare): string => node.text(node.gpus.name[slot]!);
const uuidOf = (node: NodeView, { slot }: GpuShare): string => node.text(node.gpus.uuid[slot]!);
const othersOf = (_node: NodeView, { others }: GpuShare): string =>
  others.map(({ user, vramBytes }) => `${shownUser(user)} ${bytes(vramBytes)}`).join(', ');

function powerOf({ share }: GpuRow): Power | undefined {
  if (!share) return undefined;
  const { powerWatts, powerByUseWatts, powerEstimated } = share;
  return { watts: powerWatts, byUseWatts: powerByUseWatts, isPartial: false, isEstimate: powerEstimated };
}

export const GPU_COLUMNS: TableColumns<ByUse, GpuRow> = [
  { id: 'user', value: ({ user }) => user, export: { name: 'user', unknown: UNATTRIBUTED } },
  { id: 'host', value: ({ node }) => node.name, export: { name: 'host' } },
  { id: 'pid', value: ({ process }) => process.pid, export: { name: 'pid' } },
  {
    id: 'gpu',
    unit: 'count',
    value: onGpu(({ gpus }, { slot }) => gpus.index[slot]),
    screen: { title: 'GPU', width: 3, cell: (row) => span(String(onGpu(({ gpus }, { slot }) => gpus.index[slot])(row)), 'strong') },
    export: { name: 'gpu_index' },
  },
  {
    id: 'model',
    value: onGpu(modelOf),
    screen: { title: 'MODEL', width: 22, drop: 2 },
    export: { name: 'gpu', after: 'gpu_uuid' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: ({ share }) => share?.vramBytes,
    screen: { title: 'VRAM', width: 8 },
    export: { name: 'vram_bytes' },
  },
  {
    id: 'sm',
    unit: 'percent',
    value: ({ share }) => share?.smPercent,
    screen: { title: 'SM%', width: 4 },
    export: { name: 'sm_percent', decimals: 1 },
  },
  ...powerColumns<ByUse, GpuRow>(powerOf, 4),
  { id: 'util', unit: 'percent', value: onGpu(utilOf), screen: { title: 'GPU UTIL', width: 8, drop: 3 } },
  {
    id: 'uuid',
    value: onGpu(uuidOf),
    screen: { title: 'UUID', width: 40, drop: 1, cell: (row) => dimmed(onGpu(uuidOf)(row) ?? '') },
    export: { name: 'gpu_uuid', after: 'gpu_index' },
  },
  {
    id: 'others',
    value: onGpu(othersOf),
    screen: {
      title: 'OTHER USERS',
      width: 'rest',
      fit: (cols) => ({ min: cols >= FROM_COLS.standard ? 16 : 8 }),
      cell: (row) => dimmed(onGpu(othersOf)(row) ?? ''),
    },
  },
  { id: 'name', value: ({ node, process }) => node.text(node.procs.name[process.rows[0]!]!), export: { name: 'name' } },
  { id: 'command', value: ({ node, process }) => commandOf(node, process.rows[0]!), export: { name: 'command' } },
];

/** One row per GPU of the process, one without a GPU if it is on none. */
export function gpuRows({ node, process }: FoundProcess): readonly GpuRow[] {
  const shares: readonly (GpuShare | undefined)[] = gpuShares(node, process);
  const user = node.userName(node.procs.user[process.rows[0]!]!);
  return (shares.length > 0 ? shares : [undefined]).map((share) => ({ node, user, process, share }));
}

/** One line per GPU under column headers, then what had no column; nothing for a process on no GPU. */
function gpuLines(found: FoundProcess, cols: number, data: ByUse): readonly Line[] {
  if (found.process.slots.length === 0) return [];
  const all = screenColumns(GPU_COLUMNS, data, cols);
  const columns = fitColumns(all, '', cols);
  const left = all.filter(({ id }) => !columns.some((column) => column.id === id));
  const rows = gpuRows(found).map((row) => tableCells(GPU_COLUMNS, row, data, cols));
  const dim = !included(found.node);
  const more = left.length === 0 ? [] : rows.flatMap((cells) => moreLines(cells, left, cols));
  return [headerLine(columns), ...rows.map((cells) => rowLine(columns, cells, { dim })), ...more];
}

/** '   0  NVIDIA H100 · GPU-aa00': the details of a GPU that have no column on this screen. */
function moreLines(cells: Cells, columns: readonly Column[], cols: number): readonly Line[] {
  const text = columns
    .map(({ id }) => cellText(cells[id] ?? ''))
    .filter((part) => part !== NONE)
    .join(' · ');
  if (text === '') return [];
  return wrap(text, Math.max(2, cols - MORE_COLS)).map((piece, nth) =>
    line(span((nth === 0 ? cellText(cells.gpu ?? '') : '').padStart(MORE_COLS - 2), 'dim'), `  ${piece}`),
  );
}

const MORE_COLS = 8;
