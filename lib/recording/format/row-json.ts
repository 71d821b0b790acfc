/** Rows of a host as the JSON that all-smi reads: every field it requires, integers without a point, keys in alphabetical order. */
import type { NodeView } from '../../model/node-view.js';
import { CPU_RULES, DETAIL_LABELS, GPU_RULES, MEMORY_RULES, type FieldRule } from './schema.js';
import type { Ms } from '../../model/clock.js';

/** What rows of one frame have in common. */
export interface RowContext {
  /** Wall time of the recorder, `YYYY-MM-DD HH:MM:SS`. */
  readonly time: string;
}

/** Keys of the row under way that nothing reported. */
let absent: string[] = [];

/** A value by its rule; what was not reported, or is negative, becomes the rule's `none`, or 0 and a note in `absent`. */
function field({ key, max, none }: FieldRule, value: number): number | null {
  if (value >= 0 && value < Infinity) return max === undefined ? value : Math.min(max, Math.round(value));
  if (none !== undefined) return none;
  absent.push(key);
  return 0;
}

/** `absent` goes in front: it sorts before all other keys of rows. */
function withAbsent<Row extends object>(row: Row): Row | (Row & { readonly absent: readonly string[] }) {
  if (absent.length === 0) return row;
  const noted = { absent: [...absent].sort(), ...row };
  absent = [];
  return noted;
}

const real = (value: number, key: string): number => field({ key }, value) ?? 0;

/** `links`: NVLinks of the host by the uuid of their GPU. */
export function gpuJson(node: NodeView, slot: number, { time }: RowContext, links: ReadonlyMap<string, readonly LinkJson[]>): string {
  const { gpus } = node;
  const uuid = node.text(gpus.uuid[slot]!);
  const value = (id: keyof typeof GPU_RULES): number | null => field(GPU_RULES[id]!, gpus.field[id][slot]!);
  const extra = (family: string): number | null => orNull(node.extras.rows('gpu').value(slot, family));
  return JSON.stringify(
    withAbsent({
      ane_utilization: extra('ane_utilization') ?? -1,
      detail: detailOf(node, slot),
      device_type: gpus.detail(slot, 'type') || 'GPU',
      dla_utilization: null,
      fan_speed_rpm: value('fanRpm'),
      frequency: value('frequencyMhz'),
      gpm_metrics: gpmOf(gpus.field.smOccupancy[slot]!, gpus.field.memoryBandwidthFraction[slot]!),
      gpu_core_count: null,
      gsp_firmware_mode: whole(extra('gpu_gsp_firmware_mode'), 255),
      gsp_firmware_version: node.extras.rows('gpu').label(slot, 'version') || null,
      host_id: node.nodeId,
      hostname: node.name,
      instance: node.name,
      name: node.text(gpus.name[slot]!),
      numa_node_id: value('numaNode'),
      nvlink_remote_devices: links.get(uuid) ?? [],
      performance_state: value('performanceState'),
      power_consumption: value('powerWatts'),
      temperature: value('temperatureCelsius'),
      temperature_threshold_acoustic: whole(extra('gpu_temperature_threshold_acoustic_celsius'), 2 ** 32 - 1),
      temperature_threshold_max_operating: value('maxOperatingCelsius'),
      temperature_threshold_shutdown: value('shutdownCelsius'),
      temperature_threshold_slowdown: value('slowdownCelsius'),
      tensorcore_utilization: null,
      time,
      total_memory: value('memoryTotalBytes'),
      used_memory: value('memoryUsedBytes'),
      utilization: value('utilPercent'),
      uuid,
    }),
  );
}

function gpmOf(occupancy: number, bandwidth: number): object | null {
  if (Number.isNaN(occupancy) && Number.isNaN(bandwidth)) return null;
  return { memory_bandwidth_utilization: orNull(bandwidth), sm_occupancy: orNull(occupancy) };
}

function detailOf({ gpus, name: label }: NodeView, slot: number): Record<string, string> {
  const detail: Record<string, string> = {};
  const limit = gpus.field.powerLimitWatts[slot]!;
  for (const name of DETAIL_KEYS) {
    const text =
      name === 'index'
        ? String(gpus.index[slot])
        : name === 'instance_name'
          ? label
          : name === 'power_limit_max'
            ? numberText(limit)
            : gpus.detail(slot, name);
    if (text !== '') detail[name] = text;
  }
  return detail;
}

const DETAIL_KEYS: readonly string[] = [...DETAIL_LABELS, 'index', 'instance_name', 'power_limit_max'].sort();

const whole = (value: number | null, max: number): number | null => (value === null || value < 0 ? null : Math.min(max, Math.round(value)));

