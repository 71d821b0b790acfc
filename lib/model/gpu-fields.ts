/**
 * The readings of a GPU that have a column: each is described once, here. All code that reads, records, shows, exports or filters GPUs is
 * derived from this table. A part that does not apply is `false`; a missing part does not compile.
 *
 * Readings that are only shown as sent need no column: `lib/exposition/schema/extra-families.ts`.
 */
import { count } from '../text/format.js';
import type { Unit } from '../text/units.js';
import type { NodeGpu } from './sample.js';
import { RANGES, reading, type ValidRange } from './valid-range.js';

/** A family of the text exposition, as all-smi names it. */
interface ExposedAs {
  /** Without `all_smi_`. */
  readonly family: string;
  /** Description for docs/METRICS.md. */
  readonly unit: string;
  readonly about: string;
  /** The label of the info family that has the reading in exporters up to 0.26; the pattern's group is the number. */
  readonly older?: { readonly label: string; readonly number: RegExp };
  /** A label of the info family; if it is `unavailable`, 0 means not reported (AWS Neuron). */
  readonly source?: string;
}

/** The value that the exporter of a node sends for the family. */
interface ExportedAs {
  /** The HELP of the family. */
  readonly help: string;
  readonly of: (gpu: NodeGpu) => number | undefined;
}

/** The key in a GPU row of a recording; `none` and `max` as in `FieldRule` of `lib/recording/format/schema.ts`. */
export type GpuRecordedAs =
  | { readonly in: 'row'; readonly key: string; readonly max?: number; readonly none?: number | null }
  | { readonly in: 'gpm_metrics'; readonly key: string }
  /** Text in `detail`. */
  | { readonly in: 'detail'; readonly key: string; readonly decimals?: number };

interface FilteredAs {
  /** The first one is used for output. */
  readonly names: string;
  readonly unit: Unit;
  readonly about: string;
}

/** A column of the GPU tables in exported files; `screen`: on the screen too, see `lib/view/gpu-cells.ts`. */
interface ColumnOf {
  readonly id: string;
  readonly export: string;
  readonly decimals?: number;
  readonly unit?: 'percent' | 'bytes' | 'watts';
  readonly screen: boolean;
  /** Not in tables as text and CSV. */
  readonly jsonOnly?: true;
}

export interface GpuFieldDescriptor {
  /** Which values are valid readings. */
  readonly range: ValidRange;
  /** False: not in the text exposition. */
  readonly exposed: ExposedAs | false;
  /** False: no source of this program measures it. */
  readonly exported: ExportedAs | false;
  readonly record: GpuRecordedAs | false;
  readonly filter: FilteredAs | false;
  readonly column: ColumnOf | false;
  /** On the node's page. 'placed': the card decides where and how (`plugins/host/gpu-card.ts`). */
  readonly card: 'placed' | { readonly label: string; readonly text: (value: number) => string } | false;
  /** In the details of the GPU list. A higher rank comes first and is dropped last when space is short. */
  readonly list: { readonly rank: number; readonly text: (value: number) => string } | false;
}

const U32 = 2 ** 32 - 1;
/** Beyond this, neighbouring integers are the same double, and the digits shown would be wrong. */
const U64 = Number.MAX_SAFE_INTEGER;

