/** Values of the scrape under way that are no process row's: a cell for each metric of each thing. */
import { Cutter, NO_FLOATS, NO_INTS, type Arena, type Room } from './bytes.js';
import { METRICS } from '../schema/families.js';
import type { LabelReader } from './labels.js';
import { CELL_BLOCK, CELL_BLOCK_BYTES, CELL_INTS, CELL_METRIC, CELL_NEXT, CELL_THING, UNKNOWN } from './row-layout.js';
import { Things, THINGS_ROOM } from './entities.js';

const MAX_CELLS = 16_384;
/** Enough for most hosts. */
const FIRST_CELLS = 128;

const roomOf = (cells: number): Room => ({ floats: cells, ints: cells * (CELL_INTS + 2) });
export const CELLS_ROOM: Room = { ...roomOf(FIRST_CELLS), ints: roomOf(FIRST_CELLS).ints + THINGS_ROOM.ints };

export class Cells {
  /** The SINK is always there. */
  count = 1;
  ints = NO_INTS;
  values = NO_FLOATS;
  stamps = NO_INTS;
  /** By cell: its line in the last program, -1 for none. */
  lines = NO_INTS;
  readonly things: Things;

  /** `cutter` has CELLS_ROOM. */
  constructor(arena: Arena, labels: LabelReader, cutter: Cutter) {
    this.#resize(FIRST_CELLS, cutter);
    this.things = new Things(arena, labels, cutter);
    this.ints[CELL_METRIC] = UNKNOWN;
  }

  /** The cell of a metric of a thing, a new one if need be. */
  cellOf(metric: number, thing: number): number | 'full' {
    const { ints } = this;
    const { firstCell, lastCell } = this.things.all[thing]!;
    for (let cell = firstCell; cell !== 0; cell = ints[cell * CELL_INTS + CELL_NEXT]!)
      if (ints[cell * CELL_INTS + CELL_METRIC] === metric) return cell;
    if (this.count >= MAX_CELLS) {
      this.things.full(METRICS[metric]!.table);
      return 'full';
    }
    const cell = this.#add(metric, thing);
    this.#link(cell, lastCell);
    this.things.changes++;
    return cell;
  }

  /** A line with this label block gave the cell its value; of several the last counts. */
  touch(cell: number, block: number, bytes: number, scrape: number): void {
    this.stamps[cell] = scrape;
    this.ints[cell * CELL_INTS + CELL_BLOCK] = block;
    this.ints[cell * CELL_INTS + CELL_BLOCK_BYTES] = bytes;
  }

  /** Forgets the cells that `scrape` did not speak of. By old number: the new one; undefined: all stay. */
  sweep(scrape: number): Int32Array | undefined {
    const { ints, stamps, count } = this;
    let gone = 0;
    for (let cell = 1; cell < count; cell++) if (stamps[cell] !== scrape) gone++;
    if (gone === 0) return undefined;
    const moved = new Int32Array(count);
    this.count = 1;
    for (const thing of this.things.all) thing.firstCell = thing.lastCell = 0;
    for (let cell = 1; cell < count; cell++) {
      if (stamps[cell] !== scrape) continue;
      const number = (moved[cell] = this.count++);
      ints.copyWithin(number * CELL_INTS, cell * CELL_INTS, (cell + 1) * CELL_INTS);
      this.values[number] = this.values[cell]!;
      stamps[number] = scrape;
      this.#link(number, this.things.all[ints[number * CELL_INTS + CELL_THING]!]!.lastCell);
    }
    const things = this.things.sweep();
    for (let cell = 1; cell < this.count; cell++) ints[cell * CELL_INTS + CELL_THING] = things[ints[cell * CELL_INTS + CELL_THING]!]!;
    return moved;
  }

  /** Behind the last cell of its thing, 0 for none. */
  #link(cell: number, last: number): void {
    const { ints } = this;
    const thing = this.things.all[ints[cell * CELL_INTS + CELL_THING]!]!;
    ints[cell * CELL_INTS + CELL_NEXT] = 0;
    if (last === 0) thing.firstCell = cell;
    else ints[last * CELL_INTS + CELL_NEXT] = cell;
    thing.lastCell = cell;
  }

  #add(metric: number, thing: number): number {
    const cell = this.count++;
    if (cell >= this.values.length) this.#resize(cell * 2);
    const at = cell * CELL_INTS;
    this.ints[at + CELL_METRIC] = metric;
    this.ints[at + CELL_THING] = thing;
    this.ints[at + CELL_BLOCK] = this.ints[at + CELL_BLOCK_BYTES] = 0;
    this.values[cell] = NaN;
    this.stamps[cell] = 0;
    this.lines[cell] = -1;
    return cell;
  }

  #resize(cells: number, cutter = new Cutter(roomOf(cells))): void {
    this.values = cutter.floats(cells, this.values);
    this.stamps = cutter.ints(cells, this.stamps);
    this.lines = cutter.ints(cells, this.lines);
    this.ints = cutter.ints(cells * CELL_INTS, this.ints);
  }
}
