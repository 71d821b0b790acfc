/** Resize storms over every tab and mode, down to size 0: every frame is complete, and the original size restores the original frame. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawLineChart } from '../../lib/paint/line-chart.js';
import { width } from '../../lib/text/format.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import topology from '../../plugins/topology/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';
import { RICH_HOST } from '../helpers/rich-host.js';

const CHARTS = { draw: drawLineChart, onReady: () => undefined };
const [COLS, ROWS] = [120, 30];

function open(keys: readonly string[]): Driver {
  const hosts = [...CLUSTER, { ...RICH_HOST, name: 'rich' }];
  const driver = new Driver({ hosts, plugins: [topology, diagnosis], cols: COLS, rows: ROWS, charts: CHARTS });
  for (let step = 0; step < 5; step++) driver.step(3000).scrape('node-0001', CLUSTER[0]!);
  return driver.press(...keys);
}

const PLACES: Readonly<Record<string, readonly string[]>> = {
  All: [],
  'All, two lines a GPU': ['z'],
  'All, grouped and open': ['G', 'X'],
  'All, a chart': ['c'],
  Users: ['V'],
  'the processes of a node': [':', 'r', 'i', 'c', 'h', 'Enter'],
  'all details of a node': [':', 'r', 'i', 'c', 'h', 'Enter', 'z'],
  Topology: ['T'],
  'Topology, matrix': ['T', 'M'],
  Diagnosis: ['D'],
  'the picker': [':', 'n'],
  'the help': ['?'],
};

const size = fc.tuple(fc.oneof(fc.nat(200), fc.nat(12)), fc.oneof(fc.nat(60), fc.nat(6)));

describe.each(Object.entries(PLACES))('%s', (_, keys) => {
  test('the screen is complete at any size', () => {
    const driver = open(keys);
    const before = driver.resize(COLS, ROWS).frame();
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 8 }), (storm) => {
        for (const [cols, rows] of storm) {
          const lines = driver.resize(cols, rows).lines();
          expect(lines).toHaveLength(Math.max(1, rows));
          for (const text of lines) expect(width(text)).toBeLessThanOrEqual(cols);
          if (cols >= 40 && rows >= 10) expect(lines[0]).toMatch(/nodes/);
        }
        expect([...driver.app.state.faults]).toEqual([]);
      }),
      { numRuns: 15 },
    );
    expect(driver.resize(COLS, ROWS).frame()).toBe(before);
  });
});
