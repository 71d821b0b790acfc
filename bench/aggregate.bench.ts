/** From process rows in memory to totals: npm run bench -- aggregate */
import { clusterDerivation } from '../lib/aggregate/cluster.js';
import { gpuRowsDerivation } from '../lib/aggregate/gpu-owners.js';
import { usersDerivation } from '../lib/aggregate/users.js';
import { Derivations, type Derivation } from '../lib/aggregate/derivations.js';

type AnyDerivation = Derivation<unknown, unknown>;
import type { Change } from '../lib/model/columns.js';
import { ANSWERED_AT, buildNodes, type TestNode } from '../__tests__/helpers/hosts.js';
import { nodesOf } from './cluster.js';
import { alone, alternated } from './measure.js';
import type { BenchRow, Target } from './table.js';
import { naiveAggregate } from './yardstick/naive.mjs';

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

const ALL: Target = { goal: 50, gate: 30 };
const ONE_SCRAPE: Target = { goal: 0.3, gate: 0.4 };

export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const name of ['W1', 'W2', 'W3'] as const) rows.push(...(await workload(name, nodesOf(name) as unknown as readonly Workload[])));
  return rows;
}

async function workload(name: string, cluster: readonly Workload[]): Promise<BenchRow[]> {
  const plain = rowsOfYardstick(cluster);
  const naive = (): unknown => naiveAggregate(plain);
  const hosts = hostsOf(cluster);
  const scraped = new Scraped(hosts);
  // The target applies to the large clusters.
  const target = name === 'W1' ? {} : { target: ALL };
  const all = await alternated(() => scraped.derive(usersDerivation, hosts), naive);
  const structure = await alternated(() => scraped.derive(usersDerivation, hosts, 'structure'), naive);
  const rows: BenchRow[] = [
    { name: `aggregate ${name}, all hosts`, ...target, ...all },
    { name: `aggregate ${name}, all hosts with other processes`, ...structure },
  ];
  if (name !== 'W3') return rows;
  let next = 0;
  const one = (): readonly TestNode[] => [hosts[next++ % hosts.length]!];
  const ofOne = (derivation: AnyDerivation): Promise<number> => alone(() => scraped.derive(derivation, one()));
  return [
    ...rows,
    { name: 'users after one scrape of 1,000 hosts', oursMs: await ofOne(usersDerivation), target: ONE_SCRAPE },
    { name: 'totals after one scrape of 1,000 hosts', oursMs: await ofOne(clusterDerivation) },
    { name: 'GPU rows after one scrape of 1,000 hosts', oursMs: await ofOne(gpuRowsDerivation) },
  ];
}

/** The nodes, some of which have been scraped again. */
class Scraped {
  readonly #derivations = new Derivations();
  readonly #nodes: readonly TestNode[];
  #collector = 0;

  constructor(hosts: readonly TestNode[]) {
    this.#nodes = hosts;
  }
  derive(derivation: AnyDerivation, changed: readonly TestNode[], change: Change = 'values'): unknown {
    for (const host of changed) host.commit({ at: ANSWERED_AT }, change);
    return this.#derivations.derive(derivation, this.#nodes, ++this.#collector);
  }
}

function hostsOf(cluster: readonly Workload[]): TestNode[] {
  return buildNodes(
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
