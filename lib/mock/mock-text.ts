/** The exposition of a mock node: its readings as families, with the names and labels of all-smi's mock server. */
import { fact, families, gauge, type Column } from '../exposition/write/gauges.js';
import { IDENTITY_HELP, identityLabels } from '../exposition/write/sample-families.js';
import { labelBlock, writeFamilies, type Family, type LabelBlock, type Sample } from '../exposition/write/families-text.js';
import { IDENTITY_FAMILY } from '../model/identity.js';
import { machineOf } from './mock-plan.js';
import { NO_SWITCHES, switchFamilies } from './mock-features.js';
import { PLATFORMS } from './mock-platforms.js';
import { mix } from './random-walk.js';
import type { GpuReading, HostReading, NodeReading, ProcReading, Device, Platform, NodePlan } from './mock-types.js';

interface MockColumn<Row> extends Column<Row, NodePlan> {
  /** Exported only by nodes with details. */
  readonly detail?: true;
}

const GPU_COLUMNS: readonly MockColumn<GpuReading>[] = [
  { name: 'gpu_utilization', help: 'GPU utilization, percent', of: (gpu) => gpu.utilPercent },
  { name: 'gpu_memory_used_bytes', help: 'GPU memory in use', of: (gpu) => gpu.memoryUsedBytes },
  { name: 'gpu_memory_total_bytes', help: 'Total GPU memory', of: (_, plan) => plan.model.memoryBytes },
  { name: 'gpu_temperature_celsius', help: 'Temperature of the GPU', of: (gpu) => gpu.temperatureCelsius },
  { name: 'gpu_power_consumption_watts', help: 'Power draw of the GPU', of: (gpu) => gpu.powerWatts },
  { name: 'gpu_frequency_mhz', help: 'Clock of the GPU, MHz', of: (gpu) => gpu.frequencyMhz },
  { name: 'ane_utilization', help: 'Power of the neural engine, mW; 0 without one', of: () => 0 },
  { name: 'gpu_power_limit_max_watts', help: 'Maximum power limit of the GPU', of: (_, plan) => plan.model.powerLimitWatts },
  { name: 'gpu_performance_state', help: 'Performance state, 0 is the fastest', detail: true, of: (gpu) => gpu.performanceState },
  { name: 'gpu_temperature_threshold_slowdown_celsius', help: 'Temperature at which the GPU slows down', detail: true, of: () => 90 },
  { name: 'gpu_temperature_threshold_shutdown_celsius', help: 'Temperature at which the GPU shuts down', detail: true, of: () => 95 },
  { name: 'gpu_temperature_threshold_max_operating_celsius', help: 'Maximum operating temperature of the GPU', detail: true, of: () => 87 },
  { name: 'gpu_sm_occupancy', help: 'SM occupancy, 0 to 1', detail: true, of: (gpu) => gpu.smOccupancy },
  {
    name: 'gpu_memory_bandwidth_utilization',
    help: 'Memory bandwidth in use, 0 to 1',
    detail: true,
    of: (gpu) => gpu.memoryBandwidthFraction,
  },
];

const PROC_COLUMNS: readonly MockColumn<ProcReading>[] = [
  { name: 'process_memory_used_bytes', help: 'GPU memory of the process', of: (proc) => proc.bytes },
  { name: 'process_start_time_seconds', help: 'Seconds since the start of the process', of: (proc) => proc.ageSeconds },
  { name: 'process_cpu_percent', help: 'CPU time of the process, percent of one thread', decimals: 2, of: (proc) => proc.cpuPercent },
  { name: 'process_gpu_utilization', help: 'SM utilization of the process, percent', of: (proc) => proc.smPercent },
];

const NODE_COLUMNS: readonly MockColumn<HostReading>[] = [
  { name: 'cpu_utilization', help: 'CPU utilization, percent', of: (host) => host.cpuPercent },
  { name: 'cpu_socket_count', help: 'CPU sockets', of: (_, plan) => machineOf(plan).sockets },
  { name: 'cpu_core_count', help: 'CPU cores', of: (_, plan) => machineOf(plan).cores },
  { name: 'cpu_thread_count', help: 'CPU threads', of: (_, plan) => machineOf(plan).threads },
  { name: 'cpu_frequency_mhz', help: 'Clock of the CPU, MHz', of: (host) => host.cpuMhz },
  { name: 'cpu_temperature_celsius', help: 'Temperature of the CPU', of: (host) => host.cpuCelsius },
  { name: 'cpu_power_consumption_watts', help: 'Power draw of the CPUs', of: (host) => host.cpuWatts },
  { name: 'memory_total_bytes', help: 'Total memory', of: (_, plan) => machineOf(plan).memoryBytes },
  { name: 'memory_used_bytes', help: 'Memory in use', of: (host) => host.memoryUsedBytes },
  {
    name: 'memory_available_bytes',
    help: 'Memory available to programs',
    of: (host, plan) => machineOf(plan).memoryBytes - host.memoryUsedBytes,
  },
  {
    name: 'memory_free_bytes',
    help: 'Free memory',
    of: (host, plan) => machineOf(plan).memoryBytes - host.memoryUsedBytes - host.memoryCachedBytes - machineOf(plan).buffersBytes,
  },
  { name: 'memory_buffers_bytes', help: 'Memory in buffers', of: (_, plan) => machineOf(plan).buffersBytes },
  { name: 'memory_cached_bytes', help: 'Memory in the page cache', of: (host) => host.memoryCachedBytes },
  { name: 'swap_total_bytes', help: 'Total swap space', of: (_, plan) => machineOf(plan).swapBytes },
  { name: 'swap_used_bytes', help: 'Swap space in use', of: (host) => host.swapUsedBytes },
  { name: 'swap_free_bytes', help: 'Free swap space', of: (host, plan) => machineOf(plan).swapBytes - host.swapUsedBytes },
];

