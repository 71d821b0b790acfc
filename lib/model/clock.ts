/** Time as everything below the composition sees it. */

/** Time as the core sees it. Tests step it by hand. */
export interface Clock {
  /** Wall time. */
  now(): Ms;
  /** Calls `run` once after `ms`; the returned function cancels. */
  after(ms: Ms, run: () => void): () => void;
}

/** Milliseconds since the Unix epoch, or a span of milliseconds. */
export type Ms = number;
