/** Which cell's value goes where in a table, and which values are readings. */
import { METRICS } from './families.js';

const MIN = Float64Array.from(METRICS, ({ min = 0 }) => min);
const MAX = Float64Array.from(METRICS, ({ max = Number.MAX_VALUE }) => max);

export class Readings {
  values: Float64Array<ArrayBuffer> = new Float64Array(0);
  readonly #cells: number[] = [];
  readonly #places: number[] = [];
  readonly #metrics: number[] = [];

  /** All places anew: `size` of them, nothing reported. */
  begin(size: number): void {
    this.values = new Float64Array(size).fill(NaN);
    this.#cells.length = this.#places.length = this.#metrics.length = 0;
  }

  /** The value of `cell`, which belongs to METRICS[metric], goes to `place`. */
  add(cell: number, metric: number, place: number): void {
    this.#cells.push(cell);
    this.#metrics.push(metric);
    this.#places.push(place);
  }

  load(cellValues: Float64Array): void {
    const { values } = this;
    const cells = this.#cells;
    for (let i = 0; i < cells.length; i++) {
      const value = cellValues[cells[i]!]!;
      const metric = this.#metrics[i]!;
      values[this.#places[i]!] = value >= MIN[metric]! && value <= MAX[metric]! ? value : NaN;
    }
  }
}