const platformOf = ({ platform }: NodePlan): Platform => platform ?? PLATFORMS.nvidia;

/** The columns that a node sends: without those that its platform omits, and without details where the node has none. */
function sent<Row>(columns: readonly MockColumn<Row>[], plan: NodePlan): readonly MockColumn<Row>[] {
  const { omits } = platformOf(plan);
  return columns.filter(({ name, detail }) => !omits.has(name) && (plan.details || detail !== true));
}

const gpuLabels = ({ model, instance, gpus }: NodePlan, gpu: number): Record<string, string> => ({
  gpu: model.name,
  instance,
  gpu_uuid: gpus[gpu]!.uuid,
  gpu_index: String(gpu),
});

function infoLabels(plan: NodePlan): Record<string, string> {
  const { type, ...info } = platformOf(plan).info as Record<string, string>;
  const deviceType = type ?? (plan.details ? 'GPU' : undefined);
  return { ...(deviceType === undefined ? {} : { type: deviceType }), architecture: plan.model.architecture, ...info };
}

const procLabels = ({ instance, gpus }: NodePlan, { job, pid, gpu, command }: ProcReading): LabelBlock =>
  labelBlock({
    pid,
    name: job.name,
    user: job.user,
    device_id: gpu,
    gpu_index: gpu,
    device_uuid: gpus[gpu]!.uuid,
    command,
    instance,
    host: instance,
  });

function identityFamily({ gpus }: NodePlan, procs: readonly ProcReading[]): Family {
  const samples = procs.flatMap(({ job, pid, gpu }): Sample[] => {
    const labels = job.identity && identityLabels(pid, gpus[gpu]!.uuid, job.identity);
    return labels ? [{ labels: labelBlock(labels), value: 1 }] : [];
  });
  return gauge(IDENTITY_FAMILY, IDENTITY_HELP, samples);
}

function diskFamilies(plan: NodePlan, host: HostReading): Family[] {
  const { instance } = plan;
  const machine = machineOf(plan);
  const disks = [
    { mount: '/', total: machine.rootBytes, free: host.rootFreeBytes },
    { mount: '/scratch', total: machine.scratchBytes, free: host.scratchFreeBytes },
  ].map((disk, index) => ({ ...disk, labels: labelBlock({ instance, mount_point: disk.mount, index }) }));
  const each = (value: (disk: (typeof disks)[number]) => number): Sample[] =>
    disks.map((disk) => ({ labels: disk.labels, value: value(disk) }));
  return [
    gauge(
      'disk_total_bytes',
      'Size of the file system',
      each((disk) => disk.total),
    ),
    gauge(
      'disk_available_bytes',
      'Space available on the file system',
      each((disk) => disk.free),
    ),
  ];
}

function statusFamilies({ instance }: NodePlan): Family[] {
  return [
    fact('up', 'Whether the exporter has collected data', { instance, hostname: instance }),
    fact('build_info', 'Version of the exporter', { instance, hostname: instance, version: '0.25.0', os: 'linux', arch: 'x86_64' }),
  ];
}

/** What the families of the vendor and of the switches need to know about a device. */
function devicesOf(plan: NodePlan, gpus: readonly GpuReading[]): readonly Device[] {
  return gpus.map((reading, index) => ({
    index,
    reading,
    memoryBytes: plan.model.memoryBytes,
    powerLimitWatts: plan.model.powerLimitWatts,
    key: mix(plan.key, DEVICE, index),
    labels: gpuLabels(plan, index),
  }));
}
const DEVICE = 40;

/** Creates the writer of a node. Labels that never change are made once. */
export function mockNodeText(plan: NodePlan): (reading: NodeReading) => string {
  const gpuBlocks = plan.gpus.map((_, gpu) => labelBlock(gpuLabels(plan, gpu)));
  const infos = plan.gpus.map((_, gpu) => ({ labels: labelBlock({ ...gpuLabels(plan, gpu), ...infoLabels(plan) }), value: 1 }));
  const { instance, switches = NO_SWITCHES } = plan;
  const { vendor } = platformOf(plan);
  const hostBlock = labelBlock({ instance });
  return ({ gpus, procs, host }) => {
    const devices = devicesOf(plan, gpus);
    return writeFamilies([
      ...(plan.details ? statusFamilies(plan) : []),
      ...families(sent(GPU_COLUMNS, plan), gpus, gpuBlocks, plan),
      gauge('gpu_info', 'Description of the GPU', infos),
      ...(plan.details && plan.jobs !== undefined
        ? [fact('process_export_info', 'Which processes are exported', { instance, scope: 'gpu' })]
        : []),
      ...families(
        sent(PROC_COLUMNS, plan),
        procs,
        procs.map((proc) => procLabels(plan, proc)),
        plan,
      ),
      identityFamily(plan, procs),
      ...families(sent(NODE_COLUMNS, plan), [host], [hostBlock], plan),
      fact('cpu_model', 'Model of the CPU', { instance, model: machineOf(plan).cpuModel }),
      ...diskFamilies(plan, host),
      ...(vendor?.(devices, host, { cpu_model: machineOf(plan).cpuModel, instance }) ?? []),
      ...switchFamilies(devices, switches),
    ]);
  };
}
