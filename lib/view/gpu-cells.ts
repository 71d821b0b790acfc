/** A GPU as a row of a table: its readings, and its users. Anything unusual has a sign as well as a tone. */
import { FROM_COLS } from './breakpoints.js';
import { isHot, isNotComputing, isStuck, slotState } from '../aggregate/gpu-state.js';
import type { HeldSince, HistoryView } from '../aggregate/history.js';
import { allocatedUsers, holderNames, isStranger } from '../aggregate/owner-columns.js';
import type { GpuOwner, GpuRows } from '../aggregate/gpu-owners.js';
import { sourcesOfGpu } from '../model/gpu-sources.js';
import { GPU_FIELDS, gpuField, type GpuField, type GpuFieldsWith } from '../model/gpu-fields.js';
import { gpuHealth } from '../model/gpu-health.js';
import { LIMITS } from '../model/limits.js';
import { included, whyNotReporting, type NodeView } from '../model/node-view.js';
import type { SheetRecord } from '../model/sheet.js';
import { measuredSpan, span, type Span, type Tone } from './frame.js';
import { firstFitting, type Cell } from './table.js';
import type { ScreenColumn, TableColumns } from './table-columns.js';
import { ago, bar, cutMeasured, cutName, duration, NONE, pad, percent, watts, width, type Measured } from '../text/format.js';
import { isoTime } from '../text/timecode.js';
import type { Ms } from '../model/clock.js';

/** Number of consecutive samples before a GPU is called stuck. */
const STUCK_SAMPLES = 5;

/** Columns of a bar on a terminal of `cols`. */
const barCols = (cols: number): number => (cols >= FROM_COLS.spacious ? 16 : cols >= FROM_COLS.wide ? 8 : 0);
const gapCols = (cols: number): number => (barCols(cols) > 0 ? 1 : 0);
const MEMORY_COLS = 11;

/** What is only known from the history of a GPU. */
export interface GpuSeen {
  readonly now: Ms;
  readonly isHeld: boolean;
  /** Undefined where it was already held idle at the only sample: nothing is known of how long. */
  readonly heldSince: HeldSince | undefined;
  /** It reports that it is busy, but draws the power of an idle GPU, for several samples. */
  readonly stuck: boolean;
}

export function gpuSeen(history: HistoryView, node: NodeView, slot: number, now: Ms): GpuSeen {
  const since = history.heldSince(node, slot);
  const isTimed = since && !(since.atLeast && node.at <= since.at);
  return { now, isHeld: since !== undefined, heldSince: isTimed ? since : undefined, stuck: included(node) && hangs(history, node, slot) };
}

function hangs(history: HistoryView, node: NodeView, slot: number): boolean {
  const { count, field } = node.gpus;
  if (slot >= count) return false;
  const limit = field.powerLimitWatts[slot]!;
  if (!isStuck(field.utilPercent[slot]!, field.powerWatts[slot]!, limit)) return false;
  const [utils, powers] = [history.gpu(node, slot, 'util').values, history.gpu(node, slot, 'power').values];
  if (utils.length < STUCK_SAMPLES) return false;
  for (let at = utils.length - STUCK_SAMPLES; at < utils.length; at++) if (!isStuck(utils[at]!, powers[at]!, limit)) return false;
  return true;
}

/** In place of its SM share: the process holds memory of its GPUs and computes on none of them. */
export const IDLE_SIGN: Span = span('idle', 'warn');

/** The GPUs of a table: a row is a number. */
export interface GpuTableRows {
  node(row: number): NodeView;
  slot(row: number): number;
  /** A reading; NaN if not reported. */
  value(row: number, field: GpuField): number;
  /** The users of its processes, most memory first. */
  owners(row: number): readonly GpuOwner[];
  seen?(row: number): GpuSeen;
}

