import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterTotals } from '../../lib/aggregate/cluster.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { History } from '../../lib/aggregate/history.js';
import { FLOAT64, Rings, UINT8 } from '../../lib/aggregate/rings.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { buildNodes, type GpuSpec, type TestNode } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const STEP = 3000;
/** A whole number of steps. */
const START = 1_000_000 * STEP;
const HELD: GpuSpec = { utilPercent: 0, memoryUsedBytes: 2 * GIB };
const BUSY: GpuSpec = { utilPercent: 80, memoryUsedBytes: 2 * GIB };

/** One node, scraped at the given steps. */
class Told {
  readonly history = new History(STEP);
  readonly host: TestNode;
  constructor() {
    [this.host] = buildNodes([{ state: 'waiting' }]) as [TestNode];
  }
  at(step: number, ...gpus: readonly GpuSpec[]): this {
    this.history.add(this.host.scrape({ gpus }, START + step * STEP));
    return this;
  }
  util(slot = 0): number[] {
    return Array.from(this.history.gpu(this.host, slot, 'util').values);
  }
  held(slot = 0): readonly [step: number, atLeast: boolean] | undefined {
    const since = this.history.heldSince(this.host, slot);
    return since && [(since.at - START) / STEP, since.atLeast];
  }
}

describe('history of a GPU', () => {
  test('has one sample per step, in whole percent, degrees and watts', () => {
    const gpu = { utilPercent: 41.4, memoryUsedBytes: 20, memoryTotalBytes: 80, temperatureCelsius: 66.6, powerWatts: 411.5 };
    const { history, host } = new Told().at(0, gpu).at(1, { ...gpu, utilPercent: 0, powerWatts: 1e9 });
    const read = (figure: 'util' | 'memory' | 'temperature' | 'power') => Array.from(history.gpu(host, 0, figure).values);
    expect([read('util'), read('memory'), read('temperature'), read('power')]).toEqual([
      [41, 0],
      [25, 25],
      [67, 67],
      [412, 65_534],
    ]);
    expect(history.gpu(host, 0, 'util').last).toBe(1_000_001);
  });

  test('keeps the higher value of two scrapes in one step', () => {
    expect(new Told().at(0, { utilPercent: 5 }).at(0.3, { utilPercent: 90 }).at(0.9, { utilPercent: 7 }).util()).toEqual([90]);
  });

  test('repeats the last value for one or two missed scrapes; three are unknown', () => {
    expect(new Told().at(0, { utilPercent: 5 }).at(3, { utilPercent: 9 }).util()).toEqual([5, 5, 5, 9]);
    expect(new Told().at(0, { utilPercent: 5 }).at(4, { utilPercent: 9 }).util()).toEqual([5, NaN, NaN, NaN, 9]);
    expect(new Told().at(0, { utilPercent: 5 }).at(500, { utilPercent: 9 }).util().slice(-3)).toEqual([NaN, NaN, 9]);
  });

  test('keeps unreported values unknown, and 0 as a value', () => {
    expect(new Told().at(0, { utilPercent: 0 }).at(1, {}).at(2, { utilPercent: 3 }).util()).toEqual([0, NaN, 3]);
  });

  test('keeps 128 samples', () => {
    const told = new Told();
    for (let step = 0; step < 300; step++) told.at(step, { utilPercent: step % 100 });
    expect(told.util()).toEqual(Array.from({ length: 128 }, (_, nth) => (172 + nth) % 100));
  });

  test('starts again when the GPUs change or the clock is set back', () => {
    const told = new Told().at(0, { uuid: 'a', utilPercent: 1 }).at(1, { uuid: 'a', utilPercent: 2 });
    expect(told.at(2, { uuid: 'a', utilPercent: 3 }).util()).toEqual([1, 2, 3]);
    expect(told.at(3, { uuid: 'b', utilPercent: 4 }).util()).toEqual([4]);
    expect(told.at(4, { uuid: 'b', utilPercent: 4 }, { uuid: 'c', utilPercent: 5 }).util(1)).toEqual([5]);
    expect(told.at(1, { uuid: 'b', utilPercent: 6 }, { uuid: 'c' }).util()).toEqual([6]);
  });
});

