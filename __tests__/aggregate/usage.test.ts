/** Time and energy between samples of GPUs: who used them, who held them idle, and what nobody saw. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { observedSeconds, Usage, windowSeconds, type UsageBy } from '../../lib/aggregate/usage.js';
import { TestNode, type GpuSpec, type NodeSpec, type ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const STEP = 3000;
const BUSY: GpuSpec = { name: 'NVIDIA H100 80GB HBM3', utilPercent: 100, memoryUsedBytes: 60 * GIB, powerWatts: 524 };
const QUIET: GpuSpec = { ...BUSY, utilPercent: 0, powerWatts: 120 };
const FREE: GpuSpec = { ...QUIET, memoryUsedBytes: 0, powerWatts: 70 };
const on = (user: string, pid: number, gib: number, sm: number | undefined, gpu = 0): ProcSpec => ({
  pid,
  gpu,
  user,
  vram: gib * GIB,
  ...(sm === undefined ? {} : { sm }),
});

/** The samples of a node: seconds, and what it shows. */
function used(samples: readonly (readonly [second: number, spec: NodeSpec])[], by: UsageBy = 'user'): Usage {
  const usage = new Usage(by, STEP);
  const node = new TestNode({ state: 'waiting', name: 'n1', groups: { rack: 'r1' } });
  for (const [second, spec] of samples) usage.add(node.scrape(spec, second * 1000));
  return usage;
}
const rows = (usage: Usage): Record<string, readonly number[]> =>
  Object.fromEntries(usage.rows().map(({ name, usedSeconds, idleSeconds, joules }) => [name, [usedSeconds, idleSeconds, joules]]));

const SHARED: NodeSpec = { gpus: [BUSY], procs: [on('alice', 1, 30, 0), on('bob', 2, 10, 75), on('carol', 3, 20, 25)] };

describe('between two samples', () => {
  test('a GPU that computes is used by SM share; who holds it idle is told apart, and energy is by use', () => {
    const usage = used([
      [0, SHARED],
      [3, SHARED],
    ]);
    // 124 W idle by memory: 62, 20.67 and 41.33; 400 W more by SM: 300 and 100. Times three seconds.
    const found = rows(usage);
    expect(found.alice!.map((value) => Math.round(value * 1000) / 1000)).toEqual([0, 3, 186]);
    expect(found.bob!.map((value) => Math.round(value * 1000) / 1000)).toEqual([2.25, 0, 962]);
    expect(found.carol!.map((value) => Math.round(value * 1000) / 1000)).toEqual([0.75, 0, 424]);
    expect(usage.totals()).toMatchObject({
      computing: 3,
      heldIdle: 0,
      free: 0,
      unknown: 0,
      joules: 1572,
      poweredSeconds: 3,
      from: 0,
      to: 3000,
    });
  });

  test('without SM shares it is used by memory, without processes by nobody', () => {
    const spec: NodeSpec = { gpus: [BUSY, BUSY], procs: [on('alice', 1, 30, undefined), on('bob', 2, 10, undefined)] };
    const usage = used([
      [0, spec],
      [2, spec],
    ]);
    expect([rows(usage).alice![0], rows(usage).bob![0], usage.totals().nobody.usedSeconds]).toEqual([1.5, 0.5, 2]);
  });

  test('the first of the two samples holds', () => {
    const usage = used([
      [0, { gpus: [FREE] }],
      [3, { gpus: [QUIET], procs: [on('alice', 1, 30, 0)] }],
      [6, { gpus: [BUSY], procs: [on('alice', 1, 30, 90)] }],
      [9, { gpus: [BUSY] }],
    ]);
    expect(usage.totals()).toMatchObject({ free: 3, heldIdle: 3, computing: 3, unknown: 0, joules: 3 * (70 + 120 + 524) });
    expect(rows(usage).alice!.slice(0, 2)).toEqual([3, 3]);
  });

  test('a gap of more than two refreshes is unknown, whatever was there before and after', () => {
    const usage = used([
      [0, SHARED],
      [6, SHARED],
      [12.5, SHARED],
    ]);
    expect(usage.totals()).toMatchObject({ computing: 6, unknown: 6.5, joules: 6 * 524 });
    expect(usage.totals(30_000)).toMatchObject({ computing: 6, unknown: 6.5 + 17.5, to: 30_000 });
  });

  test('a seek and a clock that is put back account for nothing', () => {
    const usage = new Usage('user', STEP);
    const node = new TestNode({ state: 'waiting' });
    usage.add(node.scrape(SHARED, 10_000));
    usage.add(node.scrape(SHARED, 4000));
    expect(windowSeconds(usage.totals())).toBe(0);
    usage.add(node.scrape(SHARED, 7000));
    expect(windowSeconds(usage.totals())).toBe(3);
    usage.jump(node.nodeId);
    usage.add(node.scrape(SHARED, 8000));
    expect(windowSeconds(usage.totals())).toBe(3);
    // A delivery without a new sample.
    usage.add(node);
    expect(windowSeconds(usage.totals())).toBe(3);
  });

  test('by node, model and group', () => {
    const spec: NodeSpec = { gpus: [BUSY, { ...QUIET, name: 'NVIDIA L4' }] };
    const of = (by: UsageBy) =>
      rows(
        used(
          [
            [0, spec],
            [1, spec],
          ],
          by,
        ),
      );
    expect(of('node')).toEqual({ n1: [1, 1, 644] });
    expect(of('model')).toEqual({ 'NVIDIA H100 80GB HBM3': [1, 0, 524], 'NVIDIA L4': [0, 1, 120] });
    expect(of('group.rack')).toEqual({ r1: [1, 1, 644] });
    expect(of('group.none')).toEqual({ '': [1, 1, 644] });
  });
});

