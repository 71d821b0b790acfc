import { describe, expect, test } from '@jest/globals';
import { drawLineChart } from '../../lib/paint/line-chart.js';
import { bigCluster } from '../helpers/big-cluster.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { expectGolden, SIZES } from '../helpers/golden.js';
import type { GpuSpec, NodeSpec } from '../helpers/hosts.js';

/** 'node-0001 3' for each row, without ages. */
const rows = (driver: Driver): string[] =>
  driver.lines().flatMap((text) => {
    const [, host, , gpu] = /^ [▌ ] (node-\S+)( ~\w+)? +(\d+) /.exec(text) ?? [];
    return host === undefined ? [] : [`${host} ${gpu}`];
  });

describe('golden screens', () => {
  test.each(SIZES)('%ix%i', (cols, height) => {
    expectGolden('all', cols, height, new Driver({ hosts: CLUSTER, cols, rows: height }).frame());
  });

  test.each([
    [
      'all-waiting',
      [{ state: 'waiting' }, { state: 'waiting', status: { phase: 'failing', error: { code: 'S_DNS', text: 'host name not found' } } }],
    ],
    ['all-silent', [{ state: 'waiting', status: { phase: 'failing', error: { code: 'S_DNS', text: 'host name not found' } } }]],
    ['all-no-gpus', [{ memory: [{ totalBytes: 2 ** 40, usedBytes: 2 ** 38 }] }, { state: 'waiting' }]],
  ] satisfies readonly (readonly [string, readonly NodeSpec[]])[])('%s', (name, hosts) => {
    expectGolden(name, 80, 12, new Driver({ hosts, cols: 80, rows: 12 }).frame());
  });

  test('sorted by temperature, with a selected row', () => {
    expectGolden('all-by-temperature', 120, 16, new Driver({ hosts: CLUSTER, cols: 120, rows: 16 }).press('t', 'Down', 'Down').frame());
  });
});

describe('sort order', () => {
  const gpus = (...util: readonly number[]) => ({ gpus: util.map((utilPercent) => (Number.isNaN(utilPercent) ? {} : { utilPercent })) });
  const hosts: readonly NodeSpec[] = [
    { ...gpus(7, 50), nodeId: 'a:1', name: 'node-10' },
    { ...gpus(50, NaN), nodeId: 'b:1', name: 'node-9' },
    { ...gpus(1), nodeId: 'c:1', name: 'node-9' },
  ];
  const sorted = (...keys: readonly string[]): string[] => rows(new Driver({ hosts }).press(...keys));

  test('is by node name, in natural order, and then by GPU; d again reverses it', () => {
    expect(sorted()).toEqual(['node-9 0', 'node-9 1', 'node-9 0', 'node-10 0', 'node-10 1']);
    expect(sorted('d')).toEqual(['node-10 1', 'node-10 0', 'node-9 0', 'node-9 1', 'node-9 0']);
    expect(sorted('u', 'd')).toEqual(sorted());
  });

  test('by a reading puts the largest value first, ties in node order, and unreported values last in both directions', () => {
    expect(sorted('u')).toEqual(['node-9 0', 'node-10 1', 'node-10 0', 'node-9 0', 'node-9 1']);
    expect(sorted('u', 'u')).toEqual(['node-9 0', 'node-10 0', 'node-9 0', 'node-10 1', 'node-9 1']);
  });

  test.each([
    ['m', 'memoryUsedBytes'],
    ['p', 'powerWatts'],
    ['t', 'temperatureCelsius'],
  ] as const)('%s sorts by %s', (key, field) => {
    const specs = [3, 9, 5].map((reading) => ({ gpus: [{ [field]: reading }] }));
    expect(rows(new Driver({ hosts: specs }).press(key))).toEqual(['node-0002 0', 'node-0003 0', 'node-0001 0']);
  });
});

test("Enter opens the tab of the selected row's node in any sort order", () => {
  expect(new Driver({ hosts: CLUSTER }).press('Enter').tab).toBe('node-0001');
  expect(new Driver({ hosts: CLUSTER }).press('d', 'Enter').tab).toBe('node-0004');
  expect(new Driver({ hosts: CLUSTER }).press('t', 'Enter').tab).toBe('node-0001');
  expect(new Driver({ hosts: CLUSTER }).press('End', 'Enter').tab).toBe('node-0004');
  expect(new Driver({ hosts: [{ state: 'waiting' }] }).press('Enter').tab).toBe('All');
});

