/** Rows that are kept as sent: every family of an entity, with its value and its labels. Labels are only parsed when someone reads them. */
import { EXTRA_TABLES, type ExtraReading, type ExtraRows, type ExtraTable, type NodeExtras } from '../../../model/columns.js';
import { extraRowsOf } from '../../../model/reading-rows.js';
import { NO_EXTRA_ROWS } from '../../../model/empty-columns.js';
import { NO_FLOATS, NO_INTS, type Arena } from '../bytes.js';
import { type SampleValues } from '../sample-values.js';
import { detailReadings, putReading } from '../../schema/detail-readings.js';
import { METRICS } from '../../schema/families.js';
import type { LabelReader } from '../labels.js';
import { VALUE_BLOCK, VALUE_BLOCK_BYTES, VALUE_INTS, VALUE_METRIC, VALUE_NEXT } from '../row-layout.js';
import { readingOf, type OddValues } from './readings.js';
import type { ScanState } from '../scan-state.js';
import type { ByTables, Entity } from '../entities.js';

/** By metric: whether it is kept as sent. */
const IS_EXTRA = Uint8Array.from(METRICS, (metric) => ('extra' in metric ? 1 : 0));

/** Integers of a place: its sample, its metric, the offset of its label block in the arena, and the length of the block. */
const PLACE = 4;

class Rows implements ExtraRows {
  count = 0;
  readonly #labels: LabelReader;
  /** Row r has the places starts[r] to starts[r + 1] - 1. */
  #starts = NO_INTS;
  #places = NO_INTS;
  #values = NO_FLOATS;
  #arena: Arena | undefined;

  constructor(labels: LabelReader) {
    this.#labels = labels;
  }

  /** `rows`: the entities of each row. */
  arrange({ ints }: SampleValues, rows: readonly (readonly Entity[])[]): void {
    this.count = rows.length;
    const found: number[] = [];
    const starts = [0];
    for (const entities of rows) {
      for (const { firstSample } of entities)
        for (let sample = firstSample; sample !== 0; sample = ints[sample * VALUE_INTS + VALUE_NEXT]!)
          if (IS_EXTRA[ints[sample * VALUE_INTS + VALUE_METRIC]!] === 1)
            found.push(sample, ints[sample * VALUE_INTS + VALUE_METRIC]!, 0, 0);
      starts.push(found.length / PLACE);
    }
    this.#starts = found.length === 0 ? NO_INTS : Int32Array.from(starts);
    this.#places = found.length === 0 ? NO_INTS : Int32Array.from(found);
    this.#values = found.length === 0 ? NO_FLOATS : new Float64Array(found.length / PLACE);
  }

  load({ samples, arena }: ScanState, odd: OddValues): void {
    this.#arena = arena;
    const places = this.#places;
    for (let place = 0, at = 0; at < places.length; place++, at += PLACE) {
      const sample = places[at]!;
      const value = samples.values[sample]!;
      const read = readingOf(places[at + 1]!, value);
      if (Number.isNaN(read)) odd.invalid(places[at + 1]!, value);
      this.#values[place] = read;
      places[at + 2] = samples.ints[sample * VALUE_INTS + VALUE_BLOCK]!;
      places[at + 3] = samples.ints[sample * VALUE_INTS + VALUE_BLOCK_BYTES]!;
    }
  }

  value(row: number, family: string): number {
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++)
      if (this.#metric(place).name === family) return this.#values[place]!;
    return NaN;
  }

  label(row: number, name: string): string {
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++) {
      const text = this.#read(place);
      const label = text ? this.#labels.findByName(text, name) : -1;
      if (text && label >= 0) return this.#labels.text(text, label, 'value');
    }
    return '';
  }

  families(row: number): readonly ExtraReading[] {
    const found: ExtraReading[] = [];
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++) {
      const { name, unit } = this.#metric(place);
      const text = this.#read(place);
      found.push({ family: name, unit, value: this.#values[place]!, labels: text ? this.#labels.pairs(text) : [] });
    }
    return found;
  }

  #metric(place: number): (typeof METRICS)[number] {
    return METRICS[this.#places[place * PLACE + 1]!]!;
  }

  /** Parses the labels of a place. Returns the bytes that contain them, or undefined if there are none. */
  #read(place: number): Uint8Array | undefined {
    const arena = this.#arena;
    const at = this.#places[place * PLACE + 2]!;
    if (!arena || at === 0) return undefined;
    this.#labels.readBlock(arena, at, this.#places[place * PLACE + 3]!);
    return arena.bytes;
  }
}

