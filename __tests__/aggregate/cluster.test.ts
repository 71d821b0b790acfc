import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clusterDerivation, type ClusterTotals } from '../../lib/aggregate/cluster.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes, type NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const totalsOf = (...specs: readonly NodeSpec[]): ClusterTotals => new Derivations().derive(clusterDerivation, buildNodes(specs), 1);

test('totals of two nodes match hand-computed values; each total covers only the nodes that report it', () => {
  const totals = totalsOf(
    {
      gpus: [
        {
          utilPercent: 90,
          memoryUsedBytes: 60 * GIB,
          memoryTotalBytes: 80 * GIB,
          powerWatts: 600,
          temperatureCelsius: 70,
          powerLimitWatts: 700,
        },
        { utilPercent: 0, memoryUsedBytes: 20 * GIB, memoryTotalBytes: 80 * GIB, powerWatts: 100, temperatureCelsius: 40 },
        { utilPercent: 3, memoryUsedBytes: GIB, memoryTotalBytes: 80 * GIB, powerWatts: -1 },
      ],
      memory: [{ usedBytes: 100 * GIB, totalBytes: 400 * GIB }],
      cpus: [{ cores: 96, utilPercent: 50 }],
      facts: { hasProcessFamily: true },
    },
    {
      gpus: [{ memoryTotalBytes: 80 * GIB, temperatureCelsius: 40 }, { utilPercent: 27 }, { ghost: true }],
      memory: [{ totalBytes: 400 * GIB }],
      cpus: [{ cores: 32, utilPercent: 10 }, { cores: 8 }],
    },
  );
  expect(totals).toEqual({
    nodes: 2,
    nodesIncluded: 2,
    nodesDown: 0,
    gpus: 6,
    utilPercent: 30, // (90 + 0 + 3 + 27) / 4
    utilReported: 4,
    memoryUsedBytes: 81 * GIB,
    memoryTotalBytes: 240 * GIB, // without the GPU whose utilization is unknown
    memoryReported: 3,
    powerWatts: 700,
    powerReported: 3,
    powerLimitWatts: 700,
    powerLimitReported: 1,
    temperatureCelsius: 50, // (70 + 40 + 40) / 3
    temperatureMax: 70,
    temperatureDeviation: expect.closeTo(Math.sqrt(200), 12), // (400 + 100 + 100) / 3
    temperatureReported: 3,
    computing: 2,
    heldIdle: 1,
    free: 1, // exactly 1 GiB does not count as held
    unknown: 2, // one without utilization, one known only from processes
    ramUsedBytes: 100 * GIB,
    ramTotalBytes: 400 * GIB,
    ramReported: 1,
    cpuCores: 136,
    cpuUtilPercent: 40, // (50 x 96 + 10 x 32) / 128
  });
});

describe('state of a GPU', () => {
  test.each([
    [{ utilPercent: 5, memoryUsedBytes: 0 }, 'computing'],
    [{ utilPercent: 5 }, 'computing'],
    [{ utilPercent: 4.99, memoryUsedBytes: GIB + 1 }, 'heldIdle'],
    [{ utilPercent: 0, memoryUsedBytes: GIB }, 'free'],
    [{ utilPercent: 0 }, 'unknown'],
    [{ memoryUsedBytes: 2 * GIB }, 'unknown'],
    [{}, 'unknown'],
  ])('%j is %s', (gpu, state) => {
    const { computing, heldIdle, free, unknown } = totalsOf({ gpus: [gpu] });
    expect({ computing, heldIdle, free, unknown }).toEqual({ computing: 0, heldIdle: 0, free: 0, unknown: 0, [state]: 1 });
  });
});

test('nodes that are not up are only in the node count', () => {
  const busy: NodeSpec = { gpus: [{ utilPercent: 80, temperatureCelsius: 90, powerWatts: 700 }], cpus: [{ cores: 4, utilPercent: 9 }] };
  const totals = totalsOf({ gpus: [{ utilPercent: 20 }], state: 'failing' }, { ...busy, state: 'overdue' }, { state: 'waiting' });
  expect(totals).toMatchObject({
    nodes: 3,
    nodesIncluded: 1,
    nodesDown: 1,
    gpus: 1,
    utilPercent: 20,
    computing: 1,
    powerWatts: 0,
    powerReported: 0,
    cpuCores: 0,
  });
  expect([totals.temperatureCelsius, totals.temperatureMax, totals.temperatureDeviation, totals.cpuUtilPercent]).toEqual([
    NaN,
    NaN,
    NaN,
    NaN,
  ]);
});

test('the deviation of equal temperatures is 0, not NaN', () => {
  const gpus = Array.from({ length: 7 }, () => ({ temperatureCelsius: 33.3 }));
  expect(totalsOf({ gpus }, { gpus }).temperatureDeviation).toBeCloseTo(0, 5);
});