/** The rows of GPUs as the data of a table; `history` and `now`: for what depends on the history. */
export const gpuTableRows = (rows: GpuRows, history: HistoryView, now: Ms): GpuTableRows => ({
  node: (row) => rows.node(row),
  slot: (row) => rows.slot[row]!,
  value: (row, field) => rows.value(row, field),
  owners: (row) => rows.owners(row),
  seen: (row) => gpuSeen(history, rows.node(row), rows.slot[row]!, now),
});

/** How the fields with a column on screen are shown. */
const SCREEN: Readonly<Record<GpuFieldsWith<'column', { readonly screen: true }>, ScreenColumn<GpuTableRows, number>>> = {
  utilPercent: {
    title: 'UTIL',
    width: 4,
    fit: (cols) => ({ width: barCols(cols) + gapCols(cols) + 4, align: barCols(cols) > 0 ? 'left' : 'right' }),
    sorts: 'descending',
    cell: (row, rows, cols) => utilCell(rows.value(row, 'utilPercent'), cols),
  },
  memoryUsedBytes: {
    title: 'VRAM',
    width: MEMORY_COLS,
    fit: (cols) => ({ width: barCols(cols) + gapCols(cols) + MEMORY_COLS, align: barCols(cols) > 0 ? 'left' : 'right' }),
    drop: 5,
    sorts: 'descending',
    cell: (row, rows, cols) => memoryCell(rows.value(row, 'memoryUsedBytes'), rows.value(row, 'memoryTotalBytes'), cols),
  },
  temperatureCelsius: {
    title: 'TEMP',
    width: 5,
    align: 'right',
    drop: 4,
    sorts: 'descending',
    cell: (row, rows) => temperatureCell(rows.value(row, 'temperatureCelsius'), isHot(rows.node(row).gpus, rows.slot(row))),
  },
  powerWatts: {
    title: 'POWER',
    width: 9,
    fit: (cols) => (cols >= FROM_COLS.spacious ? { width: 11 } : {}),
    drop: 3,
    sorts: 'descending',
    cell: (row, rows) => powerCell(row, rows),
  },
  frequencyMhz: {
    title: 'CLOCK',
    width: 7,
    align: 'right',
    drop: 1,
    cell: (row, rows) => clockText(rows.value(row, 'frequencyMhz')),
  },
};
const SCREENS: Readonly<Partial<Record<GpuField, ScreenColumn<GpuTableRows, number>>>> = SCREEN;

function fieldColumn(field: GpuField): TableColumns<GpuTableRows, number> {
  const { column } = gpuField(field);
  if (!column) return [];
  const { id, unit, decimals, jsonOnly } = column;
  const screen = SCREENS[field];
  return [
    {
      id,
      ...(unit ? { unit } : {}),
      value: (row, rows) => rows.value(row, field),
      ...(screen ? { screen } : {}),
      export: { name: column.export, ...(decimals === undefined ? {} : { decimals }), ...(jsonOnly ? { jsonOnly } : {}) },
    },
  ];
}

const modelOf = (row: number, rows: GpuTableRows): string => rows.node(row).text(rows.node(row).gpus.name[rows.slot(row)]!);

