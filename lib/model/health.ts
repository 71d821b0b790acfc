import type { Ms } from './clock.js';

/** The health of the program itself. */
export interface Health {
  /** Since the start. */
  readonly upMs: Ms;
  /** Frames painted, and frames skipped because the terminal had not yet accepted the previous one. */
  readonly frames: number;
  readonly framesHeld: number;
  /** Delay of the event loop at the last check, and the largest so far. The time that a process was stopped does not count. */
  readonly lagMs: Ms;
  readonly worstLagMs: Ms;
  /** Bytes written to the terminal so far. */
  readonly bytesWritten: number;
  /** NaN: not known. */
  readonly memoryBytes: number;
  /** Per-node parts computed so far, and merges of them. */
  readonly parts: number;
  readonly merges: number;
}
