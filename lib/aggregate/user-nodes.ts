/** The processes of one user, or of the owner in another grouping, node by node. Computed on demand, for one of them. */
import type { UserId } from '../model/columns.js';
import type { NodeView } from '../model/node-view.js';
import type { Grouping } from '../model/owners.js';
import { ROW_USE, rowUses } from './idle-holders.js';
import { allocatedTo, ownerColumn, type Allocated } from './owner-columns.js';
import { PowerShares, wattsByUse } from './power-shares.js';
import { descending, held, plus } from './unknown.js';
import { largest } from './process-figures.js';

/** A user on one node: the figures of the users table for this node alone. NaN: not reported. */
export interface UserNode {
  readonly node: NodeView;
  /** GPUs with a process of the user on them, ascending; empty: the user has only processes on no GPU. */
  readonly slots: readonly number[];
  /** NaN when on no GPU. */
  readonly vramBytes: number;
  /** Some process of the user does not report it, so the true figure is larger. */
  readonly vramPartial: boolean;
  readonly powerWatts: number;
  readonly powerByUseWatts: number;
  /** Some of it is by memory, or over an estimated idle floor. */
  readonly powerEstimated: boolean;
  /** The user holds memory on a GPU whose power, or the user's part of it, is not known: the true figure is larger. */
  readonly powerPartial: boolean;
  readonly sm: number;
  readonly longestSeconds: number;
  /** Including processes on no GPU. */
  readonly longestOfAllSeconds: number;
  /** Distinct pids: of rows on a GPU, and of all rows. */
  readonly procs: number;
  readonly procsAll: number;
  /**
   * Process row with the most GPU bytes (ties: pid, GPU). Where no bytes are known: that of the longest running process, of those on GPUs
   * if there are any.
   */
  readonly topRow: number;
  /** GPUs of the node that a scheduler has given to the user, and of them those that are not computing; NaN: no allocations are known. */
  readonly allocatedGpus: number;
  readonly allocatedIdleGpus: number;
  /** GPUs that the user holds and computes nothing on; NaN: not known of any. */
  readonly heldIdleGpus: number;
}

/**
 * Every node that has rows of the user, or GPUs allocated to the user, in the order of `hosts`, including nodes that are no longer counted. The sums over the nodes that
 * count are the user's figures.
 */
export function userNodes(nodes: Iterable<NodeView>, user: string, by: Grouping = 'user'): readonly UserNode[] {
  const isUser = sameUser(user);
  const found: UserNode[] = [];
  for (const node of nodes) {
    const rows = userRows(node, isUser, by);
    const allocated = allocatedTo(node, by, (id) => isUser(node, id));
    if (rows.length > 0 || allocated.gpus > 0) found.push(userHost(node, rows, allocated));
  }
  return found;
}

/** Ids are renumbered from time to time, so they are valid only within one pass over the nodes. */
export function sameUser(user: string): (node: NodeView, id: UserId) => boolean {
  const known = new Map<UserId, boolean>();
  return (node, id) => {
    let same = known.get(id);
    if (same === undefined) known.set(id, (same = node.userName(id) === user));
    return same;
  };
}

/** The user's process rows on a node. */
export function userRows(node: NodeView, isUser: (node: NodeView, id: UserId) => boolean, by: Grouping = 'user'): readonly number[] {
  const { count } = node.procs;
  const user = ownerColumn(node.procs, by);
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (isUser(node, user[row]!)) rows.push(row);
  return rows;
}

