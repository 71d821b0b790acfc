/** A host's processes: columns, rows in the order shown. */
import { argsort, type Column, type NodeView, type Order, type ProcColumns, type TableState } from '../../lib/index.js';

const WIDE = 100;
const NARROW = 76;

export function columnsFor(cols: number): readonly Column[] {
  return [
    { id: 'pid', title: 'PID', width: 7, align: 'right', drop: 4, sorts: 'ascending' },
    { id: 'user', title: 'USER', width: cols >= WIDE ? 16 : 12, sorts: 'ascending' },
    { id: 'gpu', title: 'GPU', width: cols >= NARROW ? 5 : 3, align: 'right', sorts: 'ascending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'sm', title: 'SM%', width: 5, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'cpu', title: 'CPU%', width: 6, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'running', title: 'RUNNING', width: 12, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'cmd', title: 'COMMAND', width: 'rest', min: cols >= NARROW ? 20 : 9 },
  ];
}
/** All of them, for sorting. */
export const COLUMNS: readonly Column[] = columnsFor(WIDE);

/** A process with all its GPUs: rows of the same pid and user. */
export interface Process {
  /** Rows of the process columns; the first of them has the most memory. */
  readonly rows: readonly number[];
  /** On all GPUs together; of SM the sum over them. */
  readonly vramBytes: number;
  readonly smPercent: number;
  readonly cpuPercent: number;
  readonly ageSeconds: number;
  /** The first of its GPUs, -1 for none. */
  readonly slot: number;
}

export interface ProcessOrder extends Order {
  process(position: number): Process;
  /** Processes on no GPU that are left out. */
  readonly hidden: number;
}

/** What sorts, of a process on one row and of one on several. */
interface Figure {
  readonly column: (procs: ProcColumns) => ArrayLike<number>;
  readonly of: (process: Process) => number;
}
const FIGURES: Readonly<Record<string, Figure>> = {
  gpu: { column: ({ gpu }) => gpu, of: ({ slot }) => slot },
  vram: { column: ({ vramBytes }) => vramBytes, of: ({ vramBytes }) => vramBytes },
  sm: { column: ({ smPercent }) => smPercent, of: ({ smPercent }) => smPercent },
  cpu: { column: ({ cpuPercent }) => cpuPercent, of: ({ cpuPercent }) => cpuPercent },
  running: { column: ({ ageSeconds }) => ageSeconds, of: ({ ageSeconds }) => ageSeconds },
};

const kept = new WeakMap<NodeView, { readonly key: string; readonly order: ProcessOrder }>();

/** Remembered per host version, sort and choice of rows. */
export function orderOf(node: NodeView, { sort }: TableState, showAll: boolean): ProcessOrder {
  const key = `${node.version} ${sort.key} ${sort.descending} ${showAll}`;
  const known = kept.get(node);
  if (known?.key === key) return known.order;
  const order = makeOrder(node, sort.key, sort.descending ? -1 : 1, showAll);
  kept.set(node, { key, order });
  return order;
}

/** Hosts have up to 50,000 rows, and an answer makes the order anew: no object is made of a process that has but one. */
function makeOrder(node: NodeView, sortKey: string, sign: 1 | -1, showAll: boolean): ProcessOrder {
  const { procs } = node;
  const { first, merged } = processesOf(procs);
  const isOnGpu = (row: number): boolean => procs.gpu[row]! >= 0 || (merged.get(row)?.slot ?? -1) >= 0;
  const shown = showAll ? first : first.filter(isOnGpu);
  // Where nothing else differs they stand by pid; what is not reported comes last in either direction.
  const byPid = sortedBy(shown, (row) => (sortKey === 'pid' ? sign : 1) * procs.pid[row]!);
  const rows = sortKey === 'pid' ? byPid : sortedBy(byPid, valueOf(node, sortKey, merged, sign));
  return {
    count: rows.length,
    id: (position) => idOf(node, rows[position]!),
    find: (id) => placeOf(node, rows, id),
    hidden: first.length - shown.length,
    process: (position) => merged.get(rows[position]!) ?? single(procs, rows[position]!),
  };
}

type Merged = ReadonlyMap<number, Process>;

/** The first row of each process, in their order; by that row those that have several. */
function processesOf(procs: ProcColumns): { readonly first: Int32Array; readonly merged: Merged } {
  const { count, pid, user } = procs;
  const first = new Int32Array(count);
  const several = new Map<number, number[]>();
  const byPid = new Map<number, number>();
  // Hardly ever: one pid under two users.
  const others = new Map<string, number>();
  let processes = 0;
  for (let row = 0; row < count; row++) {
    let known = byPid.get(pid[row]!);
    if (known !== undefined && user[known] !== user[row]) known = others.get(`${pid[row]} ${user[row]}`) ?? -1;
    if (known !== undefined && known >= 0) {
      const rows = several.get(known);
      if (rows) rows.push(row);
      else several.set(known, [known, row]);
      continue;
    }
    if (known === undefined) byPid.set(pid[row]!, row);
    else others.set(`${pid[row]} ${user[row]}`, row);
    first[processes++] = row;
  }
  return { first: first.subarray(0, processes), merged: new Map([...several].map(([row, rows]) => [row, summed(procs, rows)])) };
}

function single({ vramBytes, smPercent, cpuPercent, ageSeconds, gpu }: ProcColumns, row: number): Process {
  return {
    rows: [row],
    vramBytes: vramBytes[row]!,
    smPercent: smPercent[row]!,
    cpuPercent: cpuPercent[row]!,
    ageSeconds: ageSeconds[row]!,
    slot: gpu[row]!,
  };
}

function summed({ vramBytes, smPercent, cpuPercent, ageSeconds, gpu }: ProcColumns, rows: number[]): Process {
  rows.sort((a, b) => vramBytes[b]! - vramBytes[a]! || gpu[a]! - gpu[b]!);
  const reported = (values: Float64Array): readonly number[] => rows.map((row) => values[row]!).filter((value) => !Number.isNaN(value));
  const most = (values: Float64Array): number => (reported(values).length > 0 ? Math.max(...reported(values)) : NaN);
  return {
    rows,
    vramBytes: rows.reduce((sum, row) => sum + vramBytes[row]!, 0),
    smPercent: reported(smPercent).length > 0 ? reported(smPercent).reduce((sum, value) => sum + value, 0) : NaN,
    cpuPercent: most(cpuPercent),
    ageSeconds: most(ageSeconds),
    slot: rows.reduce((least, row) => (gpu[row]! >= 0 && (least < 0 || gpu[row]! < least) ? gpu[row]! : least), -1),
  };
}

/** Rows in the order of their values, ties as they stand. */
function sortedBy(rows: Int32Array, value: (row: number) => number): Int32Array {
  const values = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) values[at] = value(rows[at]!);
  const order = argsort(values);
  for (let at = 0; at < order.length; at++) order[at] = rows[order[at]!]!;
  return order;
}

