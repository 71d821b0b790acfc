/** When to paint: at most one frame per tick; after a key in the next tick, after new data at a limited rate. */
import type { Clock, Ms } from '../model/clock.js';

/** Frames for new data: 10 per second, 4 after some time without a key, 1 after a long time. */
export const PACE_MS = 100;
export const QUIET_PACE_MS = 250;
export const QUIET_AFTER_MS = 2000;
export const IDLE_PACE_MS = 1000;
export const IDLE_AFTER_MS = 30_000;

export interface Painting {
  /** Whether the screen is out of date. */
  stale(): boolean;
  /** False while the terminal has not accepted the last frame: painting waits, collecting continues. */
  ready(): boolean;
  paint(): void;
  /** The past is being played: full rate even without keys. */
  playing?(): boolean;
}

export class RenderLoop {
  readonly stats = { frames: 0, held: 0 };
  readonly #clock: Clock;
  readonly #painting: Painting;
  #cancel: (() => void) | undefined;
  #due: Ms = Infinity;
  #paintedAt: Ms = -Infinity;
  #keyAt: Ms;
  #stopped = false;

  constructor(clock: Clock, painting: Painting) {
    this.#clock = clock;
    this.#painting = painting;
    this.#keyAt = clock.now() - QUIET_AFTER_MS - 1;
  }

  /** The user is present: the next tick paints, and new data is painted at full rate for a while. */
  key(): void {
    this.#keyAt = this.#clock.now();
    this.soon();
  }

  /** A resize, a toast, an alert: the next tick paints. It is not a sign that the user is present. */
  soon(): void {
    this.#schedule(this.#clock.now());
  }

  /** New data: paint when the rate allows. */
  paced(): void {
    const now = this.#clock.now();
    const pace = this.#pace(now - this.#keyAt);
    // A wall clock that was set back must not stop painting.
    this.#schedule(Math.min(now + pace, Math.max(now, this.#paintedAt + pace)));
  }

  #pace(keylessMs: Ms): Ms {
    if (keylessMs > IDLE_AFTER_MS && this.#painting.playing?.() !== true) return IDLE_PACE_MS;
    return keylessMs > QUIET_AFTER_MS ? QUIET_PACE_MS : PACE_MS;
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