test('a CPU with an unknown core count is weighted as one core', () => {
  const totals = totalsOf({ cpus: [{ utilPercent: 90 }] }, { cpus: [{ utilPercent: 30 }] });
  expect([totals.cpuCores, totals.cpuUtilPercent]).toEqual([0, 60]);
});

describe('random clusters: totals equal plain sums over lists of readings', () => {
  const maybe = (max: number) => fc.option(fc.double({ min: 0, max, noNaN: true }), { nil: undefined, freq: 5 });
  const gpu = fc.record(
    {
      utilPercent: maybe(100),
      memoryUsedBytes: maybe(2 ** 37),
      memoryTotalBytes: maybe(2 ** 37),
      powerWatts: maybe(1000),
      temperatureCelsius: maybe(110),
    },
    { noNullPrototype: true },
  );
  const host = fc.record(
    {
      gpus: fc.array(gpu, { maxLength: 9 }),
      memory: fc.array(fc.record({ usedBytes: maybe(2 ** 40), totalBytes: maybe(2 ** 40) }), { maxLength: 2 }),
      cpus: fc.array(fc.record({ cores: maybe(256), utilPercent: maybe(100) }), { maxLength: 2 }),
      facts: fc.record({ hasProcessFamily: fc.boolean() }, { noNullPrototype: true }),
      state: fc.constantFrom('live' as const, 'failing' as const, 'overdue' as const, 'waiting' as const),
    },
    { noNullPrototype: true },
  );
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const mean = (values: readonly number[]): number => sum(values) / values.length;
  const near = (expected: number): unknown => (Number.isNaN(expected) ? NaN : expect.closeTo(expected, 3));
  const known = <Key extends string>(rows: readonly Partial<Record<Key, number | undefined>>[], ...keys: readonly Key[]) =>
    rows.filter((row) => keys.every((key) => row[key] !== undefined)) as unknown as readonly Record<Key, number>[];

  test('random nodes', () => {
    fc.assert(
      fc.property(fc.array(host, { maxLength: 12 }), (hosts) => {
        const seen = hosts.filter(({ state }) => state === 'live' || state === 'failing');
        const gpus = seen.flatMap((one) => one.gpus);
        // Without a family of processes, memory in use says that there are some that are not reported.
        const silent = ({ facts, gpus: own }: (typeof hosts)[number]): boolean =>
          !facts.hasProcessFamily && own.some(({ memoryUsedBytes = 0 }) => memoryUsedBytes > GIB);
        const reported = seen.filter((one) => !silent(one)).flatMap((one) => one.gpus);
        const degrees = known(gpus, 'temperatureCelsius').map((one) => one.temperatureCelsius);
        const memory = known(gpus, 'memoryUsedBytes', 'memoryTotalBytes');
        const cpus = known(
          seen.flatMap((one) => one.cpus),
          'utilPercent',
        ) as readonly { cores?: number; utilPercent: number }[];
        const weights = cpus.map(({ cores = 0 }) => (cores > 0 ? cores : 1));
        expect(totalsOf(...(hosts as readonly NodeSpec[]))).toMatchObject({
          nodes: hosts.length,
          nodesIncluded: seen.length,
          nodesDown: hosts.filter(({ state }) => state === 'overdue').length,
          gpus: gpus.length,
          utilPercent: near(mean(known(gpus, 'utilPercent').map((one) => one.utilPercent))),
          memoryUsedBytes: near(sum(memory.map((one) => one.memoryUsedBytes))),
          memoryTotalBytes: near(sum(memory.map((one) => one.memoryTotalBytes))),
          powerWatts: near(sum(known(gpus, 'powerWatts').map((one) => one.powerWatts))),
          temperatureCelsius: near(mean(degrees)),
          temperatureMax: degrees.length === 0 ? NaN : Math.max(...degrees),
          computing: gpus.filter(({ utilPercent = 0 }) => utilPercent >= 5).length,
          heldIdle: known(gpus, 'utilPercent', 'memoryUsedBytes').filter((one) => one.utilPercent < 5 && one.memoryUsedBytes > GIB).length,
          free: known(reported, 'utilPercent', 'memoryUsedBytes').filter((one) => one.utilPercent < 5 && one.memoryUsedBytes <= GIB).length,
          cpuUtilPercent: near(sum(cpus.map(({ utilPercent }, at) => utilPercent * weights[at]!)) / sum(weights)),
          ramUsedBytes: near(
            sum(
              known(
                seen.flatMap((one) => one.memory),
                'usedBytes',
                'totalBytes',
              ).map((one) => one.usedBytes),
            ),
          ),
        });
      }),
      { numRuns: 300 },
    );
  });
});
