import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NodeNames, type NamedNode } from '../../lib/model/node-names.js';

class Named implements NamedNode {
  shown = '';
  readonly nodeId: string;
  constructor(nodeId: string) {
    this.nodeId = nodeId;
  }
  rename(name: string): void {
    this.shown = name;
  }
}

test('nodes with the same name get their address in front, as long as there are several', () => {
  const names = new NodeNames();
  const [a, b, c] = ['10.0.0.1:9090', '10.0.0.1:9091', 'login'].map((nodeId) => new Named(nodeId)) as [Named, Named, Named];
  names.claim(a, 'node-1');
  expect(a.shown).toBe('node-1');
  names.claim(b, 'node-1');
  names.claim(c, 'login');
  expect([a, b, c].map(({ shown }) => shown)).toEqual(['10.0.0.1:9090 (node-1)', '10.0.0.1:9091 (node-1)', 'login']);
  names.claim(b, 'node-2');
  expect([a.shown, b.shown]).toEqual(['node-1', 'node-2']);
  names.claim(c, 'node-2');
  names.release(b);
  expect(c.shown).toBe('node-2');
});

test('as nodes come and go, names stay unique and have an address only when needed', () => {
  const step = fc.record({ node: fc.nat(5), name: fc.option(fc.constantFrom('x', 'y', 'id3'), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const names = new NodeNames();
      const nodes = Array.from({ length: 6 }, (_, at) => new Named(`id${at}`));
      const called = new Map<Named, string>();
      for (const { node, name } of steps) {
        const one = nodes[node]!;
        if (name === undefined) {
          names.release(one);
          called.delete(one);
        } else {
          names.claim(one, name);
          called.set(one, name);
        }
        const all = [...called.values()];
        for (const [other, raw] of called) {
          const plain = all.filter((text) => text === raw).length === 1 || other.nodeId === raw;
          expect(other.shown).toBe(plain ? raw : `${other.nodeId} (${raw})`);
        }
        const shown = [...called.keys()].map((other) => other.shown);
        expect(new Set(shown).size).toBe(shown.length);
      }
    }),
  );
});
