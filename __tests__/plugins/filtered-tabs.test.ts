/** Every field of the filter language on every tab: the visible rows, and their totals. */
import { describe, expect, test } from '@jest/globals';
import { FIELDS } from '../../lib/filter/fields.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';
import { Driver } from '../helpers/driver.js';
import type { NodeSpec } from '../helpers/hosts.js';
import { inNewDirectory } from '../helpers/recording-player.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';

const GIB = 2 ** 30;

await loadRegexEngine();

/** One GPU per node, with one process of one user: the two nodes differ in every field. */
const HOSTS: readonly NodeSpec[] = [
  {
    nodeId: '10.0.0.1:9090',
    name: 'left',
    groups: { rack: 'r1' },
    gpus: [
      {
        index: 3,
        name: 'NVIDIA H100 80GB HBM3',
        uuid: 'GPU-left',
        details: { driver_version: '580.1', type: 'GPU' },
        temperatureCelsius: 71,
        utilPercent: 97,
        memoryUsedBytes: 60 * GIB,
        memoryTotalBytes: 80 * GIB,
        powerWatts: 611,
        cardPowerWatts: 1222,
        powerLimitWatts: 700,
        frequencyMhz: 1980,
        performanceState: 0,
        numaNode: 1,
        lastXid: 79,
        eccCorrected: 12,
        eccUncorrected: 2,
      },
    ],
    procs: [{ pid: 11, gpu: 0, user: 'alice', vram: 50 * GIB, age: 7200, cpu: 104, sm: 90, command: 'python train.py' }],
  },
  {
    nodeId: '10.0.0.2:9090',
    name: 'right',
    groups: { rack: 'r2' },
    status: { phase: 'failing', failures: 1 },
    gpus: [
      {
        index: 4,
        name: 'AMD MI300X',
        uuid: 'GPU-right',
        details: { driver_version: '6.1', type: 'NPU' },
        temperatureCelsius: 35,
        utilPercent: 1,
        memoryUsedBytes: 8 * GIB,
        memoryTotalBytes: 192 * GIB,
        powerWatts: 120,
        powerLimitWatts: 750,
        frequencyMhz: 900,
        performanceState: 8,
        numaNode: 0,
      },
    ],
    procs: [{ pid: 22, gpu: 0, user: 'bob', vram: 7 * GIB, age: 60, cpu: 3, sm: 0, command: 'jupyter' }],
  },
];

/** For each field: filters that match what belongs to `left` and nothing else. */
const LEFT: Readonly<Record<string, readonly string[]>> = {
  temp: ['temp == 71', 'temperature > 40C', 'temp >= 71', 'temp != 35'],
  util: ['util > 5%', 'not util <= 5', 'utilization == 97'],
  mem_pct: ['mem_pct >= 75', 'mempct == 75%', 'mem_percent > 10'],
  mem_used: ['mem_used > 40GiB', 'memused >= 64424509440', 'mem_used != 8g'],
  mem_total: ['mem_total < 100GiB', 'memtotal == 80GiB'],
  power: ['power > 0.5kW', 'pwr == 611'],
  card_power: ['card_power > 1kW', 'card_power == 1222'],
  power_limit: ['power_limit <= 700W'],
  clock: ['clock > 1.5GHz'],
  pstate: ['pstate == P0', 'performance_state < 5'],
  numa: ['numa == 1', 'numa_node > 0'],
  xid: ['xid == 79', 'last_xid > 0'],
  ecc_uncorrected: ['ecc_uncorrected > 0'],
  ecc_corrected: ['ecc_corrected > 10'],
  index: ['index == 3', 'idx < 4'],
  procs: ['procs == 1 & temp > 40'],
  state: ['state == computing', 'state != held'],
  gpu_name: ['gpu_name ~= H100', 'name == "NVIDIA H100 80GB HBM3"', 'gpu_name != "AMD MI300X"'],
  uuid: ['uuid == GPU-left', 'uuid ~= left$'],
  device_type: ['device_type == GPU', 'type != NPU'],
  driver: ['driver == 580.1', 'driver ~= ^580'],
  user: ['user == alice', 'user != bob', 'user ~= ^al', 'not user == bob'],
  command: ['command ~= train', 'cmd == "python train.py"'],
  pid: ['pid == 11', 'pid < 20'],
  vram: ['vram > 20GiB'],
  sm: ['sm >= 50'],
  cpu: ['cpu > 100'],
  age: ['age > 1h', 'running >= 2h'],
  host: ['host == left', 'hostname ~= ^l', 'host == 10.0.0.1:9090', 'host != right'],
  status: ['status == up', 'status != failing'],
  group: ['group.rack == r1', 'group.rack ~= 1'],
};

