import { expect, test } from '@jest/globals';
import type { Collector, Delivery } from '../../lib/model/collector.js';
import { combined } from '../../lib/sources/combined-collector.js';
import { buildNodes, type TestNode } from '../helpers/hosts.js';

/** A collector that delivers its node when it starts, and reports when it has stopped. */
class Single implements Collector {
  readonly source: string;
  readonly intervalMs: number;
  readonly nodes: readonly TestNode[];
  runs = false;

  constructor(source: string, intervalMs: number) {
    [this.source, this.intervalMs, this.nodes] = [source, intervalMs, buildNodes([{ name: source }])];
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.runs = true;
    deliver({ node: this.nodes[0]!, kind: 'data', continuity: 'next' });
  }
  async stop(): Promise<void> {
    await Promise.resolve();
    this.runs = false;
  }
}

test('combines all nodes in order, starts all collectors, and stops when all have stopped', async () => {
  const parts = [new Single('a', 3000), new Single('b', 1000), new Single('c', 2000)];
  const all = combined(parts);
  expect([all.source, all.intervalMs, [...all.nodes].map(({ name }) => name)]).toEqual(['a + b + c', 1000, ['a', 'b', 'c']]);
  const heard: string[] = [];
  all.start(({ node }) => void heard.push(node.name));
  expect([heard, parts.every(({ runs }) => runs)]).toEqual([['a', 'b', 'c'], true]);
  await all.stop();
  expect(parts.some(({ runs }) => runs)).toBe(false);
});