/** The GPUs whose info family may contain readings for which newer exporters have families. */
interface InfoLabels {
  readonly count: number;
  readonly uuid: Uint32Array;
  readonly index: Int32Array;
  details(slot: number): readonly (readonly [label: string, text: string])[];
}

/** The rows, followed by what only labels of the info family report. Parsed when it is read. */
class WithOlder implements ExtraRows {
  readonly #rows: ExtraRows;
  readonly #older: readonly (readonly ExtraReading[])[];

  constructor(rows: ExtraRows, older: readonly (readonly ExtraReading[])[]) {
    this.#rows = rows;
    this.#older = older;
  }

  get count(): number {
    return this.#rows.count;
  }
  value(row: number, family: string): number {
    const own = this.#rows.value(row, family);
    return Number.isNaN(own) ? (this.#missing(row).find((one) => one.family === family)?.value ?? NaN) : own;
  }
  label(row: number, name: string): string {
    return this.#rows.label(row, name);
  }
  families(row: number): readonly ExtraReading[] {
    return [...this.#rows.families(row), ...this.#missing(row)];
  }

  #missing(row: number): readonly ExtraReading[] {
    const older = this.#older[row] ?? [];
    if (older.length === 0) return older;
    const own = new Set(this.#rows.families(row).map(({ family }) => family));
    return older.filter(({ family }) => !own.has(family));
  }
}

type Older = Partial<Record<ExtraTable, ExtraReading[][]>>;

export class Extras implements NodeExtras {
  /** The tables that the node has or has had. */
  readonly #tables: Partial<Record<ExtraTable, Rows>> = {};
  readonly #labels: LabelReader;

  readonly #gpus: InfoLabels;
  readonly #text: (ref: number) => string;
  /** For this commit; undefined until it is needed. */
  #older: Older | undefined;

  constructor(labels: LabelReader, gpus: InfoLabels, text: (ref: number) => string) {
    this.#labels = labels;
    this.#gpus = gpus;
    this.#text = text;
  }

  rows(table: ExtraTable): ExtraRows {
    const rows = this.#tables[table] ?? NO_EXTRA_ROWS;
    if (table !== 'gpu' && table !== 'engine' && table !== 'clock') return rows;
    const older = (this.#older ??= this.#olderReadings())[table];
    if (!older) return rows;
    if (table === 'gpu') return new WithOlder(rows, older);
    return rows.count > 0 ? rows : extraRowsOf(older);
  }

  #olderReadings(): Older {
    const older: Older = {};
    for (let slot = 0; slot < this.#gpus.count; slot++) {
      const identity = [
        ['gpu_uuid', this.#text(this.#gpus.uuid[slot]!)],
        ['gpu_index', String(this.#gpus.index[slot])],
      ] as const;
      for (const { table, ...one } of detailReadings(this.#gpus.details(slot), identity)) putReading(older, table, slot, one);
    }
    return older;
  }

  /** `gpus`: the entities of each slot. The other tables are sorted by index; entities without an index keep their order. */
  arrange(samples: SampleValues, entities: ByTables, gpus: readonly (readonly Entity[])[]): void {
    for (const table of EXTRA_TABLES) {
      const { length } = table === 'gpu' ? gpus : (entities[table] ?? NOTHING);
      if (length === 0 && !this.#tables[table]) continue;
      const sorted = table === 'gpu' ? gpus : [...(entities[table] ?? NOTHING)].sort((a, b) => a.index - b.index).map((one) => [one]);
      (this.#tables[table] ??= new Rows(this.#labels)).arrange(samples, sorted);
    }
  }

  load(scan: ScanState, odd: OddValues): void {
    this.#older = undefined;
    for (const table of EXTRA_TABLES) this.#tables[table]?.load(scan, odd);
  }
}

const NOTHING: readonly Entity[] = [];
