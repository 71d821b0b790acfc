/** Tables of nodes that no tab lists: their state and what is free on them. */
import { LabelOrder } from '../aggregate/label-order.js';
import { slotStates } from '../aggregate/gpu-state.js';
import { cardsOf } from '../aggregate/power-shares.js';
import { conditionOf, gpusUnknown, included, type NodeView } from '../model/node-view.js';
import type { AppView, Table } from '../plugin/types.js';
import { ago, NONE } from '../text/format.js';
import type { TableColumns } from '../view/table-columns.js';

/** Figures of a node; NaN: not known. */
interface NodeRow {
  readonly node: NodeView;
  readonly status: NodeStatus;
  readonly gpus: number;
  readonly free: number;
  readonly heldIdle: number;
  readonly busy: number;
  readonly powerWatts: number;
  readonly powerPartial: boolean;
}

/**
 * `up`: the last scrape succeeded. `stale`: it failed, and the data are less than three refreshes old; or it could not be made from here.
 * `down`: no data for three refreshes. `drained`: the same, and the scheduler has taken the node out of service. `never`: no good scrape yet.
 */
export const NODE_STATUSES = ['up', 'stale', 'down', 'drained', 'never'] as const;
export type NodeStatus = (typeof NODE_STATUSES)[number];

export function nodeStatus(node: NodeView): NodeStatus {
  const condition = conditionOf(node);
  if (condition === 'drained') return condition;
  if (node.status.okAt === undefined) return 'never';
  return condition === 'failing' || condition === 'waiting' ? 'stale' : condition;
}

const UNKNOWN = { gpus: NaN, free: NaN, heldIdle: NaN, busy: NaN, powerWatts: NaN, powerPartial: false };

/** Figures of nodes that are not in totals are not known. */
function rowOf(node: NodeView): NodeRow {
  const status = nodeStatus(node);
  if (!included(node) || gpusUnknown(node)) return { node, status, ...UNKNOWN };
  const { gpus } = node;
  const states = { computing: 0, heldIdle: 0, free: 0, unknown: 0 };
  for (const state of slotStates(node)) states[state]++;
  let watts = 0;
  // Power of a board that one of its dies reports is that of all of them.
  const complete = new Set(cardsOf(node).flatMap((dies) => (dies.some((slot) => !Number.isNaN(gpus.field.powerWatts[slot])) ? dies : [])));
  let isReported = false;
  for (let slot = 0; slot < gpus.slots; slot++) {
    const power = slot < gpus.count ? gpus.field.powerWatts[slot]! : NaN;
    if (Number.isNaN(power)) continue;
    watts += Math.max(0, power);
    isReported = true;
    complete.add(slot);
  }
  return {
    node,
    status,
    gpus: gpus.slots,
    free: states.free,
    heldIdle: states.heldIdle,
    busy: states.computing,
    powerWatts: isReported ? watts : NaN,
    powerPartial: complete.size < gpus.slots,
  };
}

interface NodeRows {
  readonly now: number;
}

const COLUMNS: TableColumns<NodeRows, NodeRow> = [
  {
    id: 'node',
    value: ({ node }) => node.name,
    screen: { title: 'NODE', width: 12, sorts: 'ascending' },
    export: { name: 'node' },
  },
  { id: 'node_id', value: ({ node }) => node.nodeId, export: { name: 'node_id' } },
  { id: 'status', value: ({ status }) => status, screen: { title: 'STATUS', width: 6 }, export: { name: 'status' } },
  {
    id: 'age',
    unit: 'seconds',
    value: ({ node: { status } }, { now }) => (now - (status.okAt ?? NaN)) / 1000,
    screen: {
      title: 'AGE',
      width: 5,
      sorts: 'descending',
      cell: ({ node: { status } }, { now }) => (status.okAt === undefined ? NONE : ago(Math.max(0, now - status.okAt))),
    },
    export: { name: 'age_seconds', decimals: 3 },
  },
  {
    id: 'gpus',
    unit: 'count',
    value: ({ gpus }) => gpus,
    screen: { title: 'GPUs', width: 4, sorts: 'descending' },
    export: { name: 'gpus' },
  },
  {
    id: 'free',
    unit: 'count',
    value: ({ free }) => free,
    screen: { title: 'FREE', width: 4, sorts: 'descending' },
    export: { name: 'gpus_free' },
  },
  {
    id: 'held',
    unit: 'count',
    value: ({ heldIdle }) => heldIdle,
    screen: { title: 'HELD IDLE', width: 9, sorts: 'descending' },
    export: { name: 'gpus_held_idle' },
  },
  {
    id: 'busy',
    unit: 'count',
    value: ({ busy }) => busy,
    screen: { title: 'BUSY', width: 4, sorts: 'descending' },
    export: { name: 'gpus_busy' },
  },
  {
    id: 'power',
    unit: 'watts',
    value: ({ powerWatts }) => powerWatts,
    screen: { title: 'POWER', width: 8, sorts: 'descending' },
    export: { name: 'power_watts', decimals: 3 },
  },
  { id: 'power_is_partial', value: ({ powerPartial }) => powerPartial, export: { name: 'power_is_partial', jsonOnly: true } },
  {
    id: 'uptime',
    unit: 'seconds',
    value: ({ node }) => (included(node) ? node.facts.uptimeSeconds : NaN),
    export: { name: 'uptime_seconds', decimals: 0, jsonOnly: true },
  },
  {
    id: 'error',
    value: ({ node: { status } }) => status.error?.text,
    screen: { title: 'ERROR', width: 'rest' },
    export: { name: 'error' },
  },
];

/** Every node that matches the filter, whether or not it is in totals. */
export const NODES_TABLE: Table<NodeRows, NodeRow> = {
  id: 'nodes',
  columns: COLUMNS,
  rows: (app: AppView) => {
    const { filter } = app;
    const nodes = filter?.mode === 'hide' ? [...app.nodes].filter((node) => filter.node(node)) : [...app.nodes];
    const order = new LabelOrder().of(nodes);
    return { data: { now: app.now }, rows: Array.from(order, (at) => rowOf(nodes[at]!)) };
  },
};
