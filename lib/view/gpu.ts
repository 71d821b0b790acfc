/** A GPU as a line of a table: its readings, and whose it is. What is out of the ordinary has a sign as well as a tone. */
import type { GpuOwner } from '../aggregate/owners.js';
import type { GpuField } from '../model/columns.js';
import { counted, silence, UNEXPLAINED_BYTES, type HostView } from '../model/host.js';
import { span, type Span, type Tone } from './frame.js';
import type { Cells, Column } from './table.js';
import { bar, NONE, pad, percent } from './text.js';

/** Hot is what the driver calls too hot; where it says nothing, this. Degrees Celsius. */
const HOT_CELSIUS = 85;
const NEARLY_FULL_PERCENT = 98;
/** As in the figures of the cluster: below this a GPU computes nothing. */
const IDLE_PERCENT = 5;

const WIDE = 130;
const MIDDLE = 100;
const NARROW = 60;

/** Columns of bar that a terminal of `cols` has room for. */
const barCols = (cols: number): number => (cols >= WIDE ? 16 : cols >= MIDDLE ? 8 : 0);
const MEMORY_COLS = 11;

/** The columns of a GPU for a terminal of `cols`; ids: gpu, model, util, vram, temp, power, clock, who. */
export function gpuColumns(cols: number): readonly Column[] {
  const bars = barCols(cols);
  const gap = bars > 0 ? 1 : 0;
  const align = bars > 0 ? 'left' : 'right';
  return [
    { id: 'gpu', title: 'GPU', width: 3, align: 'right' },
    { id: 'model', title: 'MODEL', width: cols >= WIDE ? 12 : 10, drop: 2 },
    { id: 'util', title: 'UTIL', width: bars + gap + 4, align, sorts: 'descending' },
    { id: 'vram', title: 'VRAM', width: bars + gap + MEMORY_COLS, align, drop: 5, sorts: 'descending' },
    { id: 'temp', title: 'TEMP', width: 5, align: 'right', drop: 4, sorts: 'descending' },
    { id: 'power', title: 'POWER', width: 8, align: 'right', drop: 3, sorts: 'descending' },
    { id: 'clock', title: 'CLOCK', width: 7, align: 'right', drop: 1 },
    { id: 'who', title: 'WHO', width: 'rest', min: cols >= NARROW ? 20 : 12 },
  ];
}

/** The cells of a GPU; `cols` as for `gpuColumns`. */
export function gpuCells(host: HostView, slot: number, owners: readonly GpuOwner[], cols: number): Cells {
  const { gpus } = host;
  const read = (field: GpuField): number => (slot < gpus.count ? gpus.field[field][slot]! : NaN);
  const bars = barCols(cols);
  const clock = read('frequencyMhz');
  return {
    gpu: String(gpus.index[slot]),
    model: span(modelName(host.text(gpus.name[slot]!)) || NONE, 'dim'),
    util: meter(read('utilPercent') / 100, percent(read('utilPercent')).padStart(4), bars),
    vram: memoryCell(read('memoryUsedBytes'), read('memoryTotalBytes'), bars),
    temp: temperatureCell(read('temperatureCelsius'), read('maxOperatingCelsius'), read('slowdownCelsius')),
    power: powerText(read('powerWatts'), read('powerLimitWatts')),
    clock: Number.isNaN(clock) ? NONE : `${Math.round(clock)}MHz`,
    who: ownersCell(host, read('utilPercent'), read('memoryUsedBytes'), owners),
  };
}

/** 'NVIDIA H100 80GB HBM3' -> 'H100 80GB': maker, form factor and memory type tell no two GPUs of a cluster apart. */
export function modelName(name: string): string {
  return name
    .replace(/^(NVIDIA|AMD|Intel|Apple|Tesla)\s+/i, '')
    .replace(/\s+(HBM\w*|GDDR\w*)$/i, '')
    .replace(/-(SXM\d*|PCIE|PCIe)\b/, '');
}

/** A bar of `bars` columns before the figure; without room only the figure. */
function meter(fraction: number, text: string, bars: number, tone?: Tone): readonly Span[] {
  if (bars === 0) return [span(text, tone)];
  return [span(Number.isNaN(fraction) ? ' '.repeat(bars) : bar(fraction, bars), tone ?? 'accent'), span(` ${text}`, tone)];
}

function memoryCell(used: number, total: number, bars: number): readonly Span[] {
  const full = (used / total) * 100 >= NEARLY_FULL_PERCENT;
  return meter(used / total, pad(`${full ? '!' : ''}${memoryText(used, total)}`, MEMORY_COLS, 'right'), bars, full ? 'bad' : undefined);
}

const MEMORY_UNITS: readonly (readonly [bytes: number, sign: string])[] = [
  [2 ** 40, 'T'],
  [2 ** 30, 'G'],
  [2 ** 20, 'M'],
  [2 ** 10, 'K'],
  [1, 'B'],
];

/** '61.2/79.6G': used and total in the unit of the total. */
function memoryText(used: number, total: number): string {
  if (Number.isNaN(used) && Number.isNaN(total)) return NONE;
  const [size, sign] = MEMORY_UNITS.find(([bytes]) => (Number.isNaN(total) ? used : total) >= bytes) ?? [1, 'B'];
  const shown = (bytes: number): string => (Number.isNaN(bytes) ? NONE : (bytes / size).toFixed(bytes / size < 99.95 ? 1 : 0));
  return Number.isNaN(total) ? `${shown(used)}${sign}` : `${shown(used)}/${shown(total)}${sign}`;
}

function temperatureCell(celsius: number, maxOperating: number, slowdown: number): Span {
  if (Number.isNaN(celsius)) return span(NONE);
  const limit = maxOperating > 0 ? maxOperating : slowdown > 0 ? slowdown : HOT_CELSIUS;
  const hot = celsius >= limit;
  return span(`${hot ? '!' : ''}${Math.round(celsius)}°`, hot ? 'bad' : undefined);
}

/** '611/700W'. */
function powerText(watts: number, limit: number): string {
  if (Number.isNaN(watts)) return NONE;
  return limit > 0 ? `${Math.round(watts)}/${Math.round(limit)}W` : `${Math.round(watts)}W`;
}

/** Who has processes on it, most memory first; '?' where memory is used that no process owns, `–` where the node does not say. */
function ownersCell(host: HostView, util: number, used: number, owners: readonly GpuOwner[]): Span {
  const names = owners.map(({ user }) => user || '?').join(', ');
  if (names !== '') {
    const held = counted(host) && util < IDLE_PERCENT && used > UNEXPLAINED_BYTES;
    return held ? span(`${names} (held idle)`, 'bad') : span(names, names === '?' ? 'dim' : 'strong');
  }
  if (silence(host) === 'no process export') return span(NONE, 'dim');
  return span(used > UNEXPLAINED_BYTES ? '?' : '', 'dim');
}

/** What the signs mean, for the help. */
export const GPU_NOTES: readonly string[] = [
  'WHO: users with processes on the GPU, most memory first. ?: memory that no known process owns. –: not reported. Empty: free.',
  'held idle: somebody holds more than 1 GiB and the GPU computes nothing. !: too hot, or the memory is nearly full.',
  'A dim line with ~ and an age: the last answer of a node that is down.',
];
