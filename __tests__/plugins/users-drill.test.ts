/** From users down to a process and back, as an operator looks for a cause. */
import { describe, expect, jest, test } from '@jest/globals';
import { Driver } from '../helpers/driver.js';
import type { NodeSpec, ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const proc = (user: string, pid: number, gpu: number | undefined, gib: number, more: Partial<ProcSpec> = {}): ProcSpec => ({
  pid,
  user,
  vram: gib * GIB,
  ...(gpu === undefined ? {} : { gpu }),
  ...more,
});
const gpus = (...watts: readonly (number | undefined)[]) => watts.map((powerWatts) => (powerWatts === undefined ? {} : { powerWatts }));

/**
 * alice: 1 + 5 + 3 GiB on three nodes, one process on two GPUs; bob shares a GPU with her; carol also has a shell without a GPU; dave is
 * alone on a GPU that reports no power.
 */
const NODES: readonly NodeSpec[] = [
  {
    gpus: gpus(100, 200, 300),
    procs: [
      proc('alice', 11, 0, 1, { age: 50, cpu: 10, command: 'python a.py' }),
      proc('bob', 21, 0, 3, { age: 500, cpu: 90, sm: 20, command: 'python b.py' }),
      proc('bob', 22, 2, 1, { command: 'python c.py' }),
      proc('carol', 31, undefined, 0, { command: 'bash' }),
    ],
  },
  {
    gpus: gpus(100, 200, undefined),
    procs: [
      proc('alice', 12, 0, 2, { age: 70, cpu: 150, sm: 90, command: 'torchrun d.py' }),
      proc('alice', 12, 1, 2, { age: 70, cpu: 150, sm: 30, command: 'torchrun d.py' }),
      proc('alice', 13, 1, 1, { age: 90, cpu: 5, sm: 10, command: 'python e.py' }),
      proc('alice', 14, undefined, 0, { command: 'vim' }),
      proc('dave', 41, 2, 1, { command: 'python f.py' }),
    ],
  },
  { gpus: gpus(100), procs: [proc('alice', 15, 0, 3, { age: 9, command: 'python g.py' })] },
];
const users = (...keys: readonly string[]): Driver => new Driver({ hosts: NODES, cols: 140, rows: 20 }).press('V', ...keys);
/** The first word of each visible table row. */
const rows = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] +(\S+) +[\d–]/.exec(text)?.[1] ?? []);
const chosen = (driver: Driver): string => /^ ▌ +(\S+)/m.exec(driver.frame())?.[1] ?? '';
const row = (driver: Driver, start: string): string => {
  const line = driver.lines().find((text) => text.slice(3).trimStart().startsWith(`${start} `)) ?? '';
  return line.slice(3).trim().replace(/ {2,}/g, ' | ');
};
const crumb = (driver: Driver): string => driver.lines().findLast((text) => text.startsWith(' Users ▸')) ?? '';

