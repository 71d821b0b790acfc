/** When to paint: at most one frame per tick; after a key in the next tick, after new data at a limited rate. */
import type { Clock, Ms } from '../model/clock.js';

/** Frames for new data while the first answers arrive, shortly after a key, which may have asked for data, and while the past is shown. */
export const QUICK_PACE_MS = 250;
export const STARTING_MS = 10_000;
export const AFTER_KEY_MS = 1000;
/** Later: the numbers should not flicker, and each frame costs as much as dozens of scrapes. */
export const PACE_MS = 1000;
/** After this long without a key, a frame per round of scrapes is enough, but not less than this often. */
export const IDLE_AFTER_MS = 30_000;
export const IDLE_PACE_MS = 5000;

export interface Painting {
  /** Whether the screen is out of date. */
  stale(): boolean;
  /** False while the terminal has not accepted the last frame: painting waits, collecting continues. */
  ready(): boolean;
  paint(): void;
  /** Milliseconds between two scrapes of a node. */
  readonly intervalMs: Ms;
  /** The past is shown: full rate even without keys. */
  playing?(): boolean;
}

export class RenderLoop {
  readonly stats = { frames: 0, held: 0 };
  readonly #clock: Clock;
  readonly #painting: Painting;
  readonly #startedAt: Ms;
  #cancel: (() => void) | undefined;
  #due: Ms = Infinity;
  #paintedAt: Ms = -Infinity;
  #keyAt: Ms;
  #stopped = false;

  constructor(clock: Clock, painting: Painting) {
    this.#clock = clock;
    this.#painting = painting;
    this.#startedAt = clock.now();
    this.#keyAt = this.#startedAt - AFTER_KEY_MS;
  }

  /** The user is present: the next tick paints, and new data is painted more often for a while. */
  key(): void {
    this.#keyAt = this.#clock.now();
    this.soon();
  }

  /** A resize, a toast: the next tick paints. It is not a sign that the user is present. */
  soon(): void {
    this.#schedule(this.#clock.now());
  }

  /** An alert, or a node that fails: painted without waiting for the end of a round. */
  alert(): void {
    this.#paced(Math.min(PACE_MS, this.#pace()));
  }

  /** New data: paint when the rate allows. */
  paced(): void {
    this.#paced(this.#pace());
  }

  #paced(pace: Ms): void {
    const now = this.#clock.now();
    // A wall clock that was set back must not stop painting.
    this.#schedule(Math.min(now + pace, Math.max(now, this.#paintedAt + pace)));
  }

  #pace(): Ms {
    const now = this.#clock.now();
    const isAwaited = now - this.#startedAt < STARTING_MS || now - this.#keyAt < AFTER_KEY_MS;
    if (isAwaited || this.#painting.playing?.() === true) return QUICK_PACE_MS;
    return now - this.#keyAt > IDLE_AFTER_MS ? Math.min(Math.max(PACE_MS, this.#painting.intervalMs), IDLE_PACE_MS) : PACE_MS;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #schedule(at: Ms): void {
    if (this.#stopped || at >= this.#due) return;
    this.#cancel?.();
    this.#due = at;
    this.#cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#tick();
    });
  }

  #tick(): void {
    this.#due = Infinity;
    this.#cancel = undefined;
    if (this.#stopped || !this.#painting.stale()) return;
    if (!this.#painting.ready()) {
      this.stats.held++;
      return;
    }
    this.#paintedAt = this.#clock.now();
    this.stats.frames++;
    this.#painting.paint();
  }
}
