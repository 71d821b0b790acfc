import { expect, test } from '@jest/globals';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { clock, titleParts } from '../../lib/view/title.js';
import { CLUSTER } from '../helpers/cluster.js';
import { NOW } from '../helpers/driver.js';
import { buildNodes, type NodeSpec } from '../helpers/hosts.js';

const parts = (specs: readonly NodeSpec[]) =>
  titleParts(new Derivations().derive(clusterDerivation, buildNodes(specs), 1), { source: 'hosts.csv', intervalMs: 2500, now: NOW });
const GIB = 2 ** 30;

test('shows nodes, GPUs, memory and power in shorter and shorter forms', () => {
  expect(parts(CLUSTER).left).toEqual([
    'all-smi-view  3 of 4 nodes · 22 GPUs 42% · 717 GiB of 1.71 TiB · 6.92 kW',
    '3/4 nodes · 22 GPUs 42% · 717G/1.71T · 6.92 kW',
    '3/4 nodes · 22 GPUs 42% · 717G/1.71T',
    '3/4 nodes · 22 GPUs 42%',
    '3/4 nodes',
  ]);
  expect(parts(CLUSTER).right).toEqual(['hosts.csv', 'every 2.5s', '14:32:07 live']);
});

test.each<[what: string, specs: readonly NodeSpec[], long: string, short: string]>([
  ['no node has answered', [{ state: 'waiting' }], '0 of 1 node', '0/1 nodes'],
  ['no node', [], '0 of 0 nodes', '0/0 nodes'],
  ['no GPU', [{}, {}], '2 of 2 nodes', '2/2 nodes'],
  ['nothing reported', [{ gpus: 1 }], '1 of 1 node · 1 GPU', '1/1 nodes · 1 GPU'],
  [
    'one unit for used and total',
    [{ gpus: [{ memoryUsedBytes: 3 * GIB, memoryTotalBytes: 80 * GIB }] }],
    '1 of 1 node · 1 GPU · 3.00 of 80.0 GiB',
    '1/1 nodes · 1 GPU · 3.00/80.0G',
  ],
  ['0 W is a reading', [{ gpus: [{ powerWatts: 0 }] }], '1 of 1 node · 1 GPU · 0.0 W', '1/1 nodes · 1 GPU · 0.0 W'],
])('%s', (_what, specs, long, short) => {
  expect(parts(specs).left.slice(0, 2)).toEqual([`all-smi-view  ${long}`, short]);
});

test('shows the wall clock', () => {
  expect(clock(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('03:04:05');
});
