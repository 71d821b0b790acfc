/** What is free: whether a GPU could be used now, and the same by node and model. */
import { included, type NodeView } from '../model/node-view.js';
import { LIMITS } from '../model/limits.js';
import { slotState } from './gpu-state.js';
import { ownersOf, rowsBySlot } from './gpu-owners.js';
import type { HistoryView } from './history.js';
import { holderNames } from './owner-columns.js';

/**
 * `free`: nothing holds more than the driver's own memory, nothing computes, and nobody has it allocated, for `LIMITS.freeSeconds`: one sample may
 * fall between two steps of a job. `settling`: the same, for a shorter time. `unknown`: the node does not report, or not enough: that is not free.
 */
export type Availability = 'free' | 'settling' | 'allocated' | 'heldIdle' | 'busy' | 'unknown';

export function availability(history: HistoryView, node: NodeView, slot: number): Availability {
  if (!included(node)) return 'unknown';
  const state = slotState(node, slot);
  if (state === 'computing') return 'busy';
  if (state !== 'free') return state;
  const allocated = allocation(node, node.gpus.origin?.[slot] ?? slot);
  if (allocated !== 'none') return allocated === 'this' ? 'allocated' : 'unknown';
  const since = history.freeSince(node, slot);
  return since !== undefined && node.at - since >= LIMITS.freeSeconds * 1000 ? 'free' : 'settling';
}

/** An allocation that names no GPU may be of any of them. */
function allocation({ allocations: { gpu, count } }: NodeView, slot: number): 'this' | 'any' | 'none' {
  let found: 'any' | 'none' = 'none';
  for (let row = 0; row < count; row++) {
    if (gpu[row] === slot) return 'this';
    if (gpu[row]! < 0) found = 'any';
  }
  return found;
}

/** The GPUs of one model on a node. */
export interface Capacity {
  readonly node: NodeView;
  readonly model: string;
  /** All of them, and by availability. */
  readonly slots: readonly number[];
  readonly of: Readonly<Record<Availability, readonly number[]>>;
  /** Memory of the largest free GPU; NaN: not reported, or none is free. */
  readonly largestFreeBytes: number;
  /** Of the node; NaN: not reported. */
  readonly cpuPercent: number;
  readonly freeRamBytes: number;
}

/** By node, in their order, and by model. */
export const capacities = (history: HistoryView, nodes: Iterable<NodeView>): readonly Capacity[] =>
  [...nodes].flatMap((node) => capacitiesOf(history, node));

function capacitiesOf(history: HistoryView, node: NodeView): readonly Capacity[] {
  const { gpus } = node;
  const byModel = new Map<number, number[]>();
  for (let slot = 0; slot < gpus.count; slot++) {
    const slots = byModel.get(gpus.name[slot]!);
    if (slots) slots.push(slot);
    else byModel.set(gpus.name[slot]!, [slot]);
  }
  const named = new Map<string, number[]>();
  for (const [ref, slots] of byModel) named.set(node.text(ref), [...(named.get(node.text(ref)) ?? []), ...slots]);
  return [...named].map(([model, slots]) => capacity(history, node, model, slots));
}

function capacity(history: HistoryView, node: NodeView, model: string, slots: readonly number[]): Capacity {
  const of: Record<Availability, number[]> = { free: [], settling: [], allocated: [], heldIdle: [], busy: [], unknown: [] };
  for (const slot of slots) of[availability(history, node, slot)].push(slot);
  const sizes = of.free.map((slot) => node.gpus.field.memoryTotalBytes[slot]!).filter((bytes) => bytes > 0);
  return { node, model, slots, of, largestFreeBytes: sizes.length === 0 ? NaN : Math.max(...sizes), ...machineOf(node) };
}

/** CPU over all its CPUs, weighted by cores; RAM that is available, else what is not used. Of a node that is not in totals, not known. */
function machineOf(node: NodeView): Pick<Capacity, 'cpuPercent' | 'freeRamBytes'> {
  const { cpus, memory } = node;
  if (!included(node)) return { cpuPercent: NaN, freeRamBytes: NaN };
  let [sum, weights, ram] = [0, 0, NaN];
  for (let row = 0; row < cpus.count; row++) {
    const [util, cores] = [cpus.value(row, 'utilPercent'), cpus.value(row, 'cores')];
    if (Number.isNaN(util)) continue;
    sum += util * (cores > 0 ? cores : 1);
    weights += cores > 0 ? cores : 1;
  }
  for (let row = 0; row < memory.count; row++) {
    const available = memory.value(row, 'availableBytes');
    const left = available >= 0 ? available : memory.value(row, 'totalBytes') - memory.value(row, 'usedBytes');
    if (left >= 0) ram = (ram || 0) + left;
  }
  return { cpuPercent: sum / weights, freeRamBytes: ram };
}

/** Who has the GPUs that are not free, with how many: most first. By processes, else by allocations; '?' for unknown users. */
export function holdersOf({ node, slots, of }: Capacity): readonly string[] {
  const bySlot = rowsBySlot(node);
  const counts = new Map<string, number>();
  for (const slot of slots) {
    if (of.free.includes(slot) || of.settling.includes(slot)) continue;
    const users = ownersOf(node, bySlot, slot).map(({ user }) => user || '?');
    for (const name of users.length > 0 ? users : holderNames(node, slot)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
}
