/** A host's processes: columns, rows in the order shown. */
import { listOrder, type Column, type HostView, type Order, type ProcColumns, type TableState } from '../../lib/index.js';

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

type Figure = (process: Process, host: HostView) => number;
const FIGURES: Readonly<Record<string, Figure>> = {
  pid: ({ rows }, { procs }) => procs.pid[rows[0]!]!,
  gpu: ({ slot }) => slot,
  vram: ({ vramBytes }) => vramBytes,
  sm: ({ smPercent }) => smPercent,
  cpu: ({ cpuPercent }) => cpuPercent,
  running: ({ ageSeconds }) => ageSeconds,
};

const kept = new WeakMap<HostView, { readonly key: string; readonly order: ProcessOrder }>();

/** Remembered per host version, sort and choice of rows. */
export function orderOf(host: HostView, { sort }: TableState, showAll: boolean): ProcessOrder {
  const key = `${host.version} ${sort.key} ${sort.descending} ${showAll}`;
  const known = kept.get(host);
  if (known?.key === key) return known.order;
  const order = makeOrder(host, sort.key, sort.descending ? -1 : 1, showAll);
  kept.set(host, { key, order });
  return order;
}

function makeOrder(host: HostView, sortKey: string, sign: 1 | -1, showAll: boolean): ProcessOrder {
  const { pid } = host.procs;
  const all = processesOf(host);
  const shown = showAll ? [...all] : all.filter(({ slot }) => slot >= 0);
  const first = sortKey === 'user' ? byName(host, sign) : byFigure(host, FIGURES[sortKey] ?? FIGURES.vram!, sign);
  shown.sort((a, b) => first(a, b) || pid[a.rows[0]!]! - pid[b.rows[0]!]! || a.rows[0]! - b.rows[0]!);
  return {
    ...listOrder(shown, ({ rows }) => idOf(host, rows[0]!)),
    hidden: all.length - shown.length,
    process: (position) => shown[position]!,
  };
}

/** More users than a host has rows. */
const USERS = 2 ** 21;

function processesOf({ procs }: HostView): readonly Process[] {
  const found = new Map<number, number[]>();
  for (let row = 0; row < procs.count; row++) {
    const key = procs.pid[row]! * USERS + (procs.user[row]! % USERS);
    const rows = found.get(key);
    if (rows) rows.push(row);
    else found.set(key, [row]);
  }
  return Array.from(found.values(), (rows) => summed(procs, rows));
}

function summed({ vramBytes, smPercent, cpuPercent, ageSeconds, gpu }: ProcColumns, rows: number[]): Process {
  const [only] = rows;
  if (rows.length === 1)
    return {
      rows,
      vramBytes: vramBytes[only!]!,
      smPercent: smPercent[only!]!,
      cpuPercent: cpuPercent[only!]!,
      ageSeconds: ageSeconds[only!]!,
      slot: gpu[only!]!,
    };
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

/** A process, on whatever GPUs. Users are told apart by their names, since their numbers may change. */
const idOf = (host: HostView, row: number): string => `${host.procs.pid[row]} ${host.userName(host.procs.user[row]!)}`;

/** A row of an id; -1: it is not there. */
export function rowOf(host: HostView, id: string): number {
  for (let row = 0; row < host.procs.count; row++) if (idOf(host, row) === id) return row;
  return -1;
}

/** What is not reported comes last in either direction. */
function byFigure(host: HostView, figure: Figure, sign: 1 | -1): (a: Process, b: Process) => number {
  return (a, b) => {
    const [left, right] = [figure(a, host), figure(b, host)];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return sign * (left - right);
  };
}

function byName(host: HostView, sign: 1 | -1): (a: Process, b: Process) => number {
  const names = new Map<number, string>();
  const nameOf = ({ rows }: Process): string => {
    const user = host.procs.user[rows[0]!]!;
    let name = names.get(user);
    if (name === undefined) names.set(user, (name = host.userName(user)));
    return name;
  };
  return (a, b) => {
    const [left, right] = [nameOf(a), nameOf(b)];
    return left === right ? 0 : left < right ? -sign : sign;
  };
}
