import { describe, expect, test } from '@jest/globals';
import { CORE_LAYERS } from '../../lib/keys/global-layers.js';
import { AppError } from '../../lib/errors.js';
import { validatePlugin } from '../../lib/plugin/validate.js';

type Part = Record<string, unknown>;

const binding = (more: Part = {}): Part => ({ id: 'down.refresh', keys: ['x'], label: 'refresh', run: () => [undefined], ...more });
const table = (): Part => ({ id: 'idle', columns: [{ id: 'gpu', value: () => 1 }], rows: () => ({ data: undefined, rows: [] }) });
const layer = (...bindings: Part[]): Part => ({ scope: 'tab', title: 'Down', bindings });
const plugin = (more: Part = {}): Part => ({
  apiVersion: 1,
  id: 'down',
  layers: [layer(binding())],
  tabs: () => [],
  init: () => undefined,
  view: () => ({ blocks: [] }),
  ...more,
});
const bound = (more: Part): Part => plugin({ layers: [layer(binding(more))] });

function complaint(candidate: unknown, registered: Part[] = []): string {
  try {
    validatePlugin(candidate, registered as never, './down.mjs');
    return 'no complaint';
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('E_PLUGIN_SHAPE');
    return (error as AppError).message;
  }
}

test('returns a valid plugin unchanged', () => {
  const good = plugin({ notes: ['a line'], on: () => [undefined] });
  expect(validatePlugin(good, [])).toBe(good);
});

describe('names each fault, with file and field', () => {
  test.each<[candidate: unknown, says: string]>([
    [undefined, 'plugin: is not an object'],
    [[], 'plugin: is not an object'],
    [plugin({ apiVersion: 2 }), 'apiVersion: is 2; this version supports 1'],
    [plugin({ apiVersion: undefined }), 'apiVersion: is missing; this version supports 1'],
    [plugin({ id: 'Down' }), 'id: must be at most 32 lower-case letters, digits and dashes'],
    [plugin({ id: 7 }), 'id: must be at most 32 lower-case letters, digits and dashes'],
    [plugin({ id: 'core' }), 'id: "core" is already in use'],
    [plugin({ tabs: [] }), 'tabs: is not a function'],
    [plugin({ init: undefined }), 'init: is not a function'],
    [plugin({ view: 'x' }), 'view: is not a function'],
    [plugin({ on: {} }), 'on: is not a function'],
    [plugin({ notes: 'a line' }), 'notes: is not a list of strings'],
    [plugin({ layers: undefined }), 'layers: is not a list of layers'],
    [plugin({ tables: {} }), 'tables: is not a list of tables'],
    [plugin({ tables: [{ id: 'Idle GPUs' }] }), 'tables[0].id: must be at most 32 lower-case letters, digits and dashes'],
    [plugin({ tables: [table(), table()] }), 'tables[1].id: "idle" is already in use'],
    [plugin({ tables: [{ ...table(), rows: [] }] }), 'tables[0].rows: is not a function'],
    [plugin({ tables: [{ ...table(), columns: ['gpu'] }] }), 'tables[0].columns: is not a list of columns'],
    [plugin({ tables: [{ ...table(), columns: [{ id: 'gpu' }] }] }), 'tables[0].columns[0].value: is not a function'],
    [plugin({ layers: [{ ...layer(), scope: 'top' }] }), 'layers[0].scope: is not one of filter-edit, replay, tab, global'],
    [plugin({ layers: [{ ...layer(), title: undefined }] }), 'layers[0].title: is not a string'],
    [plugin({ layers: [{ ...layer(), bindings: {} }] }), 'layers[0].bindings: is not a list of bindings'],
    [bound({ id: 'refresh' }), 'layers[0].bindings[0].id: "refresh" does not start with "down."'],
    [bound({ id: 'down.' }), 'layers[0].bindings[0].id: "down." does not start with "down."'],
    [bound({ keys: 'x' }), 'layers[0].bindings[0].keys: is not a list of keys'],
    [bound({ keys: [] }), 'layers[0].bindings[0].keys: is not a list of keys'],
    [bound({ keys: ['Ctrl-X'] }), 'layers[0].bindings[0].keys: "Ctrl-X" is not a key name'],
    [bound({ keys: ['enter'] }), 'layers[0].bindings[0].keys: "enter" is not a key name'],
    [bound({ keys: [' '] }), 'layers[0].bindings[0].keys: " " is not a key name'],
    [bound({ label: '' }), 'layers[0].bindings[0].label: is not a string'],
    [bound({ hint: NaN }), 'layers[0].bindings[0].hint: is not a number'],
    [bound({ run: undefined }), 'layers[0].bindings[0].run: is not a function'],
    [bound({ when: true }), 'layers[0].bindings[0].when: is not a function'],
    [bound({ disabled: 'no' }), 'layers[0].bindings[0].disabled: is not a function'],
    [plugin({ layers: [layer(binding()), layer(binding({ keys: ['y'] }))] }), 'layers[1].bindings[0].id: "down.refresh" is defined twice'],
    [
      plugin({ layers: [layer(binding(), binding({ id: 'down.b' }))] }),
      'layers[0].bindings[1].keys: "x" is always handled by down.refresh first',
    ],
    [plugin({ layers: [layer(binding({ keys: ['x', 'x'] }))] }), 'layers[0].bindings[0].keys: "x" is always handled by down.refresh first'],
  ])('%#: %j', (candidate, says) => {
    expect(complaint(candidate)).toBe(`plugin ./down.mjs, ${says}`);
  });

  test('rejects an id that another plugin has', () => {
    expect(complaint(plugin(), [plugin()])).toBe('plugin ./down.mjs, id: "down" is already in use');
  });

  test('reports the first fault, in a fixed order', () => {
    expect(complaint({ apiVersion: 3, id: 'NO' })).toContain('apiVersion');
  });

  test('the name of a plugin cannot control the terminal', () => {
    expect(complaint(bound({ keys: ['\x1b[2J'] }))).not.toContain('\x1b');
  });
});

test('a key may be bound again after a binding that may let it through, and in another scope', () => {
  const first = binding({ when: () => false });
  const layers = [layer(first, binding({ id: 'down.b' })), { ...layer(binding({ id: 'down.c' })), scope: 'global' }];
  expect(complaint(plugin({ layers }))).toBe('no complaint');
});

test('the layers of the program use valid key names', () => {
  for (const { bindings } of CORE_LAYERS) {
    for (const { keys } of bindings) expect(complaint(bound({ keys }))).toBe('no complaint');
  }
});
