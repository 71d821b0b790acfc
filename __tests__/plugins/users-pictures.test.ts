/** Golden screens of the Users tab, level by level. */
import { describe, expect, test } from '@jest/globals';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { GpuSpec, NodeSpec, ProcSpec } from '../helpers/hosts.js';

const SIZES = [
  [200, 60],
  [120, 35],
  [80, 24],
  [60, 15],
] as const;
const GIB = 2 ** 30;

/** Without key hints: the keys are tested elsewhere. */
const bare = (picture: string): string => picture.slice(0, picture.lastIndexOf('\n') + 1);
const shown = (hosts: readonly NodeSpec[], cols: number, rows: number, ...keys: readonly string[]): string =>
  new Driver({ hosts, cols, rows }).press('V', ...keys).frame();

/** From the top down: inureyes trains on one node, mira is on two and has a process on two GPUs. */
const LEVELS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['users', []],
  ['users-hosts', ['Down', 'Enter']],
  ['users-processes', ['Enter', 'Enter']],
  ['users-process', ['Down', 'Enter', 'Enter', 'Enter']],
  ['users-silent', ['i']],
];

describe.each(LEVELS)('%s', (name, keys) => {
  test.each(SIZES)('%ix%i', (cols, rows) => {
    expectGolden(name, cols, rows, bare(shown(CLUSTER, cols, rows, ...keys)));
  });
  test('on the smallest screen', () => {
    expectGolden(name, 40, 10, bare(shown(CLUSTER, 40, 10, ...keys)));
  });
});

test.each([
  [[], 'Enter open  u user  m VRAM  p power  n nodes  t longest  f system  e csv'],
  [['Enter'], 'Enter processes  Esc back  u node  m VRAM  p power  n pids  t longest  e csv'],
  [['Enter', 'Enter'], 'Enter details  Esc back  m VRAM  u SM  c CPU  p pid  t running  n GPUs  e csv'],
  [['Enter', 'Enter', 'Enter'], 'Esc back  e csv  o node'],
  [['i'], 'Enter open  Esc back  u node  t last seen  e csv'],
])('the hints after %j', (keys, hints) => {
  expect(
    shown(CLUSTER, 120, 35, ...keys)
      .split('\n')
      .at(-1),
  ).toContain(hints);
});

test.each([
  [200, 60],
  [120, 35],
  [80, 24],
] as const)('power by SM share: two users on one GPU, %ix%i', (cols, rows) => {
  const gpu = { name: 'NVIDIA H100 80GB HBM3', utilPercent: 100, powerWatts: 690, memoryUsedBytes: 50 * GIB };
  const on = (at: number, pid: number, user: string, gib: number, smPercent?: number): ProcSpec => ({
    pid,
    gpu: at,
    user,
    vram: gib * GIB,
    command: `python ${user}.py`,
    ...(smPercent === undefined ? {} : { sm: smPercent }),
  });
  const procs = [
    on(0, 1, 'alice', 40, 0),
    on(0, 2, 'bob', 10, 98),
    // Without SM shares it is by memory, which is marked.
    on(1, 3, 'carol', 30),
    on(1, 4, 'dave', 10),
    on(2, 5, 'erin', 8),
  ];
  const node: NodeSpec = { gpus: [0, 1, 2].map((index) => ({ ...gpu, index, uuid: `g${index}` })), procs };
  expectGolden('users-by-use', cols, rows, bare(shown([node], cols, rows, 'P', 'p')));
  if (cols === 120) expectGolden('users-by-use-hosts', cols, 12, bare(shown([node], cols, 12, 'P', 'Enter')));
});

