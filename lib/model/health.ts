import type { Ms } from './clock.js';

/** How the program itself is. */
export interface Health {
  /** Since it was started. */
  readonly upMs: Ms;
  /** Frames painted, and times when one was due while the terminal had not taken the one before. */
  readonly frames: number;
  readonly framesHeld: number;
  /** How late the last beat was, and the latest of all: so long the program did nothing else. A process that was stopped counts as none. */
  readonly lagMs: Ms;
  readonly worstLagMs: Ms;
  /** Given to the terminal so far. */
  readonly bytesWritten: number;
  readonly memoryBytes: number;
  /** Parts of hosts worked out so far, and merges of them. */
  readonly parts: number;
  readonly merges: number;
}
