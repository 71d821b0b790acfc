/** Rows of a node as JSON that all-smi can read: every required field, integers without a point, keys in alphabetical order. */
import { ownersJson } from './owners-json.js';
import type { ExtraReading } from '../../model/columns.js';
import type { NodeView } from '../../model/node-view.js';
import { GPU_FIELDS, gpuField, type GpuField } from '../../model/gpu-fields.js';
import { detailsOf } from '../../exposition/schema/detail-readings.js';
import { CPU_RULES, DETAIL_LABELS, MEMORY_RULES, SPELLED_LABELS, type FieldRule } from './schema.js';
import type { Ms } from '../../model/clock.js';

/** What the rows of one frame have in common. */
export interface RowContext {
  /** Wall time of the recorder, `YYYY-MM-DD HH:MM:SS`. */
  readonly time: string;
}

/** Keys of a row that were not reported. */
type Absent = string[];

/** A value by its rule; a value that was not reported, or is negative, becomes the rule's `none`, or 0 with an entry in `absent`. */
function field({ key, max, none }: FieldRule, value: number, absent: Absent): number | null {
  if (value >= 0 && value < Infinity) return max === undefined ? value : Math.min(max, Math.round(value));
  if (none !== undefined) return none;
  absent.push(key);
  return 0;
}

/** `absent` comes first: it sorts before all other keys of rows. */
function withAbsent<Row extends object>(row: Row, absent: Absent): Row | (Row & { readonly absent: readonly string[] }) {
  return absent.length === 0 ? row : { absent: absent.sort(), ...row };
}

const real = (value: number, key: string, absent: Absent): number => field({ key }, value, absent) ?? 0;

/** The input of a cell of a GPU row. `links`: NVLinks of the node by the slot of their GPU. */
interface GpuCell {
  readonly node: NodeView;
  readonly slot: number;
  readonly time: string;
  readonly links: LinksByGpu;
  readonly rows: ReadingsByGpu;
  readonly absent: Absent;
}

type LinksByGpu = readonly (readonly LinkJson[])[];
/** Readings of the tables with one row per reading, by the slot of their GPU. */
type ReadingsByGpu = readonly (readonly ExtraReading[])[];
type WriteCell = (cell: GpuCell) => unknown;

const extraOf = ({ node, slot }: GpuCell, family: string): number | null => orNull(node.extras.rows('gpu').value(slot, family));
const nothing: WriteCell = () => null;

/** Cells that are not fields of `GPU_FIELD_TABLE`. */
const OTHER_CELLS: Readonly<Record<string, WriteCell>> = {
  ane_utilization: (cell) => extraOf(cell, 'ane_utilization') ?? -1,
  detail: ({ node, slot, rows }) => detailOf(node, slot, rows),
  device_type: ({ node, slot }) => node.gpus.detail(slot, 'type') || 'GPU',
  dla_utilization: (cell) => extraOf(cell, 'dla_utilization'),
  gpm_metrics: ({ node, slot }) => gpmOf(node, slot),
  gpu_core_count: nothing,
  gsp_firmware_mode: (cell) => whole(extraOf(cell, 'gpu_gsp_firmware_mode'), 255),
  gsp_firmware_version: ({ node, slot }) => labelOf(node.extras.rows('gpu').families(slot), 'gpu_gsp_firmware_version_info', 'version'),
  host_id: ({ node }) => node.nodeId,
  hostname: ({ node }) => node.name,
  instance: ({ node }) => node.name,
  name: ({ node, slot }) => node.text(node.gpus.name[slot]!),
  nvlink_remote_devices: ({ slot, links }) => links[slot] ?? [],
  temperature_threshold_acoustic: (cell) => whole(extraOf(cell, 'gpu_temperature_threshold_acoustic_celsius'), 2 ** 32 - 1),
  tensorcore_utilization: nothing,
  time: ({ time }) => time,
  uuid: ({ node, slot }) => node.text(node.gpus.uuid[slot]!),
};

