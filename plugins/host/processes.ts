/** A host's processes: columns, rows in the order shown. */
import { listOrder, type Column, type HostView, type Order, type TableState } from '../../lib/index.js';

const WIDE = 100;
const NARROW = 76;

export function columnsFor(cols: number): readonly Column[] {
  return [
    { id: 'pid', title: 'PID', width: 7, align: 'right', drop: 4, sorts: 'ascending' },
    { id: 'user', title: 'USER', width: cols >= WIDE ? 16 : 12, sorts: 'ascending' },
    { id: 'gpu', title: 'GPU', width: 3, align: 'right', sorts: 'ascending' },
    { id: 'vram', title: 'VRAM', width: 8, align: 'right', sorts: 'descending' },
    { id: 'sm', title: 'SM%', width: 5, align: 'right', drop: 1, sorts: 'descending' },
    { id: 'cpu', title: 'CPU%', width: 6, align: 'right', drop: 2, sorts: 'descending' },
    { id: 'running', title: 'RUNNING', width: 12, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'cmd', title: 'COMMAND', width: 'rest', min: cols >= NARROW ? 20 : 9 },
  ];
}
/** All of them, for sorting. */
export const COLUMNS: readonly Column[] = columnsFor(WIDE);

export interface ProcessOrder extends Order {
  /** Row of the process columns at a position. */
  row(position: number): number;
  /** Rows of processes on no GPU that are left out. */
  readonly hidden: number;
}

type Figure = (host: HostView, row: number) => number;
const FIGURES: Readonly<Record<string, Figure>> = {
  pid: ({ procs }, row) => procs.pid[row]!,
  gpu: ({ procs }, row) => procs.gpu[row]!,
  vram: ({ procs }, row) => procs.vramBytes[row]!,
  sm: ({ procs }, row) => procs.smPercent[row]!,
  cpu: ({ procs }, row) => procs.cpuPercent[row]!,
  running: ({ procs }, row) => procs.ageSeconds[row]!,
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
  const { procs } = host;
  const rows: number[] = [];
  for (let row = 0; row < procs.count; row++) if (showAll || procs.gpu[row]! >= 0) rows.push(row);
  const first = sortKey === 'user' ? byName(host, rows, sign) : byFigure(host, FIGURES[sortKey] ?? FIGURES.vram!, sign);
  rows.sort((a, b) => first(a, b) || procs.pid[a]! - procs.pid[b]! || procs.gpu[a]! - procs.gpu[b]!);
  return {
    ...listOrder(rows, (row) => idOf(host, row)),
    hidden: procs.count - rows.length,
    row: (position) => rows[position]!,
  };
}

/** A process on a GPU of the host, whatever a filter leaves of it. */
function idOf({ procs, gpus }: HostView, row: number): string {
  const slot = procs.gpu[row]!;
  return `${procs.pid[row]}:${slot < 0 ? slot : (gpus.origin?.[slot] ?? slot)}`;
}

/** Row of an id; -1: it is not there. */
export function rowOf(host: HostView, id: string): number {
  for (let row = 0; row < host.procs.count; row++) if (idOf(host, row) === id) return row;
  return -1;
}

/** What is not reported comes last in either direction. */
function byFigure(host: HostView, figure: Figure, sign: 1 | -1): (a: number, b: number) => number {
  return (a, b) => {
    const [left, right] = [figure(host, a), figure(host, b)];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return sign * (left - right);
  };
}

function byName(host: HostView, rows: readonly number[], sign: 1 | -1): (a: number, b: number) => number {
  const names = new Map(rows.map((row) => [row, host.userName(host.procs.user[row]!)]));
  return (a, b) => {
    const [left, right] = [names.get(a)!, names.get(b)!];
    return left === right ? 0 : left < right ? -sign : sign;
  };
}
