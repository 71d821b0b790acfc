/** The tables that only some nodes fill, from our section or, where a recording lacks it, from what all-smi has of them. */
import { EXTRA_TABLES, type ExtraReading, type ExtraTable } from '../../model/columns.js';
import { clean } from '../../text/sanitize.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { integerOf, listOf, member, numberOf, textOf } from './json-read.js';

/** The readings of a row; rows stand at their number. */
export type ExtraTablesRead = Partial<Record<ExtraTable, ExtraReading[][]>>;

const MAX_ROWS = 4096;
const MAX_READINGS = 128;
const MAX_LABELS = 64;

/** A row of our section. False: it is none. */
export function readExtra(tables: ExtraTablesRead, row: Loose): boolean {
  const table = EXTRA_TABLES.find((one) => one === member(row, 'table'));
  const place = integerOf(row, 'row', 0, MAX_ROWS);
  if (table === undefined || place === undefined) return false;
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
  const labels = isRecord(detail)
    ? Object.keys(detail)
        .slice(0, MAX_LABELS)
        .map((name) => [clean(name, 64), textOf(detail, name)] as const)
    : [];
  const figures = CHASSIS.map(([key, family, unit]) => reading(family, unit, numberOf(row, key, -1000), []));
  put(tables, 'chassis', 0, [reading('chassis_info', '1', 1, labels), ...figures.filter(({ value }) => !Number.isNaN(value))]);
  for (const [place, fan] of (listOf(row, 'fan_speeds') ?? []).filter(isRecord).slice(0, 256).entries()) {
    const names = [['fan_id', String(integerOf(fan, 'id', 0, 1e9) ?? place)] as const, ['fan_name', textOf(fan, 'name')] as const];
    put(tables, 'fan', place, [reading('chassis_fan_speed_rpm', 'rpm', numberOf(fan, 'speed_rpm'), names)]);
  }
}

/** The NVLinks of a GPU row of all-smi. */
export function readLinks(tables: ExtraTablesRead, row: Loose): void {
  const uuid = textOf(row, 'uuid', 128);
  for (const link of (listOf(row, 'nvlink_remote_devices') ?? []).filter(isRecord).slice(0, 32)) {
    const bandwidth = integerOf(link, 'bandwidth_mb_s', 1, 2_000_000);
    const labels = [
      ['gpu_uuid', uuid] as const,
      ['link_index', String(integerOf(link, 'link_index', 0, 31) ?? 0)] as const,
      ['remote_type', textOf(link, 'remote_type', 32)] as const,
      ...(bandwidth === undefined ? [] : [['bandwidth_mb_s', String(bandwidth)] as const]),
    ];
    put(tables, 'link', tables.link?.length ?? 0, [reading('nvlink_remote_device_type', '1', 1, labels)]);
  }
}