const FIELD_CELLS = GPU_FIELDS.flatMap((id): readonly (readonly [key: string, WriteCell])[] => {
  const { record } = gpuField(id);
  return record && record.in === 'row' ? [[record.key, ({ node, slot, absent }) => field(record, node.gpus.field[id][slot]!, absent)]] : [];
});

const byName = <T>([a]: readonly [string, T], [b]: readonly [string, T]): number => (a < b ? -1 : 1);
const GPU_CELLS = [...Object.entries(OTHER_CELLS), ...FIELD_CELLS].sort(byName);

export function gpuJson(node: NodeView, slot: number, { time }: RowContext, links: LinksByGpu, rows: ReadingsByGpu): string {
  const absent: Absent = [];
  const cell: GpuCell = { node, slot, time, links, rows, absent };
  const row: Record<string, unknown> = {};
  for (const [key, write] of GPU_CELLS) row[key] = write(cell);
  return JSON.stringify(withAbsent(row, absent));
}

/** Fields of `gpm_metrics`. */
const GPM = GPU_FIELDS.flatMap((id): readonly (readonly [key: string, id: GpuField])[] => {
  const { record } = gpuField(id);
  return record && record.in === 'gpm_metrics' ? [[record.key, id]] : [];
}).sort(byName);

function gpmOf({ gpus }: NodeView, slot: number): object | null {
  if (GPM.every(([, id]) => Number.isNaN(gpus.field[id][slot]!))) return null;
  return Object.fromEntries(GPM.map(([key, id]) => [key, orNull(gpus.field[id][slot]!)]));
}

type WriteDetail = (node: NodeView, slot: number) => string;

/** By key, in alphabetical order: labels of the info family, and fields that all-smi writes among them. */
const DETAILS = [
  ...DETAIL_LABELS.map((label): readonly [string, WriteDetail] => [label, ({ gpus }, slot) => gpus.detail(slot, label)]),
  ...Object.entries(SPELLED_LABELS).map(([label, key]): readonly [string, WriteDetail] => [
    key,
    ({ gpus }, slot) => gpus.detail(slot, label),
  ]),
  ...GPU_FIELDS.flatMap((id): readonly (readonly [string, WriteDetail])[] => {
    const { record } = gpuField(id);
    return record && record.in === 'detail' ? [[record.key, ({ gpus }, slot) => numberText(gpus.field[id][slot]!, record.decimals)]] : [];
  }),
  ['index', ({ gpus }: NodeView, slot: number) => String(gpus.index[slot])] as const,
  ['instance_name', ({ name }: NodeView) => name] as const,
].sort(byName);

function detailOf(node: NodeView, slot: number, rows: ReadingsByGpu): Record<string, string> {
  const found = detailsOf(node.extras.rows('gpu').families(slot), rows[slot] ?? []);
  const detail: Record<string, string> = Object.fromEntries(found);
  for (const [key, write] of DETAILS) {
    const text = write(node, slot);
    if (text !== '') detail[key] = text;
  }
  return Object.fromEntries(Object.entries(detail).sort(byName));
}

/** A label of one family: other families may have a label of the same name. */
const labelOf = (families: readonly ExtraReading[], family: string, label: string): string | null =>
  families.find((one) => one.family === family)?.labels.find(([name]) => name === label)?.[1] || null;

const whole = (value: number | null, max: number): number | null => (value === null || value < 0 ? null : Math.min(max, Math.round(value)));

/** Decimal digits; '' if it was not reported. */
const numberText = (value: number, decimals?: number): string =>
  Number.isFinite(value) ? (decimals === undefined ? String(value) : value.toFixed(decimals)) : '';
