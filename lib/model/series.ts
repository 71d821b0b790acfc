/** Samples over time. */
/** Samples at a fixed step, the newest last. NaN: not known at that time. */
export interface Series {
  readonly values: ArrayLike<number>;
  /** Number of the newest sample, counted in steps from the epoch. Bins are derived from it, so that a sample stays in its bin. */
  readonly last: number;
  readonly stepMs: number;
  /** Numbers of the samples at which a sum began to be one of clearly fewer or more GPUs: values before and after do not compare. */
  readonly breaks?: readonly number[];
}
