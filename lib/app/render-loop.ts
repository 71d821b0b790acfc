/** When to paint: at most one frame a tick, a key in the next tick, data at the pace. */
import type { Clock, Ms } from '../model/clock.js';

/** Frames from data: 10 a second, 4 when nobody has pressed a key for a while, 1 when nobody has for long. */
export const PACE_MS = 100;
export const QUIET_PACE_MS = 250;
export const QUIET_AFTER_MS = 2000;
export const IDLE_PACE_MS = 1000;
export const IDLE_AFTER_MS = 30_000;

export interface Painting {
  /** Whether what is on screen is older than what is known. */
  stale(): boolean;
  /** False while the terminal has not taken the last frame: painting waits, collecting goes on. */
  ready(): boolean;
  paint(): void;
  /** A recording is played: whoever watches it wants to see it move. */
  readonly playing?: boolean;
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

  /** Somebody is there: the next tick paints, and for a while so does data at full pace. */
  key(): void {
    this.#keyAt = this.#clock.now();
    this.soon();
  }

  /** A resize, a toast, an alert: the next tick paints. It says nothing of whether anybody is there. */
  soon(): void {
    this.#schedule(this.#clock.now());
  }

  /** Data: paint when the pace allows. */
  paced(): void {
    const now = this.#clock.now();
    const pace = this.#pace(now - this.#keyAt);
    // A wall clock that was set back must not hold the picture.
    this.#schedule(Math.min(now + pace, Math.max(now, this.#paintedAt + pace)));
  }

  #pace(keylessMs: Ms): Ms {
    if (keylessMs > IDLE_AFTER_MS && this.#painting.playing !== true) return IDLE_PACE_MS;
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
