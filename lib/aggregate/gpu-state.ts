/** The state of a GPU: one answer for figures, tables, node signs, histories and alerts. NaN: not reported. */
import type { GpuColumns } from '../model/columns.js';
import { LIMITS } from '../model/limits.js';
import { whyWithoutProcesses, type NodeView } from '../model/node-view.js';

export type GpuState = 'computing' | 'heldIdle' | 'free' | 'unknown';

/** Whether a process with so much memory on a GPU holds it: more than what a display server does, or not reported. */
export const holdsMemory = (bytes: number): boolean => !(bytes <= LIMITS.driverBytes);

/**
 * An idle GPU with a process that holds memory is held, however little that is: another job would share it. `hasProcess`: undefined if the
 * node does not report its processes, and then a GPU is not known to be free.
 */
function gpuState(utilPercent: number, memoryUsedBytes: number, hasProcess: boolean | undefined): GpuState {
  if (utilPercent >= LIMITS.idlePercent) return 'computing';
  if (Number.isNaN(utilPercent)) return 'unknown';
  if (hasProcess || memoryUsedBytes > LIMITS.heldBytes) return 'heldIdle';
  return Number.isNaN(memoryUsedBytes) || hasProcess === undefined ? 'unknown' : 'free';
}

/** By node: the states of its slots at one version. Figures, tables and signs ask for them several times per frame. */
const known = new WeakMap<NodeView, { readonly version: number; readonly states: readonly GpuState[] }>();

/** By slot: the state of the GPU; `unknown` for GPUs that only process rows mention. */
export function slotStates(node: NodeView): readonly GpuState[] {
  const { version } = node;
  const before = known.get(node);
  if (before?.version === version) return before.states;
  const states = statesOf(node);
  known.set(node, { version, states });
  return states;
}

export const slotState = (node: NodeView, slot: number): GpuState => slotStates(node)[slot] ?? 'unknown';

function statesOf(node: NodeView): readonly GpuState[] {
  const { gpus, procs } = node;
  const hasProcess = new Uint8Array(gpus.slots);
  // A process that a filter excludes still holds its GPU.
  for (let row = procs.count + (procs.others ?? 0) - 1; row >= 0; row--) {
    if (procs.gpu[row]! >= 0 && holdsMemory(procs.vramBytes[row]!)) hasProcess[procs.gpu[row]!] = 1;
  }
  const { utilPercent, memoryUsedBytes } = gpus.field;
  const otherwise = whyWithoutProcesses(node) === undefined ? false : undefined;
  return Array.from(hasProcess, (has, slot) =>
    slot < gpus.count ? gpuState(utilPercent[slot]!, memoryUsedBytes[slot]!, has === 1 || otherwise) : 'unknown',
  );
}

/** The driver's temperature limit; where it reports none, the default limit. */
export function isHot({ count, field }: GpuColumns, slot: number): boolean {
  if (slot >= count) return false;
  const [operating, slowdown] = [field.maxOperatingCelsius[slot]!, field.slowdownCelsius[slot]!];
  return field.temperatureCelsius[slot]! >= (operating > 0 ? operating : slowdown > 0 ? slowdown : LIMITS.hotCelsius);
}

/** Reports full utilization but draws idle power, as in a hung collective. One sample may be wrong: check several consecutive ones. */
export function isStuck(utilPercent: number, powerWatts: number, limitWatts: number): boolean {
  return utilPercent >= LIMITS.stuckPercent && powerWatts <= limitWatts * LIMITS.stuckPowerShare;
}

/**
 * Whether a GPU is held idle; undefined: its readings do not tell. Of a node that does not report its processes, memory decides: a GPU that
 * loses it is not known to be free, but what held it has gone.
 */
export function isHeldIdle(node: NodeView, slot: number): boolean | undefined {
  const state = slotState(node, slot);
  const { utilPercent, memoryUsedBytes } = node.gpus.field;
  return state === 'unknown' && !(utilPercent[slot]! + memoryUsedBytes[slot]! >= 0) ? undefined : state === 'heldIdle';
}

/** Whether nothing computes on a GPU, by its reading: of an allocated one, it is held idle. */
export const isNotComputing = ({ gpus }: NodeView, slot: number): boolean => gpus.field.utilPercent[slot]! < LIMITS.idlePercent;
