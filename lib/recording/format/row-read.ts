/** Reads rows of a frame: ours and all-smi's, local and remote. Only values that the format allows are accepted. */
import { readOwners, type ProcessOwnerTexts } from './owners-json.js';
import { CPU_FIELDS, CORE_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type GpuField } from '../../model/columns.js';
import { gpuField, isUnavailable, olderReading } from '../../model/gpu-fields.js';
import { CORE_RANGES, CPU_RANGES, DISK_RANGES, MEMORY_RANGES, PROCESS_RANGES } from '../../model/machine-fields.js';
import { detailLabel } from '../../exposition/schema/detail-readings.js';
import { reading, type ValidRange } from '../../model/valid-range.js';
import { clean } from '../../text/sanitize.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { decimal, integerOf, listOf, member, nameIn, numberOf, textOf } from './json-read.js';
import type { CellRecord, GpuRecord } from './records.js';
import { FIRST_EPOCH } from './row-json.js';
import { CPU_RULES, MAX_CORES, MAX_DETAILS, MEMORY_RULES, type FieldRule } from './schema.js';
import type { Ms } from '../../model/clock.js';

/** Maximum length of texts in bytes, as in the exposition; commands may end with the exporter's note of how much it cut. */
const COMMAND_BYTES = 288;
const NAME_BYTES = 128;

/** A field by its rule; NaN if it was not reported, or is invalid for the field. */
function valueOf(row: Loose, { key, none, max }: FieldRule, range: ValidRange): number {
  const value = reading(numberOf(row, key, 0, max), range);
  return value === 0 && (none === 0 || absentIn(row, key)) ? NaN : value;
}

function absentIn(row: Loose, key: string): boolean {
  const noted = member(row, 'absent');
  return Array.isArray(noted) && noted.includes(key);
}

/** `position`: its position among the GPUs of its node, used as its index if the row has none. */
export function readGpu(row: Loose, position: number): GpuRecord {
  const details = readDetails(row);
  const index = labelIn(details, 'index');
  return {
    index: /^\d{1,5}$/.test(index) ? Number(index) : position,
    uuid: textOf(row, 'uuid', NAME_BYTES),
    name: textOf(row, 'name'),
    values: GPU_FIELDS.map((field) => gpuValue(row, details, field)),
    details: details.filter(([name]) => name !== 'index' && name !== 'instance_name'),
  };
}

type Details = readonly (readonly [label: string, text: string])[];
const labelIn = (details: Details, label: string): string => details.find(([name]) => name === label)?.[1] ?? '';

/** 0 means not reported if the source is `unavailable`; a missing typed field may be among the details. */
function gpuValue(row: Loose, details: Details, field: GpuField): number {
  const detail = (label: string): string => labelIn(details, label);
  const value = recordedValue(row, details, field);
  if (value === 0 && isUnavailable(field, detail)) return NaN;
  return Number.isNaN(value) ? olderReading(field, detail) : value;
}

function recordedValue(row: Loose, details: Details, field: GpuField): number {
  const { record, range } = gpuField(field);
  if (!record) return NaN;
  if (record.in === 'row') return valueOf(row, record, range);
  if (record.in === 'detail') return reading(decimal(labelIn(details, record.key)), range);
  const gpm = member(row, 'gpm_metrics');
  return isRecord(gpm) ? reading(numberOf(gpm, record.key), range) : NaN;
}

/** Labels as spelled in the exposition: local recordings of all-smi have `Driver Version` for `driver_version`. */
function readDetails(row: Loose): Details {
  const type = textOf(row, 'device_type', 32);
  const details = new Map<string, string>(type === '' ? [] : [['type', type]]);
  const given = member(row, 'detail');
  if (isRecord(given)) {
    for (const [name, text] of Object.entries(given).slice(0, MAX_DETAILS)) {
      const label = detailLabel(clean(name, 64));
      if (typeof text === 'string' && text !== '' && label !== '') details.set(label, clean(text, 256));
    }
  }
  return [...details];
}

