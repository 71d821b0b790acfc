import { expect, test } from '@jest/globals';
import { Derivations, type Derivation } from '../../lib/aggregate/derivations.js';
import { buildNodes } from '../helpers/hosts.js';

interface Part {
  pids: number[];
}
const seen: (readonly number[] | undefined)[] = [];
const pids: Derivation<Part, string> = {
  id: 'pids',
  part(node, reuse) {
    seen.push(reuse?.pids);
    return { pids: [...node.procs.pid.slice(0, node.procs.count)] };
  },
  merge: (parts, scope) => `${scope.key}${[...parts].map(([node, part]) => ` ${node.name}:${part.pids.join('+')}`).join('')}`,
};
const procs = (...numbers: readonly number[]) => ({ procs: numbers.map((pid) => ({ pid })) });

test('computes one part per node version, and one merge per collector version and scope', () => {
  const hosts = buildNodes([procs(1), procs(2)]);
  const derivations = new Derivations();
  const derive = (collector: number) => derivations.derive(pids, hosts, collector);
  expect(derive(1)).toBe(' node-0001:1 node-0002:2');
  // A sort key: nothing is computed.
  expect(derive(1)).toBe(' node-0001:1 node-0002:2');
  expect(derivations.ran).toEqual({ parts: 2, merges: 1 });
  // A scrape of one node.
  hosts[1]!.scrape(procs(2, 3));
  expect(derive(2)).toBe(' node-0001:1 node-0002:2+3');
  expect(derivations.ran).toEqual({ parts: 3, merges: 2 });
  // A failed scrape: no rows changed.
  hosts[0]!.fail({ at: 1, error: { code: 'TEST', text: 'refused' } });
  derive(3);
  expect(derivations.ran).toEqual({ parts: 3, merges: 3 });
});

test('merges nodes that are not up only into derivations over all nodes', () => {
  const hosts = buildNodes([procs(1), { ...procs(2), state: 'overdue' }, { state: 'waiting' }]);
  expect(new Derivations().derive(pids, hosts, 1)).toBe(' node-0001:1');
  expect(new Derivations().derive({ ...pids, over: 'all' }, hosts, 1)).toBe(' node-0001:1 node-0002:2 node-0003:');
});

test('each scope has its own merge, and scopes share the parts', () => {
  const hosts = buildNodes([procs(1), procs(2)]);
  const derivations = new Derivations();
  const second = { key: 'second', includes: ({ name }: { name: string }) => name === 'node-0002' };
  expect(derivations.derive(pids, hosts, 1)).toBe(' node-0001:1 node-0002:2');
  expect(derivations.derive(pids, hosts, 1, second)).toBe('second node-0002:2');
  expect(derivations.derive(pids, hosts, 1)).toBe(' node-0001:1 node-0002:2');
  expect(derivations.ran).toEqual({ parts: 2, merges: 2 });
});

test('caches the merges of the most recent scopes', () => {
  const hosts = buildNodes([procs(1)]);
  const derivations = new Derivations();
  for (const key of ['a', 'b', 'c', 'd', 'e']) derivations.derive(pids, hosts, 1, { key });
  expect(derivations.ran.merges).toBe(5);
  for (const key of ['e', 'd', 'c', 'b']) derivations.derive(pids, hosts, 1, { key });
  expect(derivations.ran.merges).toBe(5);
  derivations.derive(pids, hosts, 1, { key: 'a' });
  expect(derivations.ran.merges).toBe(6);
});

test("a part is computed only from the part of the same node's last version", () => {
  const hosts = buildNodes([procs(1), procs(2)]);
  const derivations = new Derivations();
  seen.length = 0;
  derivations.derive(pids, hosts, 1);
  hosts[0]!.scrape(procs(5));
  derivations.derive(pids, hosts, 2);
  hosts[0]!.scrape(procs(6));
  derivations.derive(pids, hosts, 3);
  expect(seen).toEqual([undefined, undefined, [1], [5]]);
});

test('recomputes everything after clear, without reusing parts', () => {
  const hosts = buildNodes([procs(1), procs(2)]);
  const derivations = new Derivations();
  derivations.derive(pids, hosts, 1);
  derivations.forget();
  seen.length = 0;
  expect(derivations.derive(pids, hosts, 1)).toBe(' node-0001:1 node-0002:2');
  expect(seen).toEqual([undefined, undefined]);
  expect(derivations.ran).toEqual({ parts: 4, merges: 2 });
});

test('keeps two derivations with the same id separate', () => {
  const hosts = buildNodes([procs(1)]);
  const derivations = new Derivations();
  expect(derivations.derive(pids, hosts, 1)).toBe(' node-0001:1');
  expect(derivations.derive({ ...pids, merge: () => 'mine' }, hosts, 1)).toBe('mine');
});
