/**
 * Limits how many connections are being made at once: sshd refuses some of those that have not authenticated (MaxStartups 10:30:100), and a
 * jump host sees all of them. One that takes much longer than those that succeed no longer counts, so that dead nodes do not delay the others.
 */
import type { Clock, Ms } from '../../model/clock.js';

const MAX_STARTING = 8;
/** How long one counts: at least, and as a multiple of what others took, as long as that is known. */
const COUNTED_MS: Ms = 1_000;
const COUNTED_TIMES = 3;
/** Weight of the newest. */
const NEWEST = 0.2;

export class StartGate {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #starting = 0;
  /** How long those that succeeded took. */
  #usualMs: Ms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with a function to call when the connection is made, or cannot be: undefined if `isWanted` says no by then. */
  async enter(isWanted: () => boolean): Promise<((isMade: boolean) => void) | undefined> {
    while (this.#starting >= MAX_STARTING && isWanted()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    if (!isWanted()) {
      this.#next();
      return undefined;
    }
    this.#starting++;
    let isCounted = true;
    const startedAt = this.#clock.now();
    const release = (): void => {
      if (!isCounted) return;
      isCounted = false;
      disarm();
      this.#starting--;
      this.#next();
    };
    const disarm = this.#clock.after(Math.max(COUNTED_MS, COUNTED_TIMES * this.#usualMs), release);
    return (isMade) => {
      const tookMs = Math.max(0, this.#clock.now() - startedAt);
      if (isMade) this.#usualMs = this.#usualMs === 0 ? tookMs : (1 - NEWEST) * this.#usualMs + NEWEST * tookMs;
      release();
    };
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first();
  }
}
