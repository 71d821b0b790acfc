/**
 * What one committed scrape of a host said, as columns. Row `i` of a table is element `i` of each of its arrays.
 *
 * In a Float64Array `NaN` means "not reported"; 0 is a reading. Sentinels of the wire (-1, temperature 0) never get here.
 * Arrays may be longer than `count`; what lies behind it is garbage. Everything is valid until the node's next commit: copy what has to
 * live longer.
 */

import type { AllocationColumns } from './allocations.js';
import type { GpuField } from './gpu-fields.js';
import type { CpuField, DiskField, CoreField, MemoryField } from './machine-fields.js';

/** Readings that may be reported. Units are in the names; percent is 0..100, fractions are 0..1. */
export { GPU_FIELDS, type GpuField } from './gpu-fields.js';
export {
  CORE_FIELDS,
  CPU_FIELDS,
  DISK_FIELDS,
  MEMORY_FIELDS,
  type CoreField,
  type CpuField,
  type DiskField,
  type MemoryField,
} from './machine-fields.js';

/** A handle on a string of the host's text store; `HostData.text(ref)` decodes it. 0 is the empty string. */
export type TextRef = number;

/** An interned user name (see `UserNames`); 0 is "no user said". Renumbered between frames: UI state keeps names, never ids. */
export type UserId = number;

/** What a commit changed: only numbers, or also which rows there are (or what they are called). */
export type Change = 'values' | 'structure';

/**
 * GPUs of a host, sorted by (index, uuid). Slots `count .. slots-1` are GPUs that only process rows speak of: they have no
 * readings but are GPUs that somebody occupies.
 */
export interface GpuColumns {
  readonly count: number;
  readonly slots: number;
  /** Index as exported (`gpu_index`), else the position in the order of the exposition. */
  readonly index: Int32Array;
  readonly uuid: Uint32Array;
  readonly name: Uint32Array;
  readonly field: Readonly<Record<GpuField, Float64Array>>;
  /** A label of the GPU's info family (`driver_version`, `cuda_version`, ...), '' when it was not sent. */
  detail(slot: number, label: string): string;
  /** Where a filter has left GPUs out: the slot that each has on the host itself. */
  readonly origin?: Int32Array;
  /** The same: all GPUs of the node. */
  readonly whole?: GpuColumns;
}

/** One row per (pid, GPU), in a fixed order: by first appearance in the exposition. */
export interface ProcColumns {
  readonly count: number;
  /** Rows behind `count` that a filter leaves out, but which share a GPU with what it keeps, and so its memory and power. */
  readonly others?: number;
  readonly pid: Uint32Array;
  /** Slot in `GpuColumns`; -1: on no GPU (empty device uuid and no GPU bytes). */
  readonly gpu: Int32Array;
  readonly user: Int32Array;
  /** GPU bytes held; NaN when not reported. Of no interest where the row is on no GPU. */
  readonly vramBytes: Float64Array;
  /** Seconds the process had run when the scrape was answered; NaN when not reported or when the clocks contradict each other. */
  readonly ageSeconds: Float64Array;
  readonly cpuPercent: Float64Array;
  readonly smPercent: Float64Array;
  /** Main memory that the process holds; NaN when not reported. */
  readonly residentBytes: Float64Array;
  readonly command: Uint32Array;
  readonly name: Uint32Array;
}

/** A small table of a host (CPUs, memory, disks): few rows, so plain cells. */
export interface Rows<Field extends string> {
  readonly count: number;
  /** The row's reading; NaN when not reported. */
  value(row: number, field: Field): number;
  /** What names the row: CPU model, mount point; '' when nothing does. */
  title(row: number): string;
}

/**
 * Tables of what only some nodes export. `gpu`: a row per slot, what the columns of GPUs do not have. `cpu`: likewise, of the rows of CPUs.
 * `mig`, `vgpu`: instances of divided GPUs; `link`: NVLinks; `engine`, `clock`: engines and clock domains of GPUs; all name their GPU in the label `gpu_uuid`. `runtime`: where the exporter
 * runs. `source`: how the exporter's own sources are.
 */
export const EXTRA_TABLES = [
  'gpu',
  'cpu',
  'socket',
  'mig',
  'vgpu',
  'link',
  'engine',
  'clock',
  'chassis',
  'fan',
  'energy',
  'runtime',
  'source',
] as const;
export type ExtraTable = (typeof EXTRA_TABLES)[number];

/** One family of a row as it came. */
export interface ExtraReading {
  /** Without the exporter's prefix. */
  readonly family: string;
  readonly unit: string;
  /** NaN when it is no reading. */
  readonly value: number;
  /** Cleaned and capped; in the order in which they were sent. */
  readonly labels: readonly (readonly [name: string, value: string])[];
}

export interface ExtraRows {
  readonly count: number;
  /** The row's reading of a family; NaN when not reported. */
  value(row: number, family: string): number;
  /** A label of the row, of whichever of its families has it; '' when none does. */
  label(row: number, name: string): string;
  families(row: number): readonly ExtraReading[];
}

export interface NodeExtras {
  rows(table: ExtraTable): ExtraRows;
}

export interface NodeData {
  readonly procs: ProcColumns;
  readonly gpus: GpuColumns;
  readonly allocations: AllocationColumns;
  readonly cpus: Rows<CpuField>;
  readonly cores: Rows<CoreField>;
  readonly memory: Rows<MemoryField>;
  readonly disks: Rows<DiskField>;
  readonly facts: NodeFacts;
  readonly extras: NodeExtras;
  /** Decodes, unescapes and cleans one string of the scrape; capped as the contract says. '' for 0. */
  text(ref: TextRef): string;
  /** Name of a user id, cleaned; '' for 0. Ids mean the same user on every host of the program. */
  userName(id: UserId): string;
}

/** Single facts of a scrape. */
export interface NodeFacts {
  /** The `instance` label: the host's own name for itself; '' when none was sent. */
  readonly instance: string;
  /** Version of the exporter (`all_smi_build_info`), '' when not sent. */
  readonly exporterVersion: string;
  /** `all_smi_up`: false while the exporter has not collected yet; undefined when not sent. */
  readonly up: boolean | undefined;
  /** True when this scrape carried at least one sample of a process family. */
  readonly hasProcessFamily: boolean;
  /**
   * `all_smi_process_export_info{scope}` of our own exporter; undefined when not sent. 'unrecorded': a recording that leaves processes out
   * whatever the host sent.
   */
  readonly processScope: 'gpu' | 'all' | 'off' | 'unrecorded' | undefined;
  readonly samples: number;
  readonly badLines: number;
  /** The first bad line, cleaned and cut to 80 columns; '' when there was none. */
  readonly badSample: string;
  /** Values in the columns of GPUs, CPUs, memory and disks that no reading can have: fillers of drivers, nonsense. They count as not reported. */
  readonly oddReadings: number;
  /** The first of them, with the name of its family; '' when there was none. */
  readonly oddSample: string;
  /** Names of the caps that were hit ("process rows", ...). */
  readonly capsHit: readonly string[];
  /** Of the body; NaN where nothing was transferred. */
  readonly bytes: number;
}
