/** Who holds GPUs and computes nothing on them, by processes and by allocations. */
import { idleHolders } from '../aggregate/idle-holders.js';
import type { HeldSince } from '../aggregate/history.js';
import { LabelOrder } from '../aggregate/label-order.js';
import { holdsByProcess } from '../aggregate/owner-columns.js';
import { isNotComputing, slotState } from '../aggregate/gpu-state.js';
import { included, type NodeView } from '../model/node-view.js';
import type { AppView, Table } from '../plugin/types.js';
import { isoTime } from '../text/timecode.js';
import type { TableColumns } from '../view/table-columns.js';

/**
 * How it is known. `sm_share`: of the processes. `gpu_utilization`: only that of the GPU, on which nothing computes. `allocation`: a scheduler has
 * given the GPU to the holder, who has no process there, and nothing computes on it.
 */
export const IDLE_BY = { bySm: 'sm_share', byGpu: 'gpu_utilization', byAllocation: 'allocation' } as const;

interface IdleRow {
  readonly node: NodeView;
  readonly slot: number;
  /** '' if it is not known. */
  readonly user: string;
  readonly job: string;
  /** NaN: not reported. */
  readonly vramBytes: number;
  /** Undefined: not known. */
  readonly since: number | undefined;
  readonly by: (typeof IDLE_BY)[keyof typeof IDLE_BY];
}

const COLUMNS: TableColumns<AppView, IdleRow> = [
  { id: 'node', value: ({ node }) => node.name, export: { name: 'node', title: 'NODE' } },
  { id: 'node_id', value: ({ node }) => node.nodeId, export: { name: 'node_id' } },
  { id: 'gpu', unit: 'count', value: ({ node, slot }) => node.gpus.index[slot], export: { name: 'gpu', title: 'GPU' } },
  { id: 'uuid', value: ({ node, slot }) => node.text(node.gpus.uuid[slot]!), export: { name: 'uuid' } },
  { id: 'model', value: ({ node, slot }) => node.text(node.gpus.name[slot]!), export: { name: 'model', title: 'MODEL' } },
  { id: 'user', value: ({ user }) => user, export: { name: 'user', title: 'USER' } },
  { id: 'job', value: ({ job }) => job, export: { name: 'job' } },
  { id: 'vram', unit: 'bytes', value: ({ vramBytes }) => vramBytes, export: { name: 'vram_bytes', title: 'VRAM' } },
  {
    id: 'idle_since',
    value: ({ since }) => (since === undefined ? undefined : isoTime(since)),
    export: { name: 'idle_since', title: 'IDLE SINCE' },
  },
  {
    id: 'idle_seconds',
    unit: 'seconds',
    value: ({ since }, { now }) => (since === undefined ? NaN : Math.max(0, now - since) / 1000),
    export: { name: 'idle_seconds', title: 'IDLE FOR', decimals: 3 },
  },
  { id: 'idle_by', value: ({ by }) => by, export: { name: 'idle_by', title: 'KNOWN BY' } },
];

/** One row per holder and GPU; a GPU with more than 1 GiB in use, idle and without known holders, has a row of nobody. */
export const IDLE_TABLE: Table<AppView, IdleRow> = {
  id: 'idle',
  columns: COLUMNS,
  rows(app) {
    const { filter } = app;
    const nodes = [...app.nodes].filter((node) => included(node) && (filter?.mode !== 'hide' || filter.node(node)));
    return { data: app, rows: Array.from(new LabelOrder().of(nodes), (at) => nodes[at]!).flatMap((node) => rowsOf(app, node)) };
  },
  nameOf: ({ node, slot }) => `${node.name}/gpu${node.gpus.index[slot]!}`,
};

function rowsOf(app: AppView, node: NodeView): readonly IdleRow[] {
  const holders = idleHolders(node).map(({ slot, user, vramBytes, bySm }): IdleRow => {
    const name = node.userName(user);
    const since = app.history.idleSince(node, slot, name);
    return { node, slot, user: name, job: '', vramBytes, since: knownTime(since), by: bySm ? IDLE_BY.bySm : IDLE_BY.byGpu };
  });
  const found = [...holders, ...allocated(app, node)];
  const listed = new Set(found.map(({ slot }) => slot));
  for (let slot = 0; slot < node.gpus.count; slot++) if (!listed.has(slot)) found.push(...heldByNobody(app, node, slot));
  return found.sort((a, b) => a.slot - b.slot);
}

/** Not known where it was so already when it was first seen. */
const knownTime = (since: HeldSince | undefined): number | undefined => (since && !since.atLeast ? since.at : undefined);

function allocated(app: AppView, node: NodeView): readonly IdleRow[] {
  const { allocations } = node;
  const found: IdleRow[] = [];
  for (let row = 0; row < allocations.count; row++) {
    const slot = allocations.gpu[row]!;
    const owner = allocations.owner.user[row]!;
    if (slot < 0 || !isNotComputing(node, slot) || holdsByProcess(node, owner, slot)) continue;
    const since = knownTime(app.history.heldSince(node, slot)) ?? app.history.freeSince(node, slot);
    const job = node.userName(allocations.owner.job[row]!) || node.userName(allocations.owner.pod[row]!);
    found.push({ node, slot, user: node.userName(owner), job, vramBytes: 0, since, by: IDLE_BY.byAllocation });
  }
  return found;
}

function heldByNobody(app: AppView, node: NodeView, slot: number): readonly IdleRow[] {
  if (slotState(node, slot) !== 'heldIdle') return [];
  const vramBytes = node.gpus.field.memoryUsedBytes[slot]!;
  return [{ node, slot, user: '', job: '', vramBytes, since: knownTime(app.history.heldSince(node, slot)), by: IDLE_BY.byGpu }];
}
