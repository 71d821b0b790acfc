/** Samples over time. */
/** Samples at a fixed step, the newest last. NaN: nothing known at that time. */
export interface Series {
  readonly values: ArrayLike<number>;
  /** Number of the newest sample, counted from the epoch in steps: bins hang on it, so that a sample stays in its bin. */
  readonly last: number;
  readonly stepMs: number;
}