test('the selected GPU stays selected when nodes are added before it, and its position when it disappears', () => {
  const driver = new Driver({ hosts: [{ state: 'waiting' }, { gpus: 3 }] }).press('Down', 'Down');
  expect(driver.frame()).toMatch(/▌ node-0002 +2 /);
  driver.scrape('node-0001', { gpus: 2 });
  expect(driver.frame()).toMatch(/▌ node-0002 +2 /);
  driver.scrape('node-0002', { gpus: 2 });
  expect(driver.frame()).toMatch(/▌ node-0002 +0 /);
});

test('with thousands of GPUs only the visible rows are read', () => {
  const driver = new Driver({
    hosts: Array.from({ length: 1000 }, () => ({ gpus: 8, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] })),
  });
  expect(driver.frame()).toContain('1-20 of 8,000 GPUs');
  let decoded = 0;
  for (const node of driver.app.state.nodes) {
    const { text } = node;
    node.text = (ref) => {
      decoded++;
      return text.call(node, ref);
    };
  }
  expect(driver.press('End').frame()).toContain('7,981-8,000 of 8,000 GPUs');
  expect(rows(driver).at(-1)).toBe('node-1000 7');
  expect(decoded).toBeLessThan(200);
  const { ran } = driver;
  driver.press('PageUp', 'PageUp', 'Up', 'u', 'Home');
  expect(driver.ran).toEqual(ran);
});

describe('a thousand nodes', () => {
  test.each([
    [200, 60],
    [160, 45],
    [80, 24],
    [40, 10],
  ])('%ix%i', (cols, height) => {
    expectGolden('all-big', cols, height, new Driver({ hosts: bigCluster(), cols, rows: height }).frame());
  });

  test('a click on the mark of a node opens its tab; on a mark for several nodes, the tab of the worst one', () => {
    const driver = new Driver({ hosts: bigCluster(), cols: 200, rows: 60 }).press('u');
    const y = driver.lines().findIndex((text) => text.startsWith(' ●●○'));
    const x = driver.lines()[y]!.indexOf('✕');
    const at = (column: number, row: number): string => {
      driver.send({ type: 'mouse', action: 'press', button: 'left', x: column, y: row, clicks: 1 });
      const { tab } = driver;
      driver.press('V');
      while (driver.tab !== 'All') driver.press('Left');
      return tab;
    };
    expect(at(x, y)).toBe('node-0097');
    expect(at(1, y)).toBe('node-0001');
    expect(at(1, y + 1)).toBe('node-0199');
    expect(at(0, y)).toBe('All');
    // Each of the 234 marks stands for five nodes: the 20th for node-0096 to node-0100.
    const narrow = new Driver({ hosts: bigCluster(), cols: 80, rows: 24 });
    narrow.send({ type: 'mouse', action: 'press', button: 'left', x: 20, y: 4, clicks: 1 });
    expect(narrow.tab).toBe('node-0097');
  });
});

