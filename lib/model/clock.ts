/** The clock that everything below the composition uses. */

/** The clock of the core. Tests advance it by hand. */
export interface Clock {
  /** Wall time. */
  now(): Ms;
  /** Calls `run` once after `ms`; the returned function cancels. */
  after(ms: Ms, run: () => void): () => void;
}

/** Milliseconds since the Unix epoch, or a duration in milliseconds. */
export type Ms = number;
