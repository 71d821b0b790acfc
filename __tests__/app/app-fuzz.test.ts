/** Random keys, clicks, resizes and scrapes in any order: nothing throws, and every frame is complete. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { width } from '../../lib/text/format.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import topology from '../../plugins/topology/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import type { ScrapeSpec } from '../helpers/hosts.js';

const KEYS = ['V', '?', 'h', 'Esc', 'Left', 'Right', 'Tab', 'S-Tab', 'Up', 'Down', 'Home', 'End', 'PageUp', 'PageDown', 'Enter', 'Space'];
const LETTERS = ['u', 'm', 'p', 'n', 't', 'f', 'd', 'a', 'c', 'x', 'C-l', 'WheelUp', 'WheelDown'];
const OF_FILTERS = ['/', '/', 'Enter', 'C-r', 'C-u', 'C-w', 'Backspace', '~', '~', 'U', 'U', 'A', 'y', 'z', 'G', 'T', 'D', ':'];
const FRAGMENTS = [
  'user==alice',
  'host==node-0001',
  'temp>40',
  'util==0',
  ' & ',
  ' | ',
  'not ',
  '(',
  ')',
  'mem_used>1GiB',
  'user~=[',
  '日本',
  'zzz',
];
const LABELS = ['node-0001', 'node-0002', 'node-0003', 'node-0004'];

const label = fc.constantFrom(...LABELS);
const reading = fc.constantFrom(undefined, 0, 1, 50, 100, 2 ** 30, 2 ** 36, 1e300);
const proc = fc.record({
  pid: fc.nat(5),
  gpu: fc.integer({ min: -1, max: 1 }),
  user: fc.constantFrom('', 'root', 'alice', 'bob', '日本語'),
  vram: fc.constantFrom(0, 1, 2 ** 33),
});
const scrape = fc
  .record({ utilPercent: reading, memoryUsedBytes: reading, memoryTotalBytes: reading, temperatureCelsius: reading, powerWatts: reading })
  .chain((gpu) =>
    fc.array(proc, { maxLength: 4 }).map((procs): ScrapeSpec => {
      const known = Object.fromEntries(Object.entries(gpu).filter(([, value]) => value !== undefined));
      return { gpus: [known, {}], procs: [...new Map(procs.map((one) => [`${one.pid} ${one.gpu}`, one])).values()] };
    }),
  );

type Action = (driver: Driver) => unknown;
const alive = (driver: Driver, name: string): boolean => [...driver.app.state.allNodes].some((node) => node.name === name);
const onHost = (run: (driver: Driver, name: string) => unknown): fc.Arbitrary<Action> =>
  label.map((name) => (driver) => (alive(driver, name) ? run(driver, name) : undefined));

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(...KEYS, ...LETTERS).map(
      (key): Action =>
        (driver) =>
          driver.press(key),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...OF_FILTERS).map(
      (key): Action =>
        (driver) =>
          driver.press(key),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...FRAGMENTS).map(
      (text): Action =>
        (driver) =>
          driver.send({ type: 'paste', text }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...FRAGMENTS).map((text): Action => (driver) => {
      driver.press('/', 'C-u');
      driver.send({ type: 'paste', text });
      driver.press('Enter');
    }),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(130), fc.nat(35), fc.constantFrom(1, 2)).map(
      ([x, y, clicks]): Action =>
        (driver) =>
          driver.send({ type: 'mouse', action: 'press', button: 'left', x, y, clicks }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(130), fc.nat(35)).map(
      ([cols, rows]): Action =>
        (driver) =>
          driver.resize(cols, rows),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(label, scrape).map(
      ([name, spec]): Action =>
        (driver) =>
          alive(driver, name) && driver.scrape(name, spec),
    ),
  },
  { weight: 1, arbitrary: onHost((driver, name) => driver.fail(name)) },
  { weight: 1, arbitrary: onHost((driver, name) => driver.overdue(name)) },
  { weight: 1, arbitrary: onHost((driver, name) => driver.gone(name)) },
  {
    weight: 1,
    arbitrary: fc.nat(5000).map(
      (ms): Action =>
        (driver) =>
          driver.step(ms),
    ),
  },
);

test('survives random input', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), (actions) => {
      const driver = new Driver({ hosts: CLUSTER, plugins: [topology, diagnosis], cols: 100, rows: 24 });
      for (const act of actions) {
        act(driver);
        const { cols, rows } = driver.painter.size;
        const lines = driver.lines();
        expect(lines).toHaveLength(Math.max(1, rows));
        for (const text of lines) expect(width(text)).toBeLessThanOrEqual(cols);
        // A fault in a built-in tab is contained, so the test has to look for it.
        expect([...driver.app.state.faults]).toEqual([]);
        expect(driver.painter.text()).not.toContain('failed.');
      }
    }),
    { numRuns: 40 },
  );
});
