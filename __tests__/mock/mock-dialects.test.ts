/** A mock node read through other exporters, over HTTP: all of them say the same. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import { startMock, type MockOptions } from '../../lib/mock/mock.js';
import { nodeAddresses } from '../../lib/mock/mock-ports.js';
import type { Cluster } from '../../lib/mock/mock-server.js';
import type { NodeData } from '../../lib/model/columns.js';
import { GPU_FIELDS } from '../../lib/model/gpu-fields.js';
import { NodeParser } from '../../lib/sources/hosts/node-parser.js';
import { readExposition } from '../helpers/exposition-reader.js';
import { hasPromtool, promtoolComplaints } from '../helpers/promtool.js';

const START = Date.UTC(2026, 7, 7, 14, 30);
const UPDATE_MS = 3000;
const ALL = ['all-smi', 'dcgm', 'nvidia_gpu_exporter', 'node_exporter'] as const;
const clock = { at: START, now: () => clock.at };
const running: Cluster[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()));
  clock.at = START;
});

async function start(nodes: number, dialects: readonly string[] = ALL, options: Partial<MockOptions> = {}): Promise<readonly string[]> {
  const cluster = await startMock({
    ports: Array.from({ length: nodes * dialects.length }, () => 0),
    dialects,
    platform: 'nvidia',
    gpuName: 'NVIDIA H100 80GB HBM3',
    startIndex: 1,
    failureNodes: 0,
    processes: true,
    seed: 7,
    clock,
    updateMs: UPDATE_MS,
    ...options,
  });
  running.push(cluster);
  return cluster.addresses;
}

/** The names are those of the exporters. */
const ABOUT_NAMES = /should be written in 'snake_case'|_total" suffix$|should not include type 'counter'$/;

const textOf = async (address: string): Promise<string> => (await fetch(`http://${address}/metrics`)).text();

