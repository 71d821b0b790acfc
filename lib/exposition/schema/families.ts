/**
 * The metric families that are read, as a table: the column of each sample, its unit, and which values are valid. Names, labels
 * and limits are those of all-smi 0.25 (https://github.com/lablup/all-smi); docs/METRICS.md is generated from here.
 */
import type { CpuField, CoreField, DiskField, GpuField, MemoryField } from '../../model/columns.js';
import { GPU_FIELDS, gpuField } from '../../model/gpu-fields.js';
import {
  CORE_RANGES,
  CPU_RANGES,
  DISK_RANGES,
  MEMORY_RANGES,
  PROCESS_FIELDS,
  PROCESS_RANGES,
  type ProcessField,
} from '../../model/machine-fields.js';
import { RANGES, type ValidRange } from '../../model/valid-range.js';
import { EXTRA_METRICS, type ExtraMetric } from './extra-families.js';
import { UNKNOWN } from '../parser/row-layout.js';

/** The prefix of every name. */
export const NAMESPACE = 'all_smi_';

interface Shape {
  readonly name: string;
  readonly unit: string;
  readonly about: string;
  /** Values outside are "not reported". */
  readonly range: ValidRange;
}
export type Metric = Shape &
  (
    | { readonly table: 'process'; readonly field: ProcessField }
    | { readonly table: 'gpu'; readonly field?: GpuField }
    | { readonly table: 'cpu'; readonly field?: CpuField }
    | { readonly table: 'core'; readonly field: CoreField }
    | { readonly table: 'memory'; readonly field: MemoryField }
    | { readonly table: 'disk'; readonly field: DiskField }
    | { readonly table: 'up' | 'build' | 'scope' }
    | Pick<ExtraMetric, 'table' | 'extra'>
  );
export type Table = Metric['table'];

/** Info metrics: their labels, or their presence, are the information. */
const INFO = { unit: '1', range: RANGES.number } as const;

const gpu = (field: GpuField): readonly Metric[] => {
  const { exposed, range } = gpuField(field);
  if (!exposed) return [];
  return [{ table: 'gpu', name: exposed.family, field, unit: exposed.unit, about: exposed.about, range }];
};
const cpu = (name: string, field: CpuField, unit: string, about: string): Metric => ({
  table: 'cpu',
  name,
  field,
  unit,
  about,
  range: CPU_RANGES[field],
});
const memory = (name: string, field: MemoryField, unit: string, about: string): Metric => ({
  table: 'memory',
  name,
  field,
  unit,
  about,
  range: MEMORY_RANGES[field],
});
const disk = (name: string, field: DiskField, about: string): Metric => ({
  table: 'disk',
  name,
  field,
  unit: 'bytes',
  about,
  range: DISK_RANGES[field],
});
const process = (name: string, field: ProcessField, unit: string, about: string): Metric => ({
  table: 'process',
  name,
  field,
  unit,
  about,
  range: PROCESS_RANGES[field],
});

export const METRICS: readonly Metric[] = [
  { table: 'up', name: 'up', unit: '0 or 1', about: 'whether the exporter has collected data', range: RANGES.number },
  { table: 'build', name: 'build_info', ...INFO, about: 'version of the exporter, in the label `version`' },
  ...GPU_FIELDS.flatMap(gpu),
  { table: 'gpu', name: 'gpu_info', ...INFO, about: 'driver, CUDA version and other details, as labels' },
  process('process_memory_used_bytes', 'vramBytes', 'bytes', 'GPU memory of a process'),
  process('process_start_time_seconds', 'startSeconds', 's', 'seconds since the start of the process; from 1e9 on, Unix time of the start'),
  process('process_cpu_percent', 'cpuPercent', '%', 'CPU time, in percent of one core; may exceed 100'),
  process('process_gpu_utilization', 'smPercent', '%', 'multiprocessors of a GPU used by a process (only from `all-smi-view api`)'),
  process('process_resident_memory_bytes', 'residentBytes', 'bytes', 'resident memory of a process (only from `all-smi-view api`)'),
  {
    table: 'scope',
    name: 'process_export_info',
    ...INFO,
    about: 'which processes are exported, in the label `scope`: gpu or all (only from `all-smi-view api`)',
  },
  { table: 'cpu', name: 'cpu_info', ...INFO, about: 'model, architecture and platform, as labels' },
  { table: 'cpu', name: 'cpu_model', ...INFO, about: 'model, in the label `model`' },
  cpu('cpu_utilization', 'utilPercent', '%', 'CPU utilization'),
  cpu('cpu_socket_count', 'sockets', 'number', 'sockets'),
  cpu('cpu_core_count', 'cores', 'number', 'cores'),
  cpu('cpu_thread_count', 'threads', 'number', 'hardware threads'),
  cpu('cpu_frequency_mhz', 'frequencyMhz', 'MHz', 'clock'),
  cpu('cpu_temperature_celsius', 'temperatureCelsius', '°C', 'temperature'),
  cpu('cpu_power_consumption_watts', 'powerWatts', 'W', 'power drawn'),
  {
    table: 'core',
    name: 'cpu_core_utilization',
    field: 'utilPercent',
    unit: '%',
    about: 'utilization of a core',
    range: CORE_RANGES.utilPercent,
  },
  memory('memory_total_bytes', 'totalBytes', 'bytes', 'total memory'),
  memory('memory_used_bytes', 'usedBytes', 'bytes', 'memory in use'),
  memory('memory_available_bytes', 'availableBytes', 'bytes', 'memory available to programs'),
  memory('memory_buffers_bytes', 'buffersBytes', 'bytes', 'buffers of block devices'),
  memory('memory_cached_bytes', 'cachedBytes', 'bytes', 'cached files'),
  memory('memory_utilization', 'utilPercent', '%', 'memory in use, in percent of the total'),
  memory('swap_total_bytes', 'swapTotalBytes', 'bytes', 'total swap space'),
  memory('swap_used_bytes', 'swapUsedBytes', 'bytes', 'swap space in use'),
  disk('disk_total_bytes', 'totalBytes', 'size of a file system'),
  disk('disk_available_bytes', 'availableBytes', 'space available on a file system'),
  ...EXTRA_METRICS,
];

const NUMBERS: ReadonlyMap<string, number> = new Map(METRICS.map(({ name }, number) => [NAMESPACE + name, number]));

/** The number in METRICS of a family, by its full name. */
export const metricNamed = (name: string): number => NUMBERS.get(name) ?? UNKNOWN;

/** By number: the position of a process metric among the values of a row, -1 for metrics of other tables. */
export const ROW_VALUE_OF = Int32Array.from(METRICS, (metric) => (metric.table === 'process' ? PROCESS_FIELDS.indexOf(metric.field) : -1));

/** Current and former names of labels, the newest first. */
export const ALIASES = {
  gpuUuid: ['gpu_uuid', 'npu_uuid', 'uuid'],
  gpuName: ['gpu', 'npu'],
  gpuIndex: ['gpu_index', 'npu_index', 'index'],
  processGpu: ['gpu_index', 'device_id'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Maximum number of rows of one scrape of a node; further rows are left out. */
export const ROW_CAPS: Readonly<Record<Table, number>> = {
  process: 50_000,
  gpu: 256,
  cpu: 256,
  core: 1024,
  memory: 256,
  disk: 256,
  up: 1,
  build: 1,
  scope: 1,
  socket: 64,
  mig: 4096,
  vgpu: 4096,
  link: 8192,
  engine: 4096,
  clock: 4096,
  chassis: 1,
  fan: 64,
  energy: 1024,
  runtime: 1,
  source: 32,
  identity: 50_000,
};