describe('drill down and back', () => {
  test('Enter opens each level, the breadcrumb shows it, and Esc goes back one level', () => {
    const driver = users();
    expect(crumb(driver)).toBe('');
    expect(crumb(driver.press('Enter'))).toBe(' Users ▸ alice ▸ 3 nodes · 4 GPUs · 9.00 GiB · 425 W*');
    expect(crumb(driver.press('Enter'))).toBe(' Users ▸ alice ▸ node-0002 ▸ 2 processes · 5.00 GiB');
    expect(crumb(driver.press('Enter'))).toBe(' Users ▸ alice ▸ node-0002 ▸ 12');
    expect(driver.press('Enter').frame()).toContain('command     torchrun d.py');
    expect(crumb(driver.press('Esc'))).toContain('▸ node-0002 ▸ 2 processes');
    expect(crumb(driver.press('Backspace'))).toContain('▸ alice ▸ 3 nodes');
    expect(crumb(driver.press('Esc'))).toBe('');
    expect(driver.frame()).not.toContain('q quits');
    expect(driver.press('Esc').frame()).toContain('q quits');
  });

  test('Esc restores the cursor on every level, even when rows have changed', () => {
    const driver = users('m', 'Down');
    expect(chosen(driver)).toBe('bob');
    driver.press('Up', 'Enter', 'u', 'End');
    expect(chosen(driver)).toBe('node-0003');
    driver.press('Up', 'Enter', 'p', 'Down');
    expect(chosen(driver)).toBe('13');
    driver.press('Enter').scrape('node-0002', { ...NODES[1]!, procs: [proc('zoe', 50, 0, 99), ...NODES[1]!.procs!] });
    expect(chosen(driver.press('Esc'))).toBe('13');
    expect(chosen(driver.press('Esc'))).toBe('node-0002');
    expect(driver.frame()).toContain('▲NODE');
    expect(chosen(driver.press('Esc'))).toBe('alice');
    expect(rows(driver)[0]).toBe('zoe');
  });

  test('Esc selects the row that was opened if the cursor was not moved', () => {
    for (const [into, back] of [
      ['Enter', 'Esc'],
      ['i', 'i'],
      ['o', 'V'],
    ] as const) {
      const driver = new Driver({ hosts: [...NODES, { state: 'waiting' }], cols: 140, rows: 20 }).press('V', into);
      driver.scrape('node-0001', { ...NODES[0]!, procs: [proc('aaron', 50, 0, 1), ...NODES[0]!.procs!] }).press(back);
      expect(rows(driver)).toEqual(['aaron', 'alice', 'bob', 'dave']);
      expect(chosen(driver)).toBe('alice');
    }
  });

  test('each user has a cursor position; another user starts at the top', () => {
    const driver = users('Enter', 'End', 'Esc', 'Down', 'Enter');
    expect(crumb(driver)).toContain('▸ bob ▸ 1 node ·');
    expect(chosen(driver)).toBe('node-0001');
  });

  test('on every level a click on a header sorts, a click on a row selects it, and a double click opens it', () => {
    const driver = users().click('VRAM').click('bob');
    expect(driver.frame()).toContain('▼VRAM');
    expect(chosen(driver)).toBe('bob');
    expect(crumb(driver.click('alice', 2))).toContain('▸ alice ▸ 3 nodes');
    expect(driver.click('SM').frame()).toContain('▼SM');
    expect(rows(driver)[0]).toBe('node-0002');
    driver.click('POWER*');
    expect(rows(driver)).toEqual(['node-0002', 'node-0003', 'node-0001']);
    expect(crumb(driver.click('torchrun d.py', 2))).toContain('▸ alice ▸ node-0002 ▸');
    driver.click('PID');
    expect(rows(driver)).toEqual(['12', '13']);
    expect(crumb(driver.click('python e.py', 2))).toBe(' Users ▸ alice ▸ node-0002 ▸ 13');
  });

  test('o opens the tab of the node; for a user, the node with most of the VRAM', () => {
    expect(users('o').tab).toBe('node-0002');
    expect(users('Down', 'o').tab).toBe('node-0001');
    expect(users('Enter', 'End', 'o').tab).toBe('node-0001');
    expect(users('Enter', 'Enter', 'o').tab).toBe('node-0002');
    expect(users('Enter', 'Enter', 'Enter', 'o').tab).toBe('node-0002');
    const back = users('Enter', 'Enter', 'o').press('V');
    expect(crumb(back)).toContain('▸ node-0002 ▸ 2 processes');
    const nobody = new Driver({ hosts: [{ gpus: 1 }] }).press('V', 'o');
    expect(nobody.tab).toBe('Users');
    expect(nobody.frame()).toContain('no node to open');
  });

  test('o prefers a node that answers', () => {
    const driver = users().overdue('node-0002').press('o');
    expect(driver.tab).toBe('node-0003');
  });
});

