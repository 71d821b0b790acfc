import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '../../lib/model/collector.js';
import { definePlugin, type TabPlugin } from '../../lib/plugin/types.js';
import { AppState, faultText } from '../../lib/app/state.js';
import { buildNodes, type NodeSpec, type TestNode } from '../helpers/hosts.js';

interface Ui {
  readonly made: string;
}
const asked = { tabs: 0, init: [] as string[] };
const perHost: TabPlugin = definePlugin<Ui>({
  apiVersion: 1,
  id: 'per-host',
  layers: [],
  tabs: (nodes) => {
    asked.tabs++;
    return [...nodes].map((node) => ({ plugin: 'per-host', key: node.nodeId, title: node.name }));
  },
  init: (tab) => {
    asked.init.push(tab.key);
    return { made: tab.key };
  },
  view: () => ({ blocks: [] }),
});
const only: TabPlugin = definePlugin<undefined>({
  apiVersion: 1,
  id: 'only',
  layers: [],
  tabs: () => [{ plugin: 'only', key: '', title: 'Only', order: 0 }],
  init: () => undefined,
  view: () => ({ blocks: [] }),
});

function setUp(specs: readonly NodeSpec[] = [{}, {}]): { readonly state: AppState; readonly hosts: readonly TestNode[] } {
  const hosts = buildNodes(specs);
  return { state: new AppState([perHost, only], 3000, hosts), hosts };
}
const of = (host: TestNode, kind: Delivery['kind'] = 'data'): Delivery => ({ node: host, kind, continuity: 'next' });
const titles = (state: AppState): string[] => state.tabs.map(({ title }) => title);

describe('the two counters', () => {
  test('every delivery increments both, every other change only `data`', () => {
    const { state, hosts } = setUp();
    let { data, collector } = state.versions;
    for (const kind of ['data', 'failed', 'overdue', 'gone'] as const) {
      state.deliver(of(hosts[0]!, kind));
      expect(state.versions.collector).toBe(++collector);
      expect(state.versions.data).toBeGreaterThan(data);
      ({ data } = state.versions);
    }
    for (const change of [
      () => state.touch(),
      () => state.open('only'),
      () => state.cycle(1),
      () => void state.update(state.tab, [{ made: 'x' }]),
      () => state.blame('only', 'key', new Error('x')),
    ]) {
      change();
      expect(state.versions.data).toBe(++data);
      expect(state.versions.collector).toBe(collector);
    }
  });
});

test('a seek, which delivers all nodes at once, costs one merge for the cluster and one for users, not one per node', () => {
  const { state, hosts } = setUp(Array.from({ length: 50 }, () => ({ gpus: 1 })));
  for (const node of hosts) state.deliver({ node, kind: 'data', continuity: 'jump' });
  state.sample();
  expect(state.derivations.ran.merges).toBe(2);
  expect(state.history.cluster('util').values).toHaveLength(1);
});

describe('tabs', () => {
  test('are sorted by `order`, then in the order of the plugins', () => {
    const { state } = setUp();
    expect(titles(state)).toEqual(['Only', 'node-0001', 'node-0002']);
    expect(state.tab.title).toBe('Only');
  });

  test('are listed again when the set of nodes or a label changes, not on every delivery', () => {
    const { state, hosts } = setUp([{ named: false, facts: { instance: 'old' } }, {}]);
    expect(titles(state)).toEqual(['Only', 'old', 'node-0002']);
    const { tabs } = asked;
    state.deliver(of(hosts[0]!.scrape({})));
    expect(titles(state)).toHaveLength(3);
    expect(asked.tabs).toBe(tabs);
    state.deliver(of(hosts[0]!.scrape({ facts: { instance: 'dgx-07' } })));
    expect(titles(state)).toEqual(['Only', 'dgx-07', 'node-0002']);
    state.deliver(of(hosts[1]!, 'gone'));
    expect(titles(state)).toEqual(['Only', 'dgx-07']);
    expect(asked.tabs).toBe(tabs + 2);
  });

  test('keep the open tab by id, not by title or position', () => {
    const { state, hosts } = setUp([{}, { named: false }]);
    expect(state.open('per-host', 'node-0002:9090')).toBe(true);
    state.deliver(of(hosts[1]!.scrape({ facts: { instance: 'dgx-07' } })));
    expect(state.tab).toMatchObject({ key: 'node-0002:9090', title: 'dgx-07' });
    state.deliver(of(hosts[0]!, 'gone'));
    expect(state.tab.title).toBe('dgx-07');
    expect(state.open('per-host', 'node-0001:9090')).toBe(false);
    expect(state.open('nobody')).toBe(false);
    expect(state.tab.title).toBe('dgx-07');
  });

  test('wrap around after any number of steps', () => {
    const { state } = setUp();
    const at = (by: number): string => {
      state.cycle(by);
      return state.tab.title;
    };
    expect([at(1), at(1), at(1), at(-1), at(-4), at(30)]).toEqual([
      'node-0001',
      'node-0002',
      'Only',
      'node-0002',
      'node-0001',
      'node-0001',
    ]);
  });

  test('work without plugins', () => {
    const state = new AppState([], 3000, []);
    state.cycle(1);
    expect(state.tabs).toEqual([]);
    expect(state.open('only')).toBe(false);
  });
});

