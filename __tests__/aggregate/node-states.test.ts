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
  ['half of its GPUs compute', { gpus: [BUSY, FREE] }, 'busy'],
  ['less than half', { gpus: [BUSY, FREE, HELD] }, 'partly'],
  ['none, and one is held', { gpus: [FREE, HELD] }, 'held'],
  ['none', { gpus: [FREE, {}] }, 'free'],
  ['no GPU says', { gpus: [{}, { ghost: true }] }, 'blind'],
  ['no GPU', {}, 'cpu'],
  ['hot by its own limit', { gpus: [{ ...FREE, temperatureCelsius: 70, maxOperatingCelsius: 70 }] }, 'hot'],
  ['hot by the limit at which it slows down', { gpus: [BUSY, { temperatureCelsius: 90, slowdownCelsius: 90 }] }, 'hot'],
  ['hot by ours', { gpus: [{ ...BUSY, temperatureCelsius: 85 }] }, 'hot'],
  ['warm', { gpus: [{ ...BUSY, temperatureCelsius: 89, maxOperatingCelsius: 90, slowdownCelsius: 80 }] }, 'busy'],
  ['the last scrape failed', { gpus: [BUSY], state: 'failing' }, 'failing'],
  ['down', { gpus: [BUSY], state: 'overdue' }, 'down'],
  ['not asked yet', { state: 'waiting' }, 'waiting'],
  ['never answered', { state: 'waiting', status: { phase: 'failing' } }, 'down'],
])('%s: %#', (_what, host, state) => {
  expect(statesOf(host)).toEqual([state]);
});

test('sorted by label, numbers by value; counted by state', () => {
  const hosts = buildNodes([
    { name: 'n10', gpus: [BUSY] },
    { name: 'n9', state: 'waiting' },
    { name: 'n2', gpus: [BUSY] },
  ]);
  const nodes = new Derivations().derive(nodeStatesDerivation, hosts, 1);
  expect(nodes.nodes.map(({ name: label }) => label)).toEqual(['n2', 'n9', 'n10']);
  expect([nodes.counts[NODE_STATES.indexOf('busy')], nodes.counts[NODE_STATES.indexOf('waiting')]]).toEqual([2, 1]);
});

test('the order is computed again only when a label changes', () => {
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