/** An endpoint as a viewer reads it, scrape by scrape. */
class Viewed {
  readonly #address: string;
  readonly #parsers = new Parsers();
  readonly #parser = new NodeParser(
    [{ id: '', intervalMs: 0 }],
    () => this.#parsers.newParser(),
    () => this.#parsers.holding((users) => new SampleColumns(users, '')),
  ).endpoints[0]!;

  constructor(address: string) {
    this.#address = address;
  }

  async scrape(): Promise<NodeData> {
    this.#parser.push(Buffer.from(await textOf(this.#address)));
    expect(this.#parser.refusal()).toBeUndefined();
    this.#parser.commit(clock.at, undefined);
    expect(this.#parser.data.facts).toMatchObject({ badLines: 0, oddReadings: 0 });
    return this.#parser.data;
  }
}

function gpusOf(node: NodeData): readonly Readonly<Record<string, unknown>>[] {
  const { gpus } = node;
  return Array.from({ length: gpus.count }, (_, slot) => ({
    // nvidia_gpu_exporter leaves out the prefix.
    uuid: node.text(gpus.uuid[slot]!).replace(/^GPU-/, ''),
    name: node.text(gpus.name[slot]!),
    index: gpus.index[slot],
    ...Object.fromEntries(GPU_FIELDS.map((field) => [field, gpus.field[field][slot]])),
  }));
}
const isKnown = (value: unknown): boolean => !Number.isNaN(value);

/** What must be reported by all, and equal. */
const SHARED = [
  'uuid',
  'name',
  'index',
  'utilPercent',
  'memoryUsedBytes',
  'memoryTotalBytes',
  'temperatureCelsius',
  'powerWatts',
  'powerLimitWatts',
  'frequencyMhz',
];

describe('the same node through several exporters', () => {
  test.each(['dcgm', 'nvidia_gpu_exporter'])('%s: each field that both report is equal', async (dialect) => {
    const addresses = await start(3, ['all-smi', dialect]);
    for (let node = 0; node < 3; node++) {
      const [own, other] = [new Viewed(addresses[2 * node]!), new Viewed(addresses[2 * node + 1]!)];
      for (let update = 0; update < 25; update++) {
        clock.at = START + update * UPDATE_MS;
        const [mine, theirs] = [gpusOf(await own.scrape()), gpusOf(await other.scrape())];
        expect(theirs).toHaveLength(8);
        for (const [slot, gpu] of mine.entries()) {
          const both = Object.keys(gpu).filter((key) => isKnown(gpu[key]) && isKnown(theirs[slot]![key]));
          expect(both).toEqual(expect.arrayContaining(SHARED));
          const of = (from: Readonly<Record<string, unknown>>): unknown => both.map((key) => [key, from[key]]);
          expect(of(theirs[slot]!)).toEqual(of(gpu));
        }
      }
    }
  });

  test('node_exporter: CPU, memory, disks and the name are those of the node', async () => {
    const [own, other] = await start(1, ['all-smi', 'node_exporter']).then((all) => all.map((address) => new Viewed(address)));
    const percents = new Set<number>();
    for (let update = 0; update < 12; update++) {
      // Scrapes may come late: what was counted in between is at the rate of the reading.
      if (update > 0) clock.at += (1 + (update % 2)) * UPDATE_MS;
      const [mine, theirs] = [await own!.scrape(), await other!.scrape()];
      expect(theirs.facts.instance).toBe(mine.facts.instance);
      for (const field of [
        'totalBytes',
        'usedBytes',
        'availableBytes',
        'buffersBytes',
        'cachedBytes',
        'swapTotalBytes',
        'swapUsedBytes',
      ] as const)
        expect([field, theirs.memory.value(0, field)]).toEqual([field, mine.memory.value(0, field)]);
      const disks = ({ disks: rows }: NodeData): unknown =>
        Array.from({ length: rows.count }, (_, row) => [
          rows.title(row),
          rows.value(row, 'totalBytes'),
          rows.value(row, 'availableBytes'),
        ]).sort();
      expect(disks(theirs)).toEqual(disks(mine));
      expect(theirs.cpus.value(0, 'threads')).toBe(mine.cpus.value(0, 'threads'));
      const percent = theirs.cpus.value(0, 'utilPercent');
      if (update === 0) expect(percent).toBeNaN();
      else expect(percent).toBeCloseTo(mine.cpus.value(0, 'utilPercent'), 1);
      percents.add(percent);
    }
    expect(percents.size).toBeGreaterThan(5);
  });

  test('nvidia_gpu_exporter: the processes are those of the node, without their users', async () => {
    const [own, other] = await start(1, ['all-smi', 'nvidia_gpu_exporter']).then((all) => all.map((address) => new Viewed(address)));
    const rows = ({ procs }: NodeData): unknown =>
      Array.from({ length: procs.count }, (_, row) => `${procs.pid[row]} ${procs.gpu[row]} ${procs.vramBytes[row]}`).sort();
    const [mine, theirs] = [await own!.scrape(), await other!.scrape()];
    expect(rows(theirs)).toEqual(rows(mine));
    expect([...theirs.procs.user.subarray(0, theirs.procs.count)].every((user) => theirs.userName(user) === '')).toBe(true);
  });

  test('dcgm: every fourth node belongs to Slurm, and the next one to Kubernetes', async () => {
    const addresses = await start(4, ['dcgm']);
    const owners = await Promise.all(
      addresses.map(async (address) => {
        const { allocations, ...node } = await new Viewed(address).scrape().then((data) => ({
          allocations: data.allocations,
          name: (id: number) => data.userName(id),
        }));
        return Array.from({ length: allocations.count }, (_, row) =>
          (['job', 'namespace', 'pod'] as const).map((who) => node.name(allocations.owner[who][row]!)).join(' '),
        );
      }),
    );
    // Users 0 to 3 in turn; what root runs on a node of Slurm belongs to no job.
    expect(owners[0]).toEqual([]);
    expect(owners[1]).toEqual(['918008', '918009', '918010', '918008', '918009', '918010'].map((job) => `${job}  `));
    expect(owners[2]!.slice(0, 4)).toEqual([
      ' team-inureyes inureyes-train-0',
      ' team-yeonji yeonji-train-0',
      ' team-mira mira-train-0',
      ' kube-system root-train-0',
    ]);
    expect(owners[3]).toEqual([]);
  });
});

describe('the texts', () => {
  test('are accepted by strict readers, each family with HELP and TYPE, once', async () => {
    const addresses = await start(2);
    for (const address of addresses) {
      const text = await textOf(address);
      const families = [...readExposition(text).values()];
      expect(families.length).toBeGreaterThan(20);
      expect(families.filter(({ help, samples }) => help === '' || samples.length === 0)).toEqual([]);
      for (const { samples } of families) expect(new Set(samples.map(({ labels }) => JSON.stringify(labels))).size).toBe(samples.length);
      if (hasPromtool) expect(promtoolComplaints(text).filter((complaint) => !ABOUT_NAMES.test(complaint))).toEqual([]);
    }
  });

  test('count upwards: a counter never falls', async () => {
    for (const address of await start(1, ['dcgm', 'nvidia_gpu_exporter', 'node_exporter'])) {
      clock.at = START;
      const counters = async (): Promise<Map<string, number>> =>
        new Map(
          [...readExposition(await textOf(address)).values()]
            .filter(({ type }) => type === 'counter')
            .flatMap(({ name, samples }) => samples.map(({ labels, value }) => [`${name} ${JSON.stringify(labels)}`, value] as const)),
        );
      let before = await counters();
      let rises = 0;
      for (let update = 1; update < 10; update++) {
        clock.at = START + update * UPDATE_MS;
        const now = await counters();
        for (const [series, value] of now) expect([series, value >= before.get(series)!]).toEqual([series, true]);
        rises += [...now].filter(([series, value]) => value > before.get(series)!).length;
        before = now;
      }
      expect(rises).toBeGreaterThan(9);
    }
  });

  test('dcgm: the energy between two scrapes is the power times the time', async () => {
    const [address] = await start(1, ['dcgm']);
    const read = async (): Promise<readonly (readonly [watts: number, millijoules: number])[]> => {
      const families = readExposition(await textOf(address!));
      const values = (name: string): number[] => families.get(name)!.samples.map(({ value }) => value);
      const energy = values('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION');
      return values('DCGM_FI_DEV_POWER_USAGE').map((watts, at) => [watts, energy[at]!]);
    };
    const before = await read();
    clock.at = START + 2 * UPDATE_MS;
    for (const [gpu, [watts, millijoules]] of (await read()).entries())
      expect((millijoules - before[gpu]![1]) / 6000).toBeCloseTo(watts, 2);
  });

  test('node_exporter: as large as that of a big node', async () => {
    const [address] = await start(1, ['node_exporter']);
    const text = await textOf(address!);
    // 224 CPUs with eight modes each, and some hundred other samples.
    expect(readExposition(text).get('node_cpu_seconds_total')!.samples).toHaveLength(224 * 8);
    expect(text.length).toBeGreaterThan(83_000);
  });
});

describe('the ports', () => {
  test('of a node follow each other, in the order of the dialects', async () => {
    const addresses = await start(2, ['node_exporter', 'dcgm']);
    const texts = await Promise.all(addresses.map(textOf));
    expect(texts.map((text) => /(node|DCGM)_/.exec(text)![1])).toEqual(['node', 'DCGM', 'node', 'DCGM']);
    expect(texts.map((text) => /node-\d{4}/.exec(text)![0])).toEqual(['node-0001', 'node-0001', 'node-0002', 'node-0002']);
  });

  test('are written as one address per node', () => {
    const addresses = ['127.0.0.1:10001', '127.0.0.1:10002', '127.0.0.1:10003', '127.0.0.1:10004'];
    expect(nodeAddresses(addresses, 1)).toEqual(addresses);
    expect(nodeAddresses(addresses, 2)).toEqual(['127.0.0.1:10001+10002', '127.0.0.1:10003+10004']);
    expect(nodeAddresses(['[::1]:1', '[::1]:2'], 2)).toEqual(['[::1]:1+2']);
  });

  test.each([
    [{ dialects: ['dcgm', 'nvitop'] }, '"nvitop" is not one of: all-smi, dcgm, nvidia_gpu_exporter, node_exporter'],
    [{ dialects: ['dcgm'], platform: 'gaudi' }, 'dcgm reports NVIDIA GPUs only, and --platform is gaudi'],
    [{ dialects: ['dcgm', 'node_exporter'], ports: [0, 0, 0] }, '3 ports cannot be divided among nodes with 2 each'],
  ])('refuses %j', async (options, reason) => {
    await expect(start(1, ['all-smi'], options)).rejects.toMatchObject({ code: 'E_OPTION_BAD', params: { reason } });
  });

  test('node_exporter does not ask what the GPUs are', async () => {
    const [address] = await start(1, ['node_exporter'], { platform: 'gaudi' });
    expect((await new Viewed(address!).scrape()).facts.instance).toBe('node-0001');
  });
});