export const GPU_FIELD_TABLE = {
  utilPercent: {
    range: RANGES.percent,
    exposed: {
      family: 'gpu_utilization',
      unit: '%',
      about: 'utilization: share of time in which the GPU was busy',
      source: 'utilization_source',
    },
    exported: { help: 'GPU utilization, percent', of: (gpu) => gpu.utilPercent },
    record: { in: 'row', key: 'utilization', none: -1 },
    filter: { names: 'util utilization', unit: 'percent', about: 'utilization' },
    column: { id: 'util', export: 'util_percent', decimals: 1, unit: 'percent', screen: true },
    card: 'placed',
    list: false,
  },
  memoryUsedBytes: {
    range: RANGES.gpuBytes,
    exposed: {
      family: 'gpu_memory_used_bytes',
      unit: 'bytes',
      about: 'memory in use, whatever uses it',
      source: 'memory_usage_source',
    },
    exported: { help: 'GPU memory in use', of: (gpu) => gpu.memoryUsedBytes },
    record: { in: 'row', key: 'used_memory', max: U64 },
    filter: { names: 'mem_used memused', unit: 'bytes', about: 'memory in use' },
    column: { id: 'vram', export: 'vram_used_bytes', unit: 'bytes', screen: true },
    card: 'placed',
    list: false,
  },
  memoryTotalBytes: {
    range: RANGES.gpuTotalBytes,
    exposed: { family: 'gpu_memory_total_bytes', unit: 'bytes', about: 'total memory' },
    exported: { help: 'GPU memory, total', of: (gpu) => gpu.memoryTotalBytes },
    record: { in: 'row', key: 'total_memory', max: U64 },
    filter: { names: 'mem_total memtotal', unit: 'bytes', about: 'memory' },
    column: { id: 'total', export: 'vram_total_bytes', unit: 'bytes', screen: false },
    card: 'placed',
    list: false,
  },
  temperatureCelsius: {
    range: RANGES.celsius,
    exposed: { family: 'gpu_temperature_celsius', unit: '°C', about: 'temperature' },
    exported: { help: 'Temperature of the GPU', of: (gpu) => gpu.temperatureCelsius },
    record: { in: 'row', key: 'temperature', none: 0, max: U32 },
    filter: { names: 'temp temperature', unit: 'celsius', about: 'temperature' },
    column: { id: 'temp', export: 'temperature_celsius', decimals: 1, screen: true },
    card: 'placed',
    list: false,
  },
  powerWatts: {
    range: RANGES.gpuWatts,
    exposed: { family: 'gpu_power_consumption_watts', unit: 'W', about: 'power draw' },
    exported: { help: 'Power draw of the GPU', of: (gpu) => gpu.powerWatts },
    record: { in: 'row', key: 'power_consumption', none: -1 },
    filter: { names: 'power pwr', unit: 'watts', about: 'power' },
    column: { id: 'power', export: 'power_watts', decimals: 3, unit: 'watts', screen: true },
    card: 'placed',
    list: false,
  },
  /** A value of the board, repeated on each die of a board with several: never summed. */
  cardPowerWatts: {
    range: RANGES.gpuWatts,
    exposed: {
      family: 'gpu_card_power_watts',
      unit: 'W',
      about: 'power draw of the whole board, reported for each of its dies; one of them also reports it as its own',
      older: { label: 'card_power_watts', number: /^(\d{1,9}(?:\.\d{1,9})?)(?: ?W)?$/i },
    },
    exported: false,
    record: { in: 'detail', key: 'card_power_watts', decimals: 2 },
    filter: { names: 'card_power', unit: 'watts', about: 'power of the whole board, if it has several dies' },
    column: false,
    card: 'placed',
    list: false,
  },
  powerLimitWatts: {
    range: RANGES.gpuLimitWatts,
    exposed: { family: 'gpu_power_limit_max_watts', unit: 'W', about: 'maximum power limit' },
    exported: { help: 'Maximum power limit of the GPU', of: (gpu) => gpu.powerLimitMaxWatts },
    record: { in: 'detail', key: 'power_limit_max' },
    filter: { names: 'power_limit', unit: 'watts', about: 'power limit' },
    column: { id: 'limit', export: 'power_limit_watts', decimals: 3, unit: 'watts', screen: false },
    card: 'placed',
    list: false,
  },
  frequencyMhz: {
    range: RANGES.megahertz,
    exposed: { family: 'gpu_frequency_mhz', unit: 'MHz', about: 'clock' },
    exported: { help: 'Clock of the GPU, MHz', of: (gpu) => gpu.frequencyMhz },
    record: { in: 'row', key: 'frequency', none: 0, max: U32 },
    filter: { names: 'clock', unit: 'megahertz', about: 'graphics clock' },
    column: { id: 'clock', export: 'clock_mhz', screen: true },
    card: 'placed',
    list: false,
  },
  performanceState: {
    range: RANGES.performanceState,
    exposed: { family: 'gpu_performance_state', unit: '0 to 15', about: 'performance state; 0 is the fastest' },
    exported: { help: 'Performance state, 0 is the fastest', of: (gpu) => gpu.performanceState },
    record: { in: 'row', key: 'performance_state', none: null, max: U32 },
    filter: { names: 'pstate performance_state', unit: 'state', about: 'performance state: 0 or P0 is the fastest' },
    column: false,
    card: { label: 'P-state', text: (state) => `P${state}` },
    list: { rank: 4, text: (state) => `P${state}` },
  },
  fanRpm: {
    range: RANGES.rpm,
    exposed: { family: 'gpu_fan_speed_rpm', unit: 'rpm', about: 'fan speed', older: { label: 'fan_speed', number: /^(\d{1,6}) ?RPM\b/i } },
    exported: false,
    record: { in: 'row', key: 'fan_speed_rpm', none: null, max: U32 },
    filter: false,
    column: false,
    card: { label: 'fan', text: (rpm) => `${count(rpm)} rpm` },
    list: { rank: 3, text: (rpm) => `fan ${count(rpm)} rpm` },
  },
  slowdownCelsius: {
    range: RANGES.celsius,
    exposed: { family: 'gpu_temperature_threshold_slowdown_celsius', unit: '°C', about: 'temperature at which the GPU slows down' },
    exported: { help: 'Temperature at which the GPU slows down', of: (gpu) => gpu.slowdownCelsius },
    record: { in: 'row', key: 'temperature_threshold_slowdown', none: null, max: U32 },
    filter: false,
    column: false,
    card: 'placed',
    list: { rank: 2, text: (celsius) => `slows down at ${celsius}°` },
  },
  shutdownCelsius: {
    range: RANGES.celsius,
    exposed: { family: 'gpu_temperature_threshold_shutdown_celsius', unit: '°C', about: 'temperature at which the GPU shuts down' },
    exported: { help: 'Temperature at which the GPU shuts down', of: (gpu) => gpu.shutdownCelsius },
    record: { in: 'row', key: 'temperature_threshold_shutdown', none: null, max: U32 },
    filter: false,
    column: false,
    card: 'placed',
    list: false,
  },
  maxOperatingCelsius: {
    range: RANGES.celsius,
    exposed: {
      family: 'gpu_temperature_threshold_max_operating_celsius',
      unit: '°C',
      about: 'maximum operating temperature',
    },
    exported: { help: 'Maximum operating temperature of the GPU', of: (gpu) => gpu.maxOperatingCelsius },
    record: { in: 'row', key: 'temperature_threshold_max_operating', none: null, max: U32 },
    filter: false,
    column: false,
    card: 'placed',
    list: false,
  },
  numaNode: {
    range: RANGES.numaNode,
    exposed: { family: 'gpu_numa_node_id', unit: 'number', about: 'NUMA node of the GPU' },
    exported: false,
    record: { in: 'row', key: 'numa_node_id', none: null, max: 2 ** 31 - 1 },
    filter: { names: 'numa numa_node', unit: 'number', about: 'NUMA node' },
    column: false,
    card: { label: 'NUMA node', text: String },
    list: { rank: 1, text: (node) => `NUMA ${node}` },
  },
  smOccupancy: {
    range: RANGES.fraction,
    exposed: { family: 'gpu_sm_occupancy', unit: '0 to 1', about: 'SM occupancy: resident warps, relative to the maximum' },
    exported: { help: 'SM occupancy, 0 to 1', of: (gpu) => gpu.smOccupancy },
    record: { in: 'gpm_metrics', key: 'sm_occupancy' },
    filter: false,
    column: false,
    card: 'placed',
    list: { rank: 6, text: (fraction) => `SM occupancy ${Math.round(fraction * 100)}%` },
  },
  memoryBandwidthFraction: {
    range: RANGES.fraction,
    exposed: { family: 'gpu_memory_bandwidth_utilization', unit: '0 to 1', about: 'share of the memory bandwidth in use' },
    exported: { help: 'Memory bandwidth in use, 0 to 1', of: (gpu) => gpu.memoryBandwidthFraction },
    record: { in: 'gpm_metrics', key: 'memory_bandwidth_utilization' },
    filter: false,
    column: false,
    card: 'placed',
    list: { rank: 5, text: (fraction) => `memory bandwidth ${Math.round(fraction * 100)}%` },
  },
  /** Kept until the driver is loaded again: what it says of now is nothing. */
  lastXid: {
    range: RANGES.xid,
    exposed: { family: 'gpu_last_xid', unit: 'number', about: 'last Xid since the driver was loaded; 0: none' },
    exported: { help: 'Last Xid, 0 for none', of: (gpu) => gpu.lastXid },
    record: { in: 'detail', key: 'last_xid' },
    filter: { names: 'xid last_xid', unit: 'number', about: 'last Xid, however long ago; 0: none' },
    column: { id: 'xid', export: 'last_xid', screen: false, jsonOnly: true },
    card: { label: 'last Xid', text: (xid) => (xid === 0 ? 'none' : String(xid)) },
    list: { rank: 8, text: (xid) => (xid === 0 ? '' : `last Xid ${xid}`) },
  },
  eccUncorrected: {
    range: RANGES.gpuErrors,
    exposed: { family: 'gpu_ecc_uncorrected_errors', unit: 'errors', about: 'uncorrected ECC errors since the driver was loaded' },
    exported: { help: 'Uncorrected ECC errors since the driver was loaded', of: (gpu) => gpu.eccUncorrected },
    record: { in: 'detail', key: 'ecc_uncorrected' },
    filter: { names: 'ecc_uncorrected', unit: 'number', about: 'uncorrected ECC errors since the driver was loaded' },
    column: { id: 'ecc_uncorrected', export: 'ecc_uncorrected', screen: false, jsonOnly: true },
    card: { label: 'uncorrected ECC errors', text: count },
    list: false,
  },
  eccCorrected: {
    range: RANGES.gpuErrors,
    exposed: { family: 'gpu_ecc_corrected_errors', unit: 'errors', about: 'corrected ECC errors since the driver was loaded' },
    exported: { help: 'Corrected ECC errors since the driver was loaded', of: (gpu) => gpu.eccCorrected },
    record: { in: 'detail', key: 'ecc_corrected' },
    filter: { names: 'ecc_corrected', unit: 'number', about: 'corrected ECC errors since the driver was loaded' },
    column: { id: 'ecc_corrected', export: 'ecc_corrected', screen: false, jsonOnly: true },
    card: { label: 'corrected ECC errors', text: count },
    list: false,
  },
  rowsRemapped: {
    range: RANGES.memoryRows,
    exposed: { family: 'gpu_remapped_rows_correctable', unit: 'rows', about: 'memory rows remapped for correctable errors' },
    exported: { help: 'Memory rows remapped for correctable errors', of: (gpu) => gpu.rowsRemapped },
    record: { in: 'detail', key: 'remapped_rows_correctable' },
    filter: false,
    column: { id: 'rows_remapped', export: 'rows_remapped_correctable', screen: false, jsonOnly: true },
    card: { label: 'rows remapped', text: count },
    list: false,
  },
  rowsRemappedUncorrectable: {
    range: RANGES.memoryRows,
    exposed: { family: 'gpu_remapped_rows_uncorrectable', unit: 'rows', about: 'memory rows remapped for uncorrectable errors' },
    exported: { help: 'Memory rows remapped for uncorrectable errors', of: (gpu) => gpu.rowsRemappedUncorrectable },
    record: { in: 'detail', key: 'remapped_rows_uncorrectable' },
    filter: false,
    column: { id: 'rows_remapped_uncorrectable', export: 'rows_remapped_uncorrectable', screen: false, jsonOnly: true },
    card: { label: 'rows remapped for uncorrectable errors', text: count },
    list: false,
  },
  rowRemapPending: {
    range: RANGES.flag,
    exposed: { family: 'gpu_row_remap_pending', unit: '0 or 1', about: 'whether remapping memory rows waits for a reset of the GPU' },
    exported: { help: 'Whether remapping memory rows waits for a reset of the GPU', of: (gpu) => gpu.rowRemapPending },
    record: { in: 'detail', key: 'row_remap_pending' },
    filter: false,
    column: false,
    card: false,
    list: false,
  },
  rowRemapFailed: {
    range: RANGES.flag,
    exposed: { family: 'gpu_row_remap_failed', unit: '0 or 1', about: 'whether remapping memory rows has failed' },
    exported: { help: 'Whether remapping memory rows has failed', of: (gpu) => gpu.rowRemapFailed },
    record: { in: 'detail', key: 'row_remap_failed' },
    filter: false,
    column: false,
    card: false,
    list: false,
  },
  clockEvents: {
    range: RANGES.clockEvents,
    exposed: { family: 'gpu_clock_event_reasons', unit: 'bits', about: 'why the clocks are what they are, as the bits of NVML' },
    exported: { help: 'Clock event reasons, as the bits of NVML', of: (gpu) => gpu.clockEvents },
    record: { in: 'detail', key: 'clock_event_reasons' },
    filter: false,
    column: false,
    card: false,
    list: false,
  },
} as const satisfies Readonly<Record<string, GpuFieldDescriptor>>;

