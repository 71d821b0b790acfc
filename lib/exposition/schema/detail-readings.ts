/**
 * Readings among the details of a GPU: in recordings of all-smi, and in labels of `gpu_info` of its exporters up to 0.26, where they have
 * the same names in lower case. Newer exporters have a family for each.
 */
import type { ExtraReading, ExtraTable } from '../../model/columns.js';
import { reading } from '../../model/valid-range.js';
import { EXTRA_METRICS, type ExtraMetric } from './extra-families.js';

/** `key`: in recordings. `ending`: follows the number there. `older`: only in older exporters, never written. */
interface Figure {
  readonly key: string;
  readonly family: string;
  readonly decimals?: number;
  readonly ending?: string;
  /** The number in the text times this is the value in the unit of the family. */
  readonly per?: number;
  readonly older?: true;
}

const MEBI = 2 ** 20;

const FIGURES: readonly Figure[] = [
  { key: 'pcie_gen_current', family: 'gpu_pcie_gen_current' },
  { key: 'pcie_width_current', family: 'gpu_pcie_width_current' },
  { key: 'clock_memory_current', family: 'gpu_clock_memory_current_mhz' },
  { key: 'memory_clock', family: 'gpu_clock_memory_current_mhz', older: true },
  { key: 'dla_power_watts', family: 'dla_power_watts', decimals: 2 },
  { key: 'dla_clock_mhz', family: 'dla_frequency_mhz', decimals: 0 },
  { key: 'dla_max_frequency_mhz', family: 'dla_max_frequency_mhz', decimals: 0 },
  { key: 'dla_clock_memory_mhz', family: 'dla_clock_memory_mhz', decimals: 0 },
  { key: 'dla_temperature', family: 'dla_temperature_celsius', decimals: 0 },
  { key: 'Fan Speed', family: 'gpu_fan_duty_cycle', ending: '%' },
  { key: 'Free Memory', family: 'gpu_memory_free_bytes', ending: ' MiB', decimals: 0, per: MEBI },
  { key: 'Hotspot Temperature', family: 'gpu_hotspot_temperature_celsius' },
  { key: 'Memory Temperature', family: 'gpu_memory_temperature_celsius' },
  { key: 'Memory Controller Activity', family: 'gpu_memory_controller_activity' },
  { key: 'combined_power_mw', family: 'combined_power_watts', per: 1 / 1000, older: true },
  { key: 'voltage', family: 'tenstorrent_voltage_volts' },
  { key: 'vdd_voltage', family: 'tenstorrent_voltage_volts', older: true },
  { key: 'current', family: 'tenstorrent_current_amperes' },
  { key: 'asic_temperature', family: 'tenstorrent_asic_temperature_celsius' },
  { key: 'vreg_temperature', family: 'tenstorrent_vreg_temperature_celsius' },
  { key: 'vr_temperature', family: 'tenstorrent_vreg_temperature_celsius', older: true },
  { key: 'inlet_temperature', family: 'tenstorrent_inlet_temperature_celsius' },
  { key: 'aiclk_mhz', family: 'tenstorrent_aiclk_mhz' },
  { key: 'ai_clock', family: 'tenstorrent_aiclk_mhz', older: true },
  { key: 'arcclk_mhz', family: 'tenstorrent_arcclk_mhz' },
  { key: 'arc_clock', family: 'tenstorrent_arcclk_mhz', older: true },
  { key: 'axiclk_mhz', family: 'tenstorrent_axiclk_mhz' },
  { key: 'axi_clock', family: 'tenstorrent_axiclk_mhz', older: true },
  { key: 'pcie_link_gen', family: 'tenstorrent_pcie_generation' },
  { key: 'pcie_link_width', family: 'tenstorrent_pcie_width' },
];

/** Texts that families have in a label. The case of keys matters: `performance_state` belongs to another vendor. */
const TEXTS: readonly { readonly key: string; readonly family: string; readonly label: string }[] = [
  { key: 'Serial ID', family: 'rebellions_device_info', label: 'sid' },
  { key: 'Location', family: 'rebellions_device_info', label: 'location' },
  { key: 'Firmware Version', family: 'rebellions_firmware_info', label: 'firmware' },
  { key: 'KMD Version', family: 'rebellions_kmd_info', label: 'version' },
  { key: 'Performance State', family: 'rebellions_pstate_info', label: 'pstate' },
  { key: 'Status', family: 'rebellions_status', label: 'status' },
  { key: 'board_type', family: 'tenstorrent_board_info', label: 'board_type' },
  { key: 'board_id', family: 'tenstorrent_board_info', label: 'board_id' },
];

/** One detail for each row of a table: `<start><label's value>`. As a label: `engine__render`, `frequency__gpu__l0_`. */
const ROWS: readonly (Figure & { readonly table: 'engine' | 'clock'; readonly label: string; readonly start: RegExp })[] = [
  {
    table: 'engine',
    key: 'Engine: ',
    start: /^engine(?:: |__)/i,
    label: 'engine',
    family: 'gpu_engine_utilization',
    decimals: 2,
    ending: '%',
  },
  {
    table: 'clock',
    key: 'Frequency: ',
    start: /^frequency(?:: |__)/i,
    label: 'domain',
    family: 'gpu_clock_domain_current_mhz',
    decimals: 0,
    ending: ' MHz',
  },
];