describe('UI state', () => {
  test('is created once per tab, on first use, and dropped with its tab', () => {
    const { state, hosts } = setUp();
    asked.init.length = 0;
    const tab = state.tabs.find(({ key }) => key === 'node-0002:9090')!;
    expect(state.ui(tab)).toEqual({ value: { made: 'node-0002:9090' } });
    expect(state.update(tab, [{ made: 'later' }, { type: 'help' }])).toEqual([{ type: 'help' }]);
    expect(state.ui(tab)).toEqual({ value: { made: 'later' } });
    expect(asked.init).toEqual(['node-0002:9090']);
    state.deliver(of(hosts[1]!, 'gone'));
    expect(titles(state)).toEqual(['Only', 'node-0001']);
    state.deliver(of(hosts[1]!.scrape({})));
    expect(titles(state)).toEqual(['Only', 'node-0001', 'node-0002']);
    expect(state.ui(tab)).toEqual({ value: { made: 'node-0002:9090' } });
  });
});

test('reduces a fault to one sanitized, truncated line', () => {
  expect(faultText(new TypeError('a\u001b[31mb\nc'))).toBe('TypeError: a[31mbc');
  expect(faultText('text')).toBe('text');
  expect(faultText(new Error('x'.repeat(5000)))).toHaveLength(200);
  expect(faultText(Object.create(null))).toBe('threw a value without a message');
});

describe('trend of each user', () => {
  const holds = (gib: number) => ({ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: gib * 2 ** 30 }] });
  const at = (state: AppState, now: number, host: TestNode, gib: number, continuity: Delivery['continuity'] = 'next'): number[] => {
    state.now = now;
    state.deliver({ node: host.scrape(holds(gib), now), kind: 'data', continuity });
    return Array.from(state.history.userVram('alice').values).map((bytes) => bytes / 2 ** 30);
  };

  test('has one sample per interval, the first one, whatever is delivered in it', () => {
    const { state, hosts } = setUp();
    expect(at(state, 9000, hosts[0]!, 1)).toEqual([1]);
    expect(at(state, 11_900, hosts[0]!, 2)).toEqual([1]);
    expect(at(state, 12_000, hosts[0]!, 3)).toEqual([1, 3]);
    expect(at(state, 13_100, hosts[1]!, 4)).toEqual([1, 3]);
    expect(at(state, 15_500, hosts[1]!, 5)).toEqual([1, 3, 8]);
    expect(at(state, 18_000, hosts[0]!, 6)).toEqual([1, 3, 8, 11]);
    expect(at(state, 20_900, hosts[0]!, 7)).toEqual([1, 3, 8, 11]);
  });

  test('has no sample while a node is waiting, as a partial total would look like an increase', () => {
    const { state, hosts } = setUp([{}, { state: 'waiting' }]);
    expect(at(state, 9000, hosts[0]!, 1)).toEqual([]);
    expect(at(state, 12_000, hosts[1]!, 4)).toEqual([5]);
  });

  test('is cleared by a seek, and starts again with the next frame', () => {
    const { state, hosts } = setUp();
    at(state, 9000, hosts[0]!, 1);
    expect(at(state, 12_000, hosts[0]!, 3)).toEqual([1, 3]);
    expect(at(state, 501_000, hosts[0]!, 7, 'jump')).toEqual([]);
    state.sample();
    expect(at(state, 503_000, hosts[0]!, 8)).toEqual([7]);
    expect(at(state, 504_000, hosts[0]!, 9)).toEqual([7, 9]);
    // Back to the start.
    expect(at(state, 1000, hosts[0]!, 1, 'jump')).toEqual([]);
    state.sample();
    expect(at(state, 4000, hosts[0]!, 2)).toEqual([1, 2]);
  });

  test('is cleared when the clock is set back', () => {
    const { state, hosts } = setUp();
    at(state, 1_000_000, hosts[0]!, 1);
    expect(at(state, 50_000, hosts[0]!, 2)).toEqual([2]);
    expect(at(state, 53_000, hosts[0]!, 3)).toEqual([2, 3]);
  });
});
