/** Free capacity: GPUs that have been free for a while, by node and model. */
import { capacities, type Capacity } from '../aggregate/capacity.js';
import { LabelOrder } from '../aggregate/label-order.js';
import type { AppView, Table } from '../plugin/types.js';
import { ranges } from '../text/number-ranges.js';
import { CAPACITY_COLUMNS, freeIndexes, type CapacityRows } from '../view/capacity-columns.js';

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

export function freeTable(query: FreeQuery = {}): Table<CapacityRows, Capacity> {
  return {
    id: 'free',
    columns: CAPACITY_COLUMNS,
    rows(app) {
      const rows = chosen(freeRows(app, query.model?.toLowerCase()), query);
      return { data: { rows, history: app.history, domain: app.domain }, rows };
    },
    nameOf: (row) => (query.bareNames ? freeIndexes(row).join(',') : `${row.node.name}/${ranges(freeIndexes(row))}`),
  };
}

/** Where any GPU is free, by the names of the nodes. */
function freeRows(app: AppView, model: string | undefined): readonly Capacity[] {
  const nodes = [...app.nodes];
  const sorted = Array.from(new LabelOrder().of(nodes), (at) => nodes[at]!);
  return capacities(app.history, sorted).filter(
    (row) => row.of.free.length > 0 && (model === undefined || row.model.toLowerCase().includes(model)),
  );
}

/** As many GPUs as are asked for, on as few nodes as possible; none when there are not as many. */
function chosen(rows: readonly Capacity[], { gpus, sameNode = false }: FreeQuery): readonly Capacity[] {
  if (gpus === undefined) return rows;
  const fitting = rows.filter(({ of }) => of.free.length >= gpus);
  // The node that has the fewest to spare, so that larger gaps stay.
  const tightest = fitting.reduce<Capacity | undefined>(
    (best, row) => (best && best.of.free.length <= row.of.free.length ? best : row),
    undefined,
  );
  if (tightest) return [trimmed(tightest, gpus)];
  if (sameNode) return [];
  const largest = [...rows].sort((a, b) => b.of.free.length - a.of.free.length);
  const taken: Capacity[] = [];
  let left = gpus;
  for (const row of largest) {
    if (left === 0) break;
    taken.push(trimmed(row, left));
    left -= taken.at(-1)!.of.free.length;
  }
  return left === 0 ? taken : [];
}

const trimmed = (row: Capacity, gpus: number): Capacity => ({ ...row, of: { ...row.of, free: row.of.free.slice(0, gpus) } });
