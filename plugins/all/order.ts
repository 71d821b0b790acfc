/** The GPUs of the cluster in the order shown. */
import { gpuColumns, type Column, type GpuField, type GpuRows, type Order, type Sort } from '../../lib/index.js';

const HOST_COLS = 12;
/** Any width: what sorts does not hang on it. */
const ANY_COLS = 200;

const hostColumn = (cols: number): Column => ({ id: 'host', title: 'HOST', width: cols, sorts: 'ascending' });

export const columnsFor = (cols: number, hostCols: number): readonly Column[] => [hostColumn(hostCols), ...gpuColumns(cols)];
export const COLUMNS = columnsFor(ANY_COLS, HOST_COLS);

const FIELDS: Readonly<Record<string, GpuField>> = {
  util: 'utilPercent',
  vram: 'memoryUsedBytes',
  temp: 'temperatureCelsius',
  power: 'powerWatts',
};

export interface GpuOrder extends Order {
  /** Row of the GPU rows at a position. */
  row(position: number): number;
}

const kept = new WeakMap<GpuRows, { readonly key: string; readonly order: GpuOrder }>();

/** Remembered per set of rows and sort: a frame that changes neither sorts nothing. */
export function orderOf(rows: GpuRows, sort: Sort): GpuOrder {
  const key = `${sort.key} ${sort.descending}`;
  const known = kept.get(rows);
  if (known?.key === key) return known.order;
  const order = new Sorted(rows, sort);
  kept.set(rows, { key, order });
  return order;
}

/** An id is the host and the slot of its GPU. */
export const hostOfRow = (id: string): string => id.slice(0, id.lastIndexOf(' '));

class Sorted implements GpuOrder {
  readonly count: number;
  readonly #rows: GpuRows;
  readonly #sorted: Int32Array;
  /** Made when first asked: by hostId the host's first row, and by row its position. */
  #firsts: ReadonlyMap<string, number> | undefined;
  #positions: Int32Array | undefined;

  constructor(rows: GpuRows, sort: Sort) {
    this.#rows = rows;
    this.count = rows.count;
    this.#sorted = sorted(rows, sort);
  }

  row(position: number): number {
    return this.#sorted[position]!;
  }
  id(position: number): string {
    const row = this.row(position);
    return `${this.#rows.host(row).hostId} ${this.#rows.slot[row]}`;
  }
  find(id: string): number {
    const first = (this.#firsts ??= firstRows(this.#rows)).get(hostOfRow(id));
    if (first === undefined) return -1;
    const row = first + Number(id.slice(id.lastIndexOf(' ')));
    // The host has fewer GPUs than it had.
    if (this.#rows.hostAt[row] !== this.#rows.hostAt[first]) return -1;
    return (this.#positions ??= inverse(this.#sorted))[row]!;
  }
}

/** Rows by host name (numbers in it by their value), then GPU; by a reading, that first, what is not reported last. */
function sorted(rows: GpuRows, { key, descending }: Sort): Int32Array {
  const byHost = hostRanks(rows);
  const { count, hostAt, slot } = rows;
  const all = Int32Array.from({ length: count }, (_, row) => row);
  const placed = (a: number, b: number): number => byHost[hostAt[a]!]! - byHost[hostAt[b]!]! || slot[a]! - slot[b]!;
  const field = FIELDS[key];
  if (!field) return all.sort(descending ? (a, b) => placed(b, a) : placed);
  const readings = Float64Array.from(all, (row) => rows.value(row, field));
  const last = descending ? -Infinity : Infinity;
  for (let row = 0; row < count; row++) if (Number.isNaN(readings[row])) readings[row] = last;
  const sign = descending ? -1 : 1;
  return all.sort((a, b) => (readings[a] === readings[b] ? placed(a, b) : sign * (readings[a]! - readings[b]!)));
}

const names = new Intl.Collator('en', { numeric: true });

/** By position in `hosts`: the host's place in the order of the labels. */
function hostRanks({ hosts }: GpuRows): Int32Array {
  const order = hosts.map((_, at) => at);
  order.sort((a, b) => names.compare(hosts[a]!.label, hosts[b]!.label) || (hosts[a]!.hostId < hosts[b]!.hostId ? -1 : 1));
  return inverse(Int32Array.from(order));
}

function inverse(places: Int32Array): Int32Array {
  const at = new Int32Array(places.length);
  places.forEach((row, position) => {
    at[row] = position;
  });
  return at;
}

function firstRows({ hosts, hostAt }: GpuRows): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (let row = 0; row < hostAt.length; row++)
    if (row === 0 || hostAt[row] !== hostAt[row - 1]) firsts.set(hosts[hostAt[row]!]!.hostId, row);
  return firsts;
}
