/** The tables that only some nodes fill, from our section, or from all-smi's fields if a recording does not have it. */
import { EXTRA_TABLES, type ExtraReading, type ExtraTable } from '../../model/columns.js';
import { clean } from '../../text/sanitize.js';
import { detailLabel, detailReadings, type DetailReading } from '../../exposition/schema/detail-readings.js';
import { EXTRA_METRICS } from '../../exposition/schema/extra-families.js';
import { ROW_CAPS } from '../../exposition/schema/families.js';
import { reading as readingIn } from '../../model/valid-range.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { CHASSIS_FIGURES } from './extras-json.js';
import { decimal, integerOf, listOf, member, numberOf, textOf } from './json-read.js';
import { MAX_DETAILS } from './schema.js';

/** The readings of a row, by row number. */
export type ExtraTablesRead = Partial<Record<ExtraTable, ExtraReading[][]>>;

/** A table may have at least so many rows, and a row be at most so far behind the one before it: no file can ask for endless empty ones. */
const MAX_ROWS = 4096;
const MAX_READINGS = 128;
const MAX_LABELS = 64;

/** A row of our section. False: it is invalid. */
export function readExtra(tables: ExtraTablesRead, row: Loose): boolean {
  const table = EXTRA_TABLES.find((one) => one === member(row, 'table'));
  if (table === undefined) return false;
  const place = integerOf(row, 'row', 0, Math.max(MAX_ROWS, ROW_CAPS[table]));
  if (place === undefined || place > (tables[table]?.length ?? 0) + MAX_ROWS) return false;
  put(tables, table, place, (listOf(row, 'readings') ?? []).filter(isRecord).slice(0, MAX_READINGS).map(readingOf));
  return true;
}

function put(tables: ExtraTablesRead, table: ExtraTable, place: number, readings: readonly ExtraReading[]): void {
  const rows = (tables[table] ??= []);
  while (rows.length <= place) rows.push([]);
  rows[place]!.push(...readings);
}

function readingOf(reading: Loose): ExtraReading {
  const pairs = (listOf(reading, 'labels') ?? []).filter(isPair).slice(0, MAX_LABELS);
  return {
    family: textOf(reading, 'family', 128),
    unit: textOf(reading, 'unit', 32),
    value: numberOf(reading, 'value', -Number.MAX_VALUE),
    labels: pairs.map(([name, text]) => [clean(name, 64), clean(text)] as const),
  };
}

const isPair = (value: unknown): value is readonly [string, string] =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string';

const reading = (family: string, unit: string, value: number, labels: ExtraReading['labels']): ExtraReading => ({
  family,
  unit,
  value,
  labels,
});

const CHASSIS: readonly (readonly [key: string, family: string, unit: string])[] = [
  ['total_power_watts', 'chassis_power_watts', 'W'],
  ['inlet_temperature', 'chassis_inlet_temperature_celsius', '°C'],
  ['outlet_temperature', 'chassis_outlet_temperature_celsius', '°C'],
];

/** A chassis row of all-smi. */
export function readChassis(tables: ExtraTablesRead, row: Loose): void {
  const detail = member(row, 'detail');
  const details = isRecord(detail)
    ? Object.keys(detail)
        .slice(0, MAX_LABELS)
        .map((name) => [detailLabel(clean(name, 64)), textOf(detail, name)] as const)
    : [];
  const isFigure = ([label]: readonly [string, string]): boolean => CHASSIS_FIGURES.some((key) => key === label);
  const labels = details.filter((one) => !isFigure(one));
  const figures = [
    ...CHASSIS.map(([key, family, unit]) => reading(family, unit, numberOf(row, key, -1000), [])),
    ...details.filter(isFigure).map(([key, text]) => reading(`chassis_${key}`, 'W', decimal(text), [])),
  ];
  put(tables, 'chassis', 0, [reading('chassis_info', '1', 1, labels), ...figures.filter(({ value }) => !Number.isNaN(value))]);
  const pressure = textOf(row, 'thermal_pressure', 64);
  if (pressure !== '') put(tables, 'chassis', 0, [reading('chassis_thermal_pressure_info', '1', 1, [['level', pressure]])]);
  for (const [place, fan] of (listOf(row, 'fan_speeds') ?? []).filter(isRecord).slice(0, 256).entries()) {
    const names = [['fan_id', String(integerOf(fan, 'id', 0, 1e9) ?? place)] as const, ['fan_name', textOf(fan, 'name')] as const];
    put(tables, 'fan', place, [reading('chassis_fan_speed_rpm', 'rpm', numberOf(fan, 'speed_rpm'), names)]);
  }
}

/** The typed fields of a GPU row; the value for "not reported" is outside the valid range. */
const GPU_ROW: readonly (readonly [key: string, family: string])[] = [
  ['ane_utilization', 'ane_utilization'],
  ['dla_utilization', 'dla_utilization'],
  ['gsp_firmware_mode', 'gpu_gsp_firmware_mode'],
  ['temperature_threshold_acoustic', 'gpu_temperature_threshold_acoustic_celsius'],
];

interface GpuIdentity {
  readonly uuid: string;
  readonly index: number;
}

/** How rows of other tables identify their GPU. */
const identityLabels = (uuid: string, index: number): ExtraReading['labels'] => [
  ['gpu_uuid', uuid],
  ['gpu_index', String(index)],
];

/** What a GPU row of all-smi has besides the columns: its typed fields, and readings in its details. */
export function gpuReadings(row: Loose, { uuid, index }: GpuIdentity): readonly DetailReading[] {
  const figures = GPU_ROW.flatMap(([key, family]): DetailReading[] => {
    const { unit, range } = EXTRA_METRICS.find(({ name }) => name === family)!;
    const value = readingIn(numberOf(row, key), range);
    return Number.isNaN(value) ? [] : [{ table: 'gpu', ...reading(family, unit, value, []) }];
  });
  const version = textOf(row, 'gsp_firmware_version', 64);
  if (version !== '') figures.push({ table: 'gpu', ...reading('gpu_gsp_firmware_version_info', '1', 1, [['version', version]]) });
  const detail = member(row, 'detail');
  const details = isRecord(detail)
    ? Object.keys(detail)
        .slice(0, MAX_DETAILS)
        .map((key) => [clean(key, 64), textOf(detail, key)] as const)
    : [];
  return [...figures, ...detailReadings(details, identityLabels(uuid, index))];
}

/** The NVLinks of a GPU row of all-smi. */
export function readLinks(tables: ExtraTablesRead, row: Loose, { uuid, index }: GpuIdentity): void {
  for (const link of (listOf(row, 'nvlink_remote_devices') ?? []).filter(isRecord).slice(0, 32)) {
    const bandwidth = integerOf(link, 'bandwidth_mb_s', 1, 2_000_000);
    const labels = [
      ...identityLabels(uuid, index),
      ['link_index', String(integerOf(link, 'link_index', 0, 31) ?? 0)] as const,
      ['remote_type', textOf(link, 'remote_type', 32)] as const,
      ...(bandwidth === undefined ? [] : [['bandwidth_mb_s', String(bandwidth)] as const]),
    ];
    put(tables, 'link', tables.link?.length ?? 0, [reading('nvlink_remote_device_type', '1', 1, labels)]);
  }
}