/** A process row, whose GPU is still identified by the names in the row. */
export interface ReadProc {
  /** '' if the row has none. */
  readonly nodeId: string;
  readonly pid: number;
  readonly onGpu: boolean;
  readonly deviceUuid: string;
  readonly deviceId: number;
  readonly user: string;
  readonly vramBytes: number;
  readonly start: string;
  readonly cpuPercent: number;
  readonly smPercent: number;
  readonly command: string;
  readonly name: string;
  readonly owners: ProcessOwnerTexts | undefined;
}

/** Undefined: a row without a pid. */
export function readProc(row: Loose): ReadProc | undefined {
  const pid = integerOf(row, 'pid', 0, 2 ** 32 - 1);
  if (pid === undefined) return undefined;
  const deviceUuid = textOf(row, 'device_uuid', NAME_BYTES);
  const vramBytes = valueOf(row, { key: 'used_memory' }, PROCESS_RANGES.vramBytes);
  return {
    nodeId: textOf(row, 'host_id'),
    pid,
    // all-smi lists processes on no GPU as on GPU 0 with 0 bytes.
    onGpu: deviceUuid !== '' || vramBytes > 0 || member(row, 'uses_gpu') === true,
    deviceUuid,
    deviceId: integerOf(row, 'device_id', 0, 99_999) ?? 0,
    user: nameIn(row, 'user'),
    vramBytes,
    start: textOf(row, 'start_time', 64),
    cpuPercent: valueOf(row, { key: 'cpu_percent' }, PROCESS_RANGES.cpuPercent),
    smPercent: valueOf(row, { key: 'gpu_utilization' }, PROCESS_RANGES.smPercent),
    command: textOf(row, 'command', COMMAND_BYTES),
    name: textOf(row, 'process_name', NAME_BYTES),
    owners: readOwners(row),
  };
}

/** A start time up to this much after the data was received counts as that moment: times in recordings are whole seconds. */
const GRACE_SECONDS = 2;

/**
 * The age of a process in seconds at `at`: `HH:MM:SS`, `MM:SS`, or a number, which from 1e9 on is the Unix time of its start. NaN if it is
 * none of these, or is in the future.
 */
export function ageOf(start: string, at: Ms): number {
  if (/^\d{1,15}(\.\d+)?$/.test(start)) {
    const seconds = Number(start);
    if (seconds < FIRST_EPOCH) return seconds;
    const age = at / 1000 - seconds;
    return age >= 0 ? age : age >= -GRACE_SECONDS ? 0 : NaN;
  }
  if (!/^\d{1,6}(:\d{1,6}){1,4}(\.\d+)?$/.test(start)) return NaN;
  return start
    .replace(/\..*$/, '')
    .split(':')
    .reduce((sum, group) => sum * 60 + Number(group), 0);
}

export function readCpu(row: Loose): CellRecord {
  return { title: textOf(row, 'cpu_model'), values: CPU_FIELDS.map((field) => valueOf(row, CPU_RULES[field], CPU_RANGES[field])) };
}

/** Cores of a CPU row, by number. */
export function readCores(row: Loose): readonly CellRecord[] {
  const cores = (listOf(row, 'per_core_utilization') ?? []).slice(0, MAX_CORES).filter(isRecord);
  return cores.map((core, at) => ({
    title: String(integerOf(core, 'core_id', 0, 1e6) ?? at),
    values: CORE_FIELDS.map((field) => valueOf(core, { key: 'utilization' }, CORE_RANGES[field])),
  }));
}

export function readMemory(row: Loose): CellRecord {
  return { title: '', values: MEMORY_FIELDS.map((field) => valueOf(row, MEMORY_RULES[field], MEMORY_RANGES[field])) };
}

export function readDisk(row: Loose): CellRecord {
  const keys = { totalBytes: 'total_bytes', availableBytes: 'available_bytes' } as const;
  return {
    title: textOf(row, 'mount_point'),
    values: DISK_FIELDS.map((field) => valueOf(row, { key: keys[field] }, DISK_RANGES[field])),
  };
}

/** Minutes between a row's local time and the frame's; undefined if the row has none, or it is not the offset of a time zone. */
export function offsetOf(row: Loose, at: Ms): number | undefined {
  const time = textOf(row, 'time', 32);
  const local = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(time) ? Date.parse(`${time.replace(' ', 'T')}Z`) : NaN;
  const quarters = Math.round((local - at) / 900_000);
  return Math.abs(quarters) <= 15 * 4 ? quarters * 15 : undefined;
}
