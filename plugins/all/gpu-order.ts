/** The GPUs of the cluster in the order shown, optionally in groups. */
import {
  GPU_COLUMNS,
  gpuRowsDerivation,
  gpuTableRows,
  included,
  LabelOrder,
  sortedPositions,
  type GpuRows,
  type GpuTableRows,
  type NodeView,
  type Order,
  type Sort,
  type Table,
  type TableColumns,
} from '../../lib/index.js';
import { groupsOf, type Group, type Grouping } from './groups.js';

/** The data of the rows; a row is its number in the GPU rows. */
export interface AllRows extends GpuTableRows {
  /** Its position in the order of node names and GPUs. */
  place(row: number): number;
  /** The names of nodes on a terminal of that width. */
  names(cols: number): NodeNames;
}
export interface NodeNames {
  readonly cols: number;
  readonly of: (node: NodeView) => string;
}

export const COLUMNS: TableColumns<AllRows, number> = [
  {
    id: 'host',
    value: (row, rows) => rows.node(row).name,
    screen: {
      title: 'NODE',
      width: 12,
      fit: (cols, rows) => ({ width: rows.names(cols).cols }),
      sorts: 'ascending',
      order: (row, rows) => rows.place(row),
      cell: (row, rows, cols) => rows.names(cols).of(rows.node(row)),
    },
    export: { name: 'node' },
  },
  { id: 'address', value: (row, rows) => rows.node(row).nodeId, export: { name: 'node_id' } },
  ...GPU_COLUMNS,
];

/** The row at a position: a GPU, as its row of the GPU rows, or the head of a group. */
export interface GpuOrder extends Order {
  /** -1: the head of a group. */
  row(position: number): number;
  /** The group of the row; undefined if there are no groups. */
  group(position: number): Group | undefined;
  /** Position of a group's head, -1 for none. */
  head(group: Group): number;
}

const kept = new WeakMap<GpuRows, { readonly key: string; readonly order: GpuOrder }>();
const sortedRows = new WeakMap<GpuRows, { readonly key: string; readonly rows: Int32Array }>();

/** Cached per set of rows, sort and grouping: a frame that changes none of them sorts nothing. */
export function orderOf(rows: GpuRows, sort: Sort, grouping: Grouping): GpuOrder {
  const key = `${sort.key} ${sort.descending} ${grouping.by} ${grouping.key}`;
  const known = kept.get(rows);
  if (known?.key === key) return known.order;
  const order = new Listed(rows, itemsOf(rows, sort, grouping));
  kept.set(rows, { key, order });
  return order;
}

/** An id is the node and the slot of the GPU on it. */
export const nodeOfRow = (id: string): string => id.slice(0, id.lastIndexOf(' '));

/** The id of a group contains no node: ids of nodes do not start with a space. */
export const groupId = ({ key }: Group): string => ` ${key}`;

/** Rows of GPUs and, below 0, complements of group numbers. */
interface Items {
  readonly list: Int32Array;
  readonly groups: readonly Group[];
  /** By row: the number of its group. */
  readonly groupOf: Int32Array | undefined;
}

function itemsOf(rows: GpuRows, sort: Sort, grouping: Grouping): Items {
  const list = inOrder(rows, sort);
  if (grouping.by === '') return { list, groups: [], groupOf: undefined };
  const { groups, groupOf } = groupsOf(rows, grouping, sort);
  const open = groups.map((group) => grouping.isOpen(group.key));
  const sizes = groups.map((group, at) => 1 + (open[at] ? group.rows : 0));
  const starts: number[] = [];
  let end = 0;
  for (const size of sizes) {
    starts.push(end);
    end += size;
  }
  const items = new Int32Array(end);
  starts.forEach((start, at) => {
    items[start] = ~at;
  });
  const next = starts.map((start) => start + 1);
  for (const row of list) if (open[groupOf[row]!]) items[next[groupOf[row]!]!++] = row;
  return { list: items, groups, groupOf };
}

class Listed implements GpuOrder {
  readonly count: number;
  readonly #rows: GpuRows;
  readonly #items: Items;
  /** Built on first use: by nodeId the node's rows, by row its position, by group that of its head. */
  #nodes: ReadonlyMap<string, readonly [first: number, end: number]> | undefined;
  #positions: { readonly rows: Int32Array; readonly heads: ReadonlyMap<string, number> } | undefined;

  constructor(rows: GpuRows, items: Items) {
    this.#rows = rows;
    this.#items = items;
    this.count = items.list.length;
  }

