/** Names and limits of the recording format: NDJSON, schema 1, as all-smi 0.25 writes and reads it. What only we write is marked as ours. */
import type { CpuField, MemoryField } from '../../model/columns.js';

export const SCHEMA = 1;
/** We write the format of this version of all-smi; readers accept any. */
export const ALL_SMI_VERSION = '0.25.0';

/** Readers skip a line that is longer. */
export const MAX_LINE_BYTES = 16 * 2 ** 20;
/** A cycle that would make a longer line is split into several, with `part`. */
export const MAX_PART_BYTES = 12 * 2 ** 20;
/** Maximum number of lines of one frame. */
export const MAX_PARTS = 256;
/** Maximum size of a frame, all of its lines together; a larger one is not shown. */
export const MAX_FRAME_BYTES = 256 * 2 ** 20;
export const MAX_FRAME_ROWS = 500_000;
/** Maximum depth of lists and objects in a line. */
export const MAX_DEPTH = 64;
/** Data frames between two index lines. */
export const INDEX_EVERY = 1000;

/** The values of `--include`, in the order of the help. */
export const SECTIONS = ['gpu', 'cpu', 'memory', 'chassis', 'process'] as const;
export type Section = (typeof SECTIONS)[number];

/**
 * The arrays of a data frame, in alphabetical order. `connections`, `extras` and `job_allocations` are ours: the scrape state of each node, what
 * only some nodes export, and the GPUs that a scheduler has given to its jobs. `at_ms` is the first member of a frame: no name may sort before it.
 */
export const ARRAYS = ['chassis', 'connections', 'cpus', 'extras', 'gpus', 'job_allocations', 'memory', 'processes', 'storage'] as const;
export type ArrayName = (typeof ARRAYS)[number];

/** `storage` goes with memory: all-smi's recorder has no name for it, and its snapshots always write it. */
export const ARRAY_OF: Readonly<Record<Section, readonly ArrayName[]>> = {
  gpu: ['gpus'],
  cpu: ['cpus'],
  memory: ['memory', 'storage'],
  chassis: ['chassis'],
  process: ['processes'],
};

/** Maximum number of rows of one node; further rows are dropped and counted. */
export const MAX_ROWS: Readonly<Record<ArrayName, number>> = {
  chassis: 1,
  connections: 1,
  cpus: 256,
  extras: 100_000,
  gpus: 256,
  job_allocations: 4096,
  memory: 256,
  processes: 200_000,
  storage: 256,
};
export const MAX_CORES = 1024;
export const MAX_HOSTS = 10_000;
/** Maximum number of hosts in a header. */
export const MAX_HEADER_HOSTS = 1024;
export const MAX_DETAILS = 64;

/** How a field of a node is spelled in a row. */
export interface FieldRule {
  readonly key: string;
  /** Maximum value of an integer. Absent: the field may be any number. */
  readonly max?: number;
  /** The value for "not reported" in the format. Absent: there is none, so 0 is written and the key is listed in `absent`, which is ours. */
  readonly none?: number | null;
}

const U32 = 2 ** 32 - 1;
/** Above this, neighbouring integers are the same double, and digits would be invented. */
const U64 = Number.MAX_SAFE_INTEGER;

export const CPU_RULES: Readonly<Record<CpuField, FieldRule>> = {
  utilPercent: { key: 'utilization' },
  sockets: { key: 'socket_count', max: U32 },
  cores: { key: 'total_cores', max: U32 },
  threads: { key: 'total_threads', max: U32 },
  frequencyMhz: { key: 'base_frequency_mhz', max: U32 },
  temperatureCelsius: { key: 'temperature', none: null, max: U32 },
  powerWatts: { key: 'power_consumption', none: null },
};

export const MEMORY_RULES: Readonly<Record<MemoryField, FieldRule>> = {
  totalBytes: { key: 'total_bytes', max: U64 },
  usedBytes: { key: 'used_bytes', max: U64 },
  availableBytes: { key: 'available_bytes', max: U64 },
  buffersBytes: { key: 'buffers_bytes', max: U64 },
  cachedBytes: { key: 'cached_bytes', max: U64 },
  utilPercent: { key: 'utilization' },
  swapTotalBytes: { key: 'swap_total_bytes', max: U64 },
  swapUsedBytes: { key: 'swap_used_bytes', max: U64 },
};

/** Labels of a GPU's info family that are kept, as spelled in remote recordings. `index` and the limit are written separately. */
export const DETAIL_LABELS = [
  'architecture',
  'brand',
  'clock_graphics_max',
  'clock_memory_max',
  'compute_capability',
  'compute_mode',
  'connected_to',
  'core_architecture',
  'cuda_version',
  'device_memory_bytes',
  'device_name',
  'dla_uuid',
  'driver_version',
  'ecc_mode_current',
  'firmware',
  'instance_type',
  'lib_name',
  'lib_version',
  'memory_usage_source',
  'mig_mode_current',
  'minor_number',
  'native_metrics',
  'neuron_device_index',
  'neuroncore_count',
  'neuroncore_index',
  'neuroncore_local_index',
  'numa_node',
  'pci_address',
  'pci_bdf',
  'pci_bus_id',
  'pci_device',
  'pcie_gen_max',
  'pcie_generation',
  'pcie_width',
  'pcie_width_max',
  'performance_state',
  'power_limit_current',
  'power_limit_default',
  'power_limit_min',
  'serial_number',
  'source_clocks',
  'source_memory',
  'source_other',
  'source_power',
  'source_processes',
  'source_temperature',
  'source_utilization',
  'utilization_source',
  'vbios_version',
] as const;

/** Labels that are spelled differently in recordings. */
export const SPELLED_LABELS = { interconnect: 'Interconnect', memory_type: 'Memory Type' } as const;
