/** A plugin may bind keys that work everywhere: with the UI state of its own tab, and with lower precedence than those of the program. */
import { expect, test } from '@jest/globals';
import { definePlugin, type Binding } from '../../lib/plugin/types.js';
import { lines } from '../../lib/view/frame.js';
import { Driver } from '../helpers/driver.js';

interface Ui {
  readonly presses: number;
}
const counting = (id: string, keys: readonly string[], more: Partial<Binding<Ui>> = {}): Binding<Ui> => ({
  id: `odd.${id}`,
  keys,
  label: `count ${id}`,
  run: (ui) => [{ presses: ui.presses + 1 }, { type: 'toast', text: `${id} ${ui.presses + 1}` }],
  ...more,
});
const odd = (bindings: readonly Binding<Ui>[]) =>
  definePlugin<Ui>({
    apiVersion: 1,
    id: 'odd',
    tabs: () => [
      { plugin: 'odd', key: 'first', title: 'First', order: 20 },
      { plugin: 'odd', key: 'second', title: 'Second', order: 21 },
    ],
    init: () => ({ presses: 0 }),
    layers: [
      { scope: 'global', title: 'Everywhere', bindings },
      { scope: 'tab', title: 'Odd', bindings: [counting('own', ['x'])] },
    ],
    view: (ui) => ({ blocks: [lines(`pressed ${ui.presses}`)] }),
  });
const viewer = (...bindings: readonly Binding<Ui>[]): Driver =>
  new Driver({ hosts: [{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] }], plugins: [odd(bindings)], cols: 160 });

test('a global key gets the state of its own plugin: that of the open tab, else of the first one', () => {
  const driver = viewer(counting('key', ['J']));
  expect(driver.press('V', 'J', 'J').frame()).toContain('key 2');
  expect(driver.tab).toBe('Users');
  expect(driver.press('Right').frame()).toContain('pressed 2');
  // On the second tab of the plugin the key applies to that tab.
  expect(driver.press('Right', 'J').frame()).toContain('pressed 1');
  expect(driver.press('Left').frame()).toContain('pressed 2');
});

test('its tab keys work on its tabs only', () => {
  const driver = viewer(counting('key', ['J']));
  expect(driver.press('V', 'x', 'Right').frame()).toContain('pressed 0');
  expect(driver.press('x').frame()).toContain('pressed 1');
});

test('a global key is in the footer and in the help of every tab, under one heading', () => {
  const driver = viewer(counting('key', ['J'], { hint: 1, short: 'odd' }));
  expect(driver.press('V').lines().at(-1)).toContain('J odd');
  const help = driver.press('?').frame();
  expect(help).toContain('count key');
  expect(help.match(/Everywhere/g)).toHaveLength(1);
});

test('a global key does not override keys of the program or of the open tab', async () => {
  const driver = viewer(counting('quit', ['q']), counting('sort', ['m']));
  expect(driver.press('V', 'm').frame()).not.toContain('sort 1');
  expect(driver.press('q').frame()).not.toContain('quit 1');
  await Promise.resolve();
  expect(driver.hasQuit).toBe(true);
});

test('an exception costs the plugin its pane, and does not affect anything else', () => {
  const driver = viewer(
    counting('key', ['J'], {
      run: () => {
        throw new RangeError('out of cheese');
      },
    }),
  );
  expect(driver.press('V', 'J').frame()).toContain('Users');
  expect(driver.press('Right').frame()).toContain('plugin odd: RangeError: out of cheese');
});