  row(position: number): number {
    return Math.max(-1, this.#items.list[position]!);
  }
  group(position: number): Group | undefined {
    const { list, groups, groupOf } = this.#items;
    const item = list[position] ?? 0;
    return groups[item < 0 ? ~item : (groupOf?.[item] ?? -1)];
  }
  head(group: Group): number {
    return this.#places().heads.get(group.key) ?? -1;
  }
  id(position: number): string {
    const row = this.row(position);
    return row < 0 ? groupId(this.group(position)!) : `${this.#rows.node(row).nodeId} ${this.#ownSlot(row)}`;
  }
  find(id: string): number {
    if (id.startsWith(' ')) return this.#places().heads.get(id.slice(1)) ?? -1;
    const slot = Number(id.slice(id.lastIndexOf(' ')));
    const [first, end] = (this.#nodes ??= rowsByNode(this.#rows)).get(nodeOfRow(id)) ?? [0, 0];
    for (let row = first; row < end; row++) if (this.#ownSlot(row) === slot) return this.#places().rows[row]!;
    return -1;
  }

  #ownSlot(row: number): number {
    const slot = this.#rows.slot[row]!;
    return this.#rows.node(row).gpus.origin?.[slot] ?? slot;
  }

  #places(): { readonly rows: Int32Array; readonly heads: ReadonlyMap<string, number> } {
    if (this.#positions) return this.#positions;
    const rows = new Int32Array(this.#rows.count).fill(-1);
    const heads = new Map<string, number>();
    this.#items.list.forEach((item, position) => {
      if (item < 0) heads.set(this.#items.groups[~item]!.key, position);
      else rows[item] = position;
    });
    return (this.#positions = { rows, heads });
  }
}

/** Rows by name of the node (numbers in it by value), then by GPU; or by a reading first, with unreported values last. */
function inOrder(rows: GpuRows, sort: Sort): Int32Array {
  const key = `${sort.key} ${sort.descending}`;
  const known = sortedRows.get(rows);
  if (known?.key === key) return known.rows;
  const placed = placesOf(rows).rows;
  const made = sortedPositions(COLUMNS, placed, sortData(rows), sort).map((at) => placed[at]!);
  sortedRows.set(rows, { key, rows: made });
  return made;
}

interface Places {
  /** Rows in the order of the names of their nodes, then of their GPUs. */
  readonly rows: Int32Array;
  /** By row: its position in that order. */
  readonly of: Int32Array;
}
const places = new WeakMap<GpuRows, Places>();

export function placesOf(rows: GpuRows): Places {
  let known = places.get(rows);
  if (!known) {
    const placed = byPlace(rows);
    const of = new Int32Array(placed.length);
    for (let place = 0; place < placed.length; place++) of[placed[place]!] = place;
    places.set(rows, (known = { rows: placed, of }));
  }
  return known;
}

/** The sort keys: readings and positions. */
const sortData = (rows: GpuRows): AllRows => ({
  node: (row) => rows.node(row),
  slot: (row) => rows.slot[row]!,
  value: (row, field) => rows.value(row, field),
  owners: (row) => rows.owners(row),
  place: (row) => placesOf(rows).of[row]!,
  names: () => ({ cols: 0, of: ({ name }) => name }),
});

/** The GPUs of all nodes that are included in totals; the tab also shows the others, dim. */
export const GPUS_TABLE: Table<AllRows, number> = {
  id: 'gpus',
  columns: COLUMNS,
  rows: (app) => {
    const rows = app.derive(gpuRowsDerivation, app.listed);
    const counted = placesOf(rows).rows.filter((row) => included(rows.node(row)));
    return { data: { ...sortData(rows), ...gpuTableRows(rows, app.history, app.now) }, rows: counted };
  },
  nameOf: (row, rows) => `${rows.node(row).name}/gpu${rows.node(row).gpus.index[rows.slot(row)]}`,
};

const labels = new LabelOrder();

/** Rows in the order of the names of their nodes; within a node, in the order of its GPUs. */
function byPlace({ count, nodes, nodeAt }: GpuRows): Int32Array {
  const starts = new Int32Array(nodes.length + 1);
  for (const host of nodeAt) starts[host + 1]!++;
  for (let host = 0; host < nodes.length; host++) starts[host + 1]! += starts[host]!;
  const placed = new Int32Array(count);
  let next = 0;
  for (const host of labels.of(nodes)) for (let row = starts[host]!; row < starts[host + 1]!; row++) placed[next++] = row;
  return placed;
}

function rowsByNode({ nodes, nodeAt }: GpuRows): ReadonlyMap<string, readonly [first: number, end: number]> {
  const found = new Map<string, readonly [number, number]>();
  for (let row = 0, first = 0; row < nodeAt.length; row++) {
    if (row > 0 && nodeAt[row] !== nodeAt[row - 1]) first = row;
    found.set(nodes[nodeAt[row]!]!.nodeId, [first, row + 1]);
  }
  return found;
}
