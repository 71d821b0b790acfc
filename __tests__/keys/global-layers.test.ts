import { describe, expect, test } from '@jest/globals';
import { CORE_LAYERS } from '../../lib/keys/global-layers.js';
import type { TabPlugin } from '../../lib/plugin/types.js';
import { validatePlugin } from '../../lib/plugin/validate.js';
import { BUILT_IN } from '../helpers/driver.js';

test('the built-in tabs pass the validation of plugins', () => {
  const registered: TabPlugin[] = [];
  for (const plugin of BUILT_IN) registered.push(validatePlugin(plugin, registered));
  expect(registered.map(({ id }) => id)).toEqual(['all', 'users', 'host']);
});

describe('the layers of the program', () => {
  test('would pass the same validation, except for their reserved name', () => {
    for (const layer of CORE_LAYERS) {
      const bindings = layer.bindings.map((binding) => ({ ...binding, id: binding.id.replace(/^core\./, 'kernel.') }));
      const plugin = {
        apiVersion: 1,
        id: 'kernel',
        tabs: () => [],
        init: () => 0,
        view: () => ({ blocks: [] }),
        layers: [{ ...layer, bindings }],
      };
      expect(validatePlugin(plugin, [])).toBe(plugin);
    }
  });

  test('have unique ids', () => {
    const ids = CORE_LAYERS.flatMap(({ bindings }) => bindings.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('have the familiar keys of all-smi: ?, h, 1, q, Esc, arrows', () => {
    const global = new Set(CORE_LAYERS.at(-1)!.bindings.flatMap(({ keys }) => keys));
    for (const key of ['?', 'h', '1', 'q', 'Esc', 'Left', 'Right', 'Tab', 'S-Tab']) expect(global).toContain(key);
  });
});
