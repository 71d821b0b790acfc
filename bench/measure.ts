/** CPU time of the whole process, in milliseconds: including garbage collection and compilation. */
import { setImmediate as turn } from 'node:timers/promises';
// Keeps the engine from optimizing the work away.
import { do_not_optimize as keep } from 'mitata';

export interface Pair {
  readonly oursMs: number;
  readonly yardstickMs: number;
}

const ROUNDS = 21;
const ROUND_MS = 25;
const WARM_UP_MS = 1000;

/**
 * One call of each: medians over alternating rounds, so that disturbances of the machine affect both alike. Short calls are repeated until
 * a round takes long enough. Garbage collection is not forced, since that would discard compiled code.
 */
export async function alternated(ours: () => unknown, yardstick: () => unknown, rounds = ROUNDS): Promise<Pair> {
  const runs = [ours, yardstick].map((run) => ({ run, repeats: repeatsOf(run), times: [] as number[] }));
  for (let round = 0; round < rounds; round++)
    for (const { run, repeats, times } of runs) {
      await turn();
      times.push(cpuMs(run, repeats));
    }
  const [oursMs, yardstickMs] = runs.map(({ times }) => percentile(times, 0.5)) as [number, number];
  return { oursMs, yardstickMs };
}

/** One call: the median over rounds, as in `alternated`. */
export async function alone(run: () => unknown, rounds = ROUNDS): Promise<number> {
  const repeats = repeatsOf(run);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await turn();
    times.push(cpuMs(run, repeats));
  }
  return percentile(times, 0.5);
}

/** One call, averaged over `repeats`. */
function cpuMs(run: () => unknown, repeats: number): number {
  return (
    timed(() => {
      for (let i = 0; i < repeats; i++) keep(run());
    }) / repeats
  );
}

/** While `run` runs. */
export function timed(run: () => void): number {
  const before = process.cpuUsage();
  run();
  return since(before);
}

/** Since a `process.cpuUsage()`. */
export function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Warms up the code, and finds out how often it has to run. */
function repeatsOf(run: () => unknown): number {
  let ms = 0;
  while (ms < WARM_UP_MS) ms += timed(() => keep(run()));
  const before = process.cpuUsage();
  let calls = 0;
  while (since(before) < ROUND_MS) {
    keep(run());
    calls++;
  }
  return calls;
}

/** The quantile `part` of the values. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * part) - 1))]!;
}
