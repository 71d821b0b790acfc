import { describe, expect, test } from '@jest/globals';
import topology from '../../plugins/topology/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, type DriverOptions } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { ExtraSpec, GpuSpec, NodeSpec } from '../helpers/hosts.js';

const open = (hosts: readonly NodeSpec[], more: Partial<DriverOptions> = {}): Driver =>
  new Driver({ hosts, plugins: [topology], ...more }).press('T');

/** `types`: the remote ends of a GPU's links. */
const links = (gpu: number, types: readonly string[], bandwidth = '50000'): ExtraSpec[] =>
  types.map((type, index) => ({
    values: { nvlink_remote_device_type: 1 },
    labels: { gpu_uuid: `GPU-${gpu}`, link_index: String(index), remote_type: type, bandwidth_mb_s: bandwidth },
  }));
const gpus = (count: number, numa: (gpu: number) => number): GpuSpec[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    uuid: `GPU-${index}`,
    name: 'NVIDIA H100 80GB HBM3',
    numaNode: numa(index),
    utilPercent: (index * 13) % 101,
    details: { pci_address: `0000:${String(17 + index)}:00.0` },
  }));
const MESH: NodeSpec = {
  gpus: gpus(8, (gpu) => (gpu < 4 ? 0 : 1)),
  extras: {
    link: Array.from({ length: 8 }, (_, gpu) => links(gpu, [...Array<string>(7).fill('gpu'), 'switch'])).flat(),
    gpu: Array.from({ length: 8 }, () => ({ values: { gpu_pcie_gen_current: 5, gpu_pcie_width_current: 16 } })),
  },
};
const PCIE: NodeSpec = { gpus: gpus(4, (gpu) => (gpu < 3 ? gpu % 2 : NaN)) };
const PAIR: NodeSpec = { gpus: gpus(2, () => NaN), extras: { link: [0, 1].flatMap((gpu) => links(gpu, ['gpu', 'gpu', 'gpu', 'gpu'])) } };
const RING: NodeSpec = { gpus: gpus(4, () => 0), extras: { link: [0, 1].flatMap((gpu) => links(gpu, ['gpu', 'gpu'])) } };

test('a node that has never answered shows only that', () => {
  const silent: NodeSpec = { state: 'waiting', status: { phase: 'failing', failures: 2 } };
  const text = new Driver({ hosts: [silent, MESH], plugins: [topology] }).press('V', 'Right', 'Right', 'T').frame();
  expect(text).toContain('✕ down · never answered');
  expect(text).toContain('This node has never answered, so its GPUs are unknown.');
  expect(text).not.toContain('0 GPUs');
});

describe('golden screens', () => {
  test.each([
    [200, 60],
    [120, 30],
    [80, 24],
    [40, 10],
  ])('%ix%i', (cols, rows) => {
    expectGolden('topology', cols, rows, open([MESH], { cols, rows }).frame());
    expectGolden('topology-matrix', cols, rows, open([MESH], { cols, rows }).press('M').frame());
  });

  test('PCIe with an unreported NUMA node, and a node without GPUs', () => {
    expectGolden('topology-pcie', 100, 20, open([PCIE], { cols: 100, rows: 20 }).press('M').frame());
    expect(open([{ cpus: [{ utilPercent: 1 }] }]).frame()).toContain('No node has reported a GPU yet');
  });
});

const filtered = (driver: Driver, filter: string): Driver => (filter === '' ? driver : driver.press('/', ...Array.from(filter), 'Enter'));

/** The symbols of the matrix, one row per GPU. */
const matrix = (host: NodeSpec, filter = ''): string[] =>
  filtered(open([host]), filter)
    .press('M')
    .lines()
    .flatMap((text) => /^[ -]GPU \d+ +((?:X|NV\S|NODE|SYS|\?)(?: +(?:X|NV\S|NODE|SYS|\?))*)$/.exec(text)?.[1]?.replace(/ +/g, ' ') ?? []);

