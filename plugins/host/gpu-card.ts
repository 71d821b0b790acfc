/** Everything that is known about a GPU. Values that are not reported are absent or `–`, never 0. */
import {
  FROM_COLS,
  ago,
  bar,
  bytes,
  count,
  duration,
  gpuField,
  gpuHealth,
  GPU_FIELDS,
  isHot,
  LIMITS,
  line,
  NONE,
  peaks,
  percent,
  rowsByGpu,
  sourcesOfGpu,
  span,
  spark,
  watts,
  width,
  type AppView,
  type GpuField,
  type GpuFieldsWith,
  type GpuFigure,
  type GpuOwner,
  type GpuSeen,
  type NodeView,
  type Line,
  type Span,
  type Tone,
} from '../../lib/index.js';
import { linkParts, migLines, partParts, vgpuLines } from './mig-vgpu.js';
import { fact, words, inlineLines, type Part } from './inline-list.js';
import { joules, restParts, withUnit } from './extra-readings.js';

const BAR_COLS = 20;
const NARROW_BAR_COLS = 10;
const SPARK_COLS = 32;
const NARROW_SPARK_COLS = 12;
/** A scale of temperatures without a known maximum starts at this one. */

type PlacedField = GpuFieldsWith<'card', 'placed'>;
type Place = 'util' | 'memory' | 'temperature' | 'power' | 'clocks';

const degrees = (word: string) => (celsius: number) => `${word} ${Math.round(celsius)}°`;

/** The fields with a place of their own, and the note that is shown there; without a `note` the place itself shows them. */
const PLACES: Readonly<Record<PlacedField, { readonly at: Place; readonly note?: (value: number) => string }>> = {
  utilPercent: { at: 'util' },
  smOccupancy: { at: 'util', note: (fraction) => `SM occupancy ${percent(fraction * 100)}` },
  memoryBandwidthFraction: { at: 'util', note: (fraction) => `memory bandwidth ${percent(fraction * 100)}` },
  memoryUsedBytes: { at: 'memory' },
  memoryTotalBytes: { at: 'memory' },
  temperatureCelsius: { at: 'temperature' },
  maxOperatingCelsius: { at: 'temperature', note: degrees('max operating') },
  slowdownCelsius: { at: 'temperature', note: degrees('throttles at') },
  shutdownCelsius: { at: 'temperature', note: degrees('shuts down at') },
  powerWatts: { at: 'power' },
  cardPowerWatts: { at: 'power', note: (power) => `${watts(power)} for the whole board` },
  powerLimitWatts: { at: 'power', note: (limit) => `limit ${watts(limit)}` },
  frequencyMhz: { at: 'clocks' },
};

/** The notes next to a meter. */
function notesAt(place: Place, input: CardInput): readonly string[] {
  const read = reader(input);
  return (Object.keys(PLACES) as PlacedField[]).flatMap((field) => {
    const { at, note } = PLACES[field];
    return at === place && note && !Number.isNaN(read(field)) ? [note(read(field))] : [];
  });
}

/** Families with a place of their own on the card. */
const PLACED: ReadonlySet<string> = new Set([
  'gpu_temperature_threshold_acoustic_celsius',
  'gpu_pcie_gen_current',
  'gpu_pcie_width_current',
  'gpu_clock_graphics_max_mhz',
  'gpu_clock_memory_max_mhz',
  'gpu_power_limit_current_watts',
  'gpu_mig_mode',
  'vgpu_host_mode',
  'vgpu_scheduler_state',
  'vgpu_scheduler_policy',
  'gpu_gsp_firmware_mode',
  'gpu_gsp_firmware_version_info',
  'ane_utilization',
]);

/** A GPU of a node, and what the card needs about it. */
export interface CardInput {
  readonly app: AppView;
  readonly node: NodeView;
  readonly slot: number;
  readonly owners: readonly GpuOwner[];
  readonly seen: GpuSeen;
  readonly cols: number;
}

