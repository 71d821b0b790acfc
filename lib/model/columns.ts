/**
 * The result of one committed scrape of a node, as columns. Row `i` of a table is element `i` of each of its arrays.
 *
 * In a Float64Array `NaN` means "not reported"; 0 is a reading. Filler values of the exporter (-1, temperature 0) never get here. Arrays
 * may be longer than `count`; the rest is unused. Everything is valid until the node's next commit: copy what has to live
 * longer.
 */

import type { AllocationColumns } from './allocations.js';
import type { GpuField } from './gpu-fields.js';
import type { CpuField, DiskField, CoreField, MemoryField } from './machine-fields.js';
import type { ProcessOwners } from './owners.js';

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

/** A reference to a string in the node's text store; `HostData.text(ref)` decodes it. 0 is the empty string. */
export type TextRef = number;

/**
 * An interned user name (see `UserNames`); 0 means that no user was reported. Renumbered between frames: UI state keeps names, never ids.
 */
export type UserId = number;

/** What a commit changed: only numbers, or also which rows exist (or their names). */
export type Change = 'values' | 'structure';

/**
 * GPUs of a node, sorted by (index, uuid). Slots `count .. slots-1` are GPUs that only process rows mention: they have no readings, but
 * they are in use.
 */
export interface GpuColumns {
  readonly count: number;
  readonly slots: number;
  /** Index as exported (`gpu_index`), else the position in the order of the exposition. */
  readonly index: Int32Array;
  readonly uuid: Uint32Array;
  readonly name: Uint32Array;
  readonly field: Readonly<Record<GpuField, Float64Array>>;
  /** A label of the GPU's info family (`driver_version`, `cuda_version`, ...); '' when it was not sent. */
  detail(slot: number, label: string): string;
  /** For a filtered view: the slot of each GPU on the node itself. */
  readonly origin?: Int32Array;
  /** The same: all GPUs of the node. */
  readonly whole?: GpuColumns;
}

/** One row per (pid, GPU), in the order of first appearance in the exposition. */
export interface ProcColumns {
  readonly count: number;
  /** Rows after `count` that the filter excludes but that share a GPU with included rows, and therefore its memory and power. */
  readonly others?: number;
  readonly pid: Uint32Array;
  /** Slot in `GpuColumns`; -1: on no GPU (empty device uuid and no GPU bytes). */
  readonly gpu: Int32Array;
  readonly user: Int32Array;
  /** GPU bytes held; NaN when not reported. Meaningless for a row that is on no GPU. */
  readonly vramBytes: Float64Array;
  /** Seconds the process had run at the time of the scrape; NaN when not reported or when the clocks are inconsistent. */
  readonly ageSeconds: Float64Array;
  readonly cpuPercent: Float64Array;
  readonly smPercent: Float64Array;
  /** Main memory that the process holds; NaN when not reported. */
  readonly residentBytes: Float64Array;
  readonly command: Uint32Array;
  readonly name: Uint32Array;
  /** Jobs, accounts and containers, where any is known. */
  readonly known?: ProcessOwners | undefined;
}

/** A small table of a node (CPUs, memory, disks): few rows, so plain objects. */
export interface Rows<Field extends string> {
  readonly count: number;
  /** The row's reading; NaN when not reported. */
  value(row: number, field: Field): number;
  /** The name of the row: CPU model, mount point; '' when it has none. */
  title(row: number): string;
}

/**
 * Tables of families that only some nodes export. `gpu`: a row per slot with the readings that have no GPU column. `cpu`: the same for the
 * rows of CPUs. `mig`, `vgpu`: instances of divided GPUs; `link`: NVLinks; `engine`, `clock`: engines and clock domains of GPUs; all of
 * them name their GPU in the label `gpu_uuid`. `identity`: who runs a process, by pid and GPU. `runtime`: the environment of the exporter. `source`: the state of the exporter's own
 * sources.
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
  'identity',
] as const;
export type ExtraTable = (typeof EXTRA_TABLES)[number];

/** One family of a row, as it was sent. */
export interface ExtraReading {
  /** Without the exporter's prefix. */
  readonly family: string;
  readonly unit: string;
  /** NaN when the value is not a valid reading. */
  readonly value: number;
  /** Cleaned and capped, in the order in which they were sent. */
  readonly labels: readonly (readonly [name: string, value: string])[];
}

export interface ExtraRows {
  readonly count: number;
  /** The row's reading of a family; NaN when not reported. */
  value(row: number, family: string): number;
  /** A label of the row, from the first of its families that has it; '' when none does. */
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
  /** Decodes, unescapes and cleans one string of the scrape; capped as the contract requires. '' for 0. */
  text(ref: TextRef): string;
  /** Name of a user id, cleaned; '' for 0. An id means the same user on every node of the program. */
  userName(id: UserId): string;
}

/** Facts that occur once per scrape. */
export interface NodeFacts {
  /** The `instance` label: the name that the node gives itself; '' when none was sent. */
  readonly instance: string;
  /** Version of the exporter (`all_smi_build_info`); '' when not sent. */
  readonly exporterVersion: string;
  /** `all_smi_up`: false while the exporter has not collected yet; undefined when not sent. */
  readonly up: boolean | undefined;
  /** True when this scrape carried at least one sample of a process family. */
  readonly hasProcessFamily: boolean;
  /**
   * `all_smi_process_export_info{scope}` of our own exporter; undefined when not sent. 'unrecorded': the recording leaves out processes,
   * whatever the node sent.
   */
  readonly processScope: 'gpu' | 'all' | 'off' | 'unrecorded' | 'unsupported' | undefined;
  /** Since the node was booted; NaN when not reported. */
  readonly uptimeSeconds: number;
  readonly samples: number;
  readonly badLines: number;
  /** The first invalid line, cleaned and cut to 80 columns; '' when there was none. */
  readonly badSample: string;
  /** Values that no reading can have, of whatever is read: fillers of drivers, nonsense. They count as not reported. */
  readonly oddReadings: number;
  /** The first of them, with the name of its family; '' when there was none. */
  readonly oddSample: string;
  /** Names of the caps that were hit ("process rows", ...). */
  readonly capsHit: readonly string[];
  /** Size of the body; NaN where nothing was transferred. */
  readonly bytes: number;
}
