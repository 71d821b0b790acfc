import { describe, expect, test } from '@jest/globals';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { expectGolden, SIZES } from '../helpers/golden.js';
import type { HostSpec } from '../helpers/hosts.js';

/** 'node-0001 3' of each row, without ages. */
const rows = (driver: Driver): string[] =>
  driver.lines().flatMap((text) => {
    const [, host, , gpu] = /^ [▌ ] (node-\S+)( ~\w+)? +(\d+) /.exec(text) ?? [];
    return host === undefined ? [] : [`${host} ${gpu}`];
  });

describe('pictures', () => {
  test.each(SIZES)('%ix%i', (cols, height) => {
    expectGolden('all', cols, height, new Driver({ hosts: CLUSTER, cols, rows: height }).frame());
  });

  test.each([
    [
      'all-waiting',
      [{ state: 'waiting' }, { state: 'waiting', status: { phase: 'failing', error: { code: 'S_DNS', text: 'name not found' } } }],
    ],
    ['all-silent', [{ state: 'waiting', status: { phase: 'failing', error: { code: 'S_DNS', text: 'name not found' } } }]],
    ['all-no-gpus', [{ memory: [{ totalBytes: 2 ** 40, usedBytes: 2 ** 38 }] }, { state: 'waiting' }]],
  ] satisfies readonly (readonly [string, readonly HostSpec[]])[])('%s', (name, hosts) => {
    expectGolden(name, 80, 12, new Driver({ hosts, cols: 80, rows: 12 }).frame());
  });

  test('sorted by temperature, a row chosen', () => {
    expectGolden('all-by-temperature', 120, 16, new Driver({ hosts: CLUSTER, cols: 120, rows: 16 }).press('t', 'Down', 'Down').frame());
  });
});

describe('the order', () => {
  const gpus = (...util: readonly number[]) => ({ gpus: util.map((utilPercent) => (Number.isNaN(utilPercent) ? {} : { utilPercent })) });
  const hosts: readonly HostSpec[] = [
    { ...gpus(7, 50), hostId: 'a:1', label: 'node-10' },
    { ...gpus(50, NaN), hostId: 'b:1', label: 'node-9' },
    { ...gpus(1), hostId: 'c:1', label: 'node-9' },
  ];
  const sorted = (...keys: readonly string[]): string[] => rows(new Driver({ hosts }).press(...keys));

  test('by host name, numbers by their value, then by GPU; d again reverses', () => {
    expect(sorted()).toEqual(['node-9 0', 'node-9 1', 'node-9 0', 'node-10 0', 'node-10 1']);
    expect(sorted('d')).toEqual(['node-10 1', 'node-10 0', 'node-9 0', 'node-9 1', 'node-9 0']);
    expect(sorted('u', 'd')).toEqual(sorted());
  });

  test('by a reading: the largest first, ties by host, what is not reported last in both directions', () => {
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

test('Enter opens the tab of the node of the row, whatever the order', () => {
  expect(new Driver({ hosts: CLUSTER }).press('Enter').tab).toBe('node-0001');
  expect(new Driver({ hosts: CLUSTER }).press('d', 'Enter').tab).toBe('node-0004');
  expect(new Driver({ hosts: CLUSTER }).press('t', 'Enter').tab).toBe('node-0001');
  expect(new Driver({ hosts: CLUSTER }).press('End', 'Enter').tab).toBe('node-0004');
  expect(new Driver({ hosts: [{ state: 'waiting' }] }).press('Enter').tab).toBe('All');
});

test('the chosen GPU is kept when hosts come before it, and its place when it goes', () => {
  const driver = new Driver({ hosts: [{ state: 'waiting' }, { gpus: 3 }] }).press('Down', 'Down');
  expect(driver.frame()).toMatch(/▌ node-0002 +2 /);
  driver.scrape('node-0001', { gpus: 2 });
  expect(driver.frame()).toMatch(/▌ node-0002 +2 /);
  driver.scrape('node-0002', { gpus: 2 });
  expect(driver.frame()).toMatch(/▌ node-0002 +0 /);
});

test('thousands of GPUs: only the rows on screen are looked at', () => {
  const driver = new Driver({
    hosts: Array.from({ length: 1000 }, () => ({ gpus: 8, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] })),
  });
  expect(driver.frame()).toContain('1-24 of 8,000 GPUs');
  let decoded = 0;
  for (const host of driver.app.state.hosts) {
    const { text } = host;
    host.text = (ref) => {
      decoded++;
      return text.call(host, ref);
    };
  }
  expect(driver.press('End').frame()).toContain('7,977-8,000 of 8,000 GPUs');
  expect(rows(driver).at(-1)).toBe('node-1000 7');
  expect(decoded).toBeLessThan(200);
  const { ran } = driver;
  driver.press('PageUp', 'PageUp', 'Up', 'u', 'Home');
  expect(driver.ran).toEqual(ran);
});
