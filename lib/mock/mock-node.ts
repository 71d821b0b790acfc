/**
 * The readings of a mock node at one moment. Pure: the same plan and step give the same readings. They are consistent: a GPU is as busy as its
 * processes, its power follows from that, its temperature follows the power with a delay, and it never has less memory in use than its
 * processes hold.
 */
import { MIB, machineOf } from './mock-plan.js';
import { draw, mix, walk } from './random-walk.js';
import type { GpuReading, ProcReading, HostReading, NodeReading, Job, Load, NodePlan } from './mock-types.js';

/** Keys of the random walks, so that no two values of a node share one. */
const CHANCE = { load: 1, process: 2, wander: 3, watts: 4, air: 5, cpu: 6, memory: 7, cache: 8, swap: 9, disk: 10, breath: 11 } as const;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
/** Memory is allocated in pages. */
const pages = (bytes: number): number => Math.floor(bytes / 4096) * 4096;

const loadAt = (load: Load, key: number, step: number): number =>
  clamp(load.mean + load.swing * (2 * walk(key, step, load.period) - 1), 0, 100);

/** One process with a changing load on one GPU, or a load of the GPU itself. */
interface Worker {
  readonly load: Load;
  readonly key: number;
}

function workersOf(plan: NodePlan, gpu: number): Worker[] {
  const own = plan.gpus[gpu]!.load;
  const workers: Worker[] = own === undefined ? [] : [{ load: own, key: mix(plan.key, CHANCE.load, gpu) }];
  for (const job of plan.jobs ?? [])
    if (job.life !== undefined && job.shares.some((share) => share.gpu === gpu))
      workers.push({ load: job.life.load, key: workerKey(plan, job, gpu) });
  return workers;
}

const workerKey = (plan: NodePlan, job: Job, gpu: number): number => mix(plan.key, CHANCE.process, job.pid, gpu);

interface Busy {
  /** Percent of the GPU in use. */
  readonly percent: number;
  /** The same weighted by intensity: what power follows. 0..1. */
  readonly effort: number;
  /** Factor on the load of each process when together they want more than 100%. */
  readonly scale: number;
}

function busyAt(workers: readonly Worker[], step: number): Busy {
  let wanted = 0;
  let effort = 0;
  for (const { load, key } of workers) {
    const percent = loadAt(load, key, step);
    wanted += percent;
    effort += (percent / 100) * load.intensity;
  }
  const scale = wanted > 100 ? 100 / wanted : 1;
  return { percent: wanted * scale, effort: effort * scale, scale };
}

/** Share of the power limit that an idle GPU draws: empty, and with a context that keeps its clocks up. */
const IDLE_SHARE = 0.1;
const HELD_SHARE = 0.165;

function wattsAt(plan: NodePlan, workers: readonly Worker[], held: boolean, gpu: number, step: number): number {
  const idle = held ? HELD_SHARE : IDLE_SHARE;
  const ripple = 0.01 * (2 * walk(mix(plan.key, CHANCE.watts, gpu), step, 4) - 1);
  const share = idle + (0.97 - idle) * busyAt(workers, step).effort ** 0.9 + ripple;
  return plan.model.powerLimitWatts * share;
}

/** How many past steps of power the temperature depends on, and the weight of each older step. */
const MEMORY_STEPS = 8;
const FADING = 0.7;

function celsiusAt(plan: NodePlan, wattsBefore: (ago: number) => number, gpu: number): number {
  let watts = 0;
  let weight = 0;
  for (let ago = 0, part = 1; ago < MEMORY_STEPS; ago++, part *= FADING) {
    watts += part * wattsBefore(ago);
    weight += part;
  }
  const air = 24 + 4 * draw(plan.key, CHANCE.air, gpu) + plan.warmerCelsius;
  return air + (44 * watts) / weight / plan.model.powerLimitWatts;
}

/** Bytes held at a step; all of them for a frozen process. */
function shareBytes(plan: NodePlan, job: Job, gpu: number, bytes: number, step: number): number {
  const breath = job.life?.breath ?? 0;
  return breath === 0 ? bytes : pages(bytes * (1 - breath * walk(mix(plan.key, CHANCE.breath, job.pid, gpu), step, 20)));
}

