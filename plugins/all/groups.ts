/** GPUs grouped by node or by a label of the host file (rack, partition, ...), with the totals of each group. */
import { conditionOf, compareLabels, included, plus, slotState, type GpuRows, type NodeView, type Sort } from '../../lib/index.js';

/** By node; any other grouping is the name of a label. '' is none. */
export const BY_NODE = 'node';

export interface Grouping {
  readonly by: string;
  /** Changes with the results of `isOpen`. */
  readonly key: string;
  isOpen(group: string): boolean;
  /** Nodes that never answered: they have no rows, but belong to groups. */
  silent(): readonly NodeView[];
  /** A filter hides rows: nodes without a match are in no group. */
  readonly onlyKept: boolean;
}

/** Totals of the included nodes of a group. Percent, bytes, °C, watts; NaN: not reported. */
export interface Group {
  readonly key: string;
  readonly title: string;
  /** Without the name of the label, for narrow terminals. */
  readonly short: string;
  /** All nodes, included nodes, and GPU rows of all of them. */
  readonly nodes: number;
  readonly included: number;
  /** Nodes that are not included because their first response is still to come. */
  readonly waiting: number;
  readonly drained: number;
  readonly rows: number;
  /** The node of a group by node. */
  readonly node: NodeView | undefined;
  readonly gpus: number;
  readonly computing: number;
  readonly heldIdle: number;
  readonly free: number;
  readonly utilPercent: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly temperatureMax: number;
  readonly powerWatts: number;
  readonly powerLimitWatts: number;
}

export interface Groups {
  readonly groups: readonly Group[];
  /** By GPU row: the number of its group. */
  readonly groupOf: Int32Array;
}

interface Summed {
  readonly groups: readonly Sums[];
  /** By number of a node in the rows; undefined: none of its rows match. */
  readonly ofNode: readonly (Sums | undefined)[];
}

const sums = new WeakMap<GpuRows, { readonly by: string; readonly made: Summed }>();
const kept = new WeakMap<GpuRows, { readonly key: string; readonly made: Groups }>();

/** Cached per set of rows, grouping and sort: neither opening and closing groups nor another order computes totals again. */
export function groupsOf(rows: GpuRows, grouping: Pick<Grouping, 'by' | 'silent' | 'onlyKept'>, sort: Sort): Groups {
  const key = `${sort.key} ${sort.descending} ${grouping.by}`;
  const known = kept.get(rows);
  if (known?.key === key) return known.made;
  const made = ordered(rows, summedOf(rows, grouping), sort);
  kept.set(rows, { key, made });
  return made;
}

function summedOf(rows: GpuRows, { by, silent, onlyKept }: Pick<Grouping, 'by' | 'silent' | 'onlyKept'>): Summed {
  const known = sums.get(rows);
  if (known?.by === by) return known.made;
  const made = summed(rows, by, silent(), onlyKept);
  sums.set(rows, { by, made });
  return made;
}

type Sums = { -readonly [Key in keyof Group]: Group[Key] } & { utilSum: number; utilReported: number };

function summed(rows: GpuRows, by: string, silent: readonly NodeView[], onlyKept: boolean): Summed {
  const byKey = new Map<string, Sums>();
  const groupOf = (node: NodeView): Sums => {
    const key = by === BY_NODE ? node.nodeId : (node.groups.get(by) ?? '');
    let group = byKey.get(key);
    if (!group) byKey.set(key, (group = fresh(key, by, node)));
    group.nodes++;
    if (included(node)) group.included++;
    else if (conditionOf(node) === 'waiting') group.waiting++;
    else if (conditionOf(node) === 'drained') group.drained++;
    return group;
  };
  const ofNode = rows.nodes.map((node) => (onlyKept && node.gpus.slots === 0 ? undefined : groupOf(node)));
  silent.forEach(groupOf);
  for (let row = 0; row < rows.count; row++) add(ofNode[rows.nodeAt[row]!]!, rows, row);
  const groups = [...byKey.values()];
  for (const group of groups) if (group.utilReported > 0) group.utilPercent = group.utilSum / group.utilReported;
  return { groups, ofNode };
}

function ordered({ count, nodeAt }: GpuRows, { groups: unordered, ofNode }: Summed, sort: Sort): Groups {
  const groups = unordered.toSorted(comparison(sort));
  const numbers = new Map(groups.map((group, number) => [group, number]));
  const numberOf = ofNode.map((group) => (group ? numbers.get(group)! : -1));
  const groupOf = new Int32Array(count);
  for (let row = 0; row < count; row++) groupOf[row] = numberOf[nodeAt[row]!]!;
  return { groups, groupOf };
}

function fresh(key: string, by: string, node: NodeView): Sums {
  return {
    key,
    title: by === BY_NODE ? node.name : key === '' ? `no ${by}` : `${by} ${key}`,
    short: by === BY_NODE ? node.name : key === '' ? `no ${by}` : key,
    nodes: 0,
    included: 0,
    waiting: 0,
    drained: 0,
    rows: 0,
    node: by === BY_NODE ? node : undefined,
    gpus: 0,
    computing: 0,
    heldIdle: 0,
    free: 0,
    utilPercent: NaN,
    utilSum: 0,
    utilReported: 0,
    memoryUsedBytes: NaN,
    memoryTotalBytes: NaN,
    temperatureMax: NaN,
    powerWatts: NaN,
    powerLimitWatts: NaN,
  };
}

function add(sums: Sums, rows: GpuRows, row: number): void {
  sums.rows++;
  if (!included(rows.node(row))) return;
  const [util, used, total] = [rows.value(row, 'utilPercent'), rows.value(row, 'memoryUsedBytes'), rows.value(row, 'memoryTotalBytes')];
  sums.gpus++;
  const state = slotState(rows.node(row), rows.slot[row]!);
  if (state !== 'unknown') sums[state]++;
  if (!Number.isNaN(util)) {
    sums.utilSum += util;
    sums.utilReported++;
  }
  if (!Number.isNaN(used + total)) {
    sums.memoryUsedBytes = plus(sums.memoryUsedBytes, used);
    sums.memoryTotalBytes = plus(sums.memoryTotalBytes, total);
  }
  const celsius = rows.value(row, 'temperatureCelsius');
  if (!(sums.temperatureMax >= celsius) && !Number.isNaN(celsius)) sums.temperatureMax = celsius;
  sums.powerWatts = plus(sums.powerWatts, rows.value(row, 'powerWatts'));
  sums.powerLimitWatts = plus(sums.powerLimitWatts, rows.value(row, 'powerLimitWatts'));
}

type Figure = 'utilPercent' | 'memoryUsedBytes' | 'temperatureMax' | 'powerWatts';
const FIGURES: Readonly<Record<string, Figure>> = {
  util: 'utilPercent',
  vram: 'memoryUsedBytes',
  temp: 'temperatureMax',
  power: 'powerWatts',
};

/** In the same order as the GPUs in them: by name, or by the value, with unreported values last. */
function comparison({ key, descending }: Sort): (a: Group, b: Group) => number {
  const sign = descending ? -1 : 1;
  const byName = (a: Group, b: Group): number =>
    Number(a.key === '') - Number(b.key === '') || compareLabels(a.title, b.title) || (a.key < b.key ? -1 : 1);
  const figure = FIGURES[key];
  if (!figure) return (a, b) => sign * byName(a, b);
  return (a, b) => {
    const [left, right] = [a[figure], b[figure]];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || byName(a, b);
    return sign * (left - right) || byName(a, b);
  };
}
