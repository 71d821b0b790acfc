/** A report over recordings: the same as what a viewer has accounted for live, and as a plain computation. */
import { describe, expect, test } from '@jest/globals';
import { AppState } from '../../lib/app/state.js';
import { costOf, gpuHourPrice, totalCost } from '../../lib/aggregate/prices.js';
import type { UsageBy } from '../../lib/aggregate/usage.js';
import { queryRows } from '../../lib/query/table-query.js';
import { reportTable } from '../../lib/query/report-table.js';
import { FramePacker } from '../../lib/recording/format/packed-frame.js';
import { RecordedNodes } from '../../lib/recording/play/recorded-nodes.js';
import { recordedSamples, reportOn, type Report } from '../../lib/run/report.js';
import type { NodeSpec, ProcSpec } from '../helpers/hosts.js';
import { inNewDirectory, openReader, place } from '../helpers/recording-player.js';
import { cycle, newWriter, timeOf } from '../helpers/recordings.js';

inNewDirectory();

const GIB = 2 ** 30;
const NAMES = ['alice', 'bob', 'carol'];

/**
 * Node `at` of a frame: a GPU with two processes, one of which computes, and a GPU that is free. Who computes changes every ten frames; the nodes
 * are far apart in size.
 */
function nodeIn(frame: number, at: number): NodeSpec {
  const gpu = { name: 'NVIDIA H100 80GB HBM3', memoryTotalBytes: 80 * GIB };
  const who = (Math.floor(frame / 10) + at) % 3;
  const proc = (nth: number, sm: number): ProcSpec => ({
    pid: 10 + nth,
    gpu: 0,
    user: NAMES[nth % 3]!,
    vram: 10 * GIB,
    sm,
    command: 'run',
  });
  return {
    nodeId: `10.0.0.${at + 1}:9090`,
    name: `n${at}`,
    groups: { rack: `r${at % 2}` },
    gpus: [
      { ...gpu, index: 0, uuid: `a${at}`, utilPercent: 90, memoryUsedBytes: 21 * GIB, powerWatts: 524 },
      { ...gpu, index: 1, uuid: `b${at}`, utilPercent: 0, memoryUsedBytes: 0, powerWatts: 70 },
    ],
    procs: [proc(who, 90), proc(who + 1, 0)],
    facts: { processScope: 'gpu', hasProcessFamily: true },
  };
}

/** `missing`: frames that were not recorded. */
async function recorded(frames: number, nodes: number, missing: (frame: number) => boolean = () => false): Promise<string> {
  const writer = await newWriter(place.directory.file('day.ndjson'), 'none');
  for (let frame = 0; frame < frames; frame++) {
    if (missing(frame)) continue;
    const specs = Array.from({ length: nodes }, (_, at) => nodeIn(frame, at));
    await writer.write(cycle(frame, specs), timeOf(frame));
  }
  await writer.finish();
  return writer.path;
}

const reported = async (path: string, by: UsageBy, teamOf?: (user: string) => string): Promise<Report> =>
  reportOn(await recordedSamples([path], place.cache), { by, ...(teamOf ? { teamOf } : {}), onProgress: () => undefined });

const close = (actual: number, expected: number): void => expect(Math.abs(actual - expected)).toBeLessThan(1e-6 * Math.max(1, expected));

