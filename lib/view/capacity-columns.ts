/** The columns of what is free, for the Free tab and for `get free`. */
import { holdersOf, type Capacity } from '../aggregate/capacity.js';
import { ranges } from '../text/number-ranges.js';
import { bytes, count, NONE, percent } from '../text/format.js';
import { isoTime } from '../text/timecode.js';
import type { HistoryView } from '../aggregate/history.js';
import { FROM_COLS } from './breakpoints.js';
import { span } from './frame.js';
import { modelName } from './gpu-cells.js';
import { shortName, withoutDomain } from './short-names.js';
import { widest } from './table.js';
import type { TableColumns } from './table-columns.js';

export interface CapacityRows {
  readonly rows: readonly Capacity[];
  readonly history: HistoryView;
  /** Left out of the names. */
  readonly domain: string;
}

const LEAST_NODE_COLS = 9;
const mostNodeCols = (cols: number): number => (cols >= FROM_COLS.wide ? 24 : 12);
const nodeCols = ({ rows, domain }: CapacityRows, cols: number): number =>
  widest(
    rows.map(({ node }) => withoutDomain(node.name, domain)),
    LEAST_NODE_COLS,
    mostNodeCols(cols),
  );

/** Free GPUs by their index on the node. */
export const freeIndexes = ({ node, of }: Capacity): readonly number[] =>
  of.free.map((slot) => node.gpus.index[slot]!).sort((a, b) => a - b);

/** The labels of the host file. */
const groupOf = ({ node }: Capacity): string => [...node.groups.values()].join(' ');

/** Since when all of the free GPUs have been free. */
const freeSince = ({ node, of }: Capacity, { history }: CapacityRows): string | undefined =>
  of.free.length === 0 ? undefined : isoTime(Math.max(...of.free.map((slot) => history.freeSince(node, slot) ?? NaN)));

export const CAPACITY_COLUMNS: TableColumns<CapacityRows, Capacity> = [
  {
    id: 'node',
    value: ({ node }) => node.name,
    screen: {
      title: 'NODE',
      width: LEAST_NODE_COLS,
      fit: (cols, data) => ({ width: nodeCols(data, cols) }),
      sorts: 'ascending',
      cell: ({ node }, data, cols) => span(shortName(node.name, data.domain, nodeCols(data, cols)), 'strong'),
    },
    export: { name: 'node' },
  },
  { id: 'node_id', value: ({ node }) => node.nodeId, export: { name: 'node_id' } },
  {
    id: 'group',
    value: groupOf,
    screen: {
      title: 'GROUP',
      width: 5,
      fit: (_cols, { rows }) => ({ width: widest(rows.map(groupOf), 5, 12) }),
      drop: 3,
      sorts: 'ascending',
      when: ({ rows }) => rows.some((row) => groupOf(row) !== ''),
    },
  },
  {
    id: 'free',
    unit: 'count',
    value: ({ of }) => of.free.length,
    screen: {
      title: 'FREE',
      width: 4,
      sorts: 'descending',
      cell: ({ of }) => (of.free.length > 0 ? span(count(of.free.length), 'good') : '0'),
    },
    export: { name: 'gpus', title: 'GPUs' },
  },
  {
    id: 'gpu_indexes',
    value: freeIndexes,
    screen: { title: 'WHICH', width: 8, drop: 4, cell: (row) => ranges(freeIndexes(row)) || span(NONE, 'dim') },
    export: { name: 'gpu_indexes' },
  },
  {
    id: 'model',
    value: ({ model }) => model,
    screen: {
      title: 'MODEL',
      width: 10,
      fit: (cols, { rows }) => ({
        width: widest(
          rows.map(({ model }) => modelName(model)),
          5,
          cols >= FROM_COLS.wide ? 16 : 10,
        ),
      }),
      drop: 6,
      sorts: 'ascending',
      cell: ({ model }) => modelName(model) || NONE,
    },
    export: { name: 'model' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: ({ largestFreeBytes }) => largestFreeBytes,
    screen: { title: 'VRAM', width: 8, drop: 5, sorts: 'descending', cell: ({ largestFreeBytes }) => bytes(largestFreeBytes) },
    export: { name: 'vram_total_bytes' },
  },
  { id: 'since', value: freeSince, export: { name: 'free_since', title: 'FREE SINCE' } },
  {
    id: 'total',
    unit: 'count',
    value: ({ slots }) => slots.length,
    screen: { title: 'GPUs', width: 4, drop: 2.5, sorts: 'descending' },
    export: { name: 'gpus_total' },
  },
  {
    id: 'settling',
    unit: 'count',
    value: ({ of }) => of.settling.length,
    screen: { title: '<60s', width: 4, drop: 1.5, when: ({ rows }) => rows.some(({ of }) => of.settling.length > 0) },
    export: { name: 'gpus_settling', jsonOnly: true },
  },
  {
    id: 'held',
    unit: 'count',
    value: ({ of }) => of.heldIdle.length,
    screen: {
      title: 'IDLE',
      width: 4,
      drop: 4.5,
      sorts: 'descending',
      cell: ({ of }) => (of.heldIdle.length > 0 ? span(count(of.heldIdle.length), 'warn') : '0'),
    },
    export: { name: 'gpus_held_idle' },
  },
  {
    id: 'busy',
    unit: 'count',
    value: ({ of }) => of.busy.length,
    screen: { title: 'BUSY', width: 4, drop: 4.4, sorts: 'descending' },
    export: { name: 'gpus_busy' },
  },
  {
    id: 'allocated',
    unit: 'count',
    value: ({ of }) => of.allocated.length,
    screen: { title: 'ALLOC', width: 5, drop: 2.6, when: ({ rows }) => rows.some(({ of }) => of.allocated.length > 0) },
    export: { name: 'gpus_allocated', jsonOnly: true },
  },
  {
    id: 'unknown',
    unit: 'count',
    value: ({ of }) => of.unknown.length,
    screen: { title: '?', width: 3, drop: 4.3, when: ({ rows }) => rows.some(({ of }) => of.unknown.length > 0) },
    export: { name: 'gpus_unknown', jsonOnly: true },
  },
  {
    id: 'cpu',
    unit: 'percent',
    value: ({ cpuPercent }) => cpuPercent,
    screen: { title: 'CPU', width: 4, drop: 2, sorts: 'descending', cell: ({ cpuPercent }) => percent(cpuPercent) },
    export: { name: 'cpu_percent', decimals: 1 },
  },
  {
    id: 'ram',
    unit: 'bytes',
    value: ({ freeRamBytes }) => freeRamBytes,
    screen: { title: 'FREE RAM', width: 8, drop: 2.2, sorts: 'descending' },
    export: { name: 'ram_free_bytes' },
  },
  {
    id: 'held_by',
    value: holdersOf,
    screen: {
      title: 'THE REST',
      width: 'rest',
      min: 8,
      drop: 1,
      cell: (row) => span(holdersOf(row).join(', ') || NONE, 'dim'),
    },
    export: { name: 'held_by', jsonOnly: true },
  },
];
