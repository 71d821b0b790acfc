/**
 * From which reading on something is so. One table for figures, signs, tones and scales; where a device exports a limit of its own that one
 * goes first. Alerts have thresholds of their own, which people set (lib/alerts/rules.ts).
 */
export const LIMITS = {
  /** A GPU that computes less is idle; percent. */
  idlePercent: 5,
  /** An idle GPU with more in use is held. Where a scrape has no process family, more in use on a GPU means that processes are not exported. */
  heldBytes: 2 ** 30,
  /** Hot, where the GPU has no limit of its own. */
  hotCelsius: 85,
  /** Without a threshold of the user: a warning this far below the temperature that the GPU is made for; where it exports none, at these. */
  belowOwnCelsius: 2,
  warnCelsius: 80,
  criticalCelsius: 90,
  /** Scales of temperatures: nothing that computes is colder; the end, where the GPU has no shutdown temperature. */
  coldestCelsius: 20,
  hottestCelsius: 100,
  /** GPU memory, disks and memory of a node that are nearly full. */
  fullGpuPercent: 98,
  fullNodePercent: 90,
  /** A GPU that says it is this busy at no more than this part of its power limit waits for something that does not come. */
  stuckPercent: 95,
  stuckPowerShare: 0.25,
  /** The clock of a node is off, and ages are wrong. */
  clockSkewMs: 5000,
} as const;

/** Whether the clocks differ by too much; undefined: not known, so no. */
export const isSkewed = (skewMs: number | undefined): boolean => Math.abs(skewMs ?? NaN) >= LIMITS.clockSkewMs;
