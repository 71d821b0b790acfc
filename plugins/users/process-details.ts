/** The last level: all that is known of one process. */
import {
  bytes,
  commandOf,
  included,
  duration,
  fitColumns,
  gpuShares,
  headerLine,
  line,
  NONE,
  percent,
  ranges,
  rowLine,
  span,
  userProcesses,
  watts,
  wrap,
  type AppView,
  type Cell,
  type Cells,
  type Column,
  type GpuShare,
  type NodeView,
  type Line,
  type UserProcess,
} from '../../lib/index.js';
import type { ProcessLevel } from './drilldown.js';
import { dimmed, NARROW, shownUser } from './table-page.js';

const LABEL_COLS = 11;

export interface FoundProcess {
  readonly node: NodeView;
  readonly process: UserProcess;
}

/** Undefined: the process, or its host, is gone. */
export function processOf(app: AppView, { nodeId, user, pid }: ProcessLevel): FoundProcess | undefined {
  const node = app.nodes.get(nodeId);
  const process = node && userProcesses(node, user).find((one) => one.pid === pid);
  return process && { node, process };
}

export function detailLines({ node, process }: FoundProcess, user: string, cols: number): readonly Line[] {
  return [
    ...facts(node, process, user).flatMap(([label, text]) => factLines(label, text, cols)),
    line(''),
    ...gpuLines(node, process, cols),
  ];
}

type Fact = readonly [label: string, text: string];

function facts(node: NodeView, process: UserProcess, user: string): readonly Fact[] {
  const row = process.rows[0]!;
  const groups = [...node.groups].map(([name, value]) => `${name}=${value}`);
  const { procs } = node;
  return [
    ['user', shownUser(user)],
    ['node', [node.name, ...(node.name === node.nodeId ? [] : [node.nodeId]), ...groups].join('  ')],
    ['pid', String(process.pid)],
    ['name', node.text(procs.name[row]!) || NONE],
    ['command', commandOf(node, row) || NONE],
    ['running', runningText(node, process)],
    ['CPU', Number.isNaN(process.cpuPercent) ? NONE : `${process.cpuPercent.toFixed(1)}%  (100 is one thread)`],
    [
      'SM',
      Number.isNaN(process.smPercent) ? NONE : `${percent(process.smPercent)}${process.slots.length > 1 ? '  (mean of its GPUs)' : ''}`,
    ],
    ['VRAM', vramText(node, process)],
  ];
}

function vramText(node: NodeView, { slots, vramBytes }: UserProcess): string {
  if (slots.length === 0) return 'on no GPU';
  const which = ranges(slots.map((slot) => node.gpus.index[slot]!));
  return `${bytes(vramBytes)} on ${slots.length === 1 ? 'GPU' : `${slots.length} GPUs:`} ${which}`;
}

/** How long, and since when by our clock: the age is that of the last answer. */
function runningText(node: NodeView, { ageSeconds }: UserProcess): string {
  if (Number.isNaN(ageSeconds)) return NONE;
  const since = new Date(node.at - ageSeconds * 1000);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${since.getFullYear()}-${two(since.getMonth() + 1)}-${two(since.getDate())}`;
  return `${duration(ageSeconds)}  since ${day} ${two(since.getHours())}:${two(since.getMinutes())}`;
}

/** What is long is wrapped under itself. */
function factLines(label: string, text: string, cols: number): readonly Line[] {
  return wrap(text, Math.max(2, cols - LABEL_COLS - 3)).map((piece, nth) =>
    line(
      span(` ${(nth === 0 ? label : '').padEnd(LABEL_COLS)} `, 'dim'),
      span(piece, label === 'pid' || label === 'user' ? 'strong' : undefined),
    ),
  );
}

const gpuColumns = (cols: number): readonly Column[] => [
  { id: 'gpu', title: 'GPU', width: 3, align: 'right' },
  { id: 'model', title: 'MODEL', width: 22, drop: 2 },
  { id: 'vram', title: 'VRAM', width: 8, align: 'right' },
  { id: 'sm', title: 'SM%', width: 4, align: 'right' },
  { id: 'power', title: 'POWER*', width: 7, align: 'right', drop: 4 },
  { id: 'util', title: 'GPU UTIL', width: 8, align: 'right', drop: 3 },
  { id: 'uuid', title: 'UUID', width: 40, drop: 1 },
  { id: 'others', title: 'ALSO ON IT', width: 'rest', min: cols >= NARROW ? 16 : 8 },
];

/** A line per GPU under one line of captions, then what there was no column for; nothing for a process on none. */
function gpuLines(node: NodeView, process: UserProcess, cols: number): readonly Line[] {
  const shares = gpuShares(node, process);
  if (shares.length === 0) return [];
  const all = gpuColumns(cols);
  const columns = fitColumns(all, '', cols);
  const left = all.filter(({ id }) => !columns.some((column) => column.id === id));
  const rows = shares.map((share) => gpuCells(node, share));
  const dim = !included(node);
  const more = left.length === 0 ? [] : rows.flatMap((cells) => moreLines(cells, left, cols));
  return [headerLine(columns), ...rows.map((cells) => rowLine(columns, cells, { dim })), ...more];
}

/** '   0  NVIDIA H100 · GPU-aa00': what of a GPU has no column on this screen. */
function moreLines(cells: Cells, columns: readonly Column[], cols: number): readonly Line[] {
  const text = columns
    .map(({ id }) => textOf(cells[id]))
    .filter((part) => part !== NONE)
    .join(' · ');
  if (text === '') return [];
  return wrap(text, Math.max(2, cols - MORE_COLS)).map((piece, nth) =>
    line(span((nth === 0 ? textOf(cells.gpu) : '').padStart(MORE_COLS - 2), 'dim'), `  ${piece}`),
  );
}

const MORE_COLS = 8;
const textOf = (cell: Cell | undefined): string =>
  typeof cell === 'string' ? cell : cell !== undefined && 'text' in cell ? cell.text : '';

function gpuCells(node: NodeView, { slot, vramBytes, smPercent, powerWatts, others }: GpuShare): Cells {
  const { gpus } = node;
  const util = slot < gpus.count ? gpus.field.utilPercent[slot]! : NaN;
  return {
    gpu: span(String(gpus.index[slot]), 'strong'),
    model: node.text(gpus.name[slot]!) || NONE,
    vram: bytes(vramBytes),
    sm: percent(smPercent),
    power: watts(powerWatts),
    util: percent(util),
    uuid: dimmed(node.text(gpus.uuid[slot]!)),
    others: dimmed(others.map((other) => `${shownUser(other.user)} ${bytes(other.vramBytes)}`).join(', ')),
  };
}
