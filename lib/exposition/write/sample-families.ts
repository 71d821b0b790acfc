/** The family of each reading of a sample, and how its texts are cut: for the exposition, and for the columns of a viewer. */
import type { Column } from './gauges.js';
import type { NodeGpu, NodeProcess, NodeMigDevice, NodeCpu, NodeMemory, NodeDisk, NodeSample, NodeSource } from '../../model/sample.js';
import { IDENTITY_LABELS, type ProcessIdentity } from '../../model/identity.js';
import { GPU_FIELDS, gpuField } from '../../model/gpu-fields.js';
import { reading } from '../../model/valid-range.js';
import { METRICS, type Metric } from '../schema/families.js';
import { clean } from '../../text/sanitize.js';

/** The columns that the sources of this program fill, followed by readings that are kept as sent. */
export const GPU_COLUMNS: readonly Column<NodeGpu>[] = [
  ...GPU_FIELDS.flatMap((field): readonly Column<NodeGpu>[] => {
    const { exposed, exported } = gpuField(field);
    return exposed && exported ? [{ name: exposed.family, ...exported }] : [];
  }),
  { name: 'gpu_power_limit_current_watts', help: 'Power limit in effect', of: (gpu) => gpu.powerLimitWatts },
  { name: 'gpu_pcie_gen_current', help: 'PCIe generation in use', of: (gpu) => gpu.pcieGeneration },
  { name: 'gpu_pcie_width_current', help: 'PCIe lanes in use', of: (gpu) => gpu.pcieWidth },
  { name: 'gpu_clock_graphics_max_mhz', help: 'Maximum clock of the GPU, MHz', of: (gpu) => gpu.graphicsMaxMhz },
  { name: 'gpu_clock_memory_max_mhz', help: 'Maximum memory clock of the GPU, MHz', of: (gpu) => gpu.memoryMaxMhz },
  { name: 'gpu_clock_memory_current_mhz', help: 'Memory clock of the GPU, MHz', of: (gpu) => gpu.memoryMhz },
  { name: 'gpu_memory_temperature_celsius', help: 'Temperature of the GPU memory', of: (gpu) => gpu.memoryCelsius },
  { name: 'gpu_temperature_threshold_acoustic_celsius', help: 'Target temperature of the fans', of: (gpu) => gpu.acousticCelsius },
  { name: 'gpu_fan_duty_cycle', help: 'Fan speed, percent of the maximum', of: (gpu) => gpu.fanPercent },
];

export const CORE_COLUMN: Column<number | undefined> = {
  name: 'cpu_core_utilization',
  help: 'Utilization of a CPU core, percent',
  decimals: 2,
  of: (percent) => percent,
};

export const PROCESS_COLUMNS: readonly Column<NodeProcess>[] = [
  { name: 'process_memory_used_bytes', help: 'GPU memory of the process', of: (row) => row.gpuBytes },
  {
    name: 'process_start_time_seconds',
    help: 'Seconds since the start of the process',
    of: ({ ageSeconds }) => (ageSeconds === undefined ? undefined : Math.floor(ageSeconds)),
  },
  { name: 'process_cpu_percent', help: 'CPU time of the process, percent of one thread', decimals: 2, of: (row) => row.cpuPercent },
  { name: 'process_gpu_utilization', help: 'SM utilization of the process, percent', of: (row) => row.smPercent },
  { name: 'process_resident_memory_bytes', help: 'Resident memory of the process', of: (row) => row.residentBytes },
];

export const MIG_COLUMNS: readonly Column<NodeMigDevice>[] = [
  { name: 'mig_instance_memory_used_bytes', help: 'Memory in use on the MIG device', of: (device) => device.memoryUsedBytes },
  { name: 'mig_instance_memory_total_bytes', help: 'Memory of the MIG device', of: (device) => device.memoryTotalBytes },
];

export const CPU_COLUMNS: readonly Column<NodeCpu>[] = [
  { name: 'cpu_utilization', help: 'CPU utilization, percent', decimals: 2, of: (cpu) => cpu.utilPercent },
  { name: 'cpu_socket_count', help: 'CPU sockets', of: (cpu) => cpu.sockets },
  { name: 'cpu_core_count', help: 'CPU cores', of: (cpu) => cpu.cores },
  { name: 'cpu_thread_count', help: 'CPU threads', of: (cpu) => cpu.threads },
  { name: 'cpu_frequency_mhz', help: 'Clock of the CPU, MHz', of: (cpu) => cpu.frequencyMhz },
];

/** Only kernels that report buffers and cache have these families. */
const positive = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

/** Only machines with swap have swap families. */
const swap = (of: (memory: NodeMemory) => number | undefined) => (memory: NodeMemory) =>
  (memory.swapTotalBytes ?? 0) > 0 ? of(memory) : NaN;