function valueOf(node: NodeView, sortKey: string, merged: Merged, sign: 1 | -1): (row: number) => number {
  const { procs } = node;
  if (sortKey === 'user') {
    const ranks = userRanks(node);
    return (row) => sign * ranks.get(procs.user[row]!)!;
  }
  const { column, of } = FIGURES[sortKey] ?? FIGURES.vram!;
  const values = column(procs);
  return (row) => {
    const process = merged.get(row);
    return sign * (process ? of(process) : values[row]!);
  };
}

/** By user: the place of the name among those of the host. */
function userRanks(node: NodeView): ReadonlyMap<number, number> {
  const { user, count } = node.procs;
  const names = new Map<number, string>();
  for (let row = 0; row < count; row++) if (!names.has(user[row]!)) names.set(user[row]!, node.userName(user[row]!));
  const sorted = [...names].sort(([, a], [, b]) => (a === b ? 0 : a < b ? -1 : 1));
  return new Map(sorted.map(([id], rank) => [id, rank]));
}

/** A process, on whatever GPUs. Users are told apart by their names, since their numbers may change. */
const idOf = (node: NodeView, row: number): string => `${node.procs.pid[row]} ${node.userName(node.procs.user[row]!)}`;

/** Where in `rows` the process of an id is; -1: it is not there. Numbers are compared first: names are made for hardly any. */
function placeOf(node: NodeView, rows: ArrayLike<number>, id: string): number {
  const pid = Number(id.slice(0, id.indexOf(' ')));
  for (let at = 0; at < rows.length; at++) if (node.procs.pid[rows[at]!] === pid && idOf(node, rows[at]!) === id) return at;
  return -1;
}

/** A row of an id; -1: it is not there. */
export function rowOf(node: NodeView, id: string): number {
  const { count } = node.procs;
  const pid = Number(id.slice(0, id.indexOf(' ')));
  for (let row = 0; row < count; row++) if (node.procs.pid[row] === pid && idOf(node, row) === id) return row;
  return -1;
}