export function cardLines(input: CardInput): readonly Line[] {
  const { node, slot, cols } = input;
  const uuid = node.text(node.gpus.uuid[slot]!);
  const row = node.gpus.origin?.[slot] ?? slot;
  const extra = (family: string): number => node.extras.rows('gpu').value(row, family);
  if (slot >= node.gpus.count) return [titleLine(input, uuid), line(span('   only its processes are reported', 'dim'))];
  return [
    titleLine(input, uuid),
    ...meterLines(input, extra),
    ...inlineLines(span('   ', 'dim'), [...clockParts(input, extra), ...linkParts(node, slot), ...partParts(node, slot)], cols),
    ...inlineLines(span('   ', 'dim'), softwareParts(node, slot), cols),
    ...inlineLines(span('   ', 'dim'), sourceParts(input), cols),
    ...migLines(node, slot, extra('gpu_mig_mode')),
    ...vgpuLines(node, slot, row),
    ...inlineLines(span('   ', 'dim'), restParts(node.extras.rows('gpu').families(row), PLACED), cols),
  ];
}

/** 'GPU 3  NVIDIA H100 80GB HBM3  GPU-8f3a...  0000:3B:00.0'. */
function titleLine({ node, slot, owners, seen }: CardInput, uuid: string): Line {
  const { gpus } = node;
  const kind = gpus.detail(slot, 'type') || 'GPU';
  const parts = [uuid, gpus.detail(slot, 'pci_address')].filter((text) => text !== '');
  const who = owners.map(({ user, vramBytes }) => `${user || '?'} ${bytes(vramBytes)}`).join(', ');
  const held = seen.isHeld ? `  held idle${heldFor(seen)}` : '';
  const trouble = (gpuHealth(gpus, slot) ?? []).map(({ words: said }) => `  !${said}`).join('');
  const stuck = seen.stuck ? '  reports 100% busy but draws idle power' : '';
  return line(
    span(` ${kind} ${gpus.index[slot]}  `, 'strong'),
    span(node.text(gpus.name[slot]!) || 'name not reported'),
    span(`  ${parts.join('  ')}`, 'dim'),
    span(who === '' ? '' : `  ${who}`, 'strong'),
    span(held + stuck + trouble, 'bad'),
  );
}

const heldFor = ({ now, heldSince }: CardInput['seen']): string =>
  heldSince ? ` for ${duration((now - heldSince.at) / 1000)}${heldSince.atLeast ? ' or longer' : ''}` : '';

interface Meter {
  readonly label: string;
  readonly share: number;
  readonly text: string;
  readonly tone?: Tone | undefined;
  readonly figure: GpuFigure;
  /** Width of the sparkline. */
  readonly from: number;
  readonly to: number;
  readonly notes: readonly string[];
}

function meterLines(input: CardInput, extra: (family: string) => number): readonly Line[] {
  return [utilMeter(input), memoryMeter(input), temperatureMeter(input, extra), powerMeter(input, extra)].flatMap((meter) =>
    meterLine(meter, input),
  );
}

const reader =
  ({ node, slot }: CardInput) =>
  (field: GpuField): number =>
    node.gpus.field[field][slot]!;

function utilMeter(input: CardInput): Meter {
  const read = reader(input);
  return {
    label: 'util',
    share: read('utilPercent') / 100,
    text: percent(read('utilPercent')),
    figure: 'util',
    from: 0,
    to: 100,
    notes: notesAt('util', input),
  };
}

function memoryMeter(input: CardInput): Meter {
  const read = reader(input);
  const [used, total] = [read('memoryUsedBytes'), read('memoryTotalBytes')];
  const full = (used / total) * 100 >= LIMITS.fullGpuPercent;
  return {
    label: 'VRAM',
    share: used / total,
    text: `${full ? '!' : ''}${percent((used / total) * 100)}`,
    tone: full ? 'bad' : undefined,
    figure: 'memory',
    from: 0,
    to: 100,
    notes: [Number.isNaN(total) ? bytes(used) : `${bytes(used)} of ${bytes(total)}`, ...notesAt('memory', input)],
  };
}

