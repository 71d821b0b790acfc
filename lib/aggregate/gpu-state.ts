/** What a GPU is doing, by its readings: one answer for figures, tables, node signs and histories. NaN: not reported. */
import type { GpuColumns } from '../model/columns.js';

/** A GPU that computes less than this is idle; percent. */
const IDLE_PERCENT = 5;
/** An idle GPU with more than this in use is held. */
const HELD_BYTES = 2 ** 30;
/** Hot is what the driver calls too hot; where it says nothing, this. Degrees Celsius. */
const HOT_CELSIUS = 85;
/** Of the power limit: a GPU that says it is busy and draws no more waits for something that doesn't come, as in a hung collective. */
const STUCK_SHARE = 0.25;
const STUCK_PERCENT = 95;

export type GpuState = 'computing' | 'heldIdle' | 'free' | 'unknown';

export function gpuState(utilPercent: number, memoryUsedBytes: number): GpuState {
  if (utilPercent >= IDLE_PERCENT) return 'computing';
  if (Number.isNaN(utilPercent) || Number.isNaN(memoryUsedBytes)) return 'unknown';
  return memoryUsedBytes > HELD_BYTES ? 'heldIdle' : 'free';
}

/** The state of a slot; `unknown` for GPUs that only process rows speak of. */
export function slotState({ count, field }: GpuColumns, slot: number): GpuState {
  return slot < count ? gpuState(field.utilPercent[slot]!, field.memoryUsedBytes[slot]!) : 'unknown';
}

export function isHot({ count, field }: GpuColumns, slot: number): boolean {
  if (slot >= count) return false;
  const [operating, slowdown] = [field.maxOperatingCelsius[slot]!, field.slowdownCelsius[slot]!];
  return field.temperatureCelsius[slot]! >= (operating > 0 ? operating : slowdown > 0 ? slowdown : HOT_CELSIUS);
}

/** Fully busy by its own word, at the power of an idle one. A single moment may lie: ask for several. */
export function isStuck(utilPercent: number, powerWatts: number, limitWatts: number): boolean {
  return utilPercent >= STUCK_PERCENT && powerWatts <= limitWatts * STUCK_SHARE;
}
