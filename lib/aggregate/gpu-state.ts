/** The state of a GPU by its readings: one answer for figures, tables, node signs and histories. NaN: not reported. */
import type { GpuColumns } from '../model/columns.js';
import { LIMITS } from '../model/limits.js';

export type GpuState = 'computing' | 'heldIdle' | 'free' | 'unknown';

export function gpuState(utilPercent: number, memoryUsedBytes: number): GpuState {
  if (utilPercent >= LIMITS.idlePercent) return 'computing';
  if (Number.isNaN(utilPercent) || Number.isNaN(memoryUsedBytes)) return 'unknown';
  return memoryUsedBytes > LIMITS.heldBytes ? 'heldIdle' : 'free';
}

/** The state of a slot; `unknown` for GPUs that only process rows mention. */
export function slotState({ count, field }: GpuColumns, slot: number): GpuState {
  return slot < count ? gpuState(field.utilPercent[slot]!, field.memoryUsedBytes[slot]!) : 'unknown';
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