/** A GPU, for a terminal of any width. */
export const GPU_COLUMNS: TableColumns<GpuTableRows, number> = [
  {
    id: 'gpu',
    unit: 'count',
    value: (row, rows) => rows.node(row).gpus.index[rows.slot(row)],
    screen: { title: 'GPU', width: 3 },
    export: { name: 'gpu' },
  },
  { id: 'uuid', value: (row, rows) => rows.node(row).text(rows.node(row).gpus.uuid[rows.slot(row)]!), export: { name: 'uuid' } },
  {
    id: 'model',
    value: modelOf,
    screen: {
      title: 'MODEL',
      width: 10,
      fit: (cols) => ({ width: cols >= FROM_COLS.spacious ? 16 : cols >= FROM_COLS.gpuOwners ? 13 : 10 }),
      drop: 2,
      cell: (row, rows) => span(modelName(modelOf(row, rows)) || NONE, 'dim'),
    },
    export: { name: 'model' },
  },
  ...GPU_FIELDS.flatMap(fieldColumn),
  { id: 'state', value: stateOf, export: { name: 'state', title: 'STATE' } },
  {
    id: 'health',
    // Not reported: nothing that could tell.
    value: (row, rows) => gpuHealth(rows.node(row).gpus, rows.slot(row))?.map(({ id }) => id),
    export: { name: 'health', jsonOnly: true },
  },
  { id: 'idle_since', value: idleSince, export: { name: 'idle_since' } },
  {
    id: 'who',
    value: (row, rows) => rows.owners(row).map(({ user }) => user || '?'),
    screen: {
      title: 'WHO',
      width: 'rest',
      fit: (cols) => ({ min: cols >= FROM_COLS.gpuOwners ? 25 : cols >= FROM_COLS.small ? 20 : 12 }),
      cell: (row, rows) => ownersCell(rows.node(row), rows.slot(row), rows.owners(row), rows.seen?.(row)),
    },
    export: { name: 'users' },
  },
  {
    id: 'allocated_to',
    value: (row, rows) => allocatedUsers(rows.node(row), rows.slot(row)).map((user) => user || '?'),
    export: { name: 'allocated_to', jsonOnly: true },
  },
  {
    id: 'allocations',
    value: (row, rows) => allocationRecords(rows.node(row), rows.slot(row)),
    export: { name: 'allocations', jsonOnly: true, records: true },
  },
  {
    id: 'sources',
    value: (row, rows) => sourceRecords(rows.node(row), rows.slot(row)),
    export: { name: 'sources', jsonOnly: true, records: true },
  },
];

/** Who has the GPU. A uid stands where its name is not known. */
function allocationRecords(node: NodeView, slot: number): readonly SheetRecord[] {
  const { count: rows, gpu, owner, source } = node.allocations;
  return Array.from({ length: rows }, (_, row) => row)
    .filter((row) => gpu[row] === slot)
    .map((row) => {
      const name = (ids: Int32Array): string => node.userName(ids[row]!);
      const user = name(owner.user);
      const isUid = /^\d+$/.test(user);
      return {
        user: isUid ? '' : user,
        uid: isUid ? Number(user) : undefined,
        account: name(owner.account),
        job: name(owner.job),
        namespace: name(owner.namespace),
        pod: name(owner.pod),
        source: name(source),
      };
    });
}

/** Which endpoints its readings come from, and since when they have not changed. */
const sourceRecords = (node: NodeView, slot: number): readonly SheetRecord[] =>
  sourcesOfGpu(node, slot).map(({ endpoint: { id, status }, exporter, groups }) => ({
    endpoint: id,
    exporter,
    at: status.okAt === undefined ? undefined : isoTime(status.okAt),
    fields: groups,
  }));

/** The states of a GPU as exports write them. */
export const GPU_STATES = { computing: 'computing', heldIdle: 'held_idle', free: 'free', unknown: 'unknown' } as const;

function stateOf(row: number, rows: GpuTableRows): string {
  const node = rows.node(row);
  return GPU_STATES[included(node) ? slotState(node, rows.slot(row)) : 'unknown'];
}

/** Since when it has been held idle; not reported where it was so already when it was first seen. */
function idleSince(row: number, rows: GpuTableRows): string | undefined {
  const since = stateOf(row, rows) === 'held_idle' ? rows.seen?.(row).heldSince : undefined;
  return since && !since.atLeast ? isoTime(since.at) : undefined;
}

const clockText = (mhz: number): string => (Number.isNaN(mhz) ? NONE : `${Math.round(mhz)}MHz`);

/** 'NVIDIA H100 80GB HBM3' -> 'H100 80GB': vendor, form factor and memory type do not distinguish the GPUs of a cluster. */
export function modelName(name: string): string {
  return name
    .replace(/^(NVIDIA|AMD Instinct|AMD|Intel|Apple|Google|Tenstorrent|FuriosaAI|Tesla)\s+/i, '')
    .replace(/\s+(HBM\w*|GDDR\w*)$/i, '')
    .replace(/-(SXM\d*|PCIE|PCIe)\b/, '');
}

