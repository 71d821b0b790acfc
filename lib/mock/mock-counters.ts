/** Counters of a mock node. */

/**
 * Adds up a rate. The rate between two scrapes is the reading of the second one, so that exporters with counters say the same as those with gauges.
 */
export class Accumulated {
  readonly #sums: number[];
  #seconds = 0;

  /** `start`: what has been counted before. */
  constructor(start: readonly number[]) {
    this.#sums = [...start];
  }

  /** The counters at a time, given what each has grown by per second since the last time. */
  at(seconds: number, rates: readonly number[]): readonly number[] {
    const passed = Math.max(0, seconds - this.#seconds);
    this.#seconds = Math.max(seconds, this.#seconds);
    for (const [at, rate] of rates.entries()) this.#sums[at]! += rate * passed;
    return this.#sums;
  }
}
