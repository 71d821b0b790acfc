/** `report` of the built program, over a recording and over a real server: an hour whose GPU-hours, energy and costs are known. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { builtProgram } from '../helpers/built.js';
import { before, ENGINES, hasEngine, startMetricServer, type Engine } from '../helpers/metric-servers.js';
import { historyOf } from '../helpers/open-metrics.js';
import { inNewDirectory, place } from '../helpers/recording-player.js';
import { INTERVAL_MS, record } from '../helpers/recordings.js';
import { startServer } from '../helpers/server.js';

inNewDirectory();

const GIB = 2 ** 30;
const HOUR = 3600;
/** alice computes on the first GPU, bob holds the second and does nothing, the third is free. */
const GPUS = [
  { percent: 90, bytes: 40 * GIB, watts: 500, user: 'alice' },
  { percent: 0, bytes: 40 * GIB, watts: 100, user: 'bob' },
  { percent: 0, bytes: 0, watts: 50, user: undefined },
];
const PRICES = ['--price-gpu-hour', 'H100=2.5', '--price-kwh', '0.30'];
const COLUMNS = ['--columns', 'user,gpu_hours,idle_gpu_hours,energy_kwh,gpu_hours_cost,energy_cost,cost,observed_seconds,window_seconds'];
/** What is nobody's has no price of a model. Three GPUs for an hour are 10,800 GPU-seconds. */
const ROWS = [
  { user: 'alice', gpu_hours: 1, idle_gpu_hours: 0, energy_kwh: 0.5, gpu_hours_cost: 2.5, energy_cost: 0.15, cost: 2.65 },
  { user: 'bob', gpu_hours: 0, idle_gpu_hours: 1, energy_kwh: 0.1, gpu_hours_cost: 2.5, energy_cost: 0.03, cost: 2.53 },
  { user: null, gpu_hours: 0, idle_gpu_hours: 0, energy_kwh: 0.05, energy_cost: 0.015 },
].map((row) => ({ ...row, observed_seconds: 3 * HOUR, window_seconds: 3 * HOUR }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function report(...args: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: place.directory.path, TZ: 'UTC' };
  const child = spawn(process.execPath, [builtProgram(), 'report', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { code, stdout, stderr };
}

type Row = Readonly<Record<string, unknown>> & { readonly user: string | null };

function expectRows({ stdout }: Ended): void {
  const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
  const sorted = [...rows].sort((a, b) => ((a.user ?? '~') < (b.user ?? '~') ? -1 : 1));
  expect(sorted.map(({ user }) => user)).toEqual(ROWS.map(({ user }) => user));
  ROWS.forEach((expected, nth) => {
    for (const [name, value] of Object.entries(expected)) {
      if (typeof value === 'number') expect([name, Math.round((sorted[nth]![name] as number) * 1e9) / 1e9]).toEqual([name, value]);
    }
  });
}

test('over a recording', async () => {
  const gpu = { name: 'NVIDIA H100 80GB HBM3', memoryTotalBytes: 80 * GIB };
  const node = {
    name: 'n1',
    gpus: GPUS.map(({ percent, bytes, watts }, index) => ({
      ...gpu,
      ...{ index, uuid: `GPU-${index}`, utilPercent: percent, memoryUsedBytes: bytes, powerWatts: watts },
    })),
    procs: GPUS.flatMap(({ user, bytes, percent }, index) =>
      user === undefined ? [] : { pid: 100 + index, gpu: index, user, vram: bytes, sm: percent, command: 'train' },
    ),
    facts: { processScope: 'gpu', hasProcessFamily: true } as const,
  };
  const path = await record(place.directory.file('hour.ndjson'), 'none', (HOUR * 1000) / INTERVAL_MS + 1, [node]);
  const ended = await report(path, ...PRICES, ...COLUMNS, '-o', 'json');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expectRows(ended);
  const { stdout } = await report(
    path,
    '--columns',
    'user,gpu_hours,idle_gpu_hours',
    '--sort',
    'idle_gpu_hours',
    '--limit',
    '1',
    '-o',
    'csv',
  );
  expect(stdout).toBe('user,gpu_hours,idle_gpu_hours\nbob,0.000,1.000\n');
  expect(await report(path, '--since', '10:00')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--since: needs') });
});

const STEP = 15;
const BEGIN = Math.floor((Date.now() / 1000 - 86_400) / 600) * 600;

function nodeText(): string {
  const lines = GPUS.map(({ percent, bytes, watts, user }, index) => {
    const gpu = `gpu="NVIDIA H100 80GB HBM3",instance="n1",uuid="GPU-${index}",index="${index}"`;
    const process = `pid="${100 + index}",name="python",user="${user}",device_id="${index}",device_uuid="GPU-${index}",command="train"`;
    return `all_smi_gpu_utilization{${gpu}} ${percent}
all_smi_gpu_memory_used_bytes{${gpu}} ${bytes}
all_smi_gpu_memory_total_bytes{${gpu}} ${80 * GIB}
all_smi_gpu_power_consumption_watts{${gpu}} ${watts}
${user === undefined ? '' : `all_smi_process_memory_used_bytes{${process}} ${bytes}\nall_smi_process_gpu_utilization{${process}} ${percent}\n`}`;
  });
  return lines.join('');
}

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;

  test_('over what a server has kept, and a server that says that its answers are incomplete', async () => {
    const scrapes = Array.from({ length: HOUR / STEP + 1 }, (_, nth) => BEGIN + nth * STEP);
    const history = historyOf(scrapes.map((seconds) => ({ seconds, instance: 'n1:9090', text: nodeText() })));
    const server = await startMetricServer(engine, { history });
    const proxy = await startServer(before(server, () => undefined, { isPartial: true }));
    try {
      const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);
      const range = ['--since', iso(BEGIN), '--until', iso(BEGIN + HOUR), ...PRICES, ...COLUMNS, '-o', 'json'];
      const ended = await report('--prometheus', server.url, ...range);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expectRows(ended);
      const partial = await report('--prometheus', `http://${proxy.nodeId}`, ...range);
      expect(partial).toEqual({
        ...ended,
        stderr: "all-smi-view report: the server's answer is incomplete; what is missing is not counted\n",
      });
    } finally {
      await proxy.kill();
      await server.stop();
    }
  });
});