function temperatureMeter(input: CardInput, extra: (family: string) => number): Meter {
  const read = reader(input);
  const celsius = read('temperatureCelsius');
  const hot = isHot(input.node.gpus, input.slot);
  const [shutdown, loud] = [read('shutdownCelsius'), extra('gpu_temperature_threshold_acoustic_celsius')];
  const to = shutdown > LIMITS.coldestCelsius ? shutdown : LIMITS.hottestCelsius;
  return {
    label: 'temp',
    share: (celsius - LIMITS.coldestCelsius) / (to - LIMITS.coldestCelsius),
    text: Number.isNaN(celsius) ? NONE : `${hot ? '!' : ''}${Math.round(celsius)}°`,
    tone: hot ? 'bad' : undefined,
    figure: 'temperature',
    from: LIMITS.coldestCelsius,
    to,
    notes: [...notesAt('temperature', input), Number.isNaN(loud) ? '' : degrees('acoustic limit')(loud)],
  };
}

function powerMeter(input: CardInput, extra: (family: string) => number): Meter {
  const read = reader(input);
  const [now, limit, set] = [read('powerWatts'), read('powerLimitWatts'), extra('gpu_power_limit_current_watts')];
  const most = limit > 0 ? limit : set;
  const energy = energyOf(input);
  return {
    label: 'power',
    share: now / most,
    text: watts(now),
    tone: input.seen.stuck ? 'bad' : undefined,
    figure: 'power',
    from: 0,
    to: most > 0 ? most : 1000,
    notes: [
      ...notesAt('power', input),
      set > 0 && set !== limit ? `set to ${watts(set)}` : '',
      Number.isNaN(energy) ? '' : `${joules(energy)} total`,
    ],
  };
}

/** Joules since the exporter started counting; NaN if it does not count. */
function energyOf({ node, slot }: CardInput): number {
  const [row = -1] = rowsByGpu(node, 'energy')[slot] ?? [];
  return row < 0 ? NaN : node.extras.rows('energy').value(row, 'energy_consumed_joules_total');
}

/** Bar, value, recent samples, and notes; notes that do not fit continue below, since the card leaves nothing out. */
function meterLine({ label, share, text, tone, figure, from, to, notes }: Meter, { app, node, slot, cols }: CardInput): readonly Line[] {
  const bars = cols >= FROM_COLS.wide ? BAR_COLS : NARROW_BAR_COLS;
  const sparks = cols >= FROM_COLS.cardTrends ? SPARK_COLS : NARROW_SPARK_COLS;
  const series = app.history.gpu(node, slot, figure);
  const known = series.values.length > 1;
  const spans: Span[] = [
    span(`   ${label.padEnd(6)}`, 'dim'),
    span(Number.isNaN(share) ? ' '.repeat(bars) : bar(share, bars), tone ?? 'accent'),
    span(`${text.padStart(8)}  `, tone),
    span(known ? spark(peaks(series, sparks, 1), sparks, from, to) : '', 'accent'),
    span(known && label === 'util' ? ` ${ago(sparks * series.stepMs)}  ` : known ? '     ' : '', 'dim'),
  ];
  const shown = notes.filter((note) => note !== '');
  const indent = spans.reduce((sum, one) => sum + width(one.text), 0);
  const fitting = notesThatFit(shown, cols - indent);
  const below = shown.slice(fitting).map((note): Part => [span(note, 'dim')]);
  return [line(...spans, span(shown.slice(0, fitting).join(NOTE_GAP), 'dim')), ...inlineLines(span(NOTE_INDENT), below, cols)];
}

/** Indented like the bars. */
const NOTE_INDENT = ' '.repeat(9);
const NOTE_GAP = ' · ';

function notesThatFit(notes: readonly string[], cols: number): number {
  let used = -NOTE_GAP.length;
  const tooWide = notes.findIndex((note) => (used += NOTE_GAP.length + width(note)) > cols);
  return tooWide < 0 ? notes.length : tooWide;
}

/** Fields that are listed as facts. */
const FACTS = GPU_FIELDS.flatMap((field) => {
  const { card } = gpuField(field);
  return card && card !== 'placed' ? [{ field, ...card }] : [];
});

