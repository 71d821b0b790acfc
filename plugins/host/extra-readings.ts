/** Families that are shown as sent, in words: their names without vendor and unit, their values with the unit. */
import { bytes, count, watts, type ExtraReading } from '../../lib/index.js';
import { fact, trouble, words, type Part } from './inline-list.js';

const UNIT_ENDS = /_(celsius|watts|bytes|percent|mhz|microseconds|volts|amperes|rpm|info)$/;
const MAKERS = /^(gaudi|furiosa|rebellions|tpu|tenstorrent|npu|gpu|cpu|chassis)_/;

/** Labels that identify the device of the reading. */
const IDENTITY = new Set(['gpu', 'npu', 'gpu_uuid', 'npu_uuid', 'uuid', 'gpu_index', 'npu_index', 'index', 'instance', 'hostname', 'host']);

/** 'tenstorrent_asic_temperature_celsius' -> 'asic temperature'. */
export const familyWords = (family: string): string => family.replace(MAKERS, '').replace(UNIT_ENDS, '').replaceAll('_', ' ');

const round = (value: number, digits = 1): string => String(Number(value.toFixed(digits)));

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  bytes,
  W: watts,
  mW: (value) => watts(value / 1000),
  '°C': (value) => `${round(value)}°`,
  '%': (value) => `${round(value)}%`,
  J: joules,
  MHz: (value) => `${count(value)} MHz`,
  rpm: (value) => `${count(value)} rpm`,
  µs: (value) => `${count(value)} µs`,
  A: (value) => `${round(value)} A`,
  V: (value) => `${round(value, 3)} V`,
  lanes: (value) => `x${round(value)}`,
  '0 or 1': (value) => (value > 0 ? 'yes' : 'no'),
};

/** A value with its unit; a plain count has none. */
export const withUnit = (value: number, unit: string): string => (UNITS[unit] ?? ((one: number) => round(one, 3)))(value);

/** Energy in the usual unit: `12.3 kWh`. */
export function joules(value: number): string {
  const wattHours = value / 3600;
  const [size, sign] = wattHours >= 1e6 ? [1e6, 'MWh'] : wattHours >= 1000 ? [1000, 'kWh'] : [1, 'Wh'];
  return `${(wattHours / size).toFixed(wattHours / size < 100 ? 2 : 0)} ${sign}`;
}

const pressed = (level: string): boolean => !['', 'nominal', 'fair'].includes(level.toLowerCase());
const levelOf = ({ labels }: ExtraReading): string => labels.find(([label]) => label === 'level')?.[1] ?? '';

/** Families that indicate throttling or a fault, and when they do. */
const TROUBLES: Readonly<Record<string, (reading: ExtraReading) => boolean>> = {
  tenstorrent_throttler: ({ value }) => value > 0,
  tenstorrent_faults: ({ value }) => value > 0,
  furiosa_ready: ({ value }) => value === 0,
  thermal_pressure_info: (reading) => pressed(levelOf(reading)),
  chassis_thermal_pressure_info: (reading) => pressed(levelOf(reading)),
};

/** The content of a family: its labels if it is an info metric, else its value; undefined if it has neither. */
export function readingPart(reading: ExtraReading): Part | undefined {
  const { family, unit, value, labels } = reading;
  const said = TROUBLES[family]?.(reading) === true ? trouble : fact;
  const name = familyWords(family);
  const told = labels.filter(([label, text]) => !IDENTITY.has(label) && text !== '');
  if (unit !== '1') return Number.isNaN(value) ? undefined : said(name, withUnit(value, unit));
  if (told.length === 0) return undefined;
  // Words of the family's name are not repeated: 'kubernetes pod exporter-x7', not 'pod name exporter-x7'.
  const known = new Set(name.split(' '));
  const texts = told.map(([label, text]) =>
    told.length === 1 || known.has(label.split('_')[0]!) ? text : `${label.replaceAll('_', ' ')} ${text}`,
  );
  return name === '' ? words(texts.join(', ')) : said(name, texts.join(', '));
}

/** The families that nothing else on the page has shown. */
export const restParts = (families: readonly ExtraReading[], shown: ReadonlySet<string>): readonly Part[] =>
  families
    .filter(({ family }) => !shown.has(family))
    .map(readingPart)
    .filter((part) => part !== undefined);
