import { describe, expect, test } from '@jest/globals';
import { bigCluster } from '../helpers/big-cluster.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW } from '../helpers/driver.js';
import { expectGolden } from '../helpers/golden.js';
import type { NodeSpec } from '../helpers/hosts.js';

const type = (driver: Driver, text: string): Driver => driver.press(...Array.from(text, (ch) => (ch === ' ' ? 'Space' : ch)));
/** Titles in the list, the selected one in brackets. */
const listed = (driver: Driver): string[] =>
  driver
    .lines()
    .slice(4, -1)
    .flatMap((text) => {
      const [, mark, title] = /^ ([▌ ]) (\S+)/.exec(text) ?? [];
      return title === undefined ? [] : [mark === '▌' ? `[${title}]` : title];
    });
const HOSTS: readonly NodeSpec[] = ['gpu-1', 'gpu-2', 'gpu-12', 'login'].map((name, nth) => ({
  name,
  nodeId: `10.0.0.${nth}:9090`,
  groups: { rack: nth < 2 ? 'a1' : 'b1' },
  ...(nth === 2 ? { state: 'overdue', at: NOW - 65_000 } : {}),
}));

describe('the picker lists all tabs', () => {
  test('opens with : or Ctrl-P on the open tab, and closes with Esc', () => {
    const driver = new Driver({ hosts: HOSTS }).press('Right', 'Right', ':');
    expect(listed(driver)).toEqual(['All', 'Users', '[gpu-1]', 'gpu-2', 'gpu-12', 'login']);
    expect(listed(new Driver({ hosts: HOSTS }).press('C-p'))[0]).toBe('[All]');
    expect(driver.press('Enter').tab).toBe('gpu-1');
    expect(driver.press(':', 'End', 'Esc').tab).toBe('gpu-1');
    expect(listed(driver)).not.toContain('[login]');
  });

  test.each([
    ['12', 'gpu-12'],
    ['gpu 2', 'gpu-2'],
    ['0.3:90', 'login'],
    ['b1 log', 'login'],
    ['rack=a1', 'gpu-1'],
    ['down', 'gpu-12'],
    ['user', 'Users'],
  ])('typing %j and Enter opens %s', (text, tab) => {
    expect(type(new Driver({ hosts: HOSTS }).press(':'), text).press('Enter').tab).toBe(tab);
  });

  test('treats every printable key as text: q, digits, spaces, pastes', () => {
    const driver = type(new Driver({ hosts: HOSTS }).press(':'), 'q1hV');
    driver.painter.paste('x y\n');
    expect(driver.step(0).lines()[2]).toMatch(/^ : q1hVx y ▏ .*0 of 6 tabs/);
    expect([driver.hasQuit, driver.tab]).toEqual([false, 'All']);
    expect(driver.frame()).toContain('no match');
    expect(driver.press('Enter').tab).toBe('All');
    expect(listed(driver.press('C-u'))).toHaveLength(6);
  });

  test('moves with arrows and page keys, and starts at the best match', () => {
    const driver = new Driver({ hosts: HOSTS }).press(':', 'Down', 'Tab', 'Down', 'Up');
    expect(listed(driver)[2]).toBe('[gpu-1]');
    expect(listed(driver.press('PageDown')).at(-1)).toBe('[login]');
    expect(listed(type(driver, 'gpu'))[0]).toBe('[gpu-1]');
    expect(listed(driver.press('Down', 'Backspace'))[0]).toMatch(/^\[/);
    expect(driver.press('Down', 'Enter').tab).not.toBe('All');
  });

  test('opens the tab that is clicked; a click elsewhere does nothing', () => {
    const driver = new Driver({ hosts: HOSTS }).press(':');
    expect(driver.click('TAB').tab).toBe('All');
    driver.send({ type: 'mouse', action: 'press', button: 'left', x: 5, y: 8, clicks: 1 });
    expect(driver.tab).toBe('gpu-12');
    expect(driver.frame()).not.toContain(' tabs');
  });

  test('lists a node that goes down while it is open', () => {
    const driver = type(new Driver({ hosts: HOSTS }).press(':'), 'down');
    expect(listed(driver)).toEqual(['[gpu-12]']);
    driver.overdue('login');
    expect(listed(driver)).toEqual(['[gpu-12]', 'login']);
  });

  test.each([
    [120, 30],
    [80, 24],
    [40, 10],
  ])('looks right at %ix%i', (cols, rows) => {
    const hosts = CLUSTER.map((spec, nth) => ({ ...spec, groups: { rack: `b${nth}`, partition: 'train' } }));
    expectGolden('picker', cols, rows, type(new Driver({ hosts, cols, rows }).press(':'), 'no').press('Down').frame());
  });

  test('works with a thousand nodes', () => {
    const driver = new Driver({ hosts: bigCluster(), cols: 120, rows: 20 }).press(':');
    expectGolden('picker-big', 120, 20, type(driver, 'down r2').frame());
    expect(type(driver.press('C-u'), '0777').press('Enter').tab).toBe('node-0777');
    const strip = driver.lines()[1]!;
    expect(strip).toMatch(/^◂.* node-0777 .*▸ +10 down ✕/);
  });
});