describe('held idle', () => {
  test('counts from the first scrape that reported it', () => {
    const told = new Told().at(0, BUSY).at(1, HELD).at(2, HELD);
    expect(told.held()).toEqual([1, false]);
    expect(told.at(3, BUSY).held()).toBeUndefined();
    expect(told.at(4, HELD).held()).toEqual([4, false]);
  });

  test('is a minimum if the first scrape already reported it', () => {
    expect(new Told().at(0, HELD).at(5, HELD).held()).toEqual([5, true]);
    expect(new Told().at(0, HELD).at(2, HELD).held()).toEqual([0, true]);
  });

  test('excludes GPUs that are free, unknown or busy', () => {
    const free = { utilPercent: 0, memoryUsedBytes: GIB };
    const told = new Told().at(0, free, BUSY, { memoryUsedBytes: 2 * GIB }, { utilPercent: 0 }, { ghost: true });
    expect([0, 1, 2, 3, 4].map((slot) => told.held(slot))).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

test('identifies a GPU by its slot on the node, whatever a filter hides', () => {
  const { history, host } = new Told().at(0, BUSY, HELD);
  const filtered = Object.create(host, {
    gpus: { value: { ...host.gpus, count: 1, slots: 1, origin: Int32Array.of(1) } },
  }) as typeof host;
  expect([Array.from(history.gpu(filtered, 0, 'util').values), history.heldSince(filtered, 0)?.atLeast]).toEqual([[0], true]);
});

test('records CPU and memory of the node', () => {
  const { history, host } = new Told();
  history.add(host.scrape({ cpus: [{ utilPercent: 12 }], memory: [{ usedBytes: 1, totalBytes: 4 }] }, START));
  expect([...Array.from(history.node(host, 'cpu').values), ...Array.from(history.node(host, 'ram').values)]).toEqual([12, 25]);
});

describe('history of the cluster', () => {
  const totals = (utilPercent: number): ClusterTotals => ({ utilPercent, powerReported: 0 }) as ClusterTotals;
  const nobody = (): UsersTable => new Derivations().derive(usersDerivation, [], 1);
  const seen = (history: History): number[] => Array.from(history.cluster('util').values);

  test('has one sample per step, the last one; a clock that lags slightly changes nothing', () => {
    const history = new History(STEP);
    history.record(START, totals(10), nobody);
    history.record(START + 1000, totals(90), nobody);
    history.record(START + 2999, totals(20), nobody);
    expect(seen(history)).toEqual([20]);
    expect([history.isMissing(START + STEP - 1), history.isMissing(START + STEP), history.isMissing(START - 1)]).toEqual([
      false,
      true,
      false,
    ]);
    history.record(START + STEP, totals(30), nobody);
    history.record(START + STEP - 5, totals(31), nobody);
    expect(seen(history)).toEqual([20, 31]);
    history.record(START + 3 * STEP, totals(5), nobody);
    expect(seen(history)).toEqual([20, 31, 31, 5]);
    history.record(START - 9 * STEP, totals(7), nobody);
    expect(seen(history)).toEqual([7]);
  });

  test('computes users once per step, from the first sample', () => {
    const history = new History(STEP);
    const asked: number[] = [];
    for (const at of [0, 0.4, 1, 1.9, 3, 2.9])
      history.record(START + at * STEP, totals(1), () => {
        asked.push(at);
        return nobody();
      });
    expect(asked).toEqual([0, 1, 3]);
  });

  test('keeps unreported values unknown', () => {
    const history = new History(STEP);
    history.record(START, totals(NaN), nobody);
    expect([seen(history), Array.from(history.cluster('power').values)]).toEqual([[NaN], [NaN]]);
  });

  describe('breaks in the power history', () => {
    /** Steps of the breaks after one step for each given number of GPUs that report power. */
    const breaks = (...gpus: readonly number[]): number[] => {
      const history = new History(STEP);
      gpus.forEach((powerReported, step) => {
        history.record(START + step * STEP, { ...totals(1), powerReported, powerWatts: 100 * powerReported }, nobody);
      });
      return (history.cluster('power').breaks ?? []).map((sample) => sample - 1_000_000);
    };
    test('mark where nodes are lost or come back', () => {
      expect(breaks(24, 24, 8, 8, 24, 24)).toEqual([2, 4]);
      expect(breaks(24, 16, 8)).toEqual([1, 2]);
    });
    test('do not mark a few lost GPUs out of many, but mark losses that add up one by one', () => {
      expect(breaks(64, 57, 64)).toEqual([]);
      expect(breaks(64, 56)).toEqual([1]);
      expect(breaks(64, 62, 60, 58, 56, 54, 52, 50, 49, 48)).toEqual([4, 8]);
    });
    test('do not mark steps without any power reading, which are gaps already', () => {
      expect(breaks(0, 8, 0, 0, 8)).toEqual([]);
      expect(breaks(8, 0, 4)).toEqual([2]);
    });
    test('are recorded once per step, only for power, and dropped with their samples', () => {
      const history = new History(STEP);
      const at = (step: number, powerReported: number): void => {
        history.record(START + step * STEP, { ...totals(1), powerReported, powerWatts: 1 }, nobody);
      };
      for (const [step, gpus] of [
        [0, 8],
        [1, 4],
        [1.5, 8],
        [1.7, 2],
      ] as const)
        at(step, gpus);
      expect([history.cluster('power').breaks, history.cluster('util').breaks]).toEqual([[1_000_001], undefined]);
      at(1300, 8);
      expect(history.cluster('power').breaks).toEqual([1_001_300]);
      at(-9, 4);
      expect(history.cluster('power').breaks).toEqual([]);
      at(-8, 8);
      history.jump('any');
      expect(history.cluster('power').breaks).toEqual([]);
    });
  });

  test('a jump clears the history of the cluster and of the node that jumped', () => {
    const told = new Told().at(0, BUSY);
    told.history.record(START, totals(1), nobody);
    told.history.jump(told.host.nodeId);
    expect([told.util(), seen(told.history)]).toEqual([[], []]);
    expect(told.at(7, BUSY).util()).toEqual([80]);
  });
});

test('limits its memory: GPUs beyond the limit have no history until there is room', () => {
  const history = new History(STEP, 10);
  const [a, b, c] = buildNodes([
    { gpus: [BUSY, BUSY, BUSY, BUSY, BUSY, BUSY] },
    { gpus: [BUSY, BUSY, BUSY, BUSY, BUSY] },
    { gpus: [HELD] },
  ]);
  for (const host of [a!, b!, c!]) history.add(host);
  const known = (): number[] => [a!, b!, c!].map((host) => history.gpu(host, 0, 'util').values.length);
  expect(known()).toEqual([1, 0, 1]);
  history.remove(a!.nodeId);
  history.remove(b!.nodeId);
  history.add(b!);
  expect(known()).toEqual([0, 1, 1]);
});

test('ring buffers of every type match a list of all samples', () => {
  const life = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(fc.integer({ min: 0, max: 254 }), { nil: NaN })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(life, fc.constantFrom(UINT8, FLOAT64), (steps, kind) => {
      const rings = new Rings(kind, 2, 8);
      const all: number[] = [];
      let sample = 100;
      steps.forEach(([gap, value], nth) => {
        sample += nth === 0 ? 0 : gap;
        rings.advance(sample);
        rings.put(1, value);
        if (nth > 0 && gap === 0) {
          const before = all.at(-1)!;
          if (!Number.isNaN(value)) all[all.length - 1] = Number.isNaN(before) ? value : Math.max(before, value);
          return;
        }
        for (let missed = 1; nth > 0 && missed < gap; missed++) all.push(gap <= 3 ? all.at(-1)! : NaN);
        all.push(value);
      });
      expect([...rings.read(1)]).toEqual(all.slice(-8));
      expect(rings.read(0).every(Number.isNaN)).toBe(true);
    }),
  );
});
