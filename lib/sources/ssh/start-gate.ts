/**
 * Limits how many connections are being made at once: sshd refuses some of those that have not authenticated (MaxStartups 10:30:100), and a
 * jump host sees all of them. One that takes long no longer counts after a second, so that dead nodes do not delay the others.
 */
import type { Clock, Ms } from '../../model/clock.js';

const MAX_STARTING = 8;
const COUNTED_MS: Ms = 1_000;

export class StartGate {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #starting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with a function to call when the connection is made or not: undefined if `isWanted` says no by then. */
  async enter(isWanted: () => boolean): Promise<(() => void) | undefined> {
    while (this.#starting >= MAX_STARTING && isWanted()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    if (!isWanted()) {
      this.#next();
      return undefined;
    }
    this.#starting++;
    let isCounted = true;
    const leave = (): void => {
      if (!isCounted) return;
      isCounted = false;
      disarm();
      this.#starting--;
      this.#next();
    };
    const disarm = this.#clock.after(COUNTED_MS, leave);
    return leave;
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first();
  }
}
