/** Samples of the scrape under way that are no process rows: a cell each, known by what it measures of which thing. */
import { longerFloats, longerInts } from './bytes.js';
import { ALIASES, METRICS, ROW_CAPS, UNKNOWN, type Table } from './families.js';
import type { LabelReader } from './labels.js';

/** The cell of everything that nobody reads. */
export const SINK = 0;
/** Instead of a cell: there is no room for one more. */
export const FULL = -1;

export interface Cell {
  /** Number in METRICS. */
  readonly metric: number;
  /** Which row of the metric's table: uuid, index, mount point. */
  readonly key: string;
  /** Its label block in the arena. */
  at: number;
  bytes: number;
  /** The `instance` label. */
  readonly instance: string;
  /** What the labels say beside: name and index of a GPU, title of a row, version, scope. */
  readonly note: CellNote;
}

export interface CellNote {
  readonly title?: string;
  readonly index?: string;
}

const NOBODY: Cell = { metric: UNKNOWN, key: '', at: 0, bytes: 0, instance: '', note: {} };
const MAX_CELLS = 16_384;

type Read = (source: Uint8Array, labels: LabelReader, names: readonly string[]) => string;
const first: Read = (source, labels, names) => {
  for (const name of names) {
    const label = labels.find(source, name);
    if (label >= 0) return labels.text(source, label, 'value');
  }
  return '';
};

interface Identity {
  /** Undefined: the labels do not say which row, so the sample is left out. */
  readonly key: string | undefined;
  readonly note?: CellNote;
}

/** Which row of its table a sample belongs to, by table. */
const IDENTITIES: Readonly<Record<Exclude<Table, 'process'>, (source: Uint8Array, labels: LabelReader) => Identity>> = {
  gpu(source, labels) {
    const uuid = labels.text(source, ALIASES.gpuUuid.map((name) => labels.find(source, name)).find((label) => label >= 0) ?? -1, 'name');
    const title = first(source, labels, ALIASES.gpuName);
    return { key: uuid === '' || title === '' ? undefined : uuid, note: { title, index: first(source, labels, ALIASES.gpuIndex) } };
  },
  cpu: (source, labels) => ({
    key: first(source, labels, ['index']) || '0',
    note: { title: first(source, labels, ['cpu_model', 'model']) },
  }),
  core(source, labels) {
    const core = first(source, labels, ['core_id']);
    return { key: /^\d{1,4}$/.test(core) && Number(core) < ROW_CAPS.core ? core : undefined, note: { title: core } };
  },
  memory: (source, labels) => ({ key: first(source, labels, ['index']) || '0' }),
  disk(source, labels) {
    const title = first(source, labels, ['mount_point']);
    return { key: title, note: { title } };
  },
  fact: (source, labels) => ({ key: '', note: { title: first(source, labels, ['version', 'scope']) } }),
};

export class Cells {
  readonly cells: Cell[] = [NOBODY];
  values = new Float64Array(64).fill(NaN);
  stamps = new Int32Array(64);
  /** By cell: its line in the last program, -1 for none. */
  lines = new Int32Array(64).fill(-1);
  /** Rises when cells came, went or changed what they say. */
  changes = 0;
  readonly #byIdentity = new Map<string, number>();
  #rows = new Map<string, Set<string>>();
  /** Tables of which rows had to be left out. */
  readonly capped = new Set<Table>();

  /** The cell of a sample whose labels have just been read; SINK when it is of no use, FULL when there is no room. */
  take(metric: number, source: Uint8Array, labels: LabelReader): number {
    const table = METRICS[metric]!.table as Exclude<Table, 'process'>;
    const { key, note = {} } = IDENTITIES[table](source, labels);
    if (key === undefined) return SINK;
    const identity = `${metric} ${key}`;
    const cell: Cell = { metric, key, at: 0, bytes: 0, instance: first(source, labels, ['instance']), note };
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) {
      const before = this.cells[known]!;
      if (!alike(before, cell)) this.changes++;
      this.cells[known] = { ...cell, at: before.at, bytes: before.bytes };
      return known;
    }
    if (this.cells.length >= MAX_CELLS || !this.#roomFor(table, key)) {
      this.capped.add(table);
      return FULL;
    }
    return this.#add(identity, cell);
  }

  /** Forgets the cells that `scrape` did not speak of. Returns the new numbers by old one; undefined: all stay. */
  sweep(scrape: number): Int32Array | undefined {
    const { cells, stamps } = this;
    if (cells.every((_, cell) => cell === SINK || stamps[cell] === scrape)) return undefined;
    const moved = new Int32Array(cells.length);
    const kept: Cell[] = [NOBODY];
    this.#byIdentity.clear();
    this.#rows = new Map();
    for (let cell = 1; cell < cells.length; cell++) {
      if (stamps[cell] !== scrape) continue;
      const one = cells[cell]!;
      const number = kept.push(one) - 1;
      moved[cell] = number;
      this.values[number] = this.values[cell]!;
      stamps[number] = scrape;
      this.#byIdentity.set(`${one.metric} ${one.key}`, number);
      this.#roomFor(METRICS[one.metric]!.table, one.key);
    }
    cells.length = 0;
    cells.push(...kept);
    this.changes++;
    return moved;
  }

  #roomFor(table: Table, key: string): boolean {
    if (table === 'fact') return true;
    let rows = this.#rows.get(table);
    if (!rows) this.#rows.set(table, (rows = new Set()));
    if (!rows.has(key) && rows.size >= ROW_CAPS[table]) return false;
    rows.add(key);
    return true;
  }

  #add(identity: string, cell: Cell): number {
    const number = this.cells.push(cell) - 1;
    if (number >= this.values.length) {
      this.values = longerFloats(this.values, number * 2);
      this.stamps = longerInts(this.stamps, number * 2);
      this.lines = longerInts(this.lines, number * 2);
    }
    this.values[number] = NaN;
    this.stamps[number] = 0;
    this.lines[number] = -1;
    this.#byIdentity.set(identity, number);
    this.changes++;
    return number;
  }
}

const alike = (a: Cell, b: Cell): boolean => a.instance === b.instance && a.note.title === b.note.title && a.note.index === b.note.index;