test.each([
  [200, 60],
  [120, 40],
  [80, 24],
] as const)('what was used since the start, after an hour, %ix%i', (cols, rows) => {
  const gpu = { name: 'NVIDIA H100 80GB HBM3', utilPercent: 100, powerWatts: 690, memoryUsedBytes: 50 * GIB };
  const on = (at: number, pid: number, user: string, gib: number, sm: number): ProcSpec => ({ pid, gpu: at, user, vram: gib * GIB, sm });
  const node: NodeSpec = {
    name: 'gpu-01',
    gpus: [0, 1].map((index) => ({ ...gpu, index, uuid: `g${index}` })),
    procs: [on(0, 1, 'alice', 40, 0), on(0, 2, 'bob', 10, 98), on(1, 3, 'carol', 30, 100)],
  };
  const driver = new Driver({ hosts: [node, { name: 'gpu-02', gpus: [gpu], state: 'overdue' }], cols, rows });
  // An hour of samples, with ten minutes in which nobody watched.
  for (let second = 0; second <= 3600; second += 3) {
    driver.step(2750);
    if (second < 1200 || second >= 1800) driver.scrape('gpu-01', node);
    else driver.step(250);
  }
  expectGolden('users-usage', cols, rows, bare(driver.press('V', 'W', 'Down').frame()));
  if (cols < 120) return;
  expect(driver.frame()).not.toContain('COST');
  // Two GPUs of 690 W for 50 of 60 minutes; half of them carol's: 0.575 kWh at 0.5, and 0.83 hours at 2.
  driver.app.state.prices = { perKwh: 0.5, perGpuHour: [{ model: 'h100', perHour: 2 }], currency: 'EUR' };
  driver.app.state.touch();
  expect(driver.step(1000).frame()).toMatch(/COST EUR/);
  expect(driver.frame()).toMatch(/ carol .* 0\.83 +0\.00 +0\.57 +1\.95 /);
  const page = driver.press('Down', 'o').frame();
  // 999 intervals of three seconds were observed: 2,997 s x 1,380 W.
  expect(page).toContain('session  GPUs 1.149 kWh  ·  0.57 EUR at 0.5 a kWh  ·  since 14:32:09  ·  83% observed');
});

test('system accounts shown, processes on no GPU counted, sorted by VRAM, the third row selected, the order frozen', () => {
  expectGolden('users-all-by-vram', 120, 14, bare(shown(CLUSTER, 120, 14, 'f', 'a', 'm', 'Down', 'Down', 'F')));
});

describe('nothing to show', () => {
  const busy = { gpus: [{ memoryUsedBytes: 9 * GIB, powerWatts: 300 }] };
  const failed = { phase: 'failing', error: { code: 'S_DNS', text: 'host name not found' } } as const;
  test.each([
    ['users-waiting', [{ state: 'waiting' }, { state: 'waiting', status: failed }]],
    ['users-down', [{ state: 'overdue' }]],
    ['users-no-export', [busy, busy]],
    ['users-only-system', [{ ...busy, procs: [{ pid: 1, gpu: 0, user: 'root', vram: 9 * GIB }] }]],
    ['users-nobody', [{ gpus: 1 }]],
    ['users-not-recorded', [{ ...busy, facts: { processScope: 'unrecorded' } }]],
  ] satisfies readonly (readonly [string, readonly NodeSpec[]])[])('%s', (name, hosts) => {
    expectGolden(name, 80, 14, bare(shown(hosts, 80, 14)));
    expectGolden(name, 60, 15, bare(shown(hosts, 60, 15)));
  });
});

describe('names and commands of any length and script', () => {
  const H100 = 'NVIDIA H100 80GB HBM3';
  const gpus = Array.from({ length: 8 }, (_, slot): GpuSpec => ({
    name: H100,
    uuid: `GPU-${slot}`,
    powerWatts: 500,
    memoryUsedBytes: 70 * GIB,
  }));
  const names = [
    'a-very-long-account-name-of-a-service@subdomain.example.org',
    '山田太郎',
    'ユーザー名がとても長い場合の表示',
    '🦙🦙 llama',
    'éloïse',
    'z',
  ];
  const procs = names.map((user, at): ProcSpec => ({
    pid: 4_194_304 - at,
    gpu: at,
    user,
    vram: (at + 1) * GIB,
    age: 100_000 * at,
    command: at % 2 === 0 ? `python 学習.py --data=/データ/${'長い/'.repeat(20)}` : `./${'x'.repeat(180)} --🦙`,
  }));
  const hosts: readonly NodeSpec[] = [
    { name: 'rack-17-node-0001.gpu.cluster.example.org', gpus, procs },
    { name: 'ノード二', gpus, procs: procs.slice(1, 3) },
  ];
  test.each(SIZES)('%ix%i', (cols, rows) => {
    expectGolden('users-wide', cols, rows, bare(shown(hosts, cols, rows, 'm')));
    expectGolden('users-wide-hosts', cols, rows, bare(shown(hosts, cols, rows, 'Down', 'Down', 'Enter')));
    expectGolden('users-wide-processes', cols, rows, bare(shown(hosts, cols, rows, 'Down', 'Down', 'Enter', 'Enter')));
  });

  test('commands scrolled to the left', () => {
    expectGolden(
      'users-wide-shifted',
      60,
      15,
      bare(shown(hosts, 60, 15, 'm', 'Enter', 'Enter', 'S-Right', 'S-Right', 'S-Right', 'S-Left')),
    );
  });
});