describe('twenty nodes, a gap in the recording', () => {
  const [FRAMES, NODES] = [60, 20];
  const missing = (frame: number): boolean => frame >= 30 && frame < 34;

  test('is what a plain computation says', async () => {
    const report = await reported(await recorded(FRAMES, NODES, missing), 'user');
    const expected = new Map(NAMES.map((name) => [name, { used: 0, idle: 0, joules: 0 }]));
    let [unknown, free] = [0, 0];
    for (let frame = 0; frame < FRAMES - 1; frame++) {
      for (let at = 0; at < NODES; at++) {
        if (missing(frame)) continue;
        // Frame 29 is followed by frame 34, fifteen seconds later: more than two refreshes.
        if (frame === 29) {
          unknown += 2 * 15;
          continue;
        }
        free += 3;
        const who = (Math.floor(frame / 10) + at) % 3;
        expected.get(NAMES[who]!)!.used += 3;
        expected.get(NAMES[who]!)!.joules += (62 + 400) * 3;
        expected.get(NAMES[(who + 1) % 3]!)!.idle += 3;
        expected.get(NAMES[(who + 1) % 3]!)!.joules += 62 * 3;
      }
    }
    for (const { name, usedSeconds, idleSeconds, joules } of report.rows) {
      if (name === '') continue;
      const one = expected.get(name)!;
      close(usedSeconds, one.used);
      close(idleSeconds, one.idle);
      close(joules, one.joules);
    }
    // The power of free GPUs is nobody's.
    close(report.rows.find(({ name }) => name === '')!.joules, free * 70);
    close(report.totals.unknown, unknown);
    close(report.totals.free, free);
  });

  test('is what a viewer has accounted for over the same frames', async () => {
    const path = await recorded(FRAMES, NODES, missing);
    const report = await reported(path, 'user');
    const reader = await openReader(path);
    const [packer, nodes] = [new FramePacker(), new RecordedNodes(3000)];
    const app = new AppState([], 3000, []);
    for (let found = await reader.first(); found; found = await reader.next(found.ref)) {
      const frame = packer.pack(found.frame!);
      nodes.take(frame);
      app.now = found.at;
      for (const delivery of nodes.show(frame, 'next')) app.deliver(delivery);
    }
    expect(report.totals).toEqual(app.usage.totals(app.now));
    expect(report.rows.filter(({ name }) => name !== '')).toEqual(app.usage.rows());
  });
});

test('rows of nodes, models and groups have a window of their own; teams add up users', async () => {
  const path = await recorded(11, 3);
  const windows = async (by: UsageBy) =>
    (await reported(path, by)).rows.map(({ name, windowSeconds, usedSeconds }) => [name, windowSeconds, usedSeconds]);
  expect(await windows('node')).toEqual([
    ['n0', 60, 30],
    ['n1', 60, 30],
    ['n2', 60, 30],
  ]);
  expect(await windows('group.rack')).toEqual([
    ['r0', 120, 60],
    ['r1', 60, 30],
  ]);
  expect(await windows('model')).toEqual([['NVIDIA H100 80GB HBM3', 180, 90]]);
  const teams = await reported(path, 'team', (user) => (user === 'alice' ? 'red' : 'blue'));
  expect(teams.rows.filter(({ name }) => name !== '').map(({ name, usedSeconds }) => [name, usedSeconds])).toEqual([
    ['blue', 60],
    ['red', 30],
  ]);
});

test('costs have columns only where there is a price', async () => {
  const { rows, totals } = await reported(await recorded(11, 3), 'user');
  const names = (prices: Parameters<typeof reportTable>[2]['prices']): readonly string[] => {
    const table = reportTable('user', rows, { totals, prices });
    return queryRows(table, table.rows(undefined as never), {}).columns.map(({ name }) => name);
  };
  const free = { perKwh: NaN, perGpuHour: [], currency: 'USD' };
  expect(names(free)).toEqual([
    'user',
    'gpu_hours',
    'idle_gpu_hours',
    'energy_kwh',
    'observed_percent',
    'observed_seconds',
    'window_seconds',
  ]);
  expect(names({ ...free, perKwh: 0.3 })).toEqual(expect.arrayContaining(['energy_cost', 'cost']));
  expect(names({ ...free, perKwh: 0.3 })).not.toContain('gpu_hours_cost');
  const prices = {
    perKwh: 0.5,
    perGpuHour: [
      { model: 'h100', perHour: 2 },
      { model: '', perHour: 1 },
    ],
    currency: 'EUR',
  };
  expect([gpuHourPrice(prices, 'NVIDIA H100 PCIe'), gpuHourPrice(prices, 'NVIDIA L4'), gpuHourPrice(free, 'NVIDIA L4')]).toEqual([
    2,
    1,
    NaN,
  ]);
  // alice: 30 s of computing and 30 s of holding; (62 + 400 + 62) W for 30 s each.
  const cost = costOf(
    rows.find(({ name }) => name === 'alice')!,
    prices,
  );
  close(cost.gpuHours, (60 / 3600) * 2);
  close(cost.energy, ((524 * 30) / 3.6e6) * 0.5);
  close(totalCost(cost), cost.gpuHours + cost.energy);
});