describe('two GPUs are connected', () => {
  test('through switches if both GPUs have links to one', () => {
    expect(matrix(MESH)[0]).toBe('X NVS NVS NVS NVS NVS NVS NVS');
  });
  test('by NUMA node without links, and in an unknown way if the NUMA node is unknown', () => {
    expect(matrix(PCIE)).toEqual(['X SYS NODE ?', 'SYS X SYS ?', 'NODE SYS X ?', '? ? ? X']);
  });
  test('by direct links if there is no third GPU', () => {
    expect(matrix(PAIR)).toEqual(['X NV4', 'NV4 X']);
  });
  test('by unknown links if those may lead to other GPUs', () => {
    expect(matrix(RING)).toEqual(['X NV? NODE NODE', 'NV? X NODE NODE', 'NODE NODE X NODE', 'NODE NODE NODE X']);
  });
});

test('links are counted once, not at both ends', () => {
  expect(open([MESH]).frame()).toContain('8 GPUs · 2 NUMA nodes · 28 NVLinks between GPUs · 8 to switches');
  expect(open([PAIR]).frame()).toContain('2 GPUs · NUMA nodes not reported · 4 NVLinks between GPUs');
  expect(open([PCIE]).frame()).toContain('no NVLink reported');
});

describe('the node shown', () => {
  const shown = (driver: Driver): string => / (node-\d+)/.exec(driver.lines()[2]!)?.[1] ?? '';

  test('is that of the last open tab, else the first with a GPU', () => {
    expect(shown(open([{ cpus: [{}] }, MESH, PAIR]))).toBe('node-0002');
    const driver = new Driver({ hosts: CLUSTER, plugins: [topology] });
    while (driver.tab !== 'node-0003') driver.press('Right');
    expect(shown(driver.press('T'))).toBe('node-0003');
    expect(driver.frame()).toContain('✕ down · last seen 3m ago');
  });

  test('changes with n and N, which wrap around; Enter opens its tab', () => {
    const driver = open([MESH, PAIR, PCIE]);
    expect([shown(driver.press('n')), shown(driver.press('n')), shown(driver.press('n')), shown(driver.press('N'))]).toEqual([
      'node-0002',
      'node-0003',
      'node-0001',
      'node-0003',
    ]);
    expect(driver.press('Enter').tab).toBe('node-0003');
  });

  test('is replaced when it is removed', () => {
    const driver = open([MESH, PAIR]).press('n');
    expect(shown(driver.gone('node-0002'))).toBe('node-0001');
    expect(open([]).press('n', 'Enter', 'M').tab).toBe('Topology');
  });
});

test('a long page scrolls to its end and no further', () => {
  const driver = open([MESH], { cols: 80, rows: 12 });
  const first = driver.frame();
  expect(driver.press('Down').frame()).not.toBe(first);
  const end = driver.press('PageDown', 'PageDown', 'PageDown').frame();
  expect(end).toContain('GPU 7');
  expect(driver.press('PageDown').frame()).toBe(end);
});

describe('a filter keeps all GPUs of a node', () => {
  test.each(['index>=1', 'util<14'])('%s changes no path between GPUs', (filter) => {
    for (const host of [MESH, PCIE, RING]) expect(matrix(host, filter)).toEqual(matrix(host));
  });

  test('GPUs that do not match are dimmed and marked', () => {
    const driver = filtered(open([MESH], { cols: 100, rows: 24 }), 'index>=6');
    expectGolden('topology-filtered', 100, 24, driver.frame());
    expect(driver.frame()).toContain('8 GPUs, 2 match · 2 NUMA nodes · 28 NVLinks between GPUs');
    // When all rows are shown anyway, the page is the same.
    const same = driver.frame();
    expect(driver.press('~').frame().replace('· the rest dim (~)', '').replaceAll(' ', '')).toBe(same.replaceAll(' ', ''));
  });

  test('n skips nodes without a matching GPU, with a message if there is none', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((name) => ({ ...MESH, nodeId: name, name }));
    const driver = filtered(open(nodes), 'host~=[bd]');
    const at = (): string => /^ (\w) {2}graph/m.exec(driver.frame())?.[1] ?? '';
    const went = Array.from('nnnNN~nn', (key) => (driver.press(key), at()));
    expect(went).toEqual(['d', 'b', 'd', 'b', 'd', 'd', 'b', 'd']);
    expect(filtered(open(nodes), 'index==9').frame()).toContain('No GPUs match the filter.');
  });
});
