import { describe, expect, test } from '@jest/globals';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW } from '../helpers/driver.js';
import { expectGolden, SIZES } from '../helpers/golden.js';
import type { NodeSpec } from '../helpers/hosts.js';
import { RICH_HOST } from '../helpers/rich-host.js';

/** The tab of the first node in `hosts`. */
const open = (hosts: readonly NodeSpec[], cols = 120, rows = 30, nth = 1): Driver =>
  new Driver({ hosts, cols, rows }).press('V', ...Array<string>(nth).fill('Right'));
const pids = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] +(\d+) {2}[a-z]/.exec(text)?.[1] ?? []);

describe('golden screens', () => {
  test.each(SIZES)('%ix%i', (cols, height) => {
    expectGolden('host', cols, height, open(CLUSTER, cols, height).frame());
  });

  test.each([
    [120, 30],
    [80, 24],
    [40, 10],
  ] as const)('down, %ix%i', (cols, height) => {
    expectGolden('host-down', cols, height, open(CLUSTER, cols, height, 3).frame());
  });

  test.each([
    ['host-waiting', [{ state: 'waiting', groups: { rack: 'b7' } }]],
    [
      'host-never',
      [
        {
          state: 'waiting',
          status: {
            phase: 'failing',
            failures: 3,
            failingSince: NOW - 65_000,
            nextTryAt: NOW + 9500,
            error: { code: 'S_DNS', text: 'host name not found' },
          },
        },
      ],
    ],
    [
      'host-no-gpu',
      [
        {
          groups: { rack: 'b7', partition: 'cpu' },
          cpus: [{ utilPercent: 7.4 }],
          memory: [{ totalBytes: 2 ** 38, usedBytes: 2 ** 37, swapTotalBytes: 2 ** 33, swapUsedBytes: 0 }],
          procs: [{ pid: 7, user: 'alice', command: 'make -j64', cpu: 812.3, age: 61 }],
          facts: { badLines: 3, badSample: 'all_smi_gpu{', capsHit: ['process rows'], bytes: 9000, samples: 40 },
          status: { latencyMs: 3, skewMs: -90_000 },
        },
      ],
    ],
  ] satisfies readonly (readonly [string, readonly NodeSpec[]])[])('%s', (name, hosts) => {
    expectGolden(name, 100, 14, open(hosts, 100, 14).frame());
  });

  test('with many GPUs and disks the machine is dropped first, then the GPUs, never the processes', () => {
    const driver = open([{ gpus: 16, cpus: [{ utilPercent: 5 }], procs: [{ pid: 1, gpu: 3, user: 'alice', vram: 2 ** 30 }] }], 100, 20);
    expectGolden('host-many-gpus', 100, 20, driver.frame());
  });
});