/** The label that an exporter uses for the key of a recording. */
export const detailLabel = (key: string): string => key.toLowerCase().replace(/[^a-z0-9_]/g, '_');

const METRICS: ReadonlyMap<string, ExtraMetric> = new Map(EXTRA_METRICS.map((metric) => [metric.name, metric]));
const byLabel = <One extends { readonly key: string }>(all: readonly One[]): ReadonlyMap<string, One> =>
  new Map(all.map((one) => [detailLabel(one.key), one]));
const FIGURE_OF = byLabel(FIGURES);
const TEXT_OF = new Map(TEXTS.map((one) => [one.key, one]));

export interface DetailReading extends ExtraReading {
  readonly table: ExtraTable;
}

/** The readings in the details of one GPU. `gpu`: the labels that identify it, for rows of other tables. */
export function detailReadings(
  details: Iterable<readonly [key: string, text: string]>,
  gpu: readonly (readonly [string, string])[],
): readonly DetailReading[] {
  const found: DetailReading[] = [];
  const add = (family: string, table: ExtraTable, value: number, labels: ExtraReading['labels']): void => {
    const { unit, range } = METRICS.get(family)!;
    const read = reading(value, range);
    if (!Number.isNaN(read)) found.push({ table, family, unit, value: read, labels });
  };
  for (const [key, text] of details) {
    const figure = FIGURE_OF.get(detailLabel(key));
    if (figure) add(figure.family, 'gpu', numberIn(text, figure), []);
    const asLabel = TEXT_OF.get(key);
    if (asLabel && text !== '') add(asLabel.family, 'gpu', valueOfText(asLabel.family, text), [[asLabel.label, text]]);
    const row = ROWS.find(({ start }) => start.test(key));
    if (row) add(row.family, row.table, numberIn(text, row), [[row.label, key.replace(row.start, '').replace(/__l0_$/, ' (L0)')], ...gpu]);
  }
  return found;
}

/** Adds a reading to those of its GPU, or as a new row in a table that has one row per reading. */
export function putReading(
  tables: Partial<Record<ExtraTable, ExtraReading[][]>>,
  table: ExtraTable,
  slot: number,
  one: ExtraReading,
): void {
  const rows = (tables[table] ??= []);
  const row = table === 'gpu' ? slot : rows.length;
  while (rows.length <= row) rows.push([]);
  const own = rows[row]!;
  const labels = own.findIndex(({ family, labels: some }) => family === one.family && some.length > 0);
  if (labels >= 0 && one.labels.length > 0) own[labels] = { ...one, labels: [...own[labels]!.labels, ...one.labels] };
  else if (!own.some(({ family }) => family === one.family)) own.push(one);
}

/** The status of Rebellions is 1 if it is normal; the value of an info metric is 1. */
const valueOfText = (family: string, text: string): number => Number(family !== 'rebellions_status' || text.toLowerCase() === 'normal');

const NUMBER = /^(-?\d{1,12}(?:\.\d{1,12})?) ?([^\d\s]\S{0,4})?$/;

/** In the unit of the family; NaN if the text is not a number, or has another unit. */
function numberIn(text: string, { family, ending = '', per = 1 }: Figure): number {
  const found = NUMBER.exec(text);
  if (!found) return NaN;
  const [, number, unit = ''] = found;
  const units = [ending.trim(), METRICS.get(family)!.unit, 'C', ''].map((one) => one.toLowerCase());
  // Percent and rpm, or bytes and MiB, must not be confused.
  const needed = ending === '%' || ending === ' MiB';
  if (needed ? unit.toLowerCase() !== ending.trim().toLowerCase() : !units.includes(unit.toLowerCase())) return NaN;
  return Number(number) * per;
}

/** The details of a GPU in a recording, from the readings of its own row and of tables with one row per reading. */
export function detailsOf(
  readings: readonly ExtraReading[],
  rows: readonly ExtraReading[],
): readonly (readonly [key: string, text: string])[] {
  const figures = FIGURES.flatMap((figure): readonly (readonly [string, string])[] => {
    const value = readings.find(({ family }) => family === figure.family)?.value ?? NaN;
    return figure.older || Number.isNaN(value) ? [] : [[figure.key, textOf(value, figure)]];
  });
  const texts = TEXTS.flatMap(({ key, family, label }): readonly (readonly [string, string])[] => {
    const text = labelIn(
      readings.find((one) => one.family === family),
      label,
    );
    return text === '' ? [] : [[key, text]];
  });
  const tables = rows.flatMap((one): readonly (readonly [string, string])[] => {
    const row = ROWS.find(({ family }) => family === one.family);
    return row && !Number.isNaN(one.value) ? [[row.key + labelIn(one, row.label), textOf(one.value, row)]] : [];
  });
  return [...figures, ...texts, ...tables];
}

const labelIn = (one: ExtraReading | undefined, name: string): string => one?.labels.find(([label]) => label === name)?.[1] ?? '';

function textOf(value: number, { decimals, ending = '', per = 1 }: Figure): string {
  const number = value / per;
  return `${decimals === undefined ? String(number) : number.toFixed(decimals)}${ending}`;
}
