import { describe, expect, test } from '@jest/globals';
import { Driver } from '../helpers/driver.js';
import type { NodeSpec, ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const rows = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] (\S+) +\d/.exec(text)?.[1] ?? []);

describe('sorting', () => {
  const proc = (user: string, more: Partial<ProcSpec>): ProcSpec => ({ pid: 1, gpu: 0, user, ...more });
  const hosts: readonly NodeSpec[] = [
    {
      gpus: [{ powerWatts: 100 }, { powerWatts: 700 }, { powerWatts: 100 }],
      procs: [
        proc('carol', { vram: 5, age: 10, sm: 10 }),
        proc('alice', { vram: 9, age: 30, gpu: 2 }),
        proc('bob', { vram: 1, gpu: 1, age: 20 }),
        proc('', { vram: 3, gpu: 0 }),
      ],
    },
    { gpus: 1, procs: [proc('carol', { pid: 2, vram: 1 })] },
  ];
  const sorted = (...keys: readonly string[]): string[] => rows(new Driver({ hosts }).press('V', ...keys));

  test.each([
    ['u (the default)', [], ['alice', 'bob', 'carol', '?']],
    ['u again', ['u'], ['carol', 'bob', 'alice', '?']],
    ['m VRAM', ['m'], ['alice', 'carol', '?', 'bob']],
    ['m again', ['m', 'm'], ['bob', '?', 'carol', 'alice']],
    // bob has GPU 1 alone, alice GPU 2 alone, carol 5/8 of GPU 0.
    ['p power', ['p'], ['bob', 'alice', 'carol', '?']],
    ['n sorts by nodes, ties by name', ['n'], ['carol', '?', 'alice', 'bob']],
    ['t sorts by longest, unreported values last', ['t'], ['alice', 'bob', 'carol', '?']],
    ['t again', ['t', 't'], ['carol', 'bob', 'alice', '?']],
  ])('%s', (_what, keys, names) => {
    expect(sorted(...keys)).toEqual(names);
  });

  test('the sort column is never dropped', () => {
    const driver = new Driver({ hosts, cols: 80 }).press('V', 'n');
    expect(driver.frame()).toContain('▼NODES');
    expect(driver.press('t').frame()).toContain('▼LONGEST');
    expect(driver.frame()).not.toContain('NODES');
  });
});

describe('users in the table', () => {
  const proc = (user: string, gpu?: number): ProcSpec => ({
    pid: 1,
    user,
    vram: gpu === undefined ? 0 : 1,
    ...(gpu === undefined ? {} : { gpu }),
  });

  test('have a GPU; root and uids below 1000 are shown only after f', () => {
    const procs = [proc('alice', 0), proc('shell'), proc('root', 0), proc('999', 0), proc('1000', 0), proc('root')];
    const driver = new Driver({ hosts: [{ gpus: 1, procs }] }).press('V');
    expect(rows(driver)).toEqual(['1000', 'alice']);
    expect(driver.frame()).toContain('2 of 2 · 2 system accounts hidden (f)');
    expect(rows(driver.press('f'))).toEqual(['1000', '999', 'alice', 'root']);
    expect(driver.frame()).toContain('system accounts shown (f)');
    expect(rows(driver.press('f'))).toEqual(['1000', 'alice']);
  });

  test('partial power is marked, and power without readings is not shown', () => {
    const hosts = [{ gpus: [{ powerWatts: 100 }, {}], procs: [proc('alice', 0), proc('alice', 1), proc('bob', 1)] }];
    const driver = new Driver({ hosts }).press('V');
    expect(driver.frame()).toMatch(/alice .* ≥100 W/);
    expect(driver.frame()).toMatch(/bob .* {2}– /);
  });
});

describe('the coverage chip', () => {
  const busy = { gpus: [{ memoryUsedBytes: 9 * GIB }] };
  const chip = (driver: Driver): string | undefined => driver.lines().find((text) => text.includes('partial coverage'));

  test('counts nodes that are up and have a process family or no memory in use', () => {
    const hosts: readonly NodeSpec[] = [
      busy,
      { gpus: 1 },
      { ...busy, procs: [{ pid: 1, gpu: 0, user: 'a', vram: 1 }] },
      { state: 'overdue' },
    ];
    expect(chip(new Driver({ hosts }).press('V'))).toBe(' ⚠ partial coverage: 2 of 4 nodes reporting processes · i: details');
  });

  test('is absent if all nodes report; stale rows do not make a node report', () => {
    const driver = new Driver({ hosts: [{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] }] }).press('V');
    expect(chip(driver)).toBeUndefined();
    expect(rows(driver)).toEqual(['alice']);
    driver.scrape('node-0001', busy);
    expect(chip(driver)).toContain('0 of 1 node ');
    expect(driver.frame()).toContain('all-smi api --processes');
  });
});

test('user names that differ at their ends differ on screen, on the Users tab and on the tab of the node', () => {
  const procs = [1, 2].map((nth) => ({ pid: nth, gpu: 0, user: `christopher.van-long-name-000${nth}`, vram: 2 ** 30 }));
  const driver = new Driver({ hosts: [{ gpus: 1, procs }], cols: 80 });
  for (const key of ['V', 'Right']) {
    const shown = driver
      .press(key)
      .lines()
      .flatMap((text) => /chr\S*…\S*-000\d/.exec(text)?.[0] ?? []);
    expect([shown.length, new Set(shown).size]).toEqual([2, 2]);
  }
});
