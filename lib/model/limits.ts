/**
 * The limits at which a state begins. One table for figures, signs, colors and scales; a limit that the device itself exports takes
 * precedence. Alerts have their own thresholds, which users can set (lib/alerts/rules.ts).
 */
export const LIMITS = {
  /** A GPU with a lower utilization is idle; percent. */
  idlePercent: 5,
  /**
   * An idle GPU with more memory in use is held. In a scrape without a process family, more memory in use on a GPU means that processes are
   * not exported.
   */
  heldBytes: 2 ** 30,
  /**
   * A process that holds no more memory of a GPU is the driver's or a display server's, and leaves the GPU free: the context of anything that computes
   * takes more.
   */
  driverBytes: 64 * 2 ** 20,
  /** A GPU is offered as free after this long without use: one sample may fall between two steps of a job. */
  freeSeconds: 60,
  /** Hot, for a GPU without a limit of its own. */
  hotCelsius: 85,
  /** Without a threshold of the user: a warning this far below the temperature that the GPU is made for; where it exports none, at these. */
  belowOwnCelsius: 2,
  warnCelsius: 80,
  criticalCelsius: 90,
  /** Scales of temperatures: nothing that computes is colder; the end, where the GPU has no shutdown temperature. */
  coldestCelsius: 20,
  hottestCelsius: 100,
  /** GPU memory, disks and memory of a node above this are nearly full. */
  fullGpuPercent: 98,
  fullNodePercent: 90,
  /** A GPU that reports at least this utilization at no more than this part of its power limit is stuck. */
  stuckPercent: 95,
  stuckPowerShare: 0.25,
  /** From so many uncorrected ECC errors on a GPU is in trouble. */
  eccUncorrected: 1,
  /** A new Xid is an alert for so long. */
  xidMs: 900_000,
  /** Jobs of schedulers that are older are no longer what runs: they are asked every minute, and files may be written every few minutes. */
  jobsStaleMs: 900_000,
  /** Above this, the clock of a node is off, and ages are wrong. */
  clockSkewMs: 5000,
} as const;

/** Whether the clocks differ by too much; an undefined skew is not known and counts as no. */
export const isSkewed = (skewMs: number | undefined): boolean => Math.abs(skewMs ?? NaN) >= LIMITS.clockSkewMs;
