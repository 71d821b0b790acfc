/** The readings of processes, CPUs, cores, memory and disks that have a column, and the valid values of each. */
import { RANGES, type ValidRange } from './valid-range.js';

type Ranges = Readonly<Record<string, ValidRange>>;

/**
 * To add a family of process rows, add an entry here, space for it in lib/exposition/parser/row-layout.ts, its name in
 * lib/exposition/schema/families.ts and a column in ProcColumns.
 */
export const PROCESS_RANGES = {
  vramBytes: RANGES.gpuBytes,
  /** As sent: seconds since the start, or the Unix time of the start. */
  startSeconds: RANGES.startSeconds,
  cpuPercent: RANGES.cpuPercent,
  smPercent: RANGES.smPercent,
  residentBytes: RANGES.hostBytes,
} as const satisfies Ranges;

export const CPU_RANGES = {
  utilPercent: RANGES.percent,
  sockets: RANGES.count,
  cores: RANGES.count,
  threads: RANGES.count,
  frequencyMhz: RANGES.anyMegahertz,
  temperatureCelsius: RANGES.fromZeroCelsius,
  powerWatts: RANGES.watts,
} as const satisfies Ranges;

export const CORE_RANGES = { utilPercent: RANGES.percent } as const satisfies Ranges;

export const MEMORY_RANGES = {
  totalBytes: RANGES.hostBytes,
  usedBytes: RANGES.hostBytes,
  availableBytes: RANGES.hostBytes,
  buffersBytes: RANGES.hostBytes,
  cachedBytes: RANGES.hostBytes,
  utilPercent: RANGES.percent,
  swapTotalBytes: RANGES.hostBytes,
  swapUsedBytes: RANGES.hostBytes,
} as const satisfies Ranges;

export const DISK_RANGES = { totalBytes: RANGES.diskBytes, availableBytes: RANGES.diskBytes } as const satisfies Ranges;

export type ProcessField = keyof typeof PROCESS_RANGES;
export type CpuField = keyof typeof CPU_RANGES;
export type CoreField = keyof typeof CORE_RANGES;
export type MemoryField = keyof typeof MEMORY_RANGES;
export type DiskField = keyof typeof DISK_RANGES;

/** In column order. */
export const PROCESS_FIELDS = Object.keys(PROCESS_RANGES) as readonly ProcessField[];
export const CPU_FIELDS = Object.keys(CPU_RANGES) as readonly CpuField[];
export const CORE_FIELDS = Object.keys(CORE_RANGES) as readonly CoreField[];
export const MEMORY_FIELDS = Object.keys(MEMORY_RANGES) as readonly MemoryField[];
export const DISK_FIELDS = Object.keys(DISK_RANGES) as readonly DiskField[];
