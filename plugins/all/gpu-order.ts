/** The GPUs of the cluster in the order shown, in groups where that is asked for. */
import { argsort, gpuColumns, LabelOrder, type Column, type GpuField, type GpuRows, type Order, type Sort } from '../../lib/index.js';
import { groupsOf, type Group, type Grouping } from './groups.js';

const HOST_COLS = 12;
/** Any width: what sorts does not hang on it. */
const ANY_COLS = 200;

const nodeColumn = (cols: number): Column => ({ id: 'host', title: 'HOST', width: cols, sorts: 'ascending' });

export const columnsFor = (cols: number, nodeCols: number): readonly Column[] => [nodeColumn(nodeCols), ...gpuColumns(cols)];
export const COLUMNS = columnsFor(ANY_COLS, HOST_COLS);

const FIELDS: Readonly<Record<string, GpuField>> = {
  util: 'utilPercent',
  vram: 'memoryUsedBytes',
  temp: 'temperatureCelsius',
  power: 'powerWatts',
};

/** What stands at a position: a GPU, as its row of the GPU rows, or the head of a group. */
export interface GpuOrder extends Order {
  /** -1: the head of a group. */
  row(position: number): number;
  /** The group of what stands there; undefined where nothing is grouped. */
  group(position: number): Group | undefined;
  /** Position of a group's head, -1 for none. */
  head(group: Group): number;
}

const kept = new WeakMap<GpuRows, { readonly key: string; readonly order: GpuOrder }>();
const sortedRows = new WeakMap<GpuRows, { readonly key: string; readonly rows: Int32Array }>();

/** Remembered per set of rows, sort and grouping: a frame that changes none sorts nothing. */
export function orderOf(rows: GpuRows, sort: Sort, grouping: Grouping): GpuOrder {
  const key = `${sort.key} ${sort.descending} ${grouping.by} ${grouping.key}`;
  const known = kept.get(rows);
  if (known?.key === key) return known.order;
  const order = new Listed(rows, itemsOf(rows, sort, grouping));
  kept.set(rows, { key, order });
  return order;
}

/** An id is the host and the slot that its GPU has there. */
export const nodeOfRow = (id: string): string => id.slice(0, id.lastIndexOf(' '));

/** A group's id has no host: hosts have no blank at their start. */
export const groupId = ({ key }: Group): string => ` ${key}`;

/** Rows of GPUs and, below 0, complements of the numbers of groups. */
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
  /** Made when first asked: by nodeId the host's rows, by row its position, by group that of its head. */
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

/** Rows by host name (numbers in it by their value), then GPU; by a reading, that first, what is not reported last. */
function inOrder(rows: GpuRows, sort: Sort): Int32Array {
  const key = `${sort.key} ${sort.descending}`;
  const known = sortedRows.get(rows);
  if (known?.key === key) return known.rows;
  const made = sorted(rows, sort);
  sortedRows.set(rows, { key, rows: made });
  return made;
}

const labels = new LabelOrder();

function sorted(rows: GpuRows, { key, descending }: Sort): Int32Array {
  const placed = byPlace(rows);
  const field = FIELDS[key];
  if (!field) return descending ? placed.reverse() : placed;
  // Negated, so that what is not reported comes last in either direction.
  const sign = descending ? -1 : 1;
  const values = new Float64Array(placed.length);
  for (let place = 0; place < placed.length; place++) values[place] = sign * rows.value(placed[place]!, field);
  const order = argsort(values);
  for (let at = 0; at < order.length; at++) order[at] = placed[order[at]!]!;
  return order;
}

/** Rows in the order of the hosts' labels, of each host in that of its GPUs. */
function byPlace({ count, nodes, nodeAt: nodeAt }: GpuRows): Int32Array {
  const starts = new Int32Array(nodes.length + 1);
  for (const host of nodeAt) starts[host + 1]!++;
  for (let host = 0; host < nodes.length; host++) starts[host + 1]! += starts[host]!;
  const placed = new Int32Array(count);
  let next = 0;
  for (const host of labels.of(nodes)) for (let row = starts[host]!; row < starts[host + 1]!; row++) placed[next++] = row;
  return placed;
}

function rowsByNode({ nodes, nodeAt: nodeAt }: GpuRows): ReadonlyMap<string, readonly [first: number, end: number]> {
  const found = new Map<string, readonly [number, number]>();
  for (let row = 0, first = 0; row < nodeAt.length; row++) {
    if (row > 0 && nodeAt[row] !== nodeAt[row - 1]) first = row;
    found.set(nodes[nodeAt[row]!]!.nodeId, [first, row + 1]);
  }
  return found;
}
