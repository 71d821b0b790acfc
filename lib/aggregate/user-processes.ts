/** The processes of one user on one host, a process a record however many GPUs it is on; and what a process has of each of its GPUs. */
import type { NodeView } from '../model/node-view.js';
import { largest, processFigures, type ProcessFigures } from './process-figures.js';
import { compareNames } from './name-order.js';
import { slotShares } from './power-shares.js';
import { sameUser, userRows } from './user-nodes.js';

export interface UserProcess extends ProcessFigures {
  readonly node: NodeView;
  readonly pid: number;
  /** Its rows, those on a GPU first, by slot. */
  readonly rows: readonly number[];
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
  const { gpu } = node.procs;
  rows.sort((a, b) => Number(gpu[a]! < 0) - Number(gpu[b]! < 0) || gpu[a]! - gpu[b]!);
  return { node, pid, rows, ...processFigures(node, rows) };
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
      smPercent: largest(own, procs.smPercent),
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
