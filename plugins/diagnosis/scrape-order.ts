/** The hosts in the order shown. */
import { argsort, LabelOrder, type Column, type Order, type Sort, type TableState } from '../../lib/index.js';
import { FIGURES, type Figure, type Scrapes } from './scrapes.js';

/** What goes first when the room is short: how many samples, how large, the clock. */
export const columnsFor = (nodeCols: number): readonly Column[] => [
  { id: 'host', title: 'HOST', width: nodeCols, sorts: 'ascending' },
  { id: 'state', title: 'STATE', width: 10 },
  { id: 'age', title: 'AGE', width: 5, align: 'right', drop: 8, sorts: 'descending' },
  { id: 'latency', title: 'LATENCY', width: 8, align: 'right', drop: 5, sorts: 'descending' },
  { id: 'bytes', title: 'SIZE', width: 8, align: 'right', drop: 2, sorts: 'descending' },
  { id: 'samples', title: 'SAMPLES', width: 8, align: 'right', drop: 1, sorts: 'descending' },
  { id: 'skew', title: 'CLOCK', width: 7, align: 'right', drop: 3, sorts: 'descending' },
  { id: 'bad', title: 'BAD', width: 5, align: 'right', drop: 4, sorts: 'descending' },
  { id: 'fails', title: 'FAILS', width: 6, align: 'right', drop: 6, sorts: 'descending' },
  { id: 'next', title: 'NEXT', width: 5, align: 'right', drop: 7 },
  { id: 'said', title: 'WHAT IS WRONG', width: 'rest', min: 14 },
];
/** For sorting: widths do not matter. */
export const COLUMNS = columnsFor(12);

export interface ScrapeOrder extends Order {
  /** Position in `Scrapes.hosts`. */
  node(position: number): number;
}

const labels = new LabelOrder();
const kept = new WeakMap<Scrapes, { readonly key: string; readonly order: ScrapeOrder }>();

/** Remembered per set of scrapes and sort. */
export function orderOf(scrapes: Scrapes, sort: Sort): ScrapeOrder {
  const key = `${sort.key} ${sort.descending}`;
  const known = kept.get(scrapes);
  if (known?.key === key) return known.order;
  const order = orderFrom(scrapes, sorted(scrapes, sort));
  kept.set(scrapes, { key, order });
  return order;
}

function sorted({ nodes }: Scrapes, { key, descending }: Sort): Int32Array {
  const named = labels.of(nodes);
  if (!(key in FIGURES)) return descending ? named.slice().reverse() : named;
  const figure = FIGURES[key as Figure];
  const sign = descending ? -1 : 1;
  // The age of the oldest is the smallest time: its figure is negative already.
  const places = argsort(Float64Array.from(named, (host) => sign * figure(nodes[host]!)));
  return places.map((place) => named[place]!);
}

function orderFrom({ nodes }: Scrapes, order: Int32Array): ScrapeOrder {
  let places: ReadonlyMap<string, number> | undefined;
  return {
    count: order.length,
    node: (position) => order[position]!,
    id: (position) => nodes[order[position]!]!.nodeId,
    find: (id) => (places ??= new Map(Array.from(order, (host, position) => [nodes[host]!.nodeId, position]))).get(id) ?? -1,
  };
}

export interface DiagnosisUi {
  readonly table: TableState;
}
