/** Values of the scrape under way that are no process row's: a cell for each metric of each thing. */
import { Cutter, type Arena } from './bytes.js';
import { METRICS, UNKNOWN } from './families.js';
import type { LabelReader } from './labels.js';
import { Things, type NoThing, type ThingTable } from './things.js';

/** The cell of everything that nobody reads. */
export const SINK = 0;
const MAX_CELLS = 16_384;
const FIRST_CELLS = 128;

/** Integers of a cell: number in METRICS, number of its thing, and its label block in the arena. */
export const INTS = 4;
export const METRIC = 0;
export const THING = 1;
export const BLOCK = 2;
export const BLOCK_BYTES = 3;

export class Cells {
  /** The SINK is always there. */
  count = 1;
  ints!: Int32Array<ArrayBuffer>;
  values!: Float64Array<ArrayBuffer>;
  stamps!: Int32Array<ArrayBuffer>;
  /** By cell: its line in the last program, -1 for none. */
  lines!: Int32Array<ArrayBuffer>;
  readonly things: Things;

  constructor(arena: Arena, labels: LabelReader) {
    this.things = new Things(arena, labels);
    this.#resize(FIRST_CELLS);
    this.ints[METRIC] = UNKNOWN;
  }

  /** The cell of a metric of a thing, a new one if need be. */
  cellOf(metric: number, thing: number): number | NoThing {
    const { cells } = this.things.all[thing]!;
    for (let at = 0; at < cells.length; at++) if (this.ints[cells[at]! * INTS + METRIC] === metric) return cells[at]!;
    if (this.count >= MAX_CELLS) {
      this.things.capped.add(METRICS[metric]!.table);
      return 'full';
    }
    const cell = this.#add(metric, thing);
    cells.push(cell);
    this.things.changes++;
    return cell;
  }

  /** A line with this label block gave the cell its value; of several the last counts. */
  touch(cell: number, block: number, bytes: number, scrape: number): void {
    this.stamps[cell] = scrape;
    this.ints[cell * INTS + BLOCK] = block;
    this.ints[cell * INTS + BLOCK_BYTES] = bytes;
  }

  /** Forgets the cells that `scrape` did not speak of. By old number: the new one; undefined: all stay. */
  sweep(scrape: number): Int32Array | undefined {
    const { ints, stamps, count } = this;
    let gone = 0;
    for (let cell = 1; cell < count; cell++) if (stamps[cell] !== scrape) gone++;
    if (gone === 0) return undefined;
    const moved = new Int32Array(count);
    this.count = 1;
    for (let cell = 1; cell < count; cell++) {
      if (stamps[cell] !== scrape) continue;
      const number = (moved[cell] = this.count++);
      ints.copyWithin(number * INTS, cell * INTS, (cell + 1) * INTS);
      this.values[number] = this.values[cell]!;
      stamps[number] = scrape;
    }
    for (const thing of this.things.all) thing.cells.length = 0;
    for (let cell = 1; cell < this.count; cell++) this.things.all[ints[cell * INTS + THING]!]!.cells.push(cell);
    const things = this.things.sweep();
    for (let cell = 1; cell < this.count; cell++) ints[cell * INTS + THING] = things[ints[cell * INTS + THING]!]!;
    return moved;
  }

  /** The table of a metric that is no process metric. */
  static tableOf(metric: number): ThingTable {
    return METRICS[metric]!.table as ThingTable;
  }

  #add(metric: number, thing: number): number {
    const cell = this.count++;
    if (cell >= this.values.length) this.#resize(cell * 2);
    const at = cell * INTS;
    this.ints[at + METRIC] = metric;
    this.ints[at + THING] = thing;
    this.ints[at + BLOCK] = this.ints[at + BLOCK_BYTES] = 0;
    this.values[cell] = NaN;
    this.stamps[cell] = 0;
    this.lines[cell] = -1;
    return cell;
  }

  #resize(cells: number): void {
    const cutter = new Cutter(cells, cells * (INTS + 2));
    this.values = cutter.floats(cells, this.values);
    this.stamps = cutter.ints(cells, this.stamps);
    this.lines = cutter.ints(cells, this.lines);
    this.ints = cutter.ints(cells * INTS, this.ints);
  }
}
