/** Values of the current scrape, other than those of process rows: one sample for each metric of each entity. */
import { Cutter, NO_FLOATS, NO_INTS, type Arena, type Room } from './bytes.js';
import { METRICS } from '../schema/families.js';
import type { LabelReader } from './labels.js';
import { DISCARD, VALUE_BLOCK, VALUE_BLOCK_BYTES, VALUE_INTS, VALUE_METRIC, VALUE_NEXT, VALUE_ENTITY, UNKNOWN } from './row-layout.js';
import { Entities, ENTITIES_ROOM } from './entities.js';

/** The limit for one scrape. */
const MAX_SAMPLES = 16_384;
/** Enough for most nodes. */
const FIRST_SAMPLES = 128;

const roomOf = (samples: number): Room => ({ floats: samples, ints: samples * (VALUE_INTS + 2) });
export const SAMPLE_VALUES_ROOM: Room = { ...roomOf(FIRST_SAMPLES), ints: roomOf(FIRST_SAMPLES).ints + ENTITIES_ROOM.ints };

export class SampleValues {
  /** DISCARD is always there. */
  count = 1;
  ints = NO_INTS;
  values = NO_FLOATS;
  stamps = NO_INTS;
  /** By sample: its line in the last template, -1 for none. */
  lines = NO_INTS;
  readonly entities: Entities;
  /** Samples that the current scrape has had so far. */
  #seen = 0;

  /** `cutter` has SAMPLE_VALUES_ROOM. */
  constructor(arena: Arena, labels: LabelReader, cutter: Cutter) {
    this.#resize(FIRST_SAMPLES, cutter);
    this.entities = new Entities(arena, labels, cutter);
    this.ints[VALUE_METRIC] = UNKNOWN;
  }

  /** The sample of a metric of an entity; it is created if needed. */
  sampleOf(metric: number, entity: number): number | 'full' {
    const { ints } = this;
    const { firstSample, lastSample } = this.entities.all[entity]!;
    for (let sample = firstSample; sample !== 0; sample = ints[sample * VALUE_INTS + VALUE_NEXT]!)
      if (ints[sample * VALUE_INTS + VALUE_METRIC] === metric) return sample;
    if (this.#seen >= MAX_SAMPLES) {
      this.entities.full(METRICS[metric]!.table);
      return 'full';
    }
    const sample = this.#add(metric, entity);
    this.#link(sample, lastSample);
    this.entities.changes++;
    return sample;
  }

  /** A new scrape has no samples yet. */
  begin(): void {
    this.#seen = 0;
    this.entities.begin();
  }

  /**
   * A line with this label block sets the value of the sample; the last one wins. False: the scrape has too many samples; those of earlier
   * scrapes do not count.
   */
  markSeen(sample: number, block: number, bytes: number, scrape: number): boolean {
    if (this.stamps[sample] !== scrape && !this.#admit(sample, scrape)) return false;
    this.ints[sample * VALUE_INTS + VALUE_BLOCK] = block;
    this.ints[sample * VALUE_INTS + VALUE_BLOCK_BYTES] = bytes;
    return true;
  }

  #admit(sample: number, scrape: number): boolean {
    if (sample !== DISCARD) {
      const entity = this.entities.all[this.ints[sample * VALUE_INTS + VALUE_ENTITY]!]!;
      if (this.#seen >= MAX_SAMPLES) this.entities.full(entity.table);
      if (this.#seen >= MAX_SAMPLES || !this.entities.admit(entity, scrape)) return false;
      this.#seen++;
    }
    this.stamps[sample] = scrape;
    return true;
  }

  /** Removes the samples that `scrape` did not have. Returns the new number for each old one; undefined: all remain. */
  sweep(scrape: number): Int32Array | undefined {
    const { ints, stamps, count } = this;
    let gone = 0;
    for (let sample = 1; sample < count; sample++) if (stamps[sample] !== scrape) gone++;
    if (gone === 0) return undefined;
    const moved = new Int32Array(count);
    this.count = 1;
    for (const entity of this.entities.all) entity.firstSample = entity.lastSample = 0;
    for (let sample = 1; sample < count; sample++) {
      if (stamps[sample] !== scrape) continue;
      const number = (moved[sample] = this.count++);
      ints.copyWithin(number * VALUE_INTS, sample * VALUE_INTS, (sample + 1) * VALUE_INTS);
      this.values[number] = this.values[sample]!;
      stamps[number] = scrape;
      this.#link(number, this.entities.all[ints[number * VALUE_INTS + VALUE_ENTITY]!]!.lastSample);
    }
    const entities = this.entities.sweep();
    for (let sample = 1; sample < this.count; sample++)
      ints[sample * VALUE_INTS + VALUE_ENTITY] = entities[ints[sample * VALUE_INTS + VALUE_ENTITY]!]!;
    return moved;
  }

  /** Appends the sample to those of its entity. `last`: the last of them, 0 for none. */
  #link(sample: number, last: number): void {
    const { ints } = this;
    const entity = this.entities.all[ints[sample * VALUE_INTS + VALUE_ENTITY]!]!;
    ints[sample * VALUE_INTS + VALUE_NEXT] = 0;
    if (last === 0) entity.firstSample = sample;
    else ints[last * VALUE_INTS + VALUE_NEXT] = sample;
    entity.lastSample = sample;
  }

  #add(metric: number, entity: number): number {
    const sample = this.count++;
    if (sample >= this.values.length) this.#resize(sample * 2);
    const at = sample * VALUE_INTS;
    this.ints[at + VALUE_METRIC] = metric;
    this.ints[at + VALUE_ENTITY] = entity;
    this.ints[at + VALUE_BLOCK] = this.ints[at + VALUE_BLOCK_BYTES] = 0;
    this.values[sample] = NaN;
    this.stamps[sample] = 0;
    this.lines[sample] = -1;
    return sample;
  }

  #resize(samples: number, cutter = new Cutter(roomOf(samples))): void {
    this.values = cutter.floats(samples, this.values);
    this.stamps = cutter.ints(samples, this.stamps);
    this.lines = cutter.ints(samples, this.lines);
    this.ints = cutter.ints(samples * VALUE_INTS, this.ints);
  }
}
