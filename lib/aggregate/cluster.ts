/** The state of the cluster in a few figures. Each mean and sum covers the values that were reported, and comes with their number. */
import type { Derivation } from './derivations.js';
import { conditionOf, included, type NodeView } from '../model/node-view.js';
import { slotStates } from './gpu-state.js';

/** Sums over a node, and over the cluster. A sum of no values is 0: see its `...Reported`. */
const SUMS = [
  'gpus',
  'utilSum',
  'utilReported',
  'memoryUsedBytes',
  'memoryTotalBytes',
  'memoryReported',
  'powerWatts',
  'powerReported',
  'powerLimitWatts',
  'powerLimitReported',
  'temperatureSum',
  'temperatureSquares',
  'temperatureReported',
  'computing',
  'heldIdle',
  'free',
  'unknown',
  'ramUsedBytes',
  'ramTotalBytes',
  'ramReported',
  'cpuCores',
  'cpuUtilSum',
  'cpuWeight',
] as const;
type Sums = Record<(typeof SUMS)[number], number>;

/** Sums of a node in the order of SUMS, followed by its highest temperature, -Infinity when none is reported. */
export type ClusterPart = Float64Array;
const TEMPERATURE_MAX = SUMS.length;

/**
 * Figures of the nodes that count; `hosts` are all. GPUs include those that only process rows mention. Means are NaN when nothing is
 * reported.
 */
export interface ClusterTotals extends Readonly<Omit<Sums, `${string}Sum` | 'temperatureSquares' | 'cpuWeight'>> {
  readonly nodes: number;
  readonly nodesIncluded: number;
  readonly nodesDown: number;
  /** Mean over the `utilReported` GPUs that report it. */
  readonly utilPercent: number;
  /** Mean, maximum and population standard deviation over `temperatureReported` GPUs. */
  readonly temperatureCelsius: number;
  readonly temperatureMax: number;
  readonly temperatureDeviation: number;
  /** Mean over the CPUs that report it, weighted by the number of cores (1 if unknown). */
  readonly cpuUtilPercent: number;
}

export const clusterDerivation: Derivation<ClusterPart, ClusterTotals> = {
  id: 'cluster',
  over: 'all',
  part(node, reuse = new Float64Array(SUMS.length + 1)) {
    const sums = zeroes();
    reuse[TEMPERATURE_MAX] = addGpus(sums, node);
    addMachine(sums, node);
    for (let at = 0; at < SUMS.length; at++) reuse[at] = sums[SUMS[at]!];
    return reuse;
  },
  merge(parts) {
    const sums = new Float64Array(SUMS.length);
    const nodes = { nodes: 0, nodesIncluded: 0, nodesDown: 0 };
    let temperatureMax = -Infinity;
    for (const [node, part] of parts) {
      nodes.nodes++;
      if (conditionOf(node) === 'down') nodes.nodesDown++;
      if (!included(node)) continue;
      nodes.nodesIncluded++;
      for (let at = 0; at < SUMS.length; at++) sums[at]! += part[at]!;
      if (part[TEMPERATURE_MAX]! > temperatureMax) temperatureMax = part[TEMPERATURE_MAX]!;
    }
    return totalsOf(Object.fromEntries(SUMS.map((sum, at) => [sum, sums[at]!])) as Sums, nodes, temperatureMax);
  },
};

function zeroes(): Sums {
  return Object.fromEntries(SUMS.map((sum) => [sum, 0])) as Sums;
}

type NodeCounts = Pick<ClusterTotals, 'nodes' | 'nodesIncluded' | 'nodesDown'>;

function totalsOf(sums: Sums, nodes: NodeCounts, temperatureMax: number): ClusterTotals {
  const { utilSum, temperatureSum, temperatureSquares, cpuUtilSum, cpuWeight, ...shown } = sums;
  const temperatureCelsius = temperatureSum / sums.temperatureReported;
  const variance = temperatureSquares / sums.temperatureReported - temperatureCelsius ** 2;
  return {
    ...shown,
    ...nodes,
    utilPercent: utilSum / sums.utilReported,
    temperatureCelsius,
    temperatureMax: sums.temperatureReported > 0 ? temperatureMax : NaN,
    temperatureDeviation: Math.sqrt(Math.max(0, variance)),
    cpuUtilPercent: cpuUtilSum / cpuWeight,
  };
}

/** The highest temperature, -Infinity if there is none. */
function addGpus(sums: Sums, node: NodeView): number {
  const { gpus } = node;
  const { utilPercent, memoryUsedBytes, memoryTotalBytes, powerWatts, powerLimitWatts, temperatureCelsius } = gpus.field;
  let max = -Infinity;
  sums.gpus = gpus.slots;
  for (const state of slotStates(node)) sums[state]++;
  for (let slot = 0; slot < gpus.count; slot++) {
    const [util, used, total] = [utilPercent[slot]!, memoryUsedBytes[slot]!, memoryTotalBytes[slot]!];
    if (!Number.isNaN(util)) {
      sums.utilSum += util;
      sums.utilReported++;
    }
    // Both or neither: one has to be a part of the other.
    if (!Number.isNaN(used + total)) {
      sums.memoryUsedBytes += used;
      sums.memoryTotalBytes += total;
      sums.memoryReported++;
    }
    if (!Number.isNaN(powerWatts[slot])) {
      sums.powerWatts += Math.max(0, powerWatts[slot]!);
      sums.powerReported++;
    }
    if (powerLimitWatts[slot]! > 0) {
      sums.powerLimitWatts += powerLimitWatts[slot]!;
      sums.powerLimitReported++;
    }
    const temperature = temperatureCelsius[slot]!;
    if (Number.isNaN(temperature)) continue;
    sums.temperatureSum += temperature;
    sums.temperatureSquares += temperature ** 2;
    sums.temperatureReported++;
    max = Math.max(max, temperature);
  }
  return max;
}

function addMachine(sums: Sums, { cpus, memory }: NodeView): void {
  for (let row = 0; row < memory.count; row++) {
    const [used, total] = [memory.value(row, 'usedBytes'), memory.value(row, 'totalBytes')];
    if (Number.isNaN(used + total)) continue;
    sums.ramUsedBytes += used;
    sums.ramTotalBytes += total;
    sums.ramReported++;
  }
  for (let row = 0; row < cpus.count; row++) {
    const [cores, util] = [cpus.value(row, 'cores'), cpus.value(row, 'utilPercent')];
    if (cores > 0) sums.cpuCores += cores;
    if (Number.isNaN(util)) continue;
    const weight = cores > 0 ? cores : 1;
    sums.cpuUtilSum += util * weight;
    sums.cpuWeight += weight;
  }
}
