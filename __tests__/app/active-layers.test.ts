/** Active key layers: read once, and again only when the tabs, the open tab or the modal change. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ActiveLayers } from '../../lib/app/active-layers.js';
import { definePlugin, type Binding, type TabPlugin } from '../../lib/plugin/types.js';
import { Driver } from '../helpers/driver.js';

const counting = (key: string, id: string): Binding<number> => ({
  id,
  keys: [key],
  label: id,
  run: (ui) => [ui + 1, { type: 'toast', text: `${id} ${ui + 1}` }],
});
let read = 0;
/** One tab per node. X works on the open tab, Z from anywhere, Y only every other time. */
const counter = (): TabPlugin => {
  const layers = [
    {
      scope: 'tab' as const,
      title: 'Counter',
      bindings: [counting('X', 'counter.here'), { ...counting('Y', 'counter.odd'), when: (ui: number) => ui % 2 === 1 }],
    },
    { scope: 'global' as const, title: 'Counter', bindings: [counting('Z', 'counter.anywhere')] },
  ];
  return definePlugin<number>({
    apiVersion: 1,
    id: 'counter',
    get layers() {
      read++;
      return layers;
    },
    tabs: (nodes) => [...nodes].map(({ nodeId, name }) => ({ plugin: 'counter', key: nodeId, title: `counter of ${name}`, order: 200 })),
    init: () => 0,
    view: (ui) => ({ blocks: [{ kind: 'lines', lines: [{ spans: [{ text: `counted ${ui}` }] }] }] }),
  });
};

/** A tab that stays the same object whatever happens to the nodes. */
const STILL = { plugin: 'still', key: '', title: 'still', order: 300 };
const still = definePlugin<undefined>({
  apiVersion: 1,
  id: 'still',
  layers: [],
  tabs: () => [STILL],
  init: () => undefined,
  view: () => ({ blocks: [] }),
});

let driver: Driver;
beforeEach(() => {
  driver = new Driver({ hosts: [{ gpus: 1 }, { gpus: 1 }], plugins: [counter(), still], cols: 160 });
  driver.frame();
  read = 0;
});
/** The toast that a key shows. */
const answer = (key: string): string =>
  / (counter\.\S+ \d+|\S+ does nothing here)/.exec(driver.press(key).lines().slice(-2).join('\n'))?.[1] ?? '';

describe('layers are not read again', () => {
  test('on keys, scrapes and frames', () => {
    driver.press('Left', 'Left');
    const opened = read;
    for (const count of [1, 2, 3]) expect(answer('X')).toBe(`counter.here ${count}`);
    driver.press('Down', 'F9', 'X').scrape('node-0001', { gpus: 1 }).fail('node-0002').step(5000);
    expect(driver.frame()).toContain('counted 4');
    expect(read).toBe(opened);
  });

  test('while the help is open and scrolls, or when it is opened again', () => {
    driver.press('?');
    const opened = read;
    expect(opened).toBeGreaterThan(0);
    driver.press('Down', 'PageDown', 'Up', 'Esc', '?', 'Esc');
    expect(read).toBe(opened);
  });

  test('for routing and the footer, which share one list; a modal has another one', () => {
    const layers = new ActiveLayers(driver.app.state);
    const [before, help] = [layers.active(), layers.active(false)];
    driver.press('n', 'Down');
    expect(layers.active()).toBe(before);
    driver.press('?');
    expect(layers.active()).not.toBe(before);
    expect(layers.active(false)).toBe(help);
    expect(layers.active().map(({ layer }) => layer.title)).not.toContain('All');
    expect(driver.press('Esc').app.state.overlays).toEqual([]);
    expect(layers.active()).toBe(before);
  });
});

describe('the active layers handle the key', () => {
  test('a binding sees the tab state that the previous key left', () => {
    driver.press('Left', 'Left');
    expect(answer('Y')).toBe('Y does nothing here');
    expect(answer('X')).toBe('counter.here 1');
    expect(answer('Y')).toBe('counter.odd 2');
    expect(answer('Y')).toBe('Y does nothing here');
  });

  test('after a tab is opened, its keys work and those of the previous tab do not', () => {
    expect(answer('X')).toBe('X does nothing here');
    driver.press('Left', 'Left');
    expect(driver.tab).toBe('counter of node-0002');
    expect(answer('X')).toBe('counter.here 1');
    driver.press('Left');
    expect(driver.tab).toBe('counter of node-0001');
    expect(answer('X')).toBe('counter.here 1');
    driver.press('Right');
    expect(answer('X')).toBe('counter.here 2');
    driver.press('Right', 'Right');
    expect(driver.tab).toBe('All');
    expect(answer('X')).toBe('X does nothing here');
  });

  test.each([
    ['?', 'Esc'],
    ['A', 'Esc'],
    ['/', 'Esc'],
  ])('none of them handles a key under a modal (%s), and all do after it', (open, close) => {
    driver.press('Left', 'Left', 'X', open, 'X', 'Z');
    expect(driver.press(close).frame()).toContain('counted 1');
    expect(answer('X')).toBe('counter.here 2');
  });

  test.each(['All', 'still'])('from %s, a global key goes to the first tab of its plugin, if there is one', (tab) => {
    if (tab === 'still') driver.press('Left');
    expect(driver.tab).toBe(tab);
    expect(answer('Z')).toBe('counter.anywhere 1');
    driver.gone('node-0001');
    expect(answer('Z')).toBe('counter.anywhere 1');
    expect(answer('Z')).toBe('counter.anywhere 2');
    driver.gone('node-0002');
    expect(answer('Z')).toBe('Z does nothing here');
    driver.deliver({ node: driver.collector.nodes[1]!, kind: 'data' });
    expect(answer('Z')).toBe('counter.anywhere 1');
  });
});
