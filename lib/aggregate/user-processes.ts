/** The processes of one user on one node, one record per process however many GPUs it is on, and its share of each of its GPUs. */
import type { NodeView } from '../model/node-view.js';
import type { Grouping } from '../model/owners.js';
import { processFigures, type ProcessFigures } from './process-figures.js';
import { ownersOf, rowsBySlot, type GpuOwner } from './gpu-owners.js';
import { PowerShares, wattsByUse } from './power-shares.js';
import { held } from './unknown.js';
import { sameUser, userRows } from './user-nodes.js';

export interface UserProcess extends ProcessFigures {
  readonly node: NodeView;
  readonly pid: number;
}

/** In the order of the node's list. */
export function userProcesses(node: NodeView, user: string, by: Grouping = 'user'): readonly UserProcess[] {
  const byPid = new Map<number, number[]>();
  for (const row of userRows(node, sameUser(user), by)) {
    const pid = node.procs.pid[row]!;
    const rows = byPid.get(pid);
    if (rows) rows.push(row);
    else byPid.set(pid, [row]);
  }
  return [...byPid].map(([pid, rows]) => ({ node, pid, ...processFigures(node, rows) }));
}

export interface GpuShare {
  readonly slot: number;
  /** Of the process; NaN: not reported. */
  readonly vramBytes: number;
  readonly smPercent: number;
  /** Its part of the power of its GPUs, in proportion to the bytes that processes hold there; NaN where it is not known. */
  readonly powerWatts: number;
  /** The same by use. */
  readonly powerByUseWatts: number;
  /** Its part by use is by memory, or over an estimated idle floor. */
  readonly powerEstimated: boolean;
  /** Other users on the GPU, most bytes first. */
  readonly others: readonly GpuOwner[];
}

/** The share of a process in one of its GPUs. */
export function gpuShares(node: NodeView, { rows, slots }: UserProcess): readonly GpuShare[] {
  const { procs } = node;
  const shares = new PowerShares().of(node);
  const { wattsPerByte, silent, isEstimate } = shares;
  const bySlot = rowsBySlot(node);
  return slots.map((slot) => {
    const own = rows.filter((row) => procs.gpu[row] === slot);
    const vramBytes = held(own.map((row) => procs.vramBytes[row]!));
    const { smPercent } = processFigures(node, own);
    return {
      slot,
      vramBytes,
      smPercent,
      powerWatts: silent[slot] === 1 ? NaN : vramBytes * wattsPerByte[slot]!,
      powerByUseWatts: silent[slot] === 1 ? NaN : wattsByUse(shares, slot, vramBytes, smPercent),
      powerEstimated: isEstimate[slot] === 1,
      others: ownersOf(node, bySlot, slot).filter(({ user }) => user !== node.userName(procs.user[own[0]!]!)),
    };
  });
}