/** A bar of `bars` columns before the value; only the value if there is no space. */
function meter(fraction: number, text: string, bars: number, tone?: Tone): readonly Span[] {
  if (bars === 0) return [span(text, tone)];
  return [span(Number.isNaN(fraction) ? ' '.repeat(bars) : bar(fraction, bars), tone ?? 'accent'), span(` ${text}`, tone)];
}

/** Utilisation for the column of that name; `cols`: of the terminal. */
export function utilCell(utilPercent: number, cols: number): readonly Span[] {
  return meter(utilPercent / 100, percent(utilPercent).padStart(4), barCols(cols));
}

/** Memory for the column of that name, bytes; `cols`: of the terminal. */
export function memoryCell(used: number, total: number, cols: number): readonly Span[] {
  const bars = barCols(cols);
  const full = (used / total) * 100 >= LIMITS.fullGpuPercent;
  return meter(used / total, pad(`${full ? '!' : ''}${memoryText(used, total)}`, MEMORY_COLS, 'right'), bars, full ? 'bad' : undefined);
}

const MEMORY_UNITS: readonly (readonly [bytes: number, sign: string])[] = [
  [2 ** 40, 'T'],
  [2 ** 30, 'G'],
  [2 ** 20, 'M'],
  [2 ** 10, 'K'],
  [1, 'B'],
];

