/** Values of the scrape under way that are no process row's: a cell for each metric of each thing. */
import { Cutter, NO_FLOATS, NO_INTS, type Arena, type Room } from './bytes.js';
import { METRICS } from '../schema/families.js';
import type { LabelReader } from './labels.js';
import { VALUE_BLOCK, VALUE_BLOCK_BYTES, VALUE_INTS, VALUE_METRIC, VALUE_NEXT, VALUE_ENTITY, UNKNOWN } from './row-layout.js';
import { Entities, ENTITIES_ROOM } from './entities.js';

const MAX_CELLS = 16_384;
/** Enough for most hosts. */
const FIRST_CELLS = 128;

const roomOf = (cells: number): Room => ({ floats: cells, ints: cells * (VALUE_INTS + 2) });
export const SAMPLE_VALUES_ROOM: Room = { ...roomOf(FIRST_CELLS), ints: roomOf(FIRST_CELLS).ints + ENTITIES_ROOM.ints };

export class SampleValues {
  /** The SINK is always there. */
  count = 1;
  ints = NO_INTS;
  values = NO_FLOATS;
  stamps = NO_INTS;
  /** By cell: its line in the last program, -1 for none. */
  lines = NO_INTS;
  readonly entities: Entities;

  /** `cutter` has CELLS_ROOM. */
  constructor(arena: Arena, labels: LabelReader, cutter: Cutter) {
    this.#resize(FIRST_CELLS, cutter);
    this.entities = new Entities(arena, labels, cutter);
    this.ints[VALUE_METRIC] = UNKNOWN;
  }

  /** The cell of a metric of a thing, a new one if need be. */
  cellOf(metric: number, thing: number): number | 'full' {
    const { ints } = this;
    const { firstCell, lastCell } = this.entities.all[thing]!;
    for (let cell = firstCell; cell !== 0; cell = ints[cell * VALUE_INTS + VALUE_NEXT]!)
      if (ints[cell * VALUE_INTS + VALUE_METRIC] === metric) return cell;
    if (this.count >= MAX_CELLS) {
      this.entities.full(METRICS[metric]!.table);
      return 'full';
    }
    const cell = this.#add(metric, thing);
    this.#link(cell, lastCell);
    this.entities.changes++;
    return cell;
  }

  /** A line with this label block gave the cell its value; of several the last counts. */
  touch(cell: number, block: number, bytes: number, scrape: number): void {
    this.stamps[cell] = scrape;
    this.ints[cell * VALUE_INTS + VALUE_BLOCK] = block;
    this.ints[cell * VALUE_INTS + VALUE_BLOCK_BYTES] = bytes;
  }

  /** Forgets the cells that `scrape` did not speak of. By old number: the new one; undefined: all stay. */
  sweep(scrape: number): Int32Array | undefined {
    const { ints, stamps, count } = this;
    let gone = 0;
    for (let cell = 1; cell < count; cell++) if (stamps[cell] !== scrape) gone++;
    if (gone === 0) return undefined;
    const moved = new Int32Array(count);
    this.count = 1;
    for (const thing of this.entities.all) thing.firstCell = thing.lastCell = 0;
    for (let cell = 1; cell < count; cell++) {
      if (stamps[cell] !== scrape) continue;
      const number = (moved[cell] = this.count++);
      ints.copyWithin(number * VALUE_INTS, cell * VALUE_INTS, (cell + 1) * VALUE_INTS);
      this.values[number] = this.values[cell]!;
      stamps[number] = scrape;
      this.#link(number, this.entities.all[ints[number * VALUE_INTS + VALUE_ENTITY]!]!.lastCell);
    }
    const things = this.entities.sweep();
    for (let cell = 1; cell < this.count; cell++) ints[cell * VALUE_INTS + VALUE_ENTITY] = things[ints[cell * VALUE_INTS + VALUE_ENTITY]!]!;
    return moved;
  }

  /** Behind the last cell of its thing, 0 for none. */
  #link(cell: number, last: number): void {
    const { ints } = this;
    const thing = this.entities.all[ints[cell * VALUE_INTS + VALUE_ENTITY]!]!;
    ints[cell * VALUE_INTS + VALUE_NEXT] = 0;
    if (last === 0) thing.firstCell = cell;
    else ints[last * VALUE_INTS + VALUE_NEXT] = cell;
    thing.lastCell = cell;
  }

  #add(metric: number, thing: number): number {
    const cell = this.count++;
    if (cell >= this.values.length) this.#resize(cell * 2);
    const at = cell * VALUE_INTS;
    this.ints[at + VALUE_METRIC] = metric;
    this.ints[at + VALUE_ENTITY] = thing;
    this.ints[at + VALUE_BLOCK] = this.ints[at + VALUE_BLOCK_BYTES] = 0;
    this.values[cell] = NaN;
    this.stamps[cell] = 0;
    this.lines[cell] = -1;
    return cell;
  }

  #resize(cells: number, cutter = new Cutter(roomOf(cells))): void {
    this.values = cutter.floats(cells, this.values);
    this.stamps = cutter.ints(cells, this.stamps);
    this.lines = cutter.ints(cells, this.lines);
    this.ints = cutter.ints(cells * VALUE_INTS, this.ints);
  }
}
