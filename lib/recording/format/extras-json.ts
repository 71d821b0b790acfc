/** What only some nodes export: a section of our own with everything as sent, and the parts for which all-smi's format has fields. */
import { EXTRA_TABLES, type ExtraReading, type ExtraTable } from '../../model/columns.js';
import { rowsByGpu } from '../../model/gpu-identity.js';
import type { NodeView } from '../../model/node-view.js';
import type { RowContext, LinkJson } from './row-json.js';
import type { Section } from './schema.js';

/** The section that a table belongs to; tables that are not listed are always written. */
const SECTION_OF: Readonly<Partial<Record<ExtraTable, Section>>> = {
  gpu: 'gpu',
  mig: 'gpu',
  vgpu: 'gpu',
  link: 'gpu',
  engine: 'gpu',
  clock: 'gpu',
  cpu: 'cpu',
  socket: 'cpu',
  chassis: 'chassis',
  fan: 'chassis',
  identity: 'process',
};

/** A row of `extras`, one per row of a table that has readings. */
export function* extraRows(node: NodeView, include: ReadonlySet<Section>): Generator<string, void, undefined> {
  for (const table of EXTRA_TABLES) {
    const section = SECTION_OF[table];
    if (section !== undefined && !include.has(section)) continue;
    const rows = node.extras.rows(table);
    for (let row = 0; row < rows.count; row++) {
      const readings = rows.families(row);
      if (readings.length > 0) yield JSON.stringify({ host_id: node.nodeId, readings: readings.map(readingJson), row, table });
    }
  }
}

const readingJson = ({ family, labels, unit, value }: ExtraReading): object => ({
  family,
  labels,
  unit,
  value: Number.isFinite(value) ? value : null,
});

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const U32 = 2 ** 32 - 1;

/** Labels of the chassis as spelled in recordings. */
export const CHASSIS_KEYS = {
  bios_version: 'BIOS Version',
  board: 'Board',
  platform: 'platform',
  product_name: 'Product Name',
  vendor: 'Vendor',
  version: 'Version',
} as const;
/** Values of the chassis that recordings have in its details; with the prefix `chassis_` they are the names of the families. */
export const CHASSIS_FIGURES = ['ane_power_watts', 'cpu_power_watts', 'gpu_power_watts'] as const;

/** Undefined: nothing is known of the chassis. */
export function chassisJson(node: NodeView, { time }: RowContext): string | undefined {
  const chassis = node.extras.rows('chassis');
  const fans = node.extras.rows('fan');
  if (chassis.count === 0 && fans.count === 0) return undefined;
  const figures = CHASSIS_FIGURES.flatMap((key) => {
    const value = chassis.value(0, `chassis_${key}`);
    return Number.isNaN(value) ? [] : [[key, String(value)] as const];
  });
  const detail = [...Object.entries(CHASSIS_KEYS).map(([label, key]) => [key, chassis.label(0, label)] as const), ...figures];
  return JSON.stringify({
    detail: Object.fromEntries(detail.filter(([, text]) => text !== '').sort(([a], [b]) => (a < b ? -1 : 1))),
    fan_speeds: Array.from({ length: fans.count }, (_, row) => ({
      id: Math.min(U32, Number(/^\d{1,9}$/.exec(fans.label(row, 'fan_id'))?.[0] ?? row)),
      max_rpm: 0,
      name: fans.label(row, 'fan_name'),
      speed_rpm: Math.min(U32, Math.max(0, Math.round(fans.value(row, 'chassis_fan_speed_rpm')) || 0)),
    })),
    host_id: node.nodeId,
    hostname: node.name,
    inlet_temperature: orNull(chassis.value(0, 'chassis_inlet_temperature_celsius')),
    instance: node.name,
    outlet_temperature: orNull(chassis.value(0, 'chassis_outlet_temperature_celsius')),
    psu_status: [],
    thermal_pressure: chassis.label(0, 'level') || null,
    time,
    total_power_watts: orNull(chassis.value(0, 'chassis_power_watts')),
  });
}

const REMOTE_TYPES = ['gpu', 'switch', 'ibmnpu'];

/** NVLinks by the slot of their GPU. */
export function linksOf(node: NodeView): readonly (readonly LinkJson[])[] {
  const rows = node.extras.rows('link');
  return rowsByGpu(node, 'link').map((own) =>
    own.flatMap((row): LinkJson[] => {
      const index = Number(rows.label(row, 'link_index'));
      const bandwidth = Number(rows.label(row, 'bandwidth_mb_s'));
      const type = rows.label(row, 'remote_type');
      if (!Number.isInteger(index) || index < 0 || index > U32) return [];
      const bandwidth_mb_s = Number.isInteger(bandwidth) && bandwidth > 0 && bandwidth <= U32 ? bandwidth : null;
      return [{ bandwidth_mb_s, link_index: index, remote_type: REMOTE_TYPES.includes(type) ? type : 'unknown' }];
    }),
  );
}

/** Readings of engines and clock domains, by the slot of their GPU. */
export function partReadings(node: NodeView): readonly (readonly ExtraReading[])[] {
  const found = Array.from({ length: node.gpus.count }, (): ExtraReading[] => []);
  for (const table of ['engine', 'clock'] as const) {
    const rows = node.extras.rows(table);
    for (const [slot, own] of rowsByGpu(node, table).entries()) for (const row of own) found[slot]!.push(...rows.families(row));
  }
  return found;
}
