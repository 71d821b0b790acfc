/** Free capacity: GPUs that have been free for a while, by node and model. */
import { LabelOrder } from '../aggregate/label-order.js';
import { LIMITS } from '../model/limits.js';
import { whyNotReporting, type NodeView } from '../model/node-view.js';
import type { AppView, Table } from '../plugin/types.js';
import { ranges } from '../text/number-ranges.js';
import { isoTime } from '../text/timecode.js';
import type { TableColumns } from '../view/table-columns.js';

export interface FreeQuery {
  /** The requested number of GPUs; with fewer, nothing is listed. */
  readonly gpus?: number;
  /** Only models that contain this text. */
  readonly model?: string;
  /** All of `gpus` on one node. */
  readonly sameNode?: boolean;
  /** Names are bare GPU indexes: they are for this machine. */
  readonly bareNames?: boolean;
}

/** Free GPUs of one model on a node. */
interface FreeRow {
  readonly node: NodeView;
  readonly model: string;
  readonly slots: readonly number[];
  /** The time since which all of them have been free. */
  readonly since: number;
  readonly memoryBytes: number;
}

const indexes = ({ node, slots }: FreeRow): readonly number[] => slots.map((slot) => node.gpus.index[slot]!).sort((a, b) => a - b);

const COLUMNS: TableColumns<AppView, FreeRow> = [
  { id: 'node', value: ({ node }) => node.name, export: { name: 'node', title: 'NODE' } },
  { id: 'node_id', value: ({ node }) => node.nodeId, export: { name: 'node_id' } },
  { id: 'gpus', unit: 'count', value: ({ slots }) => slots.length, export: { name: 'gpus', title: 'GPUs' } },
  { id: 'gpu_indexes', value: indexes, export: { name: 'gpu_indexes', title: 'INDEXES' } },
  { id: 'model', value: ({ model }) => model, export: { name: 'model', title: 'MODEL' } },
  { id: 'vram', unit: 'bytes', value: ({ memoryBytes }) => memoryBytes, export: { name: 'vram_total_bytes', title: 'VRAM/GPU' } },
  { id: 'since', value: ({ since }) => isoTime(since), export: { name: 'free_since', title: 'FREE SINCE' } },
];

export function freeTable(query: FreeQuery = {}): Table<AppView, FreeRow> {
  return {
    id: 'free',
    columns: COLUMNS,
    rows: (app) => ({ data: app, rows: chosen(freeRows(app, query.model), query) }),
    nameOf: (row) => (query.bareNames ? indexes(row).join(',') : `${row.node.name}/${ranges(indexes(row))}`),
  };
}

/**
 * A GPU is free after `LIMITS.freeSeconds` without use and without a process: one sample may fall between two steps of a job. On a node that
 * does not report its processes it is not known to be. A GPU that a scheduler has allocated is not free, used or not.
 */
function freeRows(app: AppView, model: string | undefined): readonly FreeRow[] {
  const nodes = [...app.nodes].filter((node) => whyNotReporting(node) === undefined);
  return Array.from(new LabelOrder().of(nodes), (at) => nodes[at]!).flatMap((node) => rowsOf(app, node, model?.toLowerCase()));
}

function rowsOf(app: AppView, node: NodeView, model: string | undefined): readonly FreeRow[] {
  const { gpus } = node;
  const byModel = new Map<string, number[]>();
  for (let slot = 0; slot < gpus.count; slot++) {
    const since = app.history.freeSince(node, slot);
    if (since === undefined || node.at - since < LIMITS.freeSeconds * 1000 || mayBeAllocated(node, slot)) continue;
    const name = node.text(gpus.name[slot]!);
    if (model !== undefined && !name.toLowerCase().includes(model)) continue;
    byModel.set(name, [...(byModel.get(name) ?? []), slot]);
  }
  return [...byModel].map(([name, slots]) => made(app, node, name, slots));
}

/** An allocation that names no GPU may be of any of them. */
const mayBeAllocated = ({ allocations }: NodeView, slot: number): boolean =>
  allocations.gpu.subarray(0, allocations.count).some((one) => one === slot || one < 0);

const made = (app: AppView, node: NodeView, model: string, slots: readonly number[]): FreeRow => ({
  node,
  model,
  slots,
  since: Math.max(...slots.map((slot) => app.history.freeSince(node, slot) ?? NaN)),
  memoryBytes: node.gpus.field.memoryTotalBytes[slots[0]!]!,
});

/** As many GPUs as are asked for, on as few nodes as possible; none when there are not as many. */
function chosen(rows: readonly FreeRow[], { gpus, sameNode = false }: FreeQuery): readonly FreeRow[] {
  if (gpus === undefined) return rows;
  const fitting = rows.filter(({ slots }) => slots.length >= gpus);
  // The node that has the fewest to spare, so that larger gaps stay.
  const tightest = fitting.reduce<FreeRow | undefined>(
    (best, row) => (best && best.slots.length <= row.slots.length ? best : row),
    undefined,
  );
  if (tightest) return [trimmed(tightest, gpus)];
  if (sameNode) return [];
  const largest = [...rows].sort((a, b) => b.slots.length - a.slots.length);
  const taken: FreeRow[] = [];
  let left = gpus;
  for (const row of largest) {
    if (left === 0) break;
    taken.push(trimmed(row, left));
    left -= taken.at(-1)!.slots.length;
  }
  return left === 0 ? taken : [];
}

const trimmed = (row: FreeRow, gpus: number): FreeRow => ({ ...row, slots: row.slots.slice(0, gpus) });