export const MEMORY_COLUMNS: readonly Column<NodeMemory>[] = [
  { name: 'memory_total_bytes', help: 'Total memory', of: (memory) => memory.totalBytes },
  { name: 'memory_used_bytes', help: 'Memory in use', of: (memory) => memory.usedBytes },
  { name: 'memory_available_bytes', help: 'Memory available to programs', of: (memory) => memory.availableBytes },
  { name: 'memory_free_bytes', help: 'Free memory', of: (memory) => memory.freeBytes },
  {
    name: 'memory_utilization',
    help: 'Memory in use, percent',
    decimals: 2,
    of: ({ usedBytes, totalBytes }) => (usedBytes === undefined || !totalBytes ? undefined : (100 * usedBytes) / totalBytes),
  },
  { name: 'memory_buffers_bytes', help: 'Memory in buffers', of: (memory) => positive(memory.buffersBytes) },
  { name: 'memory_cached_bytes', help: 'Memory in the page cache', of: (memory) => positive(memory.cachedBytes) },
  { name: 'swap_total_bytes', help: 'Total swap space', of: swap((memory) => memory.swapTotalBytes) },
  { name: 'swap_used_bytes', help: 'Swap space in use', of: swap((memory) => memory.swapUsedBytes) },
  { name: 'swap_free_bytes', help: 'Free swap space', of: swap((memory) => memory.swapFreeBytes) },
];

export const DISK_COLUMNS: readonly Column<NodeDisk>[] = [
  { name: 'disk_total_bytes', help: 'Size of the file system', of: (disk) => disk.totalBytes },
  { name: 'disk_available_bytes', help: 'Space available on the file system', of: (disk) => disk.availableBytes },
];

/** Maximum length of labels of a process, in bytes of UTF-8; a cut text ends with the number of bytes cut off. */
export const MAX_COMMAND = 256;

export const MAX_NAME = 128;

/** At most `maxBytes` of `text`, and how much was cut: `python train.py ...(31 bytes truncated)`. `rest`: bytes that were already missing. */
export function capped(text: string, maxBytes: number, rest = 0): string {
  const whole = clean(text, Infinity);
  const kept = clean(whole, maxBytes);
  const cut = kept.length === whole.length ? 0 : new TextEncoder().encode(whole.slice(kept.length)).length;
  return cut + rest === 0 ? whole : `${kept}...(${cut + rest} bytes truncated)`;
}

export const gpuLabels = ({ instance }: NodeSample, { name, uuid, index }: NodeGpu): Record<string, string | number> => ({
  gpu: name,
  instance,
  gpu_uuid: uuid,
  gpu_index: index,
});

const METRIC_OF: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** The family of a column; undefined if no viewer reads it. */
export const metricOf = ({ name }: Pick<Column<never>, 'name'>): Metric | undefined => METRIC_OF.get(name);

/** The value that a node exports and shows: rounded to the digits of the column, NaN if it is invalid for the family. */
export function readingOf<Row>(column: Column<Row>, row: Row): number {
  const value = column.of(row, undefined) ?? NaN;
  // Avoids -0.
  const rounded = column.decimals === undefined ? value : Number(value.toFixed(column.decimals)) + 0;
  const metric = metricOf(column);
  return metric ? reading(rounded, metric.range) : rounded;
}

type Labels = Readonly<Record<string, string | number>>;

/** Labels of a GPU's info family. */
export const gpuInfoLabels = (sample: NodeSample, gpu: NodeGpu): Labels => ({ ...gpuLabels(sample, gpu), type: 'GPU', ...gpu.details });

/** Labels of the MIG mode of a GPU. */
export const migModeLabels = ({ instance }: NodeSample, { index, uuid, name }: NodeGpu): Labels => ({
  gpu_index: index,
  gpu_uuid: uuid,
  gpu: name,
  instance,
  host: instance,
});

export const migLabels = (sample: NodeSample, gpu: NodeGpu, device: NodeMigDevice): Labels => ({
  ...migModeLabels(sample, gpu),
  mig_instance: device.index,
  mig_uuid: device.uuid,
  mig_profile: device.profile,
  gpu_instance_id: device.gpuInstance ?? '',
  compute_instance_id: device.computeInstance ?? '',
});

export const sourceLabels = ({ instance }: NodeSample, { name, state, reason }: NodeSource): Labels => ({
  instance,
  source: name,
  state,
  reason,
});

export const IDENTITY_HELP = 'Job, pod, container, service or login session of the process';

/** Labels of the identity of a process on a GPU, only those that are known; undefined: none is. */
export function identityLabels(pid: number, deviceUuid: string, identity: Partial<ProcessIdentity>): Labels | undefined {
  const labels: Record<string, string | number> = { pid, device_uuid: deviceUuid };
  let isKnown = false;
  for (const field of IDENTITY_FIELDS) {
    const text = clean(identity[field] ?? '', MAX_IDENTITY);
    if (text !== '') labels[IDENTITY_LABELS[field]] = text;
    isKnown ||= text !== '';
  }
  return isKnown ? labels : undefined;
}
const IDENTITY_FIELDS = Object.keys(IDENTITY_LABELS) as readonly (keyof ProcessIdentity)[];
/** Bytes; ids must stay whole to be joined. */
const MAX_IDENTITY = 256;

/** The identities of a sample, each process and GPU once: GPUs without a uuid cannot be told apart. */
export function identitiesOf({ gpus, processes = [] }: Pick<NodeSample, 'gpus' | 'processes'>): readonly Labels[] {
  const found = new Map<string, Labels>();
  for (const { pid, gpu, identity } of processes) {
    const uuid = (gpu === undefined ? undefined : gpus[gpu])?.uuid ?? '';
    const labels = identity && identityLabels(pid, uuid, identity);
    if (labels && !found.has(`${pid} ${uuid}`)) found.set(`${pid} ${uuid}`, labels);
  }
  return [...found.values()];
}