const gpu = fc.constantFrom<GpuSpec>(BUSY, QUIET, FREE, {}, { ...BUSY, powerWatts: NaN });
const proc = fc.record({
  pid: fc.integer({ min: 1, max: 9 }),
  gpu: fc.integer({ min: 0, max: 1 }),
  user: fc.constantFrom('alice', 'bob', ''),
  vram: fc.constantFrom(0, GIB, 10 * GIB),
  sm: fc.constantFrom(0, 30, 70, NaN),
});
const spec = fc.record({ gpus: fc.array(gpu, { minLength: 2, maxLength: 2 }), procs: fc.array(proc, { maxLength: 5 }) });
/** Milliseconds from one sample to the next: on time, late, much too late, and a clock that is put back. */
const steps = fc.array(fc.tuple(fc.constantFrom(1000, 3000, 5999, 6001, 60_000, -4000), spec), { minLength: 1, maxLength: 12 });

describe('whatever the samples', () => {
  test('accounted time adds up to GPUs times time, and users and nobody to what computed and to all energy', () => {
    fc.assert(
      fc.property(steps, (samples) => {
        const usage = new Usage('user', STEP);
        const node = new TestNode({ state: 'waiting' });
        let [at, forward] = [1e9, 0];
        samples.forEach(([step, one], nth) => {
          if (nth > 0 && step > 0) forward += step;
          at += nth === 0 ? 0 : step;
          usage.add(node.scrape(one, at));
        });
        const totals = usage.totals();
        expect(windowSeconds(totals)).toBeCloseTo((2 * forward) / 1000, 6);
        expect(observedSeconds(totals)).toBeLessThanOrEqual(windowSeconds(totals) + 1e-9);
        const all = usage.rows();
        expect(all.reduce((sum, { usedSeconds }) => sum + usedSeconds, totals.nobody.usedSeconds)).toBeCloseTo(totals.computing, 6);
        expect(all.reduce((sum, { joules }) => sum + joules, totals.nobody.joules)).toBeCloseTo(totals.joules, 6);
        for (const { usedSeconds, joules, byModel } of all) {
          const parts = [...byModel.values()];
          expect(parts.reduce((sum, part) => sum + part.usedSeconds, 0)).toBeCloseTo(usedSeconds, 6);
          expect(parts.reduce((sum, part) => sum + part.joules, 0)).toBeCloseTo(joules, 6);
        }
      }),
    );
  });

  test('the order in which nodes answer does not matter', () => {
    fc.assert(
      fc.property(fc.tuple(steps, steps, steps), fc.infiniteStream(fc.nat(2)), (histories, turns) => {
        const run = (next: () => number): unknown => {
          const usage = new Usage('user', STEP);
          const left = histories.map((samples, at) => ({
            node: new TestNode({ nodeId: `n${at}`, state: 'waiting' }),
            at: 1e9,
            samples: [...samples],
          }));
          while (left.some(({ samples }) => samples.length > 0)) {
            const one = left[next()]!;
            const sample = one.samples.shift();
            if (sample) usage.add(one.node.scrape(sample[1], (one.at += sample[0])));
          }
          return [usage.rows(), usage.totals()];
        };
        let turn = 0;
        expect(run(() => turns.next().value as number)).toEqual(run(() => turn++ % 3));
      }),
      { numRuns: 30 },
    );
  });
});