describe('histories', () => {
  const at = (step: number, util: number, used = 60): NodeSpec['gpus'] => [
    {
      utilPercent: util,
      memoryUsedBytes: used * 2 ** 30,
      memoryTotalBytes: 80 * 2 ** 30,
      temperatureCelsius: 50 + (step % 9),
      powerWatts: 100 + 6 * util,
      powerLimitWatts: 700,
    },
  ];
  const HOLDS = [{ pid: 7, gpu: 0, user: 'alice', vram: 2 ** 35 }];
  const played = (steps: number, cols = 160, rows = 20): Driver => {
    const driver = new Driver({ hosts: [{ state: 'waiting' }], cols, rows });
    for (let step = 0; step < steps; step++)
      driver.scrape('node-0001', { gpus: at(step, step === 20 ? 100 : step < 40 ? step : 0)!, procs: HOLDS }).step(2750);
    return driver;
  };

  test('the cluster history is above the totals and shows a peak of one sample; the long form has the latest samples of the GPU', () => {
    expectGolden('all-history', 160, 20, played(50).press('z').frame());
    expectGolden('all-history', 80, 14, played(50, 80, 14).press('z').frame());
  });

  test('held idle shows its duration, exact or as a minimum, and none at the first sample', () => {
    const driver = played(50).step(250);
    // Idle from step 40 on; an alert is due at step 50.
    expect(driver.frame()).toContain('alice (held idle 00:00:30)');
    expect(played(30).frame()).not.toContain('(held');
    const late = new Driver({ hosts: [{ state: 'waiting' }] });
    const held = { gpus: at(0, 0)!, procs: HOLDS };
    expect(late.scrape('node-0001', held).step(2000).frame()).toMatch(/alice \(held idle\)\s*$/m);
    expect(late.scrape('node-0001', held).step(58_000).look().frame()).toContain('alice (held idle 00:01:00+)');
  });

  test('a seek clears them', () => {
    const driver = played(30);
    expect(driver.frame()).toMatch(/util [▁▂▃▄▅▆▇█ ]+ 29%/);
    driver.collector.deliver({
      node: driver.host('node-0001').scrape({ gpus: at(0, 0)!, procs: HOLDS }, driver.clock.now()),
      kind: 'data',
      continuity: 'jump',
    });
    expect(driver.step(1000).frame()).toMatch(/util ░+ 0%/);
    expect(driver.frame()).toMatch(/alice \(held idle\)\s*$/m);
  });

  test('the power history has a gap where nodes are lost or come back, since no GPU draws less', () => {
    const gpus: readonly GpuSpec[] = [{ utilPercent: 90, powerWatts: 600, powerLimitWatts: 700 }];
    const names = ['node-0001', 'node-0002', 'node-0003'];
    const driver = new Driver({ hosts: names.map(() => ({ state: 'waiting' })), cols: 160 });
    const round = (answering: readonly string[]): void => {
      for (const name of answering) driver.deliverQuietly({ node: driver.host(name).scrape({ gpus }, driver.clock.now()), kind: 'data' });
      driver.step(3000);
    };
    for (let nth = 0; nth < 4; nth++) round(names);
    driver.overdue('node-0002').overdue('node-0003').step(2500);
    for (let nth = 0; nth < 3; nth++) round(names.slice(0, 1));
    expect(driver.frame()).toMatch(/power +█{4,} ▃{3,} 600 W /);
    expect(driver.frame()).toMatch(/util +[█▇]+ 90%/);
    for (const name of names.slice(1)) driver.host(name).setStatus({ overdue: false });
    for (let nth = 0; nth < 3; nth++) round(names);
    expect(driver.frame()).toMatch(/power +▇{4,} ▃{3,} ▇{2,} 1.80 kW /);
    expect(driver.press('c', 'c', 'c', 'c').frame()).toContain('of 3 GPUs · gap: nodes lost or back');
  });

  test('a GPU that reports 100% busy at idle power for five samples is shown as stuck', () => {
    const stuck = [{ utilPercent: 100, memoryUsedBytes: 2 ** 36, powerWatts: 130, powerLimitWatts: 700 }];
    const driver = new Driver({ hosts: [{ state: 'waiting' }] });
    const works = [{ ...stuck[0], powerWatts: 650 }];
    for (const gpus of [works, works, works, stuck, stuck, stuck, stuck]) {
      driver.scrape('node-0001', { gpus, procs: HOLDS }).step(2750);
      expect(driver.frame()).not.toContain('!130/700W');
    }
    driver.scrape('node-0001', { gpus: stuck, procs: HOLDS });
    expect(driver.frame()).toMatch(/!130\/700W .* alice \(stuck\?\)/);
  });
});

const GPUS_OF_EACH_KIND = [
  ...Array<GpuSpec>(3).fill({
    utilPercent: 90,
    memoryUsedBytes: 2 ** 36,
    memoryTotalBytes: 2 ** 37,
    powerWatts: 1034,
    powerLimitWatts: 1200,
  }),
  ...Array<GpuSpec>(2).fill({ utilPercent: 0, memoryUsedBytes: 2 ** 36, memoryTotalBytes: 2 ** 37, powerWatts: 90, powerLimitWatts: 1200 }),
  ...Array<GpuSpec>(3).fill({ utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 2 ** 37, powerWatts: 90, powerLimitWatts: 1200 }),
];

