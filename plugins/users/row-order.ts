/** Rows in the order shown: sorted, or frozen. */
import { compareLabels, listOrder, sortedPositions, type Order, type Sort, type TableColumns } from '../../lib/index.js';

export interface RowOrder extends Order {
  /** Row at a position; -1: a row that is gone and only keeps its position. */
  row(position: number): number;
  /** Number of rows that still exist. */
  readonly present: number;
}

/** The rows of a list in sorted order; the sort is stable. */
export function sortedOrder<Data, Row>(
  columns: TableColumns<Data, Row>,
  rows: readonly Row[],
  data: Data,
  sort: Sort,
  id: (row: Row) => string,
): RowOrder {
  const positions = sortedPositions(columns, rows, data, sort);
  return {
    ...listOrder(
      Array.from(positions, (at) => rows[at]!),
      id,
    ),
    present: rows.length,
    row: (position) => positions[position]!,
  };
}

/** By name, numbers in it by value; then by what distinguishes nodes of the same name. */
export function compareNodes(a: { readonly nodeId: string; readonly name: string }, b: typeof a): number {
  return compareLabels(a.name, b.name) || (a.nodeId < b.nodeId ? -1 : Number(a.nodeId !== b.nodeId));
}

const kept = new WeakMap<Order, { readonly ids: readonly string[]; readonly order: RowOrder }>();

/** The rows in the order of `ids`: those that are gone keep their position, new ones follow at the end. */
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
