import { describe, expect, test } from '@jest/globals';
import diagnosis from '../../plugins/diagnosis/index.js';
import { millis } from '../../plugins/diagnosis/scrape-table.js';
import { bigCluster } from '../helpers/big-cluster.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW, type DriverOptions } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { NodeSpec } from '../helpers/hosts.js';

const open = (hosts: readonly NodeSpec[], more: Partial<DriverOptions> = {}): Driver =>
  new Driver({ hosts, plugins: [diagnosis], ...more }).press('D');
const names = (driver: Driver): string[] => driver.lines().flatMap((text) => /^ [▌ ] ([a-z]+)  /.exec(text)?.[1] ?? []);

test.each([
  [NaN, '–'],
  [0.4, '0 ms'],
  [999.4, '999 ms'],
  [1000, '1.00 s'],
  [9990, '9.99 s'],
  [12_340, '12.3 s'],
])('a latency of %s ms: %s', (ms, shown) => {
  expect(millis(ms)).toBe(shown);
});

const HOSTS: readonly NodeSpec[] = [
  { name: 'well', facts: { bytes: 5000, samples: 70 }, status: { latencyMs: 12, skewMs: 0, nextTryAt: NOW + 1200 } },
  { name: 'slow', facts: { bytes: 900_000, samples: 9000 }, status: { latencyMs: 4210, skewMs: -42_000, nextTryAt: NOW - 5 } },
  {
    name: 'odd',
    facts: { bytes: 100, samples: 3, badLines: 2, badSample: 'all_smi_gpu{', capsHit: ['process rows'], up: false },
    status: { latencyMs: 30, skewMs: 61_000 },
  },
  {
    name: 'dead',
    state: 'overdue',
    at: NOW - 65_000,
    status: { latencyMs: 20, failures: 7, nextTryAt: NOW + 12_400, error: { code: 'S_REFUSED', text: 'connection refused' } },
  },
  { name: 'new', state: 'waiting' },
];

describe('golden screens', () => {
  test.each([
    [200, 60],
    [120, 30],
    [80, 24],
    [40, 10],
  ])('%ix%i', (cols, rows) => {
    expectGolden('diagnosis', cols, rows, open(HOSTS, { cols, rows }).step(5000).frame());
  });

  test('a thousand nodes', () => {
    expectGolden('diagnosis-big', 160, 45, open(bigCluster(), { cols: 160, rows: 45 }).frame());
  });
});

test('without a node that is up, the latency line shows whether any node was scraped', () => {
  const [well, , , dead, waiting] = HOSTS as readonly [NodeSpec, NodeSpec, NodeSpec, NodeSpec, NodeSpec];
  const shown = (hosts: readonly NodeSpec[]): string => open(hosts, { cols: 120, rows: 20 }).frame();
  expect(shown([dead])).toContain('\n latency unknown: no node is up\n');
  expect(shown([dead, waiting])).toContain('\n latency unknown: no node is up\n');
  expect(shown([waiting])).toContain('\n no scrapes yet\n');
  expect(shown([dead, waiting, well])).toContain('\n latency p50 12 ms');
});

test('each column sorts the rows, with missing values last', () => {
  const sorted = (...keys: readonly string[]): string[] => names(open(HOSTS).press(...keys));
  expect(sorted()).toEqual(['dead', 'new', 'odd', 'slow', 'well']);
  expect(sorted('l')).toEqual(['slow', 'odd', 'dead', 'well', 'new']);
  expect(sorted('l', 'l')).toEqual(['well', 'dead', 'odd', 'slow', 'new']);
  expect(sorted('t')[0]).toBe('dead');
  expect(sorted('t').at(-1)).toBe('new');
  expect(sorted('m')).toEqual(['slow', 'well', 'odd', 'dead', 'new']);
  expect(sorted('c')).toEqual(['odd', 'slow', 'well', 'dead', 'new']);
  expect(sorted('d')).toEqual(['dead', 'new', 'odd', 'slow', 'well']);
  expect(names(open(HOSTS).click('BAD'))[0]).toBe('odd');
});

test('Enter opens the tab of the node, and the selection is kept', () => {
  const driver = open(HOSTS).press('l', 'Down');
  expect(driver.press('t').frame()).toMatch(/▌ odd/);
  expect(driver.press('Enter').tab).toBe('odd');
});

test('problems in node lists are shown as printed at the start, and omitted on small screens', () => {
  const notes = ['--hosts: 1 duplicate address merged (first: a:9090)', 'hosts.csv: 2 lines that are no address left out (first: line 4)'];
  const text = open(CLUSTER, { startNotes: notes, cols: 80, rows: 24 }).frame();
  for (const note of notes) expect(text).toContain(`\n ${note}\n`);
  const many = Array.from({ length: 9 }, (_, at) => `list ${at}: 1 line left out`);
  const shown = open(CLUSTER, { startNotes: many, cols: 80, rows: 24 }).lines();
  expect(shown.filter((line) => line.includes('list '))).toHaveLength(3);
  expect(shown.join('\n')).toContain(' and 6 more notes on the lists of nodes');
  expect(open(CLUSTER, { startNotes: notes, cols: 80, rows: 10 }).frame()).not.toContain('merged');
  expect(open(CLUSTER).frame()).not.toContain('lists of nodes');
});

test('a node that recovers is healthy again, without recomputing a part', () => {
  const driver = open(HOSTS);
  const { parts } = driver.ran;
  driver.scrape('dead', {});
  expect(driver.frame()).toMatch(/dead +up +0s/);
  expect(driver.ran.parts).toBeLessThanOrEqual(parts + 2);
  driver.fail('well', 'HTTP 503');
  expect(driver.frame()).toMatch(/well +~ failing .* HTTP 503/);
});

describe('the viewer itself', () => {
  test('shows frames, delayed frames and the lag of the timer', () => {
    const driver = open(CLUSTER, { cols: 200 }).step(3000);
    expect(driver.frame()).toMatch(/viewer: event-loop lag 0 ms \(max 0 ms\) · memory 96\.0 MiB · \d+ frames \(0 delayed/);
    driver.painter.stall(true);
    driver.scrape('node-0001', {}).step(1000);
    driver.painter.stall(false);
    expect(driver.step(2000).frame()).toMatch(/\([1-9]\d* delayed by the terminal\)/);
  });

  test('reports a late timer, but not an hour of sleep', () => {
    const driver = open(CLUSTER, { cols: 200 });
    driver.clock.sleep(400);
    expect(driver.step(1000).frame()).toMatch(/event-loop lag 400 ms \(max 400 ms\)/);
    driver.clock.sleep(3_600_000);
    expect(driver.step(1000).frame()).toMatch(/max 400 ms/);
  });
});