describe('nodes of a user', () => {
  test('match hand-computed values in every column', () => {
    const driver = users('Enter');
    // GPU 0 is hers alone (2 of 2 GiB), and so is GPU 1 (3 of 3): 100 + 200 W. SM: 90 + 30 + 10 percent.
    expect(row(driver, 'node-0002')).toBe('node-0002 | 0-1 | 5.00 GiB | 300 W | 0 | 2 | 1.3 | 00:01:30 | torchrun d.py');
    // 1 of the 4 GiB on GPU 0: 25 of 100 W.
    expect(row(driver, 'node-0001')).toBe('node-0001 | 0 | 1.00 GiB | 25.0 W | – | 1 | – | 00:00:50 | python a.py');
    expect(row(driver, 'node-0003')).toBe('node-0003 | 0 | 3.00 GiB | 100 W | – | 1 | – | 00:00:09 | python g.py');
    expect(row(users('End', 'Enter'), 'node-0002')).toBe('node-0002 | 2 | 1.00 GiB | – | 1 | – | python f.py');
  });

  test.each([
    ['VRAM at first', [], ['node-0002', 'node-0003', 'node-0001']],
    ['m again', ['m'], ['node-0001', 'node-0003', 'node-0002']],
    ['u host', ['u'], ['node-0001', 'node-0002', 'node-0003']],
    ['u again', ['u', 'u'], ['node-0003', 'node-0002', 'node-0001']],
    ['p power', ['p'], ['node-0002', 'node-0003', 'node-0001']],
    ['n pids, ties by host', ['n'], ['node-0002', 'node-0001', 'node-0003']],
    ['t longest', ['t'], ['node-0002', 'node-0001', 'node-0003']],
  ])('%s', (_what, keys, expected) => {
    expect(rows(users('Enter', ...keys))).toEqual(expected);
  });

  test('with the same label are two rows', () => {
    const hosts = [1, 2].map((pid) => ({ nodeId: `10.0.0.${pid}:9090`, name: 'gpu', gpus: 1, procs: [proc('alice', pid, 0, pid)] }));
    const driver = new Driver({ hosts }).press('V', 'Enter');
    expect(rows(driver)).toEqual(['gpu', 'gpu']);
    expect(driver.press('Down', 'Enter', 'Enter').frame()).toContain('gpu  10.0.0.1:9090');
  });
});

describe('processes on a node', () => {
  const processes = (...keys: readonly string[]): Driver => users('Enter', 'Enter', ...keys);

  test('show a process on two GPUs in one line, with the sums of its bytes and SM shares: 100% is one GPU', () => {
    expect(row(processes(), '12')).toBe('12 | 0-1 | 4.00 GiB | 120% | 150.0 | 00:01:10 | torchrun d.py');
    expect(row(processes(), '13')).toBe('13 | 1 | 1.00 GiB | 10% | 5.0 | 00:01:30 | python e.py');
    expect(rows(processes())).toEqual(['12', '13']);
  });

  test.each([
    ['m again', ['m'], ['13', '12']],
    ['u SM', ['u'], ['12', '13']],
    ['c CPU', ['c'], ['12', '13']],
    ['p pid', ['p'], ['12', '13']],
    ['p again', ['p', 'p'], ['13', '12']],
    ['t running', ['t'], ['13', '12']],
    ['n GPUs', ['n', 'n'], ['13', '12']],
  ])('%s', (_what, keys, expected) => {
    expect(rows(processes(...keys))).toEqual(expected);
  });

  test('have details with all reported values, GPU by GPU, and the other users there', () => {
    const text = users('Down', 'Enter', 'Enter', 'Enter').frame();
    expect(text).toMatch(
      /user +bob\n node +node-0001 {2}node-0001:9090\n pid +21\n name +–\n command +python b\.py\n running +00:08:20 {2}since 2026-08-07 14:23/,
    );
    expect(text).toMatch(/CPU +90\.0% .*\n SM +20%\n VRAM +3\.00 GiB on GPU 0/);
    expect(text).toMatch(/ 0 .* 3\.00 GiB +20% +75\.0 W +– .* alice 1\.00 GiB/);
  });
});

