/** A clock that advances only when it is stepped. */
import type { Clock } from '../../lib/model/clock.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class SteppedClock implements Clock {
  #wall: number;
  /** Keeps counting when the wall clock is set: timers depend on it. */
  #steady = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start = 1_000_000) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#steady + ms, order: this.#order++, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Advances by `ms`; timers fire on time, in order. */
  step(ms: number): void {
    const end = this.#steady + ms;
    for (let next = this.#first(); next && next.at <= end; next = this.#first()) {
      this.#timers.delete(next);
      this.#pass(Math.max(0, next.at - this.#steady));
      next.run();
    }
    this.#pass(end - this.#steady);
  }

  /** The machine sleeps: the wall clock advances, but no timer fires or comes closer. Also simulates setting the clock (negative: back). */
  sleep(ms: number): void {
    this.#wall += ms;
  }

  #pass(ms: number): void {
    this.#wall += ms;
    this.#steady += ms;
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