/** Only a node with jobs has these: they are tested with the filter. */
const OF_OWNERS = ['job', 'account', 'namespace', 'pod', 'team', 'container', 'runs_as', 'allocation'];

test('there is a filter for every field', () => {
  expect([...Object.keys(LEFT), ...OF_OWNERS].sort()).toEqual([...FIELDS.map(({ name }) => name), 'group'].sort());
});

const filtered = (text: string): Driver => {
  const driver = new Driver({ hosts: HOSTS, cols: 160 });
  driver.press('/');
  driver.send({ type: 'paste', text });
  return driver.press('Enter');
};

describe.each(Object.values(LEFT).flat())('%s', (text) => {
  const driver = filtered(text);

  test('the All tab shows one GPU and its values', () => {
    const shown = driver.frame();
    expect(shown).toMatch(/filtered: 1 of 2 GPUs 97% · 1 node · 60\.0 of 80\.0 GiB · 611 W/);
    expect(shown).toMatch(/left +3 .* alice/);
    expect(shown).not.toMatch(/right +4/);
    expect(shown).toMatch(/1 of 2 GPUs · 1 process · 1 node *$/m);
  });

  test('the Users tab shows one user and her values', () => {
    const shown = driver.press('V').frame();
    expect(shown).toMatch(/^ ▌ alice +1 +1 +0 +1 +50\.0 GiB +611 W +0\.9 /m);
    expect(shown).not.toMatch(/^ [▌ ] bob /m);
    expect(shown).toMatch(/1 user/);
    expect(shown).toMatch(/50\.0 GiB owned/);
  });

  test('the tab of her node shows her process, and the tab of the other node shows none', () => {
    expect(driver.press('Enter', 'Enter', 'o').frame()).toMatch(/ 11 +alice +3 +50\.0 GiB/);
    expect(driver.tab).toBe('left');
    const other = driver.press('Right').frame();
    expect(driver.tab).toBe('right');
    expect(other).toContain('No GPUs of this node match the filter.');
    expect(other).toContain('no processes match the filter');
  });
});

describe('in a replay', () => {
  inNewDirectory();

  test('replay keys and all others are text while a filter is typed, and a paste of 1 MiB is cut', async () => {
    const viewer = await new ReplayViewer(120, 30).open(HOSTS);
    const { nth } = viewer;
    await viewer.press('/', ...Array.from('jkgLB[]+-=qu1V', (ch) => ch), 'Space', 'x');
    expect(viewer.app.state.filtering.edited?.text).toBe('jkgLB[]+-=qu1V x');
    expect([viewer.nth, viewer.replay.status.playing, viewer.app.state.overlays.length]).toEqual([nth, true, 0]);
    await viewer.press('C-u');
    viewer.painter.paste(`user == alice\n${'q'.repeat(2 ** 20)}`);
    expect(viewer.app.state.filtering.edited?.text).toHaveLength(512);
    await viewer.press('C-u');
    viewer.painter.paste('user == alice');
    const shown = await viewer.press('Enter');
    expect(shown).toContain('filtered: 1 of 2 GPUs');
    expect(shown).toContain(' / user == alice ');
  });

  test('the filter stays active during playback and seeks', async () => {
    const viewer = await new ReplayViewer(120, 30).open(HOSTS);
    await viewer.press('/');
    viewer.painter.paste('user == alice');
    await viewer.press('Enter');
    const { nth } = viewer;
    expect(await viewer.press(']', ']')).toContain('filtered: 1 of 2 GPUs');
    expect(viewer.nth).toBe(nth + 2);
    expect(await viewer.press('}')).toContain('filtered: 1 of 2 GPUs');
    expect(await viewer.press('Esc')).not.toContain('filtered');
  });
});
