/** Whose a process row is, and what is allocated to whom, in any grouping. */
import type { ProcColumns } from '../model/columns.js';
import type { NodeView } from '../model/node-view.js';
import type { Owner } from '../model/owners.js';
import { isSystem } from './name-order.js';
import { holdsMemory, isNotComputing } from './gpu-state.js';

/** By row: the id of its owner; 0 for all rows where nothing is known. */
export function ownerColumn(procs: ProcColumns, by: Owner): Int32Array {
  return by === 'user' ? procs.user : (procs.known?.owners[by] ?? new Int32Array(procs.count + (procs.others ?? 0)));
}

/** GPUs that a scheduler has given to an owner: fractions for shares, NaN where it does not report how many. */
export interface Allocated {
  gpus: number;
  /** Of them, those that are known not to be computing. */
  idle: number;
  /** Of those, GPUs on which the owner has no process that holds memory. */
  unused: number;
}
export const NONE_ALLOCATED: ReadonlyMap<number, Allocated> = new Map();

/** By the id of the owner. */
export function allocatedOn(node: NodeView, by: Owner): ReadonlyMap<number, Allocated> {
  const { allocations } = node;
  if (allocations.count === 0) return NONE_ALLOCATED;
  const found = new Map<number, Allocated>();
  let holders: ReadonlySet<number> | undefined;
  for (let row = 0; row < allocations.count; row++) {
    const owner = allocations.owner[by][row]!;
    const sum = found.get(owner) ?? { gpus: 0, idle: 0, unused: 0 };
    sum.gpus += allocations.gpuCount[row]!;
    const slot = allocations.gpu[row]!;
    // A GPU that does not report, or of which only the number is known, is not known to be idle.
    if (slot >= 0 && isNotComputing(node, slot)) {
      sum.idle += allocations.gpuCount[row]!;
      holders ??= holdersBySlot(node, by);
      if (!holders.has(holderKey(node, owner, slot))) sum.unused += allocations.gpuCount[row]!;
    }
    found.set(owner, sum);
  }
  return found;
}

const holderKey = ({ gpus }: NodeView, owner: number, slot: number): number => owner * gpus.slots + slot;

/** Which owners hold which GPUs by a process. */
function holdersBySlot(node: NodeView, by: Owner): ReadonlySet<number> {
  const { procs } = node;
  const owners = ownerColumn(procs, by);
  const found = new Set<number>();
  for (let row = procs.count + (procs.others ?? 0) - 1; row >= 0; row--) {
    const slot = procs.gpu[row]!;
    if (slot >= 0 && holdsMemory(procs.vramBytes[row]!)) found.add(holderKey(node, owners[row]!, slot));
  }
  return found;
}

/** Whether a user has a process on a GPU that holds memory there. */
export const holdsByProcess = (node: NodeView, user: number, slot: number): boolean =>
  holdersBySlot(node, 'user').has(holderKey(node, user, slot));

/** What one owner has of a node; NaN where the node has no allocations. */
export function allocatedTo(node: NodeView, by: Owner, isOwner: (id: number) => boolean): Allocated {
  if (node.allocations.count === 0) return { gpus: NaN, idle: NaN, unused: NaN };
  for (const [owner, allocated] of allocatedOn(node, by)) if (isOwner(owner)) return allocated;
  return { gpus: 0, idle: 0, unused: 0 };
}

/** The users to whom a GPU is allocated, each once, in the order of the allocations; '' for an allocation that names no user. */
export function allocatedUsers(node: NodeView, slot: number): readonly string[] {
  const { count, gpu, owner } = node.allocations;
  const found = new Set<string>();
  for (let row = 0; row < count; row++) if (gpu[row] === slot) found.add(node.userName(owner.user[row]!));
  return [...found];
}

/** Who has a GPU, as far as that is known: the user, else the pod, else the job; '?' for an allocation that names none of them. */
export function holderNames(node: NodeView, slot: number): readonly string[] {
  const { count, gpu, owner } = node.allocations;
  const found = new Set<string>();
  for (let row = 0; row < count; row++) {
    if (gpu[row] !== slot) continue;
    const [user, pod, job] = [owner.user, owner.pod, owner.job].map((column) => node.userName(column[row]!));
    found.add(user || pod || job || '?');
  }
  return [...found];
}

/** Whether a GPU is allocated, and not to this user. System accounts serve everybody, so they never are strangers. */
export function isStranger(node: NodeView, slot: number, user: string): boolean {
  if (slot < 0 || node.allocations.count === 0 || user === '' || isSystem(user)) return false;
  const holders = allocatedUsers(node, slot);
  return holders.length > 0 && !holders.includes('') && !holders.includes(user);
}

/** Whether a process runs on a GPU that is allocated, and not to its user. */
export const isTrespassing = (node: NodeView, row: number): boolean =>
  isStranger(node, node.procs.gpu[row]!, node.userName(node.procs.user[row]!));
