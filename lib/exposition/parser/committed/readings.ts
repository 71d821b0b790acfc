/** Readings of GPUs, CPUs, cores, memory and disks: which sample goes to which place, and which values are valid. */
import { Cutter, NO_FLOATS, NO_INTS } from '../bytes.js';
import { type SampleValues } from '../sample-values.js';
import { isFiller, isImpossible, reading } from '../../../model/valid-range.js';
import { METRICS } from '../../schema/families.js';
import { VALUE_INTS, VALUE_METRIC, VALUE_NEXT } from '../row-layout.js';
import type { Entity } from '../entities.js';

const MIN = Float64Array.from(METRICS, ({ range }) => range.min);
const MAX = Float64Array.from(METRICS, ({ range }) => range.max);
const FILLERS = Uint8Array.from(METRICS, ({ range }) => Number(range.fillers));

/** The value if it is valid for METRICS[metric], else NaN. */
export const readingOf = (metric: number, value: number): number => reading(value, METRICS[metric]!.range);

/** The impossible values of a scrape, whatever they are values of. */
export class OddValues {
  count = 0;
  /** The first of them: 'gpu_power_consumption_watts 65535'. */
  sample = '';

  clear(): void {
    this.count = 0;
    this.sample = '';
  }

  /** Takes note of a value that is not a valid reading of METRICS[metric]. */
  invalid(metric: number, value: number): void {
    if (isImpossible(value) && this.count++ === 0) this.sample = `${METRICS[metric]!.name} ${value}`;
  }
}

/** Integers of a reading: its sample, its place among the values, its metric. */
const PLAN = 3;

export class Readings {
  /** All tables, one after another. NaN: not reported. */
  values = NO_FLOATS;
  readonly #odd: OddValues;
  #plan = NO_INTS;
  #planned = 0;

  constructor(odd: OddValues) {
    this.#odd = odd;
  }

  /** Starts again with `places` places, nothing reported, for readings from at most `samples` samples. */
  begin(places: number, samples: number): void {
    const cutter = new Cutter({ floats: places, ints: samples * PLAN });
    this.values = cutter.floats(places);
    this.#plan = cutter.ints(samples * PLAN);
    this.#planned = 0;
    for (let place = 0; place < places; place++) this.values[place] = NaN;
  }

  /**
   * Sends the samples of an entity to the places from `from` on, `stride` apart; metric `m` goes to the `fieldOf[m]`th (-1: nowhere).
   * `seen`: set to 1 for each field that has a sample.
   */
  add({ firstSample }: Entity, { ints }: SampleValues, fieldOf: Int32Array, from: number, stride: number, seen?: Uint8Array): void {
    for (let sample = firstSample; sample !== 0; sample = ints[sample * VALUE_INTS + VALUE_NEXT]!) {
      const metric = ints[sample * VALUE_INTS + VALUE_METRIC]!;
      const field = fieldOf[metric]!;
      if (field < 0) continue;
      const at = this.#planned++ * PLAN;
      this.#plan[at] = sample;
      this.#plan[at + 1] = from + field * stride;
      this.#plan[at + 2] = metric;
      if (seen) seen[field] = 1;
    }
  }

  load(sampleValues: Float64Array): void {
    const { values } = this;
    const plan = this.#plan;
    const end = this.#planned * PLAN;
    // As in `readingOf`, but without allocating a number for any value.
    for (let at = 0; at < end; at += PLAN) {
      const value = sampleValues[plan[at]!]!;
      const metric = plan[at + 2]!;
      if (value >= MIN[metric]! && value <= MAX[metric]! && !(FILLERS[metric] === 1 && isFiller(value))) values[plan[at + 1]!] = value;
      else {
        values[plan[at + 1]!] = NaN;
        this.#odd.invalid(metric, value);
      }
    }
  }
}