function readGpu(plan: NodePlan, gpu: number, workers: readonly Worker[], ownedBytes: number, step: number): GpuReading {
  const { otherBytes, wanderBytes } = plan.gpus[gpu]!;
  const { model } = plan;
  const held = ownedBytes > 0 || workers.length > 0;
  const watts = (ago: number): number => wattsAt(plan, workers, held, gpu, step - ago);
  const { percent, effort } = busyAt(workers, step);
  const wander = mix(plan.key, CHANCE.wander, gpu);
  const extra = wanderBytes * Math.abs(walk(wander, step, 30) - walk(wander, 0, 30));
  return {
    utilPercent: Math.round(percent),
    // Whole mebibytes: most exporters send no more, and all are to say the same.
    memoryUsedBytes: Math.min(model.memoryBytes, ownedBytes + otherBytes + Math.floor(extra / MIB) * MIB),
    powerWatts: round(watts(0), 2),
    temperatureCelsius: Math.round(celsiusAt(plan, watts, gpu)),
    frequencyMhz: held ? Math.round((model.boostMhz * (1 - 0.15 * effort)) / 15) * 15 : 345,
    performanceState: held ? 0 : 8,
    smOccupancy: round(0.7 * effort, 3),
    memoryBandwidthFraction: round(clamp((percent / 100) * (1.05 - effort * 0.5), 0, 1), 3),
  };
}

/** The rows of a job; `busy` by GPU. */
function readJob(plan: NodePlan, job: Job, busy: readonly Busy[], step: number, elapsedSeconds: number): ProcReading[] {
  const { life } = job;
  const lived = job.ageSeconds + (life === undefined ? 0 : elapsedSeconds);
  const run = life?.lastsSeconds === undefined ? 0 : Math.floor(lived / life.lastsSeconds);
  const cpuSwing = life === undefined ? 0 : 0.2 * (walk(mix(plan.key, CHANCE.cpu, job.pid), step, 6) - 0.5);
  return job.shares.map(({ gpu, bytes }) => ({
    job,
    gpu,
    pid: job.pid + 31 * run,
    command: job.command.replace('{run}', String(run + 1)),
    bytes: shareBytes(plan, job, gpu, bytes, step),
    ageSeconds: Math.floor(lived - run * (life?.lastsSeconds ?? 0)),
    cpuPercent: round(job.cpuPercent * (1 + cpuSwing), 2),
    smPercent: life === undefined ? NaN : Math.round(loadAt(life.load, workerKey(plan, job, gpu), step) * busy[gpu]!.scale),
  }));
}

function readHost(plan: NodePlan, procs: readonly ProcReading[], step: number): HostReading {
  const at = (chance: number, period: number): number => walk(mix(plan.key, chance), step, period);
  const machine = machineOf(plan);
  let working = 0;
  for (const proc of procs) working += proc.cpuPercent / proc.job.shares.length;
  const cpuPercent = clamp(3 + working / machine.threads + 22 * at(CHANCE.cpu, 10), 0, 100);
  return {
    cpuPercent: round(cpuPercent, 1),
    cpuMhz: 2000 + 10 * Math.round(cpuPercent),
    cpuCelsius: Math.round(38 + plan.warmerCelsius + 0.4 * cpuPercent),
    cpuWatts: round(180 + 5.2 * cpuPercent, 1),
    memoryUsedBytes: pages(machine.memoryBytes * (0.12 + 0.3 * at(CHANCE.memory, 60))),
    memoryCachedBytes: pages(machine.memoryBytes * (0.08 + 0.12 * at(CHANCE.cache, 90))),
    swapUsedBytes: pages(machine.swapBytes * 0.05 * at(CHANCE.swap, 120)),
    rootFreeBytes: pages(machine.rootBytes * (0.55 + 0.1 * at(CHANCE.disk, 200))),
    scratchFreeBytes: pages(machine.scratchBytes * (0.2 + 0.3 * at(mix(CHANCE.disk, 1), 400))),
  };
}

/** The readings of the node at `step`, `elapsedSeconds` after its start. */
export function readNode(plan: NodePlan, step: number, elapsedSeconds: number): NodeReading {
  const workers = plan.gpus.map((_, gpu) => workersOf(plan, gpu));
  const busy = workers.map((some) => busyAt(some, step));
  const procs = (plan.jobs ?? []).flatMap((job) => readJob(plan, job, busy, step, elapsedSeconds));
  const owned = plan.gpus.map(() => 0);
  for (const proc of procs) owned[proc.gpu]! += proc.bytes;
  return {
    gpus: plan.gpus.map((_, gpu) => readGpu(plan, gpu, workers[gpu]!, owned[gpu]!, step)),
    procs,
    host: readHost(plan, procs, step),
  };
}
