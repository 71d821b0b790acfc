/** On every tab and at every size, values are never cut but have a shorter form, and unreported values are never 0. */
import { describe, expect, test } from '@jest/globals';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import type { GpuSpec, NodeSpec } from '../helpers/hosts.js';

const SIZES = [
  [200, 60],
  [120, 40],
  [100, 30],
  [80, 24],
] as const;
const GIB = 2 ** 30;

/** The largest values: thousands of days, threads and GPUs. */
const LARGE: NodeSpec = {
  gpus: [
    {
      utilPercent: 100,
      memoryUsedBytes: 190.4 * GIB,
      memoryTotalBytes: 192 * GIB,
      powerWatts: 1034,
      powerLimitWatts: 1400,
      temperatureCelsius: 101,
      frequencyMhz: 12_345,
    },
    {
      utilPercent: 0,
      memoryUsedBytes: 120 * GIB,
      memoryTotalBytes: 192 * GIB,
      powerWatts: 12_345,
      powerLimitWatts: 14_000,
      temperatureCelsius: 99,
      frequencyMhz: 2100,
    },
  ],
  procs: [
    {
      pid: 4_194_304,
      gpu: 0,
      user: 'a-user-with-a-name-that-is-too-long-for-any-column',
      vram: 190 * GIB,
      sm: 100,
      cpu: 102_400.5,
      age: 123 * 86_400 + 11_469,
      command: 'python train.py',
    },
    { pid: 4_194_303, gpu: 1, user: 'b', vram: 120 * GIB, sm: 0, cpu: 0, age: 1234 * 86_400, command: 'python hold.py' },
    { pid: 7, user: 'root', cpu: 99_999.9, age: 9999 * 86_400, command: 'systemd' },
  ],
};
const HOSTS: readonly NodeSpec[] = [...CLUSTER, LARGE];
const TABS: readonly (readonly string[])[] = [
  [],
  ['z'],
  ['G'],
  ['G', 'X'],
  ['V'],
  ['V', 'f', 'a', 's'],
  ['V', 'Enter'],
  ['V', 'Enter', 'Enter'],
  ['V', 'Enter', 'Enter', 'Enter'],
  ['V', 'i'],
  ['D'],
  ['Left'],
  ['Left', 'a'],
  ['Left', 'z'],
];

const NAMED_TABS = TABS.map((keys) => [keys.join(' '), keys] as const);

describe.each(SIZES)('%ix%i', (cols, rows) => {
  test.each(NAMED_TABS)('no digit of a value is cut: %s', (_name, keys) => {
    const driver = new Driver({ hosts: HOSTS, cols, rows }).press(...keys);
    // After digits, units and marks only; names, models and commands are texts, and may be cut.
    const figures = driver
      .lines()
      .slice(2, -1)
      .flatMap((text) => text.split(/ {2,}/))
      .filter((cell) => /^[!≥~]?\d[\d.,:/ ]*…/.test(cell.trim()));
    expect(figures).toEqual([]);
  });

  test('a name that is cut keeps its end', () => {
    const hosts = ['0007', '0008'].map((end) => ({ ...CLUSTER[0]!, name: `gpu-cluster-a100-partition-of-the-long-names-${end}` }));
    const frame = new Driver({ hosts, cols, rows }).frame();
    for (const end of ['0007', '0008']) expect(frame).toMatch(new RegExp(`gpu-\\S*…\\S*${end} `));
  });

  test('a domain that all names share is omitted', () => {
    const hosts = ['a1', 'a2'].map((name) => ({ ...CLUSTER[0]!, name: `${name}.cluster.example.org` }));
    const body = new Driver({ hosts, cols, rows }).lines().slice(2).join('\n');
    expect(body).toMatch(/a2 +0 /);
    expect(body).not.toContain('example.org');
  });
});

describe('a node without power and memory readings', () => {
  const gpu: GpuSpec = { utilPercent: 50, memoryTotalBytes: 80 * GIB };
  const spec: NodeSpec = {
    gpus: [gpu, gpu],
    procs: [
      { pid: 1, gpu: 0, user: 'alice', vram: 5 * GIB, age: 60, command: 'train' },
      { pid: 2, user: 'bob', age: 70, command: 'shell' },
    ],
  };

  test.each(NAMED_TABS)('does not show unknown power and bytes as numbers: %s', (_name, keys) => {
    for (const [cols, rows] of SIZES) {
      const driver = new Driver({ hosts: [spec], cols, rows }).press(...keys);
      driver.step(3000);
      // Summary and tables, not the clock in the title.
      expect(driver.lines().slice(2).join('\n')).not.toMatch(/\b0(\.0+)? k?W\b|\b0W\b/);
      if (keys[0] !== 'V' && keys[0] !== 'D') expect(driver.lines().slice(2).join('\n')).not.toMatch(/\b0(\.0)?\/80|\b0 B\b(?! in)/);
    }
  });

  test.each([
    [['V', 'f', 'a', 'y'], /^bob\t.*\t\t\t70\tshell$|^alice\tfalse\t1\t1\t1\t5368709120\t\t60\ttrain$/],
    [['V', 'Enter', 'y'], /^alice\tnode-0001\tnode-0001:9090\t1\t0\t1\t5368709120\t\t/],
    [['y'], /^node-0001\tnode-0001:9090\t0\t.*\t50\.0\t\t85899345920\t\t\t\t\tcomputing\t\talice$/],
  ] as const)('copies unknown power and bytes as empty cells: %j', (keys, copied) => {
    expect(new Driver({ hosts: [spec] }).press(...keys).painter.clipboard).toMatch(copied);
  });
});

test('an opened process has the same details as on the Users tab', () => {
  const details = (driver: Driver): string[] => driver.lines().slice(2, -2);
  const users = new Driver({ hosts: CLUSTER }).press('V', 'Enter', 'Enter', 'Enter');
  const node = new Driver({ hosts: CLUSTER }).press('Right', 'Right', 'Right', 'Right');
  const pid = /pid +(\d+)/.exec(users.frame())![1]!;
  for (let tab = 0; tab < 6 && !node.tab.startsWith('node-0001'); tab++) node.press('Right');
  for (let row = 0; row < 20 && !new RegExp(`▌.*\\b${pid}\\b`).test(node.frame()); row++) node.press('Down');
  node.press('Enter');
  expect(node.tab).toBe('Users');
  expect(details(node)).toEqual(details(users));
});

test('a key without effect here shows a message', () => {
  expect(new Driver({ hosts: CLUSTER }).press('e').frame()).toContain('e does nothing here');
  expect(new Driver({ hosts: CLUSTER }).press('D', 'F').frame()).toContain('F does nothing here');
});
