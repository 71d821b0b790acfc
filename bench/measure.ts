export interface Pair {
  readonly oursMs: number;
  readonly yardstickMs: number;
}

/**
 * CPU milliseconds of one call of each, the best of `rounds` alternated rounds: what disturbs the machine hits both alike, and the best
 * round is the least disturbed. Short calls are repeated until a round takes `roundMs`.
 */
export function alternated(ours: () => unknown, yardstick: () => unknown, rounds = 9, roundMs = 30): Pair {
  const repeats = [ours, yardstick].map((run) => Math.max(1, Math.ceil(roundMs / Math.max(0.001, warmedUp(run)))));
  let oursMs = Infinity;
  let yardstickMs = Infinity;
  for (let round = 0; round < rounds; round++) {
    oursMs = Math.min(oursMs, cpuMs(ours, repeats[0]!));
    yardstickMs = Math.min(yardstickMs, cpuMs(yardstick, repeats[1]!));
  }
  return { oursMs, yardstickMs };
}

/** CPU milliseconds of one call, averaged over `repeats`; garbage of earlier calls is collected first where node allows it. */
export function cpuMs(run: () => unknown, repeats: number): number {
  globalThis.gc?.();
  return timed(() => {
    for (let i = 0; i < repeats; i++) sink(run());
  });
}

/** CPU milliseconds of the process, garbage collection included, while `run` runs. */
export function timed(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function warmedUp(run: () => unknown): number {
  for (let i = 0; i < 3; i++) sink(run());
  return cpuMs(run, 3);
}

let sunk: unknown;
/** Keeps a result alive, so that the engine cannot drop the work. */
function sink(value: unknown): void {
  sunk = value;
}
export const lastResult = (): unknown => sunk;

/** The value that `part` of the values do not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)]!;
}
