import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { startNodeApi, type NodeApi, type NodeApiSettings } from '../../lib/run/exporter.js';
import {
  fixture,
  namesOf,
  readPs,
  staticMachine,
  TimelineMachine,
  type CaptureSample,
  type PsRow,
  type StandInMachine,
} from '../helpers/captures.js';
import { SteppedClock } from '../helpers/clock.js';
import { readExposition, type ReadFamily, type ReadSample } from '../helpers/exposition-reader.js';
import { expectGolden } from '../helpers/golden.js';
import { hasPromtool, promtoolComplaints } from '../helpers/promtool.js';
import { TextViewer } from '../helpers/text-viewer.js';

const MIB = 1_048_576;
const running: { stop(): unknown }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** An exporter of a simulated machine, on a clock that stands still. */
class Exporter {
  readonly clock: SteppedClock;
  readonly machine: StandInMachine;
  readonly troubles: string[] = [];
  #api: NodeApi | undefined;
  #text = '';

  constructor(machine: StandInMachine, at: number) {
    this.machine = machine;
    this.clock = new SteppedClock(at);
    running.push({ stop: () => machine.dispose() });
  }

  async start(settings: Partial<NodeApiSettings> = {}): Promise<void> {
    const { nvidiaSmi, procDir, passwdFile } = this.machine;
    this.#api = await startNodeApi({
      nvidiaSmi,
      procDir,
      passwdFile,
      clock: this.clock,
      intervalMs: 400,
      scope: 'gpu',
      redact: true,
      bind: '127.0.0.1',
      port: 0,
      onTroubles: (lines) => this.troubles.push(lines.join('; ')),
      ...settings,
    });
    running.push(this.#api);
    for (;;) {
      if ((await fetch(`${this.#api.url}/-/ready`)).status === 200) break;
      await pause(5);
    }
    this.#text = await this.text();
  }

  async text(): Promise<string> {
    return (await fetch(`${this.#api!.url}/metrics`)).text();
  }

  /** The next text: advances the clock to `at`, and collects once. */
  async collected(at: number): Promise<string> {
    this.clock.step(at - this.clock.now());
    for (;;) {
      const text = await this.text();
      if (text !== this.#text) return (this.#text = text);
      await pause(2);
    }
  }

  /** Both looping nvidia-smi processes print, and their output is on its way. */
  async spoken(): Promise<void> {
    const before = this.machine.said;
    this.machine.speak();
    while (this.machine.said.gpu === before.gpu || this.machine.said.pmon === before.pmon) await pause(2);
  }
}

const rows = (families: Map<string, ReadFamily>, name: string): ReadSample[] => families.get(`all_smi_${name}`)?.samples ?? [];

interface Told {
  readonly pid: number;
  readonly user: string;
  readonly command: string;
  readonly uuid: string;
  readonly bytes: number | undefined;
  readonly sm: number | undefined;
  readonly age: number | undefined;
  /** Two decimals. */
  readonly cpu: number | undefined;
}

/** The process rows of a text. */
function told(text: string): Told[] {
  const families = readExposition(text);
  const value = (name: string, pid: string): number | undefined => rows(families, name).find(({ labels }) => labels.pid === pid)?.value;
  const all = ['memory_used_bytes', 'start_time_seconds'].flatMap((name) => rows(families, `process_${name}`));
  return [...new Map(all.map(({ labels }) => [labels.pid!, labels])).values()].map(({ pid, user, command, device_uuid: uuid }) => ({
    pid: Number(pid),
    user: user!,
    command: command!,
    uuid: uuid!,
    bytes: value('process_memory_used_bytes', pid!),
    sm: value('process_gpu_utilization', pid!),
    age: value('process_start_time_seconds', pid!),
    cpu: value('process_cpu_percent', pid!),
  }));
}

const uptimeOf = ({ at }: CaptureSample, bootAt: number): number => Number(((at - bootAt) / 1000).toFixed(2));