test.each([
  [[], 'n', '▼NODES'],
  [[], 't', '▼LONGEST'],
  [['Enter'], 't', '▼LONGEST'],
  [['Enter'], 'n', '▼PIDS'],
  [['Enter'], 'p', '▼POWER*'],
  [['Enter', 'Enter'], 'c', '▼CPU%'],
  [['Enter', 'Enter'], 't', '▼RUNNING'],
  [['Enter', 'Enter'], 'u', '▼SM%'],
  [['i'], 't', '▼LAST SEEN'],
])('lose columns on a narrow screen, but after %j and %s never %s', (keys, key, caption) => {
  const hosts = [...NODES, { state: 'overdue' as const }];
  for (const cols of [40, 50, 60]) expect(new Driver({ hosts, cols, rows: 12 }).press('V', ...keys, key).frame()).toContain(caption);
});

test('have details with all labels on any screen, which scroll to the end', () => {
  const uuid = 'GPU-9af4ba1f-9375-60d1-7664-719979ad79ed';
  const hosts: readonly NodeSpec[] = [
    {
      gpus: [{ uuid, name: 'NVIDIA H100 80GB HBM3', powerWatts: 100, utilPercent: 97 }],
      procs: [proc('alice', 7, 0, 1, { sm: 95, command: `python ${'--option=value '.repeat(15)}`, name: 'python3' }), proc('bob', 8, 0, 3)],
    },
  ];
  for (const [cols, height] of [
    [200, 40],
    [120, 30],
    [80, 24],
    [60, 15],
    [40, 10],
  ] as const) {
    const driver = new Driver({ hosts, cols, rows: height }).press('V', 'Enter', 'Enter', 'Enter');
    let seen = driver.frame();
    for (let pages = 0; pages < 12; pages++) seen += driver.press('PageDown').frame();
    const text = seen.replace(/\s+/g, '');
    for (const label of ['alice', 'node-0001:9090', 'python3', uuid, 'NVIDIAH100', '25.0W', '97%', 'bob3.00GiB'])
      expect([cols, text]).toEqual([cols, expect.stringContaining(label)]);
    const end = driver.press('End').frame();
    expect(driver.press('Down', 'PageDown', 'WheelDown').frame()).toBe(end);
    driver.press('Home');
    expect(driver.frame()).toContain('user        alice');
  }
});

describe('a: processes on no GPU', () => {
  test('count in PROCS and NODES and are listed below; nothing else changes or is recomputed', () => {
    const driver = users();
    expect(rows(driver)).toEqual(['alice', 'bob', 'dave']);
    const figures = (name: string): string[] => row(driver, name).split(' | ');
    const before = figures('alice');
    expect(before.slice(0, 4)).toEqual(['alice', '3', '4', '0']);
    const { ran } = driver;
    driver.press('a');
    expect(rows(driver)).toEqual(['alice', 'bob', 'carol', 'dave']);
    expect(before[4]).toBe('4');
    expect(figures('alice')).toEqual(before.with(4, '5'));
    expect(figures('carol')).toEqual(['carol', '1', '0', '0', '1', '–', '–', '–', '–', 'bash']);
    expect(driver.frame()).toContain('processes on no GPU counted too (a)');
    driver.press('Down', 'Down', 'Enter');
    expect(row(driver, 'node-0001')).toBe('node-0001 | – | – | – | 0 | 1 | – | bash');
    driver.press('Enter');
    expect(row(driver, '31')).toBe('31 | – | – | – | – | – | bash');
    expect(driver.press('Enter').frame()).toContain('VRAM        on no GPU');
    expect(driver.ran).toEqual(ran);
    driver.press('Esc', 'a');
    expect(driver.frame()).toContain('carol no longer has a process on a GPU on node-0001.');
    driver.press('Esc', 'Esc');
    expect(rows(driver)).toEqual(['alice', 'bob', 'dave']);
  });
});