export type GpuField = keyof typeof GPU_FIELD_TABLE;
type Table = typeof GPU_FIELD_TABLE;

/** In column order. */
export const GPU_FIELDS = Object.keys(GPU_FIELD_TABLE) as readonly GpuField[];

/** The description of a field, with the declared types of its parts. */
export const gpuField = (field: GpuField): GpuFieldDescriptor => GPU_FIELD_TABLE[field];

/** The fields whose `Part` is a `Kind`: lets the compiler check that code for single fields misses none. */
export type GpuFieldsWith<Part extends keyof GpuFieldDescriptor, Kind> = {
  [Field in GpuField]: Table[Field][Part] extends Kind ? Field : never;
}[GpuField];

/** The fields that labels of the info family may affect, and those labels. */
export const FIELDS_OF_LABELS: readonly GpuField[] = GPU_FIELDS.filter((field) => labelsOf(field).length > 0);
export const LABELS_OF_FIELDS: readonly string[] = FIELDS_OF_LABELS.flatMap(labelsOf);

function labelsOf(field: GpuField): readonly string[] {
  const { exposed } = gpuField(field);
  return exposed ? [exposed.older?.label ?? '', exposed.source ?? ''].filter((label) => label !== '') : [];
}

/** The value of the field from the label that older exporters have instead; NaN if there is none. */
export function olderReading(field: GpuField, detail: (label: string) => string): number {
  const { exposed, range } = gpuField(field);
  const older = exposed ? exposed.older : undefined;
  const found = older?.number.exec(detail(older.label));
  return found ? reading(Number(found[1]), range) : NaN;
}

/** Whether a 0 means not reported, according to the labels of the info family. */
export function isUnavailable(field: GpuField, detail: (label: string) => string): boolean {
  const { exposed } = gpuField(field);
  return exposed && exposed.source !== undefined && detail(exposed.source) === 'unavailable';
}

/** The value if it is a valid reading of the field, else NaN. For sources: every value from a driver or a file passes through here. */
export const gpuReading = (field: GpuField, value: number | undefined): number => reading(value, GPU_FIELD_TABLE[field].range);
