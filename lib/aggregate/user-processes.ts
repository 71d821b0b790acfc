/** The processes of one user on one host, a process a record however many GPUs it is on; and what a process has of each of its GPUs. */
import type { NodeView } from '../model/node-view.js';
import { compareNames } from './name-order.js';
import { slotShares } from './power-shares.js';
import { sameUser, userRows } from './user-nodes.js';

/** NaN: not reported. */
export interface UserProcess {
  readonly node: NodeView;
  readonly pid: number;
  /** Its rows, those on a GPU first, by slot. */
  readonly rows: readonly number[];
  /** GPUs it is on, ascending; empty: on none. */
  readonly slots: readonly number[];
  readonly vramBytes: number;
  /** Mean over those of its GPUs that report it: 100 is all SMs of all of them. */
  readonly smPercent: number;
  readonly cpuPercent: number;
  readonly ageSeconds: number;
}

/** In the order in which the host lists them. */
export function userProcesses(node: NodeView, user: string): readonly UserProcess[] {
  const byPid = new Map<number, number[]>();
  for (const row of userRows(node, sameUser(user))) {
    const pid = node.procs.pid[row]!;
    const rows = byPid.get(pid);
    if (rows) rows.push(row);
    else byPid.set(pid, [row]);
  }
  return [...byPid].map(([pid, rows]) => processOf(node, pid, rows));
}

function processOf(node: NodeView, pid: number, rows: number[]): UserProcess {
  const { gpu, vramBytes, smPercent, cpuPercent, ageSeconds } = node.procs;
  rows.sort((a, b) => Number(gpu[a]! < 0) - Number(gpu[b]! < 0) || gpu[a]! - gpu[b]!);
  const onGpu = rows.filter((row) => gpu[row]! >= 0);
  const sms = onGpu.map((row) => smPercent[row]!).filter((sm) => sm >= 0);
  return {
    node,
    pid,
    rows,
    slots: [...new Set(onGpu.map((row) => gpu[row]!))],
    vramBytes: onGpu.reduce((sum, row) => sum + vramBytes[row]!, 0),
    smPercent: sms.reduce((sum, sm) => sum + sm, 0) / sms.length,
    cpuPercent: largest(rows.map((row) => cpuPercent[row]!)),
    ageSeconds: largest(rows.map((row) => ageSeconds[row]!)),
  };
}

/** The exporter says it once per GPU; NaN where it never does. */
function largest(readings: readonly number[]): number {
  const reported = readings.filter((reading) => !Number.isNaN(reading));
  return reported.length === 0 ? NaN : Math.max(...reported);
}

export interface GpuShare {
  readonly slot: number;
  /** Of the process. */
  readonly vramBytes: number;
  readonly smPercent: number;
  /** Of the GPU's power, by its share of the bytes that processes hold there; NaN where the GPU reports none. */
  readonly powerWatts: number;
  /** Other users on the GPU, most bytes first. */
  readonly others: readonly { readonly user: string; readonly vramBytes: number }[];
}

/** What a process has of each of its GPUs. */
export function gpuShares(node: NodeView, { rows, slots, pid }: UserProcess): readonly GpuShare[] {
  const { procs } = node;
  const { wattsPerByte, silent } = slotShares(node);
  return slots.map((slot) => {
    const own = rows.filter((row) => procs.gpu[row] === slot);
    const vramBytes = own.reduce((sum, row) => sum + procs.vramBytes[row]!, 0);
    return {
      slot,
      vramBytes,
      smPercent: largest(own.map((row) => procs.smPercent[row]!)),
      powerWatts: silent[slot] === 1 ? NaN : vramBytes * wattsPerByte[slot]!,
      others: othersOn(node, slot, pid, procs.user[own[0]!]!),
    };
  });
}

function othersOn(node: NodeView, slot: number, pid: number, user: number): GpuShare['others'] {
  const { procs } = node;
  const sums = new Map<number, number>();
  const rows = procs.count + (procs.others ?? 0);
  for (let row = 0; row < rows; row++) {
    const other = procs.user[row]!;
    if (procs.gpu[row] === slot && procs.pid[row] !== pid && other !== user)
      sums.set(other, (sums.get(other) ?? 0) + procs.vramBytes[row]!);
  }
  return [...sums]
    .map(([other, vramBytes]) => ({ user: node.userName(other), vramBytes }))
    .sort((a, b) => b.vramBytes - a.vramBytes || compareNames(a.user, b.user));
}