const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The GPU of a process: our own fields, and the fields of all-smi. */
export function processJson(node: NodeView, row: number, _context: RowContext): string {
  const { procs, gpus } = node;
  const absent: Absent = [];
  const slot = procs.gpu[row]!;
  const age = procs.ageSeconds[row]!;
  const owner = ownersJson(node, row);
  return JSON.stringify(
    withAbsent(
      {
        command: node.text(procs.command[row]!),
        cpu_percent: real(procs.cpuPercent[row]!, 'cpu_percent', absent),
        cpu_time: 0,
        device_id: slot < 0 ? 0 : Math.max(0, gpus.index[slot]!),
        device_uuid: slot < 0 ? '' : node.text(gpus.uuid[slot]!),
        gpu_utilization: real(procs.smPercent[row]!, 'gpu_utilization', absent),
        host_id: node.nodeId,
        memory_percent: 0,
        memory_rss: 0,
        memory_vms: 0,
        nice_value: 0,
        ...(owner === undefined ? {} : { owner }),
        pid: procs.pid[row]!,
        ppid: 0,
        priority: 0,
        process_name: node.text(procs.name[row]!),
        start_epoch: epochOf(node.at, age),
        start_time: elapsedText(age),
        state: '',
        threads: 0,
        used_memory: field({ key: 'used_memory', max: Number.MAX_SAFE_INTEGER }, procs.vramBytes[row]!, absent),
        user: node.userName(procs.user[row]!),
        uses_gpu: slot >= 0,
      },
      absent,
    ),
  );
}

/** Readers take integers from here on for a Unix time. */
export const FIRST_EPOCH = 1e9;

/** Elapsed seconds; '' if they are unknown, or so large that a reader would take them for a Unix time. */
function elapsedText(age: number): string {
  if (!(age >= 0 && age < FIRST_EPOCH)) return '';
  return age < 1e-6 ? '0' : String(age);
}

/** The start of a process in whole seconds since the Unix epoch; null if unknown. */
function epochOf(at: Ms, ageSeconds: number): number | null {
  const epoch = Math.round(at / 1000 - ageSeconds);
  return Number.isSafeInteger(epoch) ? epoch : null;
}

export function cpuJson(node: NodeView, row: number, { time }: RowContext): string {
  const { cpus } = node;
  const absent: Absent = [];
  const value = (id: keyof typeof CPU_RULES): number | null => field(CPU_RULES[id], cpus.value(row, id), absent);
  const model = cpus.title(row);
  const megahertz = value('frequencyMhz');
  return JSON.stringify(
    withAbsent(
      {
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
      },
      absent,
    ),
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

/** As all-smi derives it from the model. */
function platformOf(model: string): string | { readonly Other: string } {
  if (/apple/i.test(model)) return 'AppleSilicon';
  if (/intel/i.test(model)) return 'Intel';
  if (/amd|epyc|ryzen/i.test(model)) return 'Amd';
  return { Other: model };
}

export function memoryJson(node: NodeView, row: number, { time }: RowContext): string {
  const absent: Absent = [];
  const value = (id: keyof typeof MEMORY_RULES): number => field(MEMORY_RULES[id], node.memory.value(row, id), absent) ?? 0;
  const [total, used] = [value('totalBytes'), value('usedBytes')];
  const [swapTotal, swapUsed] = [value('swapTotalBytes'), value('swapUsedBytes')];
  return JSON.stringify(
    withAbsent(
      {
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
      },
      absent,
    ),
  );
}

export function storageJson(node: NodeView, row: number): string {
  const absent: Absent = [];
  const value = (key: string, id: 'totalBytes' | 'availableBytes'): number | null =>
    field({ key, max: Number.MAX_SAFE_INTEGER }, node.disks.value(row, id), absent);
  return JSON.stringify(
    withAbsent(
      {
        available_bytes: value('available_bytes', 'availableBytes'),
        host_id: node.nodeId,
        hostname: node.name,
        index: row,
        mount_point: node.disks.title(row),
        total_bytes: value('total_bytes', 'totalBytes'),
      },
      absent,
    ),
  );
}

export interface LinkJson {
  readonly bandwidth_mb_s: number | null;
  readonly link_index: number;
  readonly remote_type: string;
}
