/** What exporters of NVIDIA GPUs report besides the readings of a mock node. It follows from those, so that all exporters agree. */
import { MIB } from './mock-plan.js';
import { draw, mix } from './random-walk.js';
import type { GpuReading, NodePlan } from './mock-types.js';

/** The slots of a board with eight GPUs. */
const BUSES = ['1B', '43', '52', '61', '9D', 'C3', 'D1', 'DF'] as const;
export const pciBusId = (gpu: number): string => `00000000:${BUSES[gpu % BUSES.length]}:00.0`;

export const driverOf = ({ platform }: NodePlan, what: 'driver_version' | 'cuda_version'): string => platform?.info[what] ?? '';

/** Some GPUs had an error once: an application's, most often. */
const XID_CODES = [31, 13, 43, 94] as const;
const WITH_XID = 0.08;
const CHANCE = { xid: 60, which: 61, energy: 62 } as const;

/** Sticky, as it is on a real GPU: 0 is none. */
export function lastXid({ key }: NodePlan, gpu: number): number {
  return draw(key, CHANCE.xid, gpu) < WITH_XID ? XID_CODES[mix(key, CHANCE.which, gpu) % XID_CODES.length]! : 0;
}

export const XID_TEXTS: Readonly<Record<number, string>> = {
  0: 'No Error',
  13: 'Graphics Engine Exception',
  31: 'GPU memory page fault',
  43: 'GPU stopped processing',
  94: 'Contained ECC error',
};

/** Joules since the driver was loaded. */
export const joulesBefore = ({ key, model }: NodePlan, gpu: number): number =>
  Math.round(model.powerLimitWatts * 0.5 * 86_400 * (5 + 40 * draw(key, CHANCE.energy, gpu)));

const RESERVED = 479 * MIB;

/** What the driver keeps, and what is left: with what is in use, all of the memory. */
export function restOfMemory({ model }: NodePlan, { memoryUsedBytes }: GpuReading): { readonly reserved: number; readonly free: number } {
  const reserved = Math.min(RESERVED, model.memoryBytes - memoryUsedBytes);
  return { reserved, free: model.memoryBytes - memoryUsedBytes - reserved };
}

/** Why the clock is what it is, as the bits of NVML. */
export const CLOCK_EVENTS = { gpu_idle: 1, sw_power_cap: 4 } as const;

export function clockEvents({ model }: NodePlan, { utilPercent, powerWatts }: GpuReading): number {
  if (utilPercent === 0) return CLOCK_EVENTS.gpu_idle;
  return powerWatts > 0.93 * model.powerLimitWatts ? CLOCK_EVENTS.sw_power_cap : 0;
}

export const memoryCelsius = ({ temperatureCelsius }: GpuReading): number => temperatureCelsius + 6;
export const MEMORY_MHZ = 2619;