describe('groups', () => {
  const hosts: readonly NodeSpec[] = CLUSTER.map((spec, nth) => ({ ...spec, groups: nth === 3 ? {} : { rack: nth < 2 ? 'b10' : 'b9' } }));
  const grouped = (presses: number, more: Partial<ConstructorParameters<typeof Driver>[0]> = {}): Driver =>
    new Driver({ hosts, ...more }).press(...Array<string>(presses).fill('G'));

  test('are by node, by rack, or off', () => {
    expectGolden('all-by-node', 120, 20, grouped(1, { rows: 20 }).press('u').frame());
    expectGolden('all-by-rack', 120, 20, grouped(2, { rows: 20 }).press('Down', 'x').frame());
    expectGolden('all-by-rack', 60, 15, grouped(2, { cols: 60, rows: 15 }).press('X').frame());
    expect(grouped(3).frame()).toBe(new Driver({ hosts }).frame());
  });

  test('contain nodes that have never answered', () => {
    const silent: NodeSpec = { state: 'waiting', groups: { rack: 'b10' }, status: { phase: 'failing', failures: 2 } };
    const alone: NodeSpec = { ...silent, groups: { rack: 'a-rack-with-a-long-name' } };
    const driver = new Driver({ hosts: [...hosts, silent, alone], cols: 160 }).press('G');
    expect(heads(driver)).toHaveLength(6);
    const racks = driver.press('G').frame();
    expect(racks).toMatch(/▸ (rack )?b10 .* 2(\/| of )3 nodes/);
    expect(racks).toMatch(/▸ (rack )?a-rack-with-a-long-name .* down/);
  });

  test('without GPUs show why: no GPU, waiting, or down if all their nodes are down; a filter hides groups without matches', () => {
    const racked = (rack: string, spec: NodeSpec): NodeSpec => ({ ...spec, groups: { rack } });
    const cpu: NodeSpec = { cpus: [{ utilPercent: 1 }] };
    const driver = new Driver({
      hosts: [
        racked('a', CLUSTER[0]!),
        racked('b', cpu),
        racked('c', { state: 'waiting' }),
        racked('d', { state: 'waiting', status: { phase: 'failing', failures: 2 } }),
        racked('e', { ...CLUSTER[0]!, state: 'overdue' }),
        racked('f', { state: 'waiting' }),
        racked('f', { state: 'waiting', status: { phase: 'failing', failures: 2 } }),
      ],
      cols: 160,
    }).press('G');
    const endsOf = (): string[] =>
      driver
        .lines()
        .filter((text) => /[▸▾]/.test(text))
        .map((text) => text.trim().split(/ {2,}/).at(-1)!);
    expect(endsOf().slice(1)).toEqual(['no GPU', 'waiting', 'down', 'down', 'waiting', 'down']);
    driver.press('G');
    expect(endsOf().slice(1)).toEqual(['no GPU · 1 node', 'waiting', 'down', 'down', '1 down · 1 waiting']);
    driver.press('/', ...Array.from('user == nobody-here | index == 0'), 'Enter');
    expect(endsOf()).toHaveLength(2);
    driver.press('/', 'C-u', ...Array.from('user == nobody-here'), 'Enter');
    expect(driver.frame()).toContain('No GPUs match the filter.');
    driver.press('~');
    expect(endsOf()).toHaveLength(6);
  });

  test('in narrow columns the number of free GPUs is dropped last', () => {
    const spec: NodeSpec = { gpus: [...GPUS_OF_EACH_KIND], facts: { hasProcessFamily: true } };
    for (const cols of [200, 120, 100, 80, 60, 40])
      expect([cols, new Driver({ hosts: [spec], cols }).press('G').frame()]).toEqual([cols, expect.stringMatching(/▸ node-0001 .*3 free/)]);
  });

  test('in narrow columns the values of groups take precedence over the name of the label', () => {
    const live = CLUSTER.filter(({ state }) => state !== 'overdue');
    const partitions = live.map((spec, nth) => ({ ...spec, groups: { partition: nth < 2 ? 'interactive' : 'long' } }));
    const shown = (cols: number): string => new Driver({ hosts: partitions, cols }).press('G', 'G').frame();
    expect(shown(100)).toMatch(/NODE .* TEMP +POWER +WHO/);
    expect(shown(100)).toMatch(/▸ interactive .* 5\.03 kW /);
  });

  test('show a thousand nodes by rack', () => {
    expectGolden(
      'all-big-by-rack',
      160,
      45,
      new Driver({ hosts: bigCluster(), cols: 160, rows: 45 }).press('G', 'G', 'G', 'p', 'x').frame(),
    );
  });

  const heads = (driver: Driver): string[] => driver.lines().flatMap((text) => /[▸▾] \S+(?: \S+)?/.exec(text)?.[0].trim() ?? []);

  test('are sorted as GPUs are: by name or value, unreported values last', () => {
    expect(heads(grouped(2))).toEqual(['▸ rack b9', '▸ rack b10', '▸ no rack']);
    expect(heads(grouped(2).press('m'))).toEqual(['▸ rack b10', '▸ no rack', '▸ rack b9']);
    expect(heads(grouped(2).press('m', 'm'))).toEqual(['▸ no rack', '▸ rack b10', '▸ rack b9']);
  });

  test('are toggled with x, all of them with X; then the heading is selected', () => {
    const driver = grouped(2).press('Down', 'x');
    expect(heads(driver)).toEqual(['▸ rack b9', '▾ rack b10', '▸ no rack']);
    expect(driver.press('Down', 'Down', 'x').frame()).toMatch(/▌ ▸ rack b10/);
    expect(heads(driver.press('X'))).toEqual(['▾ rack b9', '▾ rack b10', '▾ no rack']);
    expect(driver.press('Down').frame()).toMatch(/▌   node-0001 +0/);
    expect(driver.press('X').frame()).toMatch(/▌ ▸ rack b10/);
  });

  test('open with Enter; on a node or GPU, Enter opens the tab of the node', () => {
    const driver = grouped(2).press('Down', 'Enter');
    expect([driver.tab, heads(driver)[1]]).toEqual(['All', '▾ rack b10']);
    expect(driver.press('Down', 'Enter').tab).toBe('node-0001');
    expect(grouped(1).press('End', 'Enter').tab).toBe('node-0004');
    expect(grouped(1).click('▸ node-0002', 2).tab).toBe('node-0002');
  });

  test('keep the selected GPU selected while it is listed', () => {
    expect(new Driver({ hosts }).press('End', 'G').frame()).toMatch(/▌ ▸ node-0001/);
    expect(grouped(2).press('X', 'Down', 'Down', 'G').frame()).toMatch(/▌ node-0003 ~3m +1/);
  });

  test('are by node only without labels; x does nothing when nothing is grouped', () => {
    const driver = new Driver({ hosts: CLUSTER }).press('G');
    expect(heads(driver)).toHaveLength(4);
    expect(heads(driver.press('G'))).toEqual([]);
    const before = driver.lines().slice(0, -2);
    expect(driver.press('x', 'X').lines().slice(0, -2)).toEqual(before);
    expect(driver.frame()).toContain('X does nothing here');
  });
});

