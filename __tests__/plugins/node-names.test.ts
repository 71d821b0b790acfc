import { expect, test } from '@jest/globals';
import diagnosis from '../../plugins/diagnosis/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW } from '../helpers/driver.js';

const DOMAIN = '.hpc.example-university.org';
/** One GPU model per node: two nodes that answer, one that does not, one known only by its address. */
const HOSTS = [
  ...['a-very-long-name-of-partition-001', 'a-very-long-name-of-partition-002'].map((name) => ({
    ...CLUSTER[0]!,
    name: `${name}${DOMAIN}`,
  })),
  { name: `silent${DOMAIN}`, state: 'overdue' as const, at: NOW - 65_000 },
  { name: 'login', state: 'waiting' as const },
];

test.each<[string, string[]]>([
  ['All', []],
  ['All, by node', ['G']],
  ['Users', ['V']],
  ['the nodes of a user', ['V', 'Enter']],
  ['nodes that do not report', ['V', 'i']],
  ['Diagnosis', ['D']],
  ['the list of tabs', [':']],
  ['alerts', ['A']],
])('%s: names omit the common domain, and are never cut where they differ', (_where, keys) => {
  for (const cols of [80, 120, 200]) {
    const driver = new Driver({ hosts: HOSTS, plugins: [diagnosis], cols, rows: 24, alerts: { tempWarnC: 1 } });
    driver.step(1000);
    const frame = driver.press(...keys).frame();
    expect(frame).not.toContain('example-');
    expect(frame).not.toMatch(/a-very-long-name-of-part\w*…/);
  }
});

test('a long name takes little of the tab strip', () => {
  const strip = new Driver({ hosts: HOSTS, plugins: [diagnosis], cols: 120 }).lines()[1]!;
  expect(strip).toContain('tition-001  ');
  expect(strip).toContain('tition-002  ');
  expect(strip).toContain('silent ✕');
});