/** The expected rows, computed from the files of a sample and of the previous one: the processes in apps.csv and ps.txt. */
function expected(sample: CaptureSample, before: CaptureSample, bootAt: number, names: ReadonlyMap<number, string>): Told[] {
  const { files, ps } = sample;
  const busy = Number(files['gpu.csv']!.split(', ')[4]);
  const pmon = new Map(
    files['pmon.txt']!.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.trim().split(/\s+/))
      .map(([, pid, , sm]) => [pid!, sm!]),
  );
  const figures = [...pmon.values()].some((sm) => sm !== '-');
  const share = (pid: string): number | undefined => {
    const sm = pmon.get(pid);
    if (sm !== '-') return sm === undefined ? undefined : Number(sm);
    return figures || busy <= 5 ? 0 : undefined;
  };
  const seconds = uptimeOf(sample, bootAt) - uptimeOf(before, bootAt);
  const cpu = (row: PsRow): number | undefined => {
    const old = before.ps.find(({ pid }) => pid === row.pid);
    // Processes without a GPU are not read.
    if (old === undefined || !before.files['apps.csv']!.includes(`, ${row.pid}, `)) return undefined;
    return Number(((100 * (row.cpuSeconds - old.cpuSeconds)) / seconds).toFixed(2));
  };
  return files['apps.csv']!.split('\n').flatMap((line) => {
    const [uuid = '', pid = '', , mebibytes] = line.split(', ');
    const row = ps.find((one) => one.pid === Number(pid));
    if (row === undefined) return [];
    const bytes = Number(mebibytes) * MIB;
    const user = names.get(row.uid)!;
    return [{ pid: row.pid, user, command: row.args, uuid, bytes, sm: share(pid), age: row.etimes, cpu: cpu(row) }];
  });
}

/** The same time of day, whatever the time zone of the tests. */
const onTheWall = (at: number): number => Date.parse(new Date(at).toISOString().replace('Z', ''));

describe('the timeline of an H100, second by second', () => {
  test('bytes, users, SM shares, ages, CPU and commands match the capture', async () => {
    const machine = new TimelineMachine();
    const names = namesOf(fixture('h100-timeline/passwd'));
    const { samples } = machine;
    const exporter = new Exporter(machine, samples[0]!.at);
    await exporter.start();
    const viewer = new TextViewer(120, 10, onTheWall(exporter.clock.now())).press('V');
    const seen: Record<number, number> = {};
    for (const [nth, sample] of samples.slice(1).entries()) {
      machine.show(sample);
      await exporter.spoken();
      const text = await exporter.collected(sample.at);
      expect({ second: sample.second, rows: told(text) }).toEqual({
        second: sample.second,
        rows: expected(sample, samples[nth]!, machine.bootAt, names),
      });
      seen[sample.second] = told(text).length;
      const screen = viewer.show(text, onTheWall(sample.at));
      if ([20, 30, 60, 90].includes(sample.second)) expectGolden(`users-h100-second-${sample.second}`, 120, 10, screen);
      if (hasPromtool && sample.second === 60) expect(promtoolComplaints(text)).toEqual([]);
      const gpu = sample.files['gpu.csv']!.trim().split(', ');
      const families = readExposition(text);
      const reading = (name: string): number | undefined => rows(families, name)[0]?.value;
      expect({
        util: reading('gpu_utilization'),
        used: reading('gpu_memory_used_bytes'),
        watts: reading('gpu_power_consumption_watts'),
        celsius: reading('gpu_temperature_celsius'),
        mhz: reading('gpu_frequency_mhz'),
        state: reading('gpu_performance_state'),
        available: reading('memory_available_bytes'),
      }).toEqual({
        util: Number(gpu[4]),
        used: Number(gpu[6]) * MIB,
        watts: Number(gpu[9]),
        celsius: Number(gpu[8]),
        mhz: Number(gpu[11]),
        state: Number(gpu[13]!.slice(1)),
        available: Number(/MemAvailable:\s+(\d+)/.exec(sample.files.meminfo!)![1]) * 1024,
      });
    }
    // Users in the capture over time: none, alice, bob, carol, bob again, none.
    expect([seen[10], seen[20], seen[30], seen[60], seen[90], seen[112]]).toEqual([0, 1, 2, 4, 2, 0]);
    expect(exporter.troubles).toEqual([]);
    // One GPU query (and a second one without the field that this driver lacks), one pmon, -q -x once a minute, and no more.
    const starts = machine.started.map((line) => line.replace(/^\d+ /, ''));
    expect(starts.filter((line) => line.startsWith('--query-gpu'))).toHaveLength(2);
    expect(starts.filter((line) => line.startsWith('pmon'))).toHaveLength(1);
    expect(starts.filter((line) => line.startsWith('-q'))).toHaveLength(2);
  });
});

