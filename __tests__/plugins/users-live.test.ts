/** The Users tab while the cluster changes: what moves, what stays, and what the summary shows. */
import { describe, expect, test } from '@jest/globals';
import { Driver } from '../helpers/driver.js';
import type { NodeSpec, ProcSpec, ScrapeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const holding = (gib: Readonly<Record<string, number>>, watts = 100): ScrapeSpec => ({
  gpus: Object.keys(gib).map(() => ({ powerWatts: watts })),
  procs: Object.entries(gib).map(([user, held], gpu): ProcSpec => ({ pid: 1 + gpu, gpu, user, vram: held * GIB })),
});
const open = (gib: Readonly<Record<string, number>>, ...keys: readonly string[]): Driver =>
  new Driver({ hosts: [holding(gib)], cols: 120, rows: 16 }).press('V', ...keys);
const rows = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] (\S+) +[\d–]/.exec(text)?.[1] ?? []);
const chosen = (driver: Driver): string => /^ ▌ (\S+)/m.exec(driver.frame())?.[1] ?? '';
const header = (driver: Driver): string => driver.lines().find((text) => /USER|HOST|PID/.test(text)) ?? '';

describe('the selected user', () => {
  test('stays selected over refreshes, sorts and filters', () => {
    const driver = open({ alice: 1, bob: 2, carol: 3, root: 9 }, 'm', 'Down');
    expect(chosen(driver)).toBe('bob');
    driver.scrape('node-0001', holding({ aaron: 1, alice: 7, bob: 5, carol: 3, root: 9 }));
    expect(rows(driver)).toEqual(['alice', 'bob', 'carol', 'aaron']);
    expect(chosen(driver)).toBe('bob');
    for (const key of ['u', 'u', 'n', 't', 'p', 'f', 'f', 'a', 's']) expect(chosen(driver.press(key))).toBe('bob');
    expect(chosen(driver.scrape('node-0001', holding({ zoe: 50, bob: 1 })))).toBe('bob');
  });

  test('stays on screen whatever is pressed, with the position shown', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, nth) => [`user${String(nth).padStart(3, '0')}`, 1 + ((nth * 37) % 300)]),
    );
    const driver = open(many);
    expect(driver.frame()).toContain(' 1-10 of 300');
    for (const key of ['Down', 'PageDown', 'End', 'Up', 'm', 'PageUp', 'Home', 'p', 'End', 'u', 'WheelUp', 'WheelDown']) {
      driver.press(key);
      expect(driver.frame()).toMatch(/^ ▌ user\d+/m);
      expect(driver.frame()).toMatch(/^ \d+-\d+ of 300/m);
    }
    driver.press('u', 'u', 'Home').send({ type: 'mouse', action: 'wheel-down', button: 'none', x: 5, y: 8, clicks: 0 });
    expect(chosen(driver)).toBe('user003');
    driver.resize(120, 8).resize(120, 16);
    expect(chosen(driver)).toBe('user003');
  });
});

describe('the arrow in the header', () => {
  test('shows the direction of the sort', () => {
    const driver = open({ alice: 1, bob: 2 });
    expect(header(driver)).toContain('▲USER');
    expect(header(driver.press('u'))).toContain('▼USER');
    expect(rows(driver)).toEqual(['bob', 'alice']);
    expect(header(driver.press('m'))).toContain('▼VRAM');
    expect(header(driver.press('m'))).toContain('▲VRAM');
    expect(rows(driver)).toEqual(['alice', 'bob']);
    expect(header(driver.press('Enter'))).toContain('▼VRAM');
    expect(header(driver.press('u'))).toContain('▲NODE');
    expect(header(driver.press('Enter', 'p'))).toContain('▲PID');
  });
});

