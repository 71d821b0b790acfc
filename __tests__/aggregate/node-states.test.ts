import { expect, test } from '@jest/globals';
import { LabelOrder } from '../../lib/aggregate/label-order.js';
import { NODE_STATES, nodeStatesDerivation } from '../../lib/aggregate/node-states.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes, type GpuSpec, type NodeSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const BUSY: GpuSpec = { utilPercent: 80 };
const HELD: GpuSpec = { utilPercent: 0, memoryUsedBytes: 2 * GIB };
const FREE: GpuSpec = { utilPercent: 0, memoryUsedBytes: 0 };
const statesOf = (...specs: readonly NodeSpec[]): string[] => {
  const { states } = new Derivations().derive(nodeStatesDerivation, buildNodes(specs), 1);
  return Array.from(states, (place) => NODE_STATES[place]!);
};

test.each<[what: string, host: NodeSpec, state: string]>([
  ['busy when half of its GPUs compute', { gpus: [BUSY, FREE] }, 'busy'],
  ['partly busy when fewer than half compute', { gpus: [BUSY, FREE, HELD] }, 'partly'],
  ['held when none computes and one is held idle', { gpus: [FREE, HELD] }, 'held'],
  ['free when none is in use', { gpus: [FREE, {}] }, 'free'],
  ['unknown when it does not report its processes', { gpus: [FREE, {}], facts: { processScope: 'off' } }, 'blind'],
  ['unknown when no GPU reports its state', { gpus: [{}, { ghost: true }] }, 'blind'],
  ['a CPU node without a GPU', {}, 'cpu'],
  ['hot at the maximum operating temperature of the GPU', { gpus: [{ ...FREE, temperatureCelsius: 70, maxOperatingCelsius: 70 }] }, 'hot'],
  ['hot at the slowdown temperature of the GPU', { gpus: [BUSY, { temperatureCelsius: 90, slowdownCelsius: 90 }] }, 'hot'],
  ['hot at the default threshold', { gpus: [{ ...BUSY, temperatureCelsius: 85 }] }, 'hot'],
  [
    'busy below the maximum operating temperature',
    { gpus: [{ ...BUSY, temperatureCelsius: 89, maxOperatingCelsius: 90, slowdownCelsius: 80 }] },
    'busy',
  ],
  ['failing when the last scrape failed', { gpus: [BUSY], state: 'failing' }, 'failing'],
  ['down', { gpus: [BUSY], state: 'overdue' }, 'down'],
  ['waiting before the first scrape', { state: 'waiting' }, 'waiting'],
  ['down when it has never answered', { state: 'waiting', status: { phase: 'failing' } }, 'down'],
])('%s: %#', (_what, host, state) => {
  expect(statesOf(host)).toEqual([state]);
});

test('sorts nodes by name in natural order and counts them by state', () => {
  const hosts = buildNodes([
    { name: 'n10', gpus: [BUSY] },
    { name: 'n9', state: 'waiting' },
    { name: 'n2', gpus: [BUSY] },
  ]);
  const nodes = new Derivations().derive(nodeStatesDerivation, hosts, 1);
  expect(nodes.nodes.map(({ name: label }) => label)).toEqual(['n2', 'n9', 'n10']);
  expect([nodes.counts[NODE_STATES.indexOf('busy')], nodes.counts[NODE_STATES.indexOf('waiting')]]).toEqual([2, 1]);
});

test('computes the order again only when a name changes', () => {
  const order = new LabelOrder();
  const [a, b] = buildNodes([{ named: false, facts: { instance: 'b' } }, { name: 'a' }]) as [
    ReturnType<typeof buildNodes>[0],
    ReturnType<typeof buildNodes>[0],
  ];
  const first = order.of([a, b]);
  expect([...first]).toEqual([1, 0]);
  expect(order.of([a, b])).toBe(first);
  a.scrape({ facts: { instance: '0' } });
  expect([...order.of([a, b])]).toEqual([0, 1]);
});