describe('what disappears', () => {
  test('an opened user who is gone leaves a message until Esc, and is shown again on return', () => {
    const driver = users('Down', 'Enter', 'Enter');
    driver.scrape('node-0001', { gpus: 3, procs: [] });
    expect(driver.frame()).toContain('bob no longer has a process on a GPU on node-0001.');
    expect(crumb(driver)).toContain('Users ▸ bob ▸ node-0001');
    expect(driver.press('Enter', 'Down', 'm').frame()).toContain('bob no longer has a process');
    driver.scrape('node-0001', NODES[0]!);
    expect(rows(driver).sort()).toEqual(['21', '22']);
    driver.scrape('node-0001', { gpus: 3, procs: [] }).press('Esc');
    expect(driver.frame()).toContain('bob no longer has a process on a GPU.');
    expect(crumb(driver)).toBe(' Users ▸ bob ▸ 0 nodes');
    expect(rows(driver.press('Esc'))).toEqual(['alice', 'dave']);
  });

  test('a node that was removed, and a node that does not answer', () => {
    const driver = users('Enter', 'Enter');
    driver.overdue('node-0002');
    expect(driver.frame()).toContain('✕ node-0002: no good scrape for 2s');
    expect(rows(driver)).toEqual(['12', '13']);
    driver.gone('node-0002');
    expect(driver.frame()).toContain('node-0002 is no longer watched.');
    expect(crumb(driver)).toContain('▸ alice ▸ node-0002');
    expect(rows(driver.press('Esc'))).toEqual(['node-0003', 'node-0001']);
  });

  test('a process that ends while its details are open', () => {
    const driver = users('Enter', 'Enter', 'Enter').scrape('node-0002', { gpus: 3, procs: [proc('alice', 13, 1, 1)] });
    expect(driver.frame()).toContain('Process 12 of alice is no longer on node-0002.');
    expect(rows(driver.press('Esc'))).toEqual(['13']);
  });

  test('the next row is selected when the selected one disappears', () => {
    const driver = users('m', 'Down');
    expect(rows(driver)).toEqual(['alice', 'bob', 'dave']);
    driver.scrape('node-0001', { gpus: 3, procs: [] });
    expect(chosen(driver)).toBe('dave');
  });
});

describe('i: nodes that report no process data', () => {
  const hosts: readonly NodeSpec[] = [
    ...NODES,
    { gpus: [{ memoryUsedBytes: 9 * GIB }] },
    { state: 'waiting' },
    { gpus: 1, state: 'overdue', status: { failingSince: new Date(2026, 7, 7, 14, 0, 0).getTime() } },
  ];
  const open = (...keys: readonly string[]): Driver => new Driver({ hosts, cols: 120, rows: 20 }).press('V', ...keys);
  const names = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] (node-\S+)/.exec(text)?.[1] ?? []);

  test('have a reason and a last scrape; i or Esc goes back; Enter and o open the tab', () => {
    const driver = open('Down', 'i');
    expect(row(driver, 'node-0004')).toBe('node-0004 | no process export | 2s | exporter runs without --processes, 9.00 GiB in use');
    expect(row(driver, 'node-0005')).toBe('node-0005 | waiting | never | not answered yet');
    expect(row(driver, 'node-0006')).toBe('node-0006 | down | 2s | connection refused since 14:00:00');
    expect(crumb(driver)).toBe(' Users ▸ 3 of 6 nodes not reporting processes');
    expect(names(driver.press('u'))).toEqual(['node-0006', 'node-0005', 'node-0004']);
    expect(chosen(driver.press('i'))).toBe('bob');
    expect(chosen(driver.press('i', 'Esc'))).toBe('bob');
    expect(driver.press('i', 'Down', 'Enter').tab).toBe('node-0005');
    expect(open('i', 'o').tab).toBe('node-0004');
  });

  test('are listed from any level, and leave the list once they report', () => {
    const driver = open('Enter', 'Enter', 'i');
    expect(names(driver)).toEqual(['node-0004', 'node-0005', 'node-0006']);
    for (const label of names(driver)) driver.scrape(label, NODES[2]!);
    expect(driver.frame()).toContain('All nodes report processes now.');
    expect(crumb(driver.press('Esc'))).toContain('▸ alice ▸ node-0002');
  });

  test('do not exist if all nodes report, and a message says so', () => {
    expect(users('i').frame()).toContain('all nodes report processes');
    expect(rows(users('i'))).toEqual(['alice', 'bob', 'dave']);
  });
});