function userHost(node: NodeView, rows: readonly number[], allocated: Allocated): UserNode {
  const { gpu, pid } = node.procs;
  const onGpu = rows.filter((row) => gpu[row]! >= 0);
  return {
    node,
    slots: [...new Set(onGpu.map((row) => gpu[row]!))].sort((a, b) => a - b),
    procs: new Set(onGpu.map((row) => pid[row])).size,
    procsAll: new Set(rows.map((row) => pid[row])).size,
    ...(onGpu.length > 0 ? sums(node, onGpu, new PowerShares().of(node)) : ON_NONE),
    longestOfAllSeconds: largest(rows, node.procs.ageSeconds),
    topRow: rows.length === 0 ? -1 : topOf(node, onGpu.length > 0 ? onGpu : rows),
    allocatedGpus: allocated.gpus,
    allocatedIdleGpus: allocated.idle,
    heldIdleGpus: heldIdle(node, onGpu, allocated.unused || 0),
  };
}

/** As in the users table. */
function heldIdle(node: NodeView, onGpu: readonly number[], unused: number): number {
  const uses = rowUses(node);
  const bySlot = new Map<number, number>();
  for (const row of onGpu) {
    const slot = node.procs.gpu[row]!;
    if (uses[row] !== ROW_USE.none) bySlot.set(slot, Math.max(bySlot.get(slot) ?? 0, uses[row]!));
  }
  const found = [...bySlot.values()];
  const idle = found.filter((use) => use === ROW_USE.idle).length + unused;
  return idle > 0 || onGpu.length === 0 || found.some((use) => use !== ROW_USE.unknown) ? idle : NaN;
}

type Sums = Pick<
  UserNode,
  'vramBytes' | 'vramPartial' | 'powerWatts' | 'powerByUseWatts' | 'powerEstimated' | 'powerPartial' | 'sm' | 'longestSeconds'
>;
const ON_NONE: Sums = {
  vramBytes: NaN,
  vramPartial: false,
  powerWatts: NaN,
  powerByUseWatts: NaN,
  powerEstimated: false,
  powerPartial: false,
  sm: NaN,
  longestSeconds: NaN,
};

function sums(node: NodeView, rows: readonly number[], shares: PowerShares): Sums {
  const { wattsPerByte, silent, isEstimate } = shares;
  const { gpu, vramBytes: bytes, smPercent, ageSeconds } = node.procs;
  const onGpus = rows.map((row) => bytes[row]!);
  let [powerWatts, powerByUseWatts, smSum, powerPartial, powerEstimated] = [0, 0, NaN, false, false];
  for (const row of rows) {
    const slot = gpu[row]!;
    const unknown = Number.isNaN(bytes[row]);
    if (!unknown) powerWatts += bytes[row]! * wattsPerByte[slot]!;
    if (!unknown) powerByUseWatts += wattsByUse(shares, slot, bytes[row]!, smPercent[row]!);
    if (!unknown && bytes[row]! > 0 && isEstimate[slot] === 1) powerEstimated = true;
    const holds = unknown || bytes[row]! > 0;
    if (holds && silent[slot] === 1) powerPartial = true;
    smSum = plus(smSum, smPercent[row]!);
  }
  return {
    vramBytes: held(onGpus),
    vramPartial: onGpus.some(Number.isNaN),
    // Absurd readings that add up to infinity are not a valid power.
    powerWatts: powerWatts || (powerPartial ? NaN : 0),
    powerByUseWatts: powerByUseWatts || (powerPartial ? NaN : 0),
    powerEstimated,
    powerPartial,
    sm: smSum / 100,
    longestSeconds: largest(rows, ageSeconds),
  };
}

/** Most bytes first, unreported after reported; where all hold none, the longest running; then smallest pid, then smallest GPU. */
function topOf({ procs }: NodeView, rows: readonly number[]): number {
  const { vramBytes, ageSeconds, pid, gpu } = procs;
  const held = rows.filter((row) => gpu[row]! >= 0 && !(vramBytes[row]! <= 0));
  const by = held.length > 0 ? vramBytes : ageSeconds;
  const before = (row: number, other: number): boolean =>
    (descending(by[row]!, by[other]!) || pid[row]! - pid[other]! || gpu[row]! - gpu[other]!) < 0;
  const [first = -1, ...others] = held.length > 0 ? held : rows;
  return others.reduce((top, row) => (before(row, top) ? row : top), first);
}
