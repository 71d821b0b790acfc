/** Rows in the order shown: sorted, or kept as they were. */
import { compareLabels, listOrder, type Order, type Sort } from '../../lib/index.js';

export interface RowOrder extends Order {
  /** Row at a position; -1: a row that is gone and only keeps its place. */
  row(position: number): number;
  /** Rows that there are. */
  readonly present: number;
}

/** What a row is sorted by; NaN: not reported, and so last in either direction. */
export type SortKey<Row> = (row: Row) => number | string;

/** The rows of a list, sorted by the key of that name; ties by `ties`. Numbers in texts count by their value. */
export function sortedList<Row>(
  rows: readonly Row[],
  { key, descending }: Sort,
  keys: Readonly<Record<string, SortKey<Row>>>,
  ties: (a: Row, b: Row) => number,
  id: (row: Row) => string,
): RowOrder {
  const keyOf = keys[key];
  const found = rows.map((row, at) => ({ row, at, key: keyOf?.(row) ?? NaN }));
  found.sort((a, b) => compare(a.key, b.key, descending) || ties(a.row, b.row));
  return {
    ...listOrder(found, ({ row }) => id(row)),
    present: found.length,
    row: (position) => found[position]!.at,
  };
}

function compare(a: number | string, b: number | string, descending: boolean): number {
  if (typeof a === 'string' || typeof b === 'string') return compareLabels(String(a), String(b)) * (descending ? -1 : 1);
  return compareFigures(a, b, descending);
}

/** What is not reported comes last, whichever way the rest is sorted. */
export function compareFigures(a: number, b: number, descending: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return descending ? b - a : a - b;
}

/** By label as people read numbers, then by what tells hosts with one label apart. */
export function compareNodes(a: { readonly nodeId: string; readonly name: string }, b: typeof a): number {
  return compareLabels(a.name, b.name) || (a.nodeId < b.nodeId ? -1 : Number(a.nodeId !== b.nodeId));
}

const kept = new WeakMap<Order, { readonly ids: readonly string[]; readonly order: RowOrder }>();

/** The rows in the order of `ids`: those that are gone keep their place, those that are new come behind. */
export function inOrderOf(order: RowOrder, ids: readonly string[] | undefined): RowOrder {
  if (!ids) return order;
  const known = kept.get(order);
  if (known?.ids === ids) return known.order;
  const listed = new Set(ids);
  const fresh = idsOf(order).filter((id) => !listed.has(id));
  const frozen: RowOrder = {
    ...listOrder([...ids, ...fresh], String),
    present: order.present,
    row: (position) => {
      const at = order.find(frozen.id(position));
      return at < 0 ? -1 : order.row(at);
    },
  };
  kept.set(order, { ids, order: frozen });
  return frozen;
}

export const idsOf = (order: Order): readonly string[] => Array.from({ length: order.count }, (_, position) => order.id(position));