describe('F', () => {
  test('freezes the order of rows while values change, and releases it when pressed again', () => {
    const driver = open({ alice: 3, bob: 2, carol: 1 }, 'm', 'F', 'Down');
    driver.scrape('node-0001', holding({ alice: 1, bob: 2, carol: 30 }));
    expect(rows(driver)).toEqual(['alice', 'bob', 'carol']);
    expect(driver.frame()).toContain('order frozen');
    expect(driver.frame()).toMatch(/carol .* 30\.0 GiB/);
    expect(header(driver)).toContain('=VRAM');
    expect(chosen(driver)).toBe('bob');
    driver.press('F');
    expect(rows(driver)).toEqual(['carol', 'bob', 'alice']);
    expect(driver.frame()).not.toContain('order frozen');
    expect(header(driver)).toContain('▼VRAM');
    expect(chosen(driver)).toBe('bob');
  });

  test('keeps an empty row for a user who is gone, adds new users last, and restores one who returns', () => {
    const driver = open({ alice: 3, bob: 2, carol: 1 }, 'm', 'F');
    driver.scrape('node-0001', holding({ dave: 99, carol: 1, alice: 3 }));
    expect(rows(driver)).toEqual(['alice', 'bob', 'carol', 'dave']);
    expect(driver.frame()).toMatch(/bob +– +– +– +– /);
    expect(driver.frame()).toContain(' 3 users · ');
    driver.scrape('node-0001', holding({ dave: 99, carol: 1, alice: 3, bob: 7 }));
    expect(driver.frame()).toMatch(/bob .* 7\.00 GiB/);
    expect(rows(driver)).toEqual(['alice', 'bob', 'carol', 'dave']);
  });

  test('freezes the new order after another sort or other rows', () => {
    const driver = open({ alice: 3, bob: 2, root: 1 }, 'F', 'm', 'm', 'f');
    expect(rows(driver)).toEqual(['root', 'bob', 'alice']);
    driver.scrape('node-0001', holding({ alice: 1, bob: 2, root: 3 }));
    expect(rows(driver)).toEqual(['root', 'bob', 'alice']);
    expect(driver.frame()).toContain('order frozen');
    driver.click('VRAM');
    expect(rows(driver)).toEqual(['root', 'bob', 'alice']);
    driver.press('f');
    expect(rows(driver)).toEqual(['bob', 'alice']);
  });

  test('applies to the level on which it was pressed', () => {
    const hosts: readonly NodeSpec[] = [holding({ alice: 1, bob: 1 }), holding({ alice: 2 })];
    const driver = new Driver({ hosts, cols: 100, rows: 14 }).press('V', 'Enter', 'F');
    expect(rows(driver)).toEqual(['node-0002', 'node-0001']);
    driver.scrape('node-0001', holding({ alice: 9, bob: 1 }));
    expect(rows(driver)).toEqual(['node-0002', 'node-0001']);
    driver.scrape('node-0002', holding({ bob: 1 }));
    expect(driver.frame()).toMatch(/node-0002 +– +–/);
    expect(driver.press('Esc').frame()).not.toContain('order frozen');
    driver.press('Enter', 'Enter', 'F', 'Esc', 'Esc', 'i');
    expect(driver.frame()).toContain('all nodes report');
  });

  test('freezes the order of processes and of nodes not reporting processes too', () => {
    const silent: ScrapeSpec = { gpus: [{ memoryUsedBytes: 9 * GIB }] };
    const procs = (...pids: readonly number[]): ScrapeSpec => ({
      gpus: 1,
      procs: pids.map((pid) => ({ pid, gpu: 0, user: 'alice', vram: pid })),
    });
    const driver = new Driver({ hosts: [procs(3, 2, 1), silent, silent], cols: 100, rows: 14 }).press('V', 'Enter', 'Enter', 'F');
    const pids = (): string[] => driver.lines().flatMap((text) => /^ [▌ ] +(\d+) +[\d–]/.exec(text)?.[1] ?? []);
    driver.scrape('node-0001', procs(1, 9, 3));
    expect(pids()).toEqual(['3', '2', '1', '9']);
    driver.press('Enter', 'Esc', 'i', 'F').scrape('node-0002', procs());
    expect(driver.frame()).toMatch(/node-0002 +– +– +reports now/);
  });
});