describe('processes', () => {
  const hosts: readonly NodeSpec[] = [
    {
      gpus: 2,
      procs: [
        { pid: 30, gpu: 1, user: 'bob', vram: 5, cpu: 1, age: 100, sm: 3 },
        { pid: 20, gpu: 0, user: 'carol', vram: 5, cpu: 300, age: 5 },
        { pid: 10, gpu: 0, user: 'alice', vram: 9, cpu: 20, age: 50, name: 'python3' },
        { pid: 40, user: 'alice', cpu: 7, command: 'bash' },
      ],
    },
  ];

  test.each([
    ['m sorts by VRAM (the default), ties by pid', [], ['10', '20', '30']],
    ['m again', ['m'], ['20', '30', '10']],
    ['u user', ['u'], ['10', '30', '20']],
    ['u again', ['u', 'u'], ['20', '30', '10']],
    ['c CPU', ['c'], ['20', '10', '30']],
    ['p pid', ['p'], ['10', '20', '30']],
    ['t running', ['t'], ['30', '10', '20']],
    ['n GPU', ['n'], ['10', '20', '30']],
    ['n again', ['n', 'n'], ['30', '10', '20']],
    ['s sorts by SM, unreported values last', ['s'], ['30', '10', '20']],
    ['a adds those on no GPU', ['a'], ['10', '20', '30', '40']],
    ['a and t sort by running time, unreported values last', ['a', 't'], ['30', '10', '20', '40']],
  ])('%s', (_what, keys, expected) => {
    expect(pids(open(hosts).press(...keys))).toEqual(expected);
  });

  test('a process without a command shows its name, or – without either', () => {
    const text = open(hosts).press('a').frame();
    expect(text).toMatch(/10 {2}alice +0 +9 B .* python3\n/);
    expect(text).toMatch(/40 {2}alice +– +– +– +7\.0 +– {2}bash\n/);
    expect(text).toContain('all processes shown (a)');
  });

  test('a process on several GPUs is one line with all its GPUs and its total memory, and counts once', () => {
    const on = (gpu: number, vram: number) => ({ pid: 30, gpu, user: 'bob', vram, cpu: 150, age: 100, sm: 40, command: 'torchrun' });
    const driver = open([
      { gpus: 8, procs: [on(3, 5), on(4, 6), { ...on(4, 3), user: 'carol' }, { pid: 20, gpu: 0, user: 'alice', vram: 9 }] },
    ]);
    expect(driver.frame()).toMatch(/30 {2}bob +3-4 +11 B +80% +150\.0 +00:01:40 {2}torchrun\n/);
    expect(driver.frame()).toMatch(/30 {2}carol +4 +3 B/);
    expect(pids(driver)).toEqual(['30', '20', '30']);
    expect(driver.frame()).toContain('3 processes');
  });

  test('nothing is counted on a node that does not report processes', () => {
    expect(open([{ gpus: [{ memoryUsedBytes: 2 ** 36 }] }]).frame()).not.toMatch(/\d process/);
  });

  test('a node that does not report processes shows how to enable it; a node with free GPUs shows that no process uses them', () => {
    expect(open([{ gpus: [{ memoryUsedBytes: 2 ** 36 }] }]).frame()).toContain(
      'processes not reported: start the exporter on the node with --processes',
    );
    expect(open([{ gpus: 1, facts: { hasProcessFamily: true } }]).frame()).toContain('no process on a GPU');
  });

  test('each tab keeps its own sort order', () => {
    const driver = open([...hosts, ...hosts]).press('p', 'Right');
    expect(driver.frame()).toContain('▼VRAM');
    expect(driver.press('Left').frame()).toContain('▲PID');
  });
});