/** Decimal digits; '' for what was not reported. */
const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : '');
const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** On which GPU a process is: what the row says of it, and what it says in all-smi's own words. */
export function processJson(node: NodeView, row: number, _context: RowContext): string {
  const { procs, gpus } = node;
  const slot = procs.gpu[row]!;
  const age = procs.ageSeconds[row]!;
  return JSON.stringify(
    withAbsent({
      command: node.text(procs.command[row]!),
      cpu_percent: real(procs.cpuPercent[row]!, 'cpu_percent'),
      cpu_time: 0,
      device_id: slot < 0 ? 0 : Math.max(0, gpus.index[slot]!),
      device_uuid: slot < 0 ? '' : node.text(gpus.uuid[slot]!),
      gpu_utilization: real(procs.smPercent[row]!, 'gpu_utilization'),
      host_id: node.nodeId,
      memory_percent: 0,
      memory_rss: 0,
      memory_vms: 0,
      nice_value: 0,
      pid: procs.pid[row]!,
      ppid: 0,
      priority: 0,
      process_name: node.text(procs.name[row]!),
      start_epoch: epochOf(node.at, age),
      start_time: elapsedText(age),
      state: '',
      threads: 0,
      used_memory: field({ key: 'used_memory', max: Number.MAX_SAFE_INTEGER }, procs.vramBytes[row]!),
      user: node.userName(procs.user[row]!),
      uses_gpu: slot >= 0,
    }),
  );
}

/** Readers take an integer from here on for an epoch. */
export const FIRST_EPOCH = 1e9;

/** Elapsed seconds; '' where they are unknown, or so many that a reader would take them for something else. */
function elapsedText(age: number): string {
  if (!(age >= 0 && age < FIRST_EPOCH)) return '';
  return age < 1e-6 ? '0' : String(age);
}

/** When a process began, in whole seconds since the Unix epoch; null when unknown. */
function epochOf(at: Ms, ageSeconds: number): number | null {
  const epoch = Math.round(at / 1000 - ageSeconds);
  return Number.isSafeInteger(epoch) ? epoch : null;
}

export function cpuJson(node: NodeView, row: number, { time }: RowContext): string {
  const { cpus } = node;
  const value = (id: keyof typeof CPU_RULES): number | null => field(CPU_RULES[id], cpus.value(row, id));
  const model = cpus.title(row);
  const megahertz = value('frequencyMhz');
  return JSON.stringify(
    withAbsent({
      apple_silicon_info: null,
      architecture: '',
      base_frequency_mhz: megahertz,
      cache_size_mb: 0,
      cpu_model: model,
      host_id: node.nodeId,
      hostname: node.name,
      index: row,
      instance: node.name,
      max_frequency_mhz: megahertz,
      per_core_utilization: row === 0 ? coresOf(node) : [],
      per_socket_info: [],
      platform_type: platformOf(model),
      power_consumption: value('powerWatts'),
      socket_count: value('sockets'),
      temperature: value('temperatureCelsius'),
      time,
      total_cores: value('cores'),
      total_threads: value('threads'),
      utilization: value('utilPercent'),
    }),
  );
}

function coresOf({ cores }: NodeView): object[] {
  const all: object[] = [];
  for (let row = 0; row < cores.count; row++) {
    const utilization = cores.value(row, 'utilPercent');
    if (Number.isFinite(utilization)) all.push({ core_id: coreId(cores.title(row), row), core_type: 'Standard', utilization });
  }
  return all;
}

const coreId = (title: string, row: number): number => (/^\d{1,6}$/.test(title) ? Number(title) : row);

/** As all-smi guesses it from the model. */
function platformOf(model: string): string | { readonly Other: string } {
  if (/apple/i.test(model)) return 'AppleSilicon';
  if (/intel/i.test(model)) return 'Intel';
  if (/amd|epyc|ryzen/i.test(model)) return 'Amd';
  return { Other: model };
}

export function memoryJson(node: NodeView, row: number, { time }: RowContext): string {
  const value = (id: keyof typeof MEMORY_RULES): number => field(MEMORY_RULES[id], node.memory.value(row, id)) ?? 0;
  const [total, used] = [value('totalBytes'), value('usedBytes')];
  const [swapTotal, swapUsed] = [value('swapTotalBytes'), value('swapUsedBytes')];
  return JSON.stringify(
    withAbsent({
      available_bytes: value('availableBytes'),
      buffers_bytes: value('buffersBytes'),
      cached_bytes: value('cachedBytes'),
      free_bytes: Math.max(0, total - used),
      host_id: node.nodeId,
      hostname: node.name,
      index: row,
      instance: node.name,
      swap_free_bytes: Math.max(0, swapTotal - swapUsed),
      swap_total_bytes: swapTotal,
      swap_used_bytes: swapUsed,
      time,
      total_bytes: total,
      used_bytes: used,
      utilization: value('utilPercent'),
    }),
  );
}

export function storageJson(node: NodeView, row: number): string {
  const value = (key: string, id: 'totalBytes' | 'availableBytes'): number | null =>
    field({ key, max: Number.MAX_SAFE_INTEGER }, node.disks.value(row, id));
  return JSON.stringify(
    withAbsent({
      available_bytes: value('available_bytes', 'availableBytes'),
      host_id: node.nodeId,
      hostname: node.name,
      index: row,
      mount_point: node.disks.title(row),
      total_bytes: value('total_bytes', 'totalBytes'),
    }),
  );
}

export interface LinkJson {
  readonly bandwidth_mb_s: number | null;
  readonly link_index: number;
  readonly remote_type: string;
}