describe('long commands', () => {
  const long = (nth: number): string => Array.from({ length: 12 }, (_, at) => `--option-${nth}-${at}=value`).join(' ');
  const hosts = [
    {
      gpus: 8,
      procs: Array.from({ length: 8 }, (_, nth) => proc('alice', 100 + nth, nth, 1, { command: nth % 3 === 0 ? 'short' : long(nth) })),
    },
  ];
  const open = (cols: number, height: number): Driver => new Driver({ hosts, cols, rows: height }).press('V', 'Enter', 'Enter', 'p');
  const text = (driver: Driver): string => driver.frame().replace(/\n/g, '').replace(/[▌ ]+/g, '');

  test('wrap and are shown in full', () => {
    const driver = open(120, 40);
    for (let nth = 0; nth < 8; nth++) expect(text(driver)).toContain(nth % 3 === 0 ? 'short' : long(nth).replaceAll(' ', ''));
  });

  test.each([
    [120, 14],
    [80, 24],
    [60, 15],
    [40, 10],
  ])('every row can be selected and is then on screen: %ix%i', (cols, height) => {
    const driver = open(cols, height);
    const down = Array.from({ length: 8 }, () => [chosen(driver), driver.press('Down')] as const).map(([pid]) => pid);
    expect(down).toEqual(['100', '101', '102', '103', '104', '105', '106', '107']);
    expect(chosen(driver)).toBe('107');
    const up = Array.from({ length: 8 }, () => [chosen(driver), driver.press('Up')] as const).map(([pid]) => pid);
    expect(up).toEqual([...down].reverse());
    expect(chosen(driver.press('End'))).toBe('107');
    expect(chosen(driver.press('Home'))).toBe('100');
    let pages = 0;
    while (chosen(driver) !== '107' && pages++ < 8) driver.press('PageDown');
    expect(chosen(driver)).toBe('107');
  });

  test('the cursor moves before the page does', () => {
    const driver = open(120, 16);
    const first = rows(driver)[0];
    driver.press('Down');
    expect(rows(driver)[0]).toBe(first);
    driver.press('End', 'Up');
    const [top] = rows(driver);
    driver.press('Down');
    expect(rows(driver)[0]).toBe(top);
  });

  test('Shift-Right scrolls right, Shift-Left back, neither too far', () => {
    const driver = open(60, 10).press('Down');
    expect(driver.frame()).not.toContain('option-1-11');
    for (let nth = 0; nth < 20; nth++) driver.press('S-Right');
    expect(driver.frame()).toContain('…');
    for (let nth = 0; nth < 3; nth++) driver.press('S-Left');
    expect(driver.frame()).toContain('option-1-11');
    for (let nth = 0; nth < 30; nth++) driver.press('S-Left');
    expect(driver.frame()).toContain('--option-1-0');
  });
});

test('keys on any level compute no part and no merge, and decode only visible commands', () => {
  const big = Array.from({ length: 300 }, (_, at): NodeSpec => ({
    gpus: 8,
    procs: Array.from({ length: 24 }, (__, nth) =>
      proc(nth === 0 ? 'alice' : `u${at}-${nth}`, 100 + nth, nth % 8, 1 + nth, { command: `job ${at} ${nth}` }),
    ),
  }));
  const driver = new Driver({ hosts: big, cols: 120, rows: 30 }).press('V', 'm');
  driver.frame();
  const [{ ran }, collector] = [driver, driver.versions.collector];
  const texts = [...driver.app.state.nodes].map((node) => jest.spyOn(node, 'text'));
  const frames = driver.painter.frames;
  const keys = [
    'p',
    'm',
    'End',
    'PageUp',
    'Home',
    'f',
    'a',
    'a',
    's',
    'F',
    'm',
    'F',
    'u',
    'Enter',
    'p',
    'End',
    'Enter',
    'u',
    'Enter',
    'Esc',
    'Esc',
    'i',
    'Esc',
    'Esc',
  ];
  driver.press(...keys);
  expect(driver.ran).toEqual(ran);
  expect(driver.versions.collector).toBe(collector);
  // One frame per key.
  expect(driver.painter.frames).toBe(frames + keys.length);
  const decoded = texts.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  expect(decoded).toBeLessThan(keys.length * 30 * 2);
});