function clockParts(input: CardInput, extra: (family: string) => number): readonly Part[] {
  const read = reader(input);
  const parts: Part[] = [];
  const add = (label: string, value: number, text: (reading: number) => string): void => {
    if (!Number.isNaN(value)) parts.push(fact(label, text(value)));
  };
  const [clock, most] = [read('frequencyMhz'), extra('gpu_clock_graphics_max_mhz')];
  if (!Number.isNaN(clock)) parts.push(fact('clock', `${count(clock)}${Number.isNaN(most) ? '' : ` of ${count(most)}`} MHz`));
  add('max memory clock', extra('gpu_clock_memory_max_mhz'), (mhz) => `${count(mhz)} MHz`);
  for (const { field, label, text } of FACTS) add(label, read(field), text);
  const pcie = pcieOf(input, extra);
  if (pcie !== '') parts.push(fact('PCIe', pcie));
  const ane = extra('ane_utilization');
  if (ane > 0) parts.push(fact('neural engine', withUnit(ane, 'mW')));
  return parts;
}

/** 'gen 5 x16': from numbers, or else from labels of the info family. */
function pcieOf({ node, slot }: CardInput, extra: (family: string) => number): string {
  const said = (family: string, label: string): string => {
    const figure = extra(family);
    return Number.isNaN(figure) ? node.gpus.detail(slot, label).replace(/^(?:gen|x) */i, '') : String(figure);
  };
  const [generation, width] = [said('gpu_pcie_gen_current', 'pcie_generation'), said('gpu_pcie_width_current', 'pcie_width')];
  if (generation === '' && width === '') return node.gpus.detail(slot, 'current_link');
  return [generation === '' ? '' : `gen ${generation}`, width === '' ? '' : `x${width}`].join(' ').trim();
}

/** Labels of the GPU's info family that are shown, with their captions. */
const SOFTWARE: readonly (readonly [label: string, name: string])[] = [
  ['driver_version', 'driver'],
  ['cuda_version', 'CUDA'],
  ['architecture', 'architecture'],
  ['compute_capability', 'compute capability'],
  ['brand', 'brand'],
  ['compute_mode', 'compute mode'],
  ['ecc_mode_current', 'ECC'],
  ['mig_mode_current', 'MIG'],
  ['vbios_version', 'VBIOS'],
  ['firmware', 'firmware'],
  ['serial_number', 'serial'],
  ['pcie_gen_max', 'max PCIe gen'],
  ['pcie_width_max', 'max PCIe width'],
  ['native_metrics', 'native metrics'],
];
const GSP_MODES = ['disabled', 'enabled', 'default'];

/** Where the readings come from, if the node has several endpoints: 'from gpu01:9400 (dcgm-exporter) 3s ago: utilization, power'. */
function sourceParts({ node, slot, app }: CardInput): readonly Part[] {
  if (node.endpoints.length < 2) return [];
  return sourcesOfGpu(node, slot).map(({ endpoint: { id, status }, exporter, groups }) => {
    const age = status.okAt === undefined ? '' : ` ${ago(app.now - status.okAt)} ago`;
    return fact('from', `${id}${exporter === '' ? '' : ` (${exporter})`}${age}: ${groups.join(', ')}`);
  });
}

function softwareParts({ gpus, extras }: NodeView, slot: number): readonly Part[] {
  const parts: Part[] = SOFTWARE.flatMap(([label, name]) => {
    const value = gpus.detail(slot, label);
    return value === '' ? [] : [fact(name, value)];
  });
  const library = gpus.detail(slot, 'lib_name');
  if (library !== '' && library !== 'CUDA') parts.push(words(`${library} ${gpus.detail(slot, 'lib_version')}`.trim()));
  const row = gpus.origin?.[slot] ?? slot;
  const mode = extras.rows('gpu').value(row, 'gpu_gsp_firmware_mode');
  const version = extras
    .rows('gpu')
    .families(row)
    .find(({ family }) => family === 'gpu_gsp_firmware_version_info');
  const said = version?.labels.find(([label]) => label === 'version')?.[1];
  if (!Number.isNaN(mode) || said !== undefined) parts.push(fact('GSP', [GSP_MODES[mode] ?? '', said ?? ''].join(' ').trim()));
  return parts;
}