describe('many', () => {
  const user = (nth: number): string => `user${String(nth).padStart(4, '0')}`;
  /** 2,000 users on 250 nodes; the first one is on all of them. */
  const hosts = Array.from({ length: 250 }, (_, at): NodeSpec => ({
    gpus: Array.from({ length: 8 }, () => ({ powerWatts: 400 })),
    procs: Array.from({ length: 9 }, (__, nth): ProcSpec => ({
      pid: 1000 + nth,
      gpu: nth % 8,
      user: nth === 8 ? user(0) : user(at * 8 + nth),
      vram: (1 + ((at * 8 + nth) % 97)) * GIB,
      age: 60 * (at + nth),
      command: `python job-${at * 8 + nth}.py`,
    })),
  }));
  test.each(SIZES)('2,000 users, %ix%i', (cols, rows) => {
    const driver = new Driver({ hosts, cols, rows }).press('V', 'm', 'PageDown', 'PageDown', 'Up');
    expectGolden('users-2000', cols, rows, bare(driver.frame()));
    expectGolden('users-2000-hosts', cols, rows, bare(driver.press('u', 'Home', 'Enter', 'End').frame()));
  });
});

describe('stale rows', () => {
  const gpus = [{ powerWatts: 400 }, { powerWatts: 100 }];
  const alice = (pid: number, gpu = 0): ProcSpec => ({ pid, gpu, user: 'alice', vram: GIB, age: 7, command: `python job-${pid}.py` });
  const bob: ProcSpec = { pid: 9, gpu: 1, user: 'bob', vram: GIB, command: 'sleep' };
  const on = (...procs: readonly ProcSpec[]): NodeSpec => ({ gpus, procs });
  const open = (...keys: readonly string[]): Driver =>
    new Driver({ hosts: [on(alice(1), alice(2, 1), bob), on(alice(3)), { ...on(alice(4)), state: 'overdue' }], cols: 100, rows: 12 }).press(
      'V',
      ...keys,
    );

  test('a node that does not answer keeps a dimmed row and is in no total', () => {
    const driver = open('Enter');
    expectGolden('users-hosts-one-down', 100, 12, bare(driver.frame()));
    expectGolden('users-processes-down', 100, 12, bare(driver.press('End', 'Enter').frame()));
    expectGolden('users-process-down', 100, 12, bare(driver.press('Enter').frame()));
  });

  test('a user, a node and a process that are gone', () => {
    const driver = open('Enter', 'Enter', 'Enter');
    expectGolden('users-process-gone', 100, 12, bare(driver.scrape('node-0001', on(alice(2), bob)).frame()));
    expectGolden('users-processes-gone', 100, 12, bare(driver.press('Esc').scrape('node-0001', on(bob)).frame()));
    driver.scrape('node-0002', on(bob)).gone('node-0003');
    expectGolden('users-hosts-gone', 100, 12, bare(driver.press('Esc').frame()));
  });

  test('a frozen order keeps the row of a user who is gone', () => {
    const driver = open('F')
      .scrape('node-0001', on(bob, { ...bob, pid: 10, user: 'aaron' }))
      .gone('node-0003')
      .scrape('node-0002', on());
    expectGolden('users-frozen', 100, 12, bare(driver.frame()));
  });

  test('trends', () => {
    const driver = open('s');
    for (let nth = 0; nth < 30; nth++) {
      const [up, wave] = [nth * GIB, (1.1 + Math.sin(nth / 3)) * GIB];
      driver.step(3000).scrape('node-0002', on({ ...alice(3), vram: wave }, { ...bob, vram: up }, { ...bob, pid: 10, user: 'carol' }));
    }
    // A key was pressed recently, so the last frame is painted without delay.
    expectGolden('users-trend', 100, 12, bare(driver.press('F12').frame()));
  });
});

test('every frame has the size of its screen', () => {
  for (const [cols, rows] of SIZES)
    for (const [, keys] of LEVELS) {
      const picture = shown(CLUSTER, cols, rows, ...keys).split('\n');
      expect(picture).toHaveLength(rows);
    }
});
