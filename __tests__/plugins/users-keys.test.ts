/** Keys pressed on the Users tab change only the Users tab, whatever level is on screen. */
import { describe, expect, test } from '@jest/globals';
import { CORE_LAYERS } from '../../lib/keys/global-layers.js';
import { PAGES } from '../../docs/pages.js';
import users from '../../plugins/users/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver } from '../helpers/driver.js';

const LEVELS: Readonly<Record<string, readonly string[]>> = {
  users: [],
  hosts: ['Enter'],
  processes: ['Enter', 'Enter'],
  process: ['Enter', 'Enter', 'Enter'],
  'silent nodes': ['i'],
};
const PRINTABLE = Array.from({ length: 0x7e - 0x20 }, (_, at) => String.fromCharCode(0x21 + at));
const NAMED = [
  'Enter',
  'Esc',
  'Tab',
  'Space',
  'Backspace',
  'Up',
  'Down',
  'Left',
  'Right',
  'Home',
  'End',
  'PageUp',
  'PageDown',
  'Insert',
  'Delete',
];
const FUNCTION = Array.from({ length: 12 }, (_, at) => `F${at + 1}`);
const ALL = [
  ...PRINTABLE,
  ...NAMED,
  ...FUNCTION,
  ...['C-', 'A-', 'S-'].flatMap((modifier) => [...NAMED, 'a', 'e', 'm'].map((name) => modifier + name)),
];
/** Keys of the program, which may change other things. */
const CORE = new Set(CORE_LAYERS.flatMap(({ bindings }) => bindings.flatMap(({ keys }) => keys)));
/** U pins a user on all tabs, which is its purpose. */
const PINS = 'U';
const MOUSE = new Set(['Click', 'DoubleClick', 'WheelUp', 'WheelDown']);
const OWN = new Set(users.layers.flatMap(({ bindings }) => bindings.flatMap(({ keys }) => keys)));

const open = (...keys: readonly string[]): Driver => new Driver({ hosts: CLUSTER, cols: 120, rows: 20 }).press('V', ...keys);

/** Everything outside the Users tab: counters, computed results, the open tab, other tabs' state, requests to the program. */
function world(driver: Driver): object {
  const { state } = driver.app;
  const others = state.tabs.filter(({ plugin }) => plugin !== 'users').map((tab) => JSON.stringify(state.ui(tab)));
  return {
    ran: driver.ran,
    collector: driver.versions.collector,
    tab: driver.tab,
    tabs: state.tabs.map(({ title }) => title),
    overlays: state.overlays,
    others,
    quit: driver.hasQuit,
    painter: [driver.painter.suspends, driver.painter.redraws],
    hosts: [...state.nodes].map(({ nodeId, version, status }) => [nodeId, version, status]),
  };
}

describe.each(Object.entries(LEVELS))('on the level of %s', (_level, keys) => {
  test.each(['u', 'm', 'p', 'n', 't', 'f', 'a', 'e', 'c', 'g', 'd', 's', 'F', 'E'])('%s changes nothing else', (key) => {
    const driver = open(...keys);
    const before = world(driver);
    driver.press(key, key);
    expect(world(driver)).toEqual(before);
  });

  test('no key except those of the program changes anything else', () => {
    const same = open(...keys);
    const before = world(same);
    for (const key of ALL.filter((name) => !OWN.has(name) && !CORE.has(name))) expect([key, world(same.press(key))]).toEqual([key, before]);
    for (const key of [...OWN].filter((name) => name !== PINS && !MOUSE.has(name))) {
      const driver = open(...keys).press(key);
      const opensTab = key === 'o' || (key === 'Enter' && keys[0] === 'i');
      if (opensTab) expect(driver.tab).toMatch(/^node-/);
      else if (key === 'Esc' && keys.length === 0) expect(driver.frame()).toContain('q quits');
      else expect([key, world(driver)]).toEqual([key, before]);
    }
  });

  test('no key breaks the screen', () => {
    const driver = open(...keys);
    for (const key of ALL.filter((name) => !CORE.has(name) && name !== 'o')) driver.press(key);
    expect(driver.lines()).toHaveLength(20);
    expect(driver.frame()).not.toContain('failed');
    expect(driver.app.state.faults.size).toBe(0);
  });
});

test('no key of the tab is shadowed by the program, and each has a description', () => {
  const above = new Set(
    CORE_LAYERS.filter(({ scope }) => scope === 'filter-edit')
      .filter(({ title }) => title === 'Always')
      .flatMap(({ bindings }) => bindings.flatMap(({ keys }) => keys)),
  );
  for (const key of OWN) expect(above.has(key)).toBe(false);
  for (const { bindings } of users.layers) for (const { label } of bindings) expect(label).not.toBe('');
});

test('the help of a level has the keys of that level only', () => {
  const help = (...keys: readonly string[]): string =>
    new Driver({ hosts: CLUSTER, cols: 120, rows: 160 }).press('V', ...keys, '?').frame();
  expect(help()).toMatch(/u +sort by user \(again: reverse\)/);
  expect(help()).toContain('POWER* is an estimate');
  expect(help()).not.toContain('sort by pid');
  expect(help('Enter')).toMatch(/u +sort by node \(again: reverse\)/);
  expect(help('Enter', 'Enter')).toMatch(/p +sort by pid \(again: reverse\)/);
  expect(help('Enter', 'Enter')).toMatch(/Shift-→ +scroll commands right/);
  expect(help('Enter', 'Enter', 'Enter')).toMatch(/↓, j, wheel down +scroll down/);
  expect(help('i')).toMatch(/t +sort by last seen/);
});

test('docs/KEYS.md has every key', () => {
  const page = PAGES['KEYS.md']!();
  for (const { bindings } of users.layers) for (const { id } of bindings) expect(page).toContain(`\`${id}\``);
});

test('an empty table offers no key for rows', () => {
  const footer = new Driver({ hosts: [{ gpus: 1 }], cols: 200 }).press('V').lines().at(-1);
  expect(footer).toContain('? help');
  expect(footer).not.toMatch(/Enter|freeze|trend|system|all processes|pin user/);
});