/** A hundredth of a terabyte is still much. */
const digits = (value: number, sign: string): number => (sign === 'T' && value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

/** '61.2/79.6G': used and total in one unit, that of the larger: a total that is less than what is used is not to be believed. */
function memoryText(used: number, total: number): string {
  if (Number.isNaN(used) && Number.isNaN(total)) return NONE;
  const [size, sign] = MEMORY_UNITS.find(([bytes]) => Math.max(used || 0, total || 0) >= bytes) ?? [1, 'B'];
  const shown = (bytes: number): string => (Number.isNaN(bytes) ? NONE : (bytes / size).toFixed(digits(bytes / size, sign)));
  return Number.isNaN(total) ? `${shown(used)}${sign}` : `${shown(used)}/${shown(total)}${sign}`;
}

function temperatureCell(celsius: number, hot: boolean): Span {
  if (Number.isNaN(celsius)) return span(NONE);
  return span(`${hot ? '!' : ''}${Math.round(celsius)}°`, hot ? 'bad' : undefined);
}

/**
 * '611/700W', '!160/1000W'; without the limit if there is less space: the value and its sign are never cut. '(43W)': of the whole board, if
 * another die of it reports the power.
 */
function powerCell(row: number, rows: GpuTableRows): Cell {
  const [power, limit, card] = [rows.value(row, 'powerWatts'), rows.value(row, 'powerLimitWatts'), rows.value(row, 'cardPowerWatts')];
  const stuck = rows.seen?.(row).stuck ?? false;
  if (Number.isNaN(power)) return Number.isNaN(card) ? span(NONE) : span(`(${Math.round(card)}W)`, 'dim');
  const value = `${stuck ? '!' : ''}${Math.round(power)}`;
  const short = `${stuck ? '!' : ''}${watts(power)}`;
  const forms = limit > 0 ? [`${value}/${Math.round(limit)}W`, `${value}/${Math.round(limit)}`, short] : [`${value}W`, short];
  return firstFitting(forms.map((text) => span(text, stuck ? 'bad' : undefined)));
}

/** The users of its processes, most memory first; '?' if memory is used that no process owns, `–` if the node does not report it. */
function ownersCell(node: NodeView, slot: number, owners: readonly GpuOwner[], seen: GpuSeen | undefined): Cell {
  const { gpus } = node;
  const isHeld = included(node) && slotState(node, slot) === 'heldIdle';
  const idle = (isIdle: boolean): string => (isIdle && !isHeld && included(node) ? ' (idle)' : '');
  const names = owners.map(({ user, isIdle }) => `${isStranger(node, slot, user) ? '!' : ''}${user || '?'}${idle(isIdle)}`).join(', ');
  if (names !== '') {
    if (isHeld) return namesAnd(names, heldWords(seen));
    if (seen?.stuck) return namesAnd(names, [' (stuck?)', ' stuck?']);
    const tone = names === '?' ? 'dim' : 'strong';
    return { fit: (cols) => measuredSpan(cutNames(names, width(names), cols), tone) };
  }
  const holders = included(node) ? holderNames(node, slot) : [];
  if (holders.length > 0) return namesAnd(holders.join(', '), isNotComputing(node, slot) ? ALLOCATED_IDLE : ALLOCATED);
  if (included(node) && whyNotReporting(node) !== undefined) return span(NONE, 'dim');
  const used = slot < gpus.count ? gpus.field.memoryUsedBytes[slot]! : NaN;
  // Without readings and without processes it is unknown whether it has users.
  const unseen = Number.isNaN(used) && !node.facts.hasProcessFamily && node.facts.processScope === undefined;
  return span(unseen ? NONE : used > LIMITS.heldBytes ? '?' : '', 'dim');
}

/** The note after the names of the users, in the longest of its forms that fits; the names are cut first. */
function namesAnd(names: string, forms: readonly string[]): Cell {
  return {
    fit(cols) {
      const namesCols = width(names);
      let last = { text: '', cols: 0 };
      for (const text of forms) {
        last = { text, cols: width(text) };
        if (namesCols + last.cols <= cols) return measuredSpan({ text: names + text, cols: namesCols + last.cols }, 'bad');
      }
      const room = cols - last.cols;
      if (room < LEAST_NAME_COLS) return span(last.text.trimStart(), 'bad');
      const kept = cutNames(names, namesCols, room);
      return measuredSpan({ text: kept.text + last.text, cols: kept.cols + last.cols }, 'bad');
    },
  };
}
/** One name is cut in the middle: names often differ at their ends. A list loses its last names. */
function cutNames(names: string, namesCols: number, room: number): Measured {
  if (namesCols <= room || names.includes(', ')) return cutMeasured({ text: names, cols: namesCols }, room);
  const text = cutName(names, room);
  return { text, cols: width(text) };
}
const LEAST_NAME_COLS = 3;
/** Of a GPU that a scheduler has given away, and on which no process is known. */
const ALLOCATED = [' (allocated)', ' alloc'];
const ALLOCATED_IDLE = [' (allocated, idle)', ' alloc idle', ' idle'];

/** ' (held idle 01:37:00)', ' held 1h'; with a `+` if it was already so when monitoring started. */
function heldWords(seen: GpuSeen | undefined): readonly string[] {
  if (!seen?.heldSince) return [' (held idle)', ' (held)', ' held'];
  const { at, atLeast } = seen.heldSince;
  const more = atLeast ? '+' : '';
  const ms = Math.max(0, seen.now - at);
  return [` (held idle ${duration(ms / 1000)}${more})`, ` held ${duration(ms / 1000)}${more}`, ` held ${ago(ms)}${more}`];
}

/** The legend of the signs, for the help. */
export const GPU_NOTES: readonly string[] = [
  'WHO: users with processes on the GPU, most memory first. ?: memory of unknown owners. –: not reported. Empty: free.',
  '! before a user: the GPU is allocated to somebody else.',
  'allocated, idle: a scheduler has given the GPU to this user, and nothing computes on it.',
  'held idle: a process or more than 1 GiB is on the GPU while it does not compute, and for how long; +: since before the viewer started.',
  '(idle): this user holds memory of the GPU and computes nothing there, while others do.',
  '!: too hot, or memory nearly full. stuck?: reports 100% busy but draws idle power, for five samples in a row.',
  'A dim row with ~ and an age: the last known values of a node that is down.',
];