describe('charts', () => {
  const CHARTS = { draw: drawLineChart, onReady: () => undefined };
  const played = (cols: number, rows: number, steps = 210): Driver => {
    const driver = new Driver({ hosts: [{ state: 'waiting' }, { state: 'waiting' }], cols, rows, charts: CHARTS });
    for (let step = 0; step < steps; step++) {
      const utilPercent = step === 120 ? 100 : 30 + 20 * Math.sin(step / 20);
      const gpus = [
        {
          utilPercent,
          memoryUsedBytes: 2 ** 35 + step * 2 ** 26,
          memoryTotalBytes: 2 ** 36,
          temperatureCelsius: 40 + utilPercent / 3,
          powerWatts: 5000 + 200 * utilPercent,
          powerLimitWatts: 40_000,
        },
      ];
      for (const label of ['node-0001', 'node-0002'])
        driver.deliverQuietly({ node: driver.host(label).scrape({ gpus }, driver.clock.now()), kind: 'data' });
      driver.step(3000);
    }
    return driver;
  };

  test.each([
    [160, 45],
    [80, 24],
    [40, 10],
  ])('cover the last ten minutes, %ix%i', (cols, rows) => {
    expectGolden('all-chart', cols, rows, played(cols, rows).press('c').frame());
  });

  test('are cycled with c until the GPUs are back; Esc closes them, z widens the time span', () => {
    const driver = played(100, 24, 250).press('c');
    expect(driver.frame()).toMatch(/Utilisation +now .*max 100% at 14:38:0[67] · 10m +in %, mean of 2 GPUs/);
    expect(driver.press('z').frame()).toContain('· 13m');
    expect(driver.press('c').frame()).toContain('in %, of 2 GPUs');
    expect(driver.press('c').frame()).toContain('in °C, mean of 2 GPUs, and maximum');
    expect(driver.press('c').frame()).toMatch(/Power +now .*max 50\.0 kW .*in kW, of 2 GPUs/);
    expect(driver.press('c').frame()).toContain('WHO');
    expect(driver.press('c', 'c', 'Esc').frame()).toContain('WHO');
    expect(driver.press('Esc').frame()).toContain('nothing to close');
  });

  test('show a message without samples', () => {
    expect(new Driver({ hosts: CLUSTER, charts: CHARTS }).press('c').frame()).toContain('Collecting data');
  });
});
