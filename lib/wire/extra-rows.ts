/** Rows that are kept as they come: every family of a thing with its value and its labels. Labels are taken apart when they are asked for. */
import { EXTRA_TABLES, type ExtraReading, type ExtraRows, type ExtraTable, type HostExtras } from '../model/columns.js';
import type { Arena } from './bytes.js';
import { BLOCK, BLOCK_BYTES, INTS, METRIC, type Cells } from './cells.js';
import { METRICS } from './families.js';
import type { LabelReader } from './labels.js';
import { Readings } from './readings.js';
import type { Scan } from './scan.js';
import type { Thing, ThingTable } from './things.js';

/** By metric: whether it is kept as it comes. */
const IS_EXTRA = Uint8Array.from(METRICS, (metric) => ('extra' in metric ? 1 : 0));

class Rows implements ExtraRows {
  count = 0;
  readonly readings = new Readings();
  readonly #labels: LabelReader;
  /** Row r has the places starts[r] to starts[r + 1] - 1. */
  #starts = Int32Array.of(0);
  #cells = new Int32Array(0);
  #metrics = new Int32Array(0);
  /** By place: where the label block is in the arena, and its length. */
  #blocks = new Int32Array(0);
  #arena: Arena | undefined;

  constructor(labels: LabelReader) {
    this.#labels = labels;
  }

  /** `things` in the order of the rows. */
  arrange(cells: Cells, things: readonly Thing[]): void {
    const found = things.map((thing) => thing.cells.filter((cell) => IS_EXTRA[cells.ints[cell * INTS + METRIC]!] === 1));
    this.count = things.length;
    this.#starts = new Int32Array(things.length + 1);
    found.forEach((some, row) => {
      this.#starts[row + 1] = this.#starts[row]! + some.length;
    });
    this.#cells = Int32Array.from(found.flat());
    this.#metrics = this.#cells.map((cell) => cells.ints[cell * INTS + METRIC]!);
    this.#blocks = new Int32Array(this.#cells.length * 2);
    this.readings.begin(this.#cells.length);
    this.#cells.forEach((cell, place) => {
      this.readings.add(cell, this.#metrics[place]!, place);
    });
  }

  load({ cells, arena }: Scan): void {
    this.#arena = arena;
    this.readings.load(cells.values);
    for (let place = 0; place < this.#cells.length; place++) {
      const at = this.#cells[place]! * INTS;
      this.#blocks[place * 2] = cells.ints[at + BLOCK]!;
      this.#blocks[place * 2 + 1] = cells.ints[at + BLOCK_BYTES]!;
    }
  }

  value(row: number, family: string): number {
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++)
      if (METRICS[this.#metrics[place]!]!.name === family) return this.readings.values[place]!;
    return NaN;
  }

  label(row: number, name: string): string {
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++) {
      const text = this.#read(place);
      const label = text ? this.#labels.find(text, name) : -1;
      if (text && label >= 0) return this.#labels.text(text, label, 'value');
    }
    return '';
  }

  families(row: number): readonly ExtraReading[] {
    const found: ExtraReading[] = [];
    for (let place = this.#starts[row] ?? 0; place < (this.#starts[row + 1] ?? 0); place++) {
      const { name, unit } = METRICS[this.#metrics[place]!]!;
      const text = this.#read(place);
      found.push({ family: name, unit, value: this.readings.values[place]!, labels: text ? this.#labels.pairs(text) : [] });
    }
    return found;
  }

  /** Takes the labels of a place apart; returns the bytes that they are in, undefined where there are none. */
  #read(place: number): Uint8Array | undefined {
    const bytes = this.#arena?.bytes;
    const at = this.#blocks[place * 2]!;
    if (!bytes || at === 0 || this.#labels.read(bytes, at, at + this.#blocks[place * 2 + 1]!) < 0) return undefined;
    return bytes;
  }
}

export class Extras implements HostExtras {
  readonly #tables: Readonly<Record<ExtraTable, Rows>>;

  constructor(labels: LabelReader) {
    this.#tables = Object.fromEntries(EXTRA_TABLES.map((table) => [table, new Rows(labels)])) as Record<ExtraTable, Rows>;
  }

  rows(table: ExtraTable): ExtraRows {
    return this.#tables[table];
  }

  /** `gpus`: in the order of their slots. The others stand in the order of their indices, those without one as they came. */
  arrange(cells: Cells, things: Readonly<Record<ThingTable, readonly Thing[]>>, gpus: readonly Thing[]): void {
    for (const table of EXTRA_TABLES) {
      const rows = table === 'gpu' ? gpus : [...things[table]].sort((a, b) => a.index - b.index);
      this.#tables[table].arrange(cells, rows);
    }
  }

  load(scan: Scan): void {
    for (const table of EXTRA_TABLES) this.#tables[table].load(scan);
  }
}
