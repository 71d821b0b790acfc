/** From process rows in memory to figures: npm run bench -- aggregate */
import { clusterDerivation } from '../lib/aggregate/cluster.js';
import { gpuRowsDerivation } from '../lib/aggregate/owners.js';
import { usersDerivation } from '../lib/aggregate/users.js';
import { Derivations, type Derivation } from '../lib/derive.js';

type AnyDerivation = Derivation<unknown, unknown>;
import type { Change } from '../lib/model/columns.js';
import { ANSWERED_AT, buildHosts, type TestHost } from '../__tests__/helpers/hosts.js';
import { alternated, cpuMs } from './measure.js';
import type { BenchRow } from './table.js';
import { naiveAggregate } from './yardstick/naive.mjs';
import { SPEC, cluster } from './yardstick/workload.mjs';

interface Workload {
  readonly host: string;
  readonly gpus: readonly {
    readonly idx: number;
    readonly power: number;
    readonly used: number;
    readonly total: number;
    readonly util: number;
  }[];
  readonly procs: readonly {
    readonly pid: number;
    readonly user: string;
    readonly command: string;
    readonly name: string;
    readonly gpu: number;
    readonly vram: number;
    readonly cpu: number;
    readonly start: number;
  }[];
}

export async function bench(): Promise<BenchRow[]> {
  return (['W1', 'W2', 'W3'] as const).flatMap((name) => workload(name, cluster(SPEC[name]) as Workload[]));
}

function workload(name: string, cluster: readonly Workload[]): BenchRow[] {
  const plain = rowsOfYardstick(cluster);
  const naive = (): unknown => naiveAggregate(plain);
  const hosts = hostsOf(cluster);
  const scraped = new Scraped(hosts);
  const all = alternated(() => scraped.derive(usersDerivation, hosts), naive);
  const structure = alternated(() => scraped.derive(usersDerivation, hosts, 'structure'), naive);
  const rows: BenchRow[] = [
    { name: `aggregate ${name} all hosts`, ...all },
    { name: `aggregate ${name} all hosts, other processes`, ...structure },
  ];
  if (name !== 'W3') return rows;
  let next = 0;
  const one = (): readonly TestHost[] => [hosts[next++ % hosts.length]!];
  const alone = (derivation: AnyDerivation): number => median(() => scraped.derive(derivation, one()));
  return [
    ...rows,
    // The plain port cannot but count everything again.
    { name: `aggregate ${name} one scrape`, oursMs: alone(usersDerivation), yardstickMs: all.yardstickMs },
    { name: `cluster totals ${name} one scrape`, oursMs: alone(clusterDerivation) },
    { name: `GPU rows ${name} one scrape`, oursMs: alone(gpuRowsDerivation) },
  ];
}

/** Hosts of which some have answered anew. */
class Scraped {
  readonly #derivations = new Derivations();
  readonly #hosts: readonly TestHost[];
  #collector = 0;

  constructor(hosts: readonly TestHost[]) {
    this.#hosts = hosts;
  }
  derive(derivation: AnyDerivation, changed: readonly TestHost[], change: Change = 'values'): unknown {
    for (const host of changed) host.commit({ at: ANSWERED_AT }, change);
    return this.#derivations.derive(derivation, this.#hosts, ++this.#collector);
  }
}

function median(run: () => unknown): number {
  for (let round = 0; round < 300; round++) run();
  const times = Array.from({ length: 9 }, () => cpuMs(run, 100)).sort((a, b) => a - b);
  return times[4]!;
}

function hostsOf(cluster: readonly Workload[]): TestHost[] {
  return buildHosts(
    cluster.map(({ host, gpus, procs }) => ({
      hostId: host,
      gpus: gpus.map(({ idx, power, used, total, util }) => ({
        index: idx,
        powerWatts: power,
        memoryUsedBytes: used,
        memoryTotalBytes: total,
        utilPercent: util,
      })),
      procs: procs.map(({ start, ...row }) => ({ ...row, age: start })),
    })),
  );
}

function rowsOfYardstick(cluster: readonly Workload[]): unknown[] {
  return cluster.map(({ host, gpus, procs }) => ({
    host,
    gpus: gpus.map(({ idx, power }) => ({ host, gpuIndex: idx, power })),
    procs: procs.map(({ gpu, ...row }) => ({ ...row, host, gpuIndex: gpu })),
  }));
}