describe('one sample of an H100', () => {
  const GPU = 'GPU-11111111-2222-3333-4444-555555555501';

  async function moment(settings: Partial<NodeApiSettings> = {}): Promise<string> {
    const machine = staticMachine();
    const exporter = new Exporter(machine, Date.parse(fixture('h100-static/t.stamp').trim()));
    await exporter.start(settings);
    return exporter.text();
  }

  const apps = fixture('h100-static/apps.csv')
    .trim()
    .split('\n')
    .map((line) => line.split(', '));
  const ps = readPs(fixture('h100-static/ps.txt'));
  const names = namesOf(fixture('h100-static/passwd'));

  test('lists five processes of four users with full user names', async () => {
    const text = await moment();
    const rowsOfPs = apps.map(([uuid, pid, , mebibytes]) => {
      const row = ps.find((one) => one.pid === Number(pid))!;
      return { pid: row.pid, uuid, user: names.get(row.uid), command: row.args, bytes: Number(mebibytes) * MIB, age: row.etimes };
    });
    expect(told(text).map(({ sm: _, cpu: __, ...row }) => row)).toEqual(rowsOfPs);
    // ps cuts this one: `svc-met+`.
    expect(rowsOfPs.map(({ user }) => user)).toEqual(['bob', 'svc-metrics', 'alice', 'root', 'alice']);
    // pmon has values for two of them, so the others used nothing.
    expect(told(text).map(({ pid, sm }) => [pid, sm])).toEqual([
      [454, 22],
      [455, 0],
      [456, 0],
      [451, 0],
      [457, 77],
    ]);
  });

  test('describes the GPU', async () => {
    const families = readExposition(await moment());
    const [info] = rows(families, 'gpu_info');
    expect(info!.labels).toMatchObject({
      gpu: 'NVIDIA H100 80GB HBM3',
      instance: 'gpu-h100-01',
      gpu_uuid: GPU,
      gpu_index: '0',
      type: 'GPU',
      driver_version: '580.159.04',
      cuda_version: '13.0',
      architecture: 'Hopper',
      pcie_gen_max: '5',
      pcie_width_max: '16',
      power_limit_max: '700',
      mig_mode_current: 'Disabled',
    });
    const value = (name: string): number | undefined => rows(families, name)[0]?.value;
    expect(value('gpu_power_limit_max_watts')).toBe(700);
    expect(value('gpu_pcie_gen_current')).toBe(5);
    expect(value('gpu_clock_graphics_max_mhz')).toBe(1980);
    expect(value('gpu_mig_mode')).toBe(0);
    // As the driver's own report of that moment has them.
    const told = (path: RegExp): number => Number(path.exec(fixture('h100-static/q.xml'))![1]);
    expect(value('gpu_clock_memory_current_mhz')).toBe(told(/<clocks>[^]*?<mem_clock>(\d+) MHz</));
    expect(value('gpu_memory_temperature_celsius')).toBe(told(/<memory_temp>(\d+) C</));
    expect(value('gpu_pcie_width_current')).toBe(told(/<current_link_width>(\d+)x</));
    // What changes while the GPU works would start another series if it were a label.
    expect(Object.keys(info!.labels).filter((label) => /current|generation$|width$|state/.test(label))).toEqual([
      'ecc_mode_current',
      'mig_mode_current',
    ]);
    // This card reports its thresholds as offsets, and has no fan.
    expect([...families.keys()].filter((name) => /threshold|fan/.test(name))).toEqual([]);
  });

  test('all processes: those without a GPU are marked as in all-smi', async () => {
    const rowsOfAll = told(await moment({ scope: 'all' }));
    expect(rowsOfAll.map(({ pid }) => pid).sort((a, b) => a - b)).toEqual(ps.map(({ pid }) => pid));
    const su = rowsOfAll.find(({ pid }) => pid === 447)!;
    expect(su).toMatchObject({ uuid: '', bytes: 0, user: 'root', age: 31, command: ps.find(({ pid }) => pid === 447)!.args });
    expect(su.command).toContain('"arg" \\\\ back');
  });

  test('without --processes no user is named, and nothing is queried for', async () => {
    const text = await moment({ scope: 'off' });
    expect(text).not.toMatch(/process_/);
    expect(text).toMatch(/gpu_utilization/);
  });

  (hasPromtool ? test : test.skip)('promtool accepts the text', async () => {
    for (const scope of ['off', 'gpu', 'all'] as const) expect(promtoolComplaints(await moment({ scope }))).toEqual([]);
  });
});