describe('all details of a node', () => {
  test.each([
    [200, 60],
    [120, 60],
    [80, 24],
    [40, 10],
  ])('%ix%i', (cols, height) => {
    expectGolden('host-details', cols, height, open([RICH_HOST], cols, height).press('z').frame());
  });

  test('the short form shows CPU and memory where they fit', () => {
    expectGolden('host-rich', 160, 45, open([RICH_HOST], 160, 45).frame());
    expectGolden('host-rich', 100, 24, open([RICH_HOST], 100, 24).frame());
  });

  test('show PCIe from labels, the fan, and the number of sockets if there are several', () => {
    const details = { pcie_width: 'x16', pcie_generation: 'Gen 5' };
    const text = open([{ gpus: [{ details, fanRpm: 1450 }], cpus: [{ sockets: 2, cores: 64, utilPercent: 3 }] }], 160, 40)
      .press('z')
      .frame();
    expect(text).toContain('PCIe gen 5 x16');
    expect(text).toContain('fan 1,450 rpm');
    expect(text).toContain('2 sockets · 64 cores');
  });

  test('scroll to the end and no further; z again restores the processes', () => {
    const driver = open([RICH_HOST], 100, 20).press('p', 'Down');
    const processes = driver.frame();
    driver.press('z', 'End');
    expect(driver.frame()).toContain('pmon says no');
    const end = driver.frame();
    expect(driver.press('Down', 'PageDown').frame()).toBe(end);
    expect(driver.press('Up', 'PageUp').frame()).not.toBe(end);
    expect(driver.press('Home').frame()).toBe(open([RICH_HOST], 100, 20).press('z').frame());
    expect(driver.press('z').frame()).toBe(processes);
  });

  test('include a node that is down and a node without GPUs', () => {
    expectGolden(
      'host-details-down',
      100,
      20,
      open([{ ...RICH_HOST, state: 'overdue', gpus: [RICH_HOST.gpus![0 as never]] }], 100, 20)
        .press('z')
        .frame(),
    );
    expectGolden(
      'host-details-no-gpu',
      100,
      14,
      open([{ cpus: [{ utilPercent: 7.4 }], cores: [{ utilPercent: 3 }, {}] }], 100, 14)
        .press('z')
        .frame(),
    );
  });

  test('show the last values of a node that is down dimmed', () => {
    for (const [state, dim] of [
      ['overdue', true],
      ['live', false],
    ] as const) {
      const driver = open([{ ...RICH_HOST, state }], 100, 30).press('z');
      const reading = 'NVIDIA H100';
      expect(driver.frame()).toContain(reading);
      const spans = driver.painter
        .frame!.lines.slice(3)
        .flatMap((line) => line.spans)
        .filter(({ text }) => text.includes(reading));
      expect([state, spans.every(({ tone }) => tone === 'dim')]).toEqual([state, dim]);
    }
  });

  test('omit unreported values, and never show them as 0 or -1', () => {
    const text = open([{ gpus: [{ index: 0, name: 'GPU of few words' }] }], 120, 20)
      .press('z')
      .frame();
    expect(text).toContain('GPU of few words');
    expect(text).not.toMatch(/-1|\b0 (W|MHz|rpm|°)|NaN|undefined|P0|NUMA|PCIe|NVLink|MIG|vGPU/);
  });

  test('mark throttled and broken devices', () => {
    const text = (values: Readonly<Record<string, number>>, labels: Readonly<Record<string, string>> = {}): string =>
      open([{ gpus: [{ name: 'X' }], extras: { gpu: [{ values, labels }], chassis: [{ values, labels }] } }], 140, 20)
        .press('z')
        .frame();
    const readings = (throttler: number): Record<string, number> => ({
      tenstorrent_throttler: throttler,
      tenstorrent_faults: throttler,
      furiosa_ready: throttler > 0 ? 0 : 1,
    });
    expect(text(readings(0))).toMatch(/throttler 0 .*faults 0 .*ready yes/);
    expect(text(readings(3))).toMatch(/throttler !3 .*faults !3 .*ready !no/);
    const pressure = { thermal_pressure_info: 1, chassis_thermal_pressure_info: 1 };
    for (const level of ['Nominal', 'Fair']) expect(text(pressure, { level })).toMatch(new RegExp(`thermal pressure ${level}\\b`));
    expect(text(pressure, { level: 'Critical' })).not.toMatch(/thermal pressure [^!]/);
  });

  test('show the history of readings, and how long a GPU has been held idle', () => {
    const driver = new Driver({ hosts: [{ state: 'waiting' }], cols: 120, rows: 20 }).press('V', 'Right');
    for (let step = 0; step < 40; step++)
      driver
        .scrape('node-0001', {
          gpus: [
            {
              name: 'X',
              utilPercent: step < 30 ? step * 3 : 0,
              memoryUsedBytes: 2 ** 35,
              memoryTotalBytes: 2 ** 36,
              temperatureCelsius: 30 + step,
              powerWatts: 100 + step * 10,
              powerLimitWatts: 700,
            },
          ],
          procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 2 ** 34 }],
        })
        .step(2750);
    expectGolden('host-details-history', 120, 20, driver.press('z').frame());
  });
});