describe('s', () => {
  test('shows the last samples of each user, each on its own scale', () => {
    const driver = open({ alice: 8 });
    for (const gib of [1, 2, 4, 8]) driver.step(2800).scrape('node-0001', holding({ alice: gib, bob: 5 }));
    expect(driver.frame()).not.toContain('TREND');
    driver.press('s');
    expect(header(driver)).toContain('TREND');
    const trend = (user: string): string => new RegExp(`${user} .*GiB {2}(.{20})`).exec(driver.frame())?.[1]?.trimStart() ?? '';
    // One sample at the first scrape, then one per interval. Bob came with the second.
    expect(trend('alice ')).toBe('█▂▃▅█');
    expect(trend('bob ')).toBe('▁████');
    expect(driver.press('s').frame()).not.toContain('TREND');
  });

  test('is cleared by a jump in time', () => {
    const driver = open({ alice: 8 }, 's');
    for (const gib of [1, 2, 4]) driver.step(3000).scrape('node-0001', holding({ alice: gib }));
    const bars = (): number => (driver.frame().match(/[▁▂▃▄▅▆▇█]/g) ?? []).length;
    expect(bars()).toBe(4);
    driver.collector.deliver({
      node: driver.host('node-0001').scrape(holding({ alice: 4 }), driver.clock.now()),
      kind: 'data',
      continuity: 'jump',
    });
    driver.step(250);
    expect(bars()).toBe(1);
  });
});

describe('the summary', () => {
  const node = (more: ScrapeSpec = {}): NodeSpec => ({
    gpus: [{ powerWatts: 100, memoryUsedBytes: 10 * GIB }, { powerWatts: 50, memoryUsedBytes: GIB }, { memoryUsedBytes: 4 * GIB }],
    procs: [
      { pid: 1, gpu: 0, user: 'alice', vram: 6 * GIB },
      { pid: 2, gpu: 0, user: 'root', vram: 2 * GIB },
      { pid: 3, gpu: 2, user: 'bob', vram: GIB },
    ],
    ...more,
  });
  const head = (hosts: readonly NodeSpec[], cols: number, ...keys: readonly string[]): string =>
    new Driver({ hosts, cols, rows: 24 })
      .press('V', ...keys)
      .lines()
      .slice(2, 5)
      .filter((text) => / owned|users?\b|\*/.test(text) && !text.includes('USER'))
      .join('\n');

  test('shows users, nodes, attributed memory (with the hidden part) and unattributed, and attributed and unattributed power', () => {
    // 9 GiB of processes; 2 + 1 + 3 GiB in use are unattributed. 100 W are divided, 50 W are on a GPU without processes.
    const whole =
      ' 2 users · 1 of 1 node reporting · 9.00 GiB owned (root 2.00 GiB hidden) · 6.00 GiB unattributed · 100 W* attributed, 50.0 W not · 2 GPUs in use';
    expect(head([node()], 160)).toBe(whole.replace('’', "'"));
    expect(head([node()], 160, 'f')).toContain(' 3 users · 1 of 1 node reporting · 9.00 GiB owned (root 2.00 GiB) · ');
  });

  test('counts two hidden accounts together', () => {
    const procs = [...node().procs!, { pid: 4, gpu: 1, user: '999', vram: GIB }];
    expect(head([node({ procs })], 160)).toContain('10.0 GiB owned (2 system accounts 3.00 GiB hidden)');
  });

  test('loses only words on a narrow screen', () => {
    expect(head([node()], 60)).toBe(
      ' 2 users · 1/1 nodes · 9.00 GiB owned (root 2.00 GiB)\n 6.00 GiB unowned · 100 W*, 50.0 W unattributed',
    );
    expect(head([node()], 80)).toBe(
      ' 2 users · 1 of 1 node reporting · 9.00 GiB owned (root 2.00 GiB hidden)\n' +
        ' 6.00 GiB unattributed · 100 W* attributed, 50.0 W not · 2 GPUs in use',
    );
  });

  test('attributed and unattributed power add up to the total, whichever users are hidden', () => {
    const driver = new Driver({ hosts: [node(), node(), { ...node(), state: 'overdue' }], cols: 160 }).press('V');
    expect(driver.frame()).toContain('200 W* attributed, 100 W not');
    expect(driver.lines()[0]).toContain('300 W');
  });

  test('leaves out empty lines', () => {
    const quiet = new Driver({ hosts: [node()], cols: 160, rows: 12 }).press('V').lines();
    expect(quiet[2]).toContain('users ·');
    expect(quiet[3]).toContain('USER');
    const partial = new Driver({ hosts: [node(), { gpus: [{ memoryUsedBytes: 9 * GIB }] }], cols: 160, rows: 12 }).press('V').lines();
    expect(partial[2]).toContain('partial coverage: 1 of 2 nodes reporting processes · i: details');
    expect(partial[3]).toContain('users ·');
    expect(partial[4]).toContain('USER');
  });
});
