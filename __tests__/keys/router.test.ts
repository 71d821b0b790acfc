import { describe, expect, test } from '@jest/globals';
import { checkStep, byPrecedence, activeBindings, route, type ActiveLayer } from '../../lib/keys/router.js';
import type { AppView, Binding, KeyContext, KeyLayer, KeyScope } from '../../lib/plugin/types.js';

const app = {} as AppView;
const context: KeyContext = { app, event: { type: 'key', name: 'x', text: 'x' }, frame: { size: { cols: 80, rows: 24 }, pageRows: 10 } };

/** A layer whose bindings return their own id. */
function layer(
  scope: KeyScope,
  owner: string,
  keys: readonly string[],
  more: Partial<Binding<unknown>> & { modal?: boolean } = {},
): ActiveLayer {
  const { modal, ...rest } = more;
  const bindings = keys.map((key): Binding<unknown> => ({
    id: `${owner}.${key}`,
    keys: [key],
    label: key,
    run: () => [`${owner}.${key}`],
    ...rest,
  }));
  return { layer: { scope, title: owner, bindings }, ui: owner, owner, ...(modal ? { modal } : {}) };
}

const faults: string[] = [];
const fault = (owner: string, error: unknown): void => void faults.push(`${owner}: ${String(error)}`);
/** The result of a key: the id that `run` returned, or the kind. */
function answer(key: string, layers: readonly ActiveLayer[], from?: KeyScope): string {
  const routed = route(key, byPrecedence(layers), context, { fault, ...(from === undefined ? {} : { from }) });
  if (routed.kind === 'step') return String(routed.step[0]);
  return routed.kind === 'disabled' ? `disabled: ${routed.reason}` : routed.kind;
}
const boom = (): never => {
  throw new Error('boom');
};

describe('order of the scopes', () => {
  const all: readonly ActiveLayer[] = [
    layer('global', 'core', ['q', 'r', 'f', 'x']),
    layer('tab', 'users', ['r', 'f', 'x']),
    layer('replay', 'replay', ['f', 'x']),
    layer('filter-edit', 'filter', ['x']),
  ];

  test.each([
    ['x', 'filter.x'],
    ['f', 'replay.f'],
    ['r', 'users.r'],
    ['q', 'core.q'],
    ['z', 'unbound'],
  ])('filter-edit > replay > tab > global: %s', (key, who) => {
    expect(answer(key, all)).toBe(who);
    expect(answer(key, [...all].reverse())).toBe(who);
  });

  test('holds for any two scopes that bind the same key', () => {
    const scopes = ['filter-edit', 'replay', 'tab', 'global'] as const;
    scopes.forEach((upper, at) => {
      for (const lower of scopes.slice(at + 1))
        expect(answer('k', [layer(lower, 'low', ['k']), layer(upper, 'high', ['k'])])).toBe('high.k');
    });
  });

  test('layers of one scope keep their order', () => {
    expect(answer('k', [layer('tab', 'first', ['k']), layer('tab', 'second', ['k'])])).toBe('first.k');
  });

  test('a modal captures every key: layers below it are skipped, those above it are not', () => {
    const layers = [
      layer('filter-edit', 'always', ['C-c']),
      layer('filter-edit', 'help', ['Esc'], { modal: true }),
      layer('global', 'core', ['q']),
    ];
    expect(answer('Esc', layers)).toBe('help.Esc');
    expect(answer('C-c', layers)).toBe('always.C-c');
    expect(answer('q', layers)).toBe('swallowed');
    expect(answer('Click', layers, 'global')).toBe('swallowed');
  });

  test('starting from a scope, those above it are skipped', () => {
    expect(answer('x', all, 'global')).toBe('core.x');
    expect(answer('x', all, 'tab')).toBe('users.x');
  });
});

describe('when and disabled', () => {
  const below = layer('global', 'core', ['k']);

  test('when is false: the key goes to the next layer', () => {
    expect(answer('k', [layer('tab', 'users', ['k'], { when: () => false }), below])).toBe('core.k');
    expect(answer('k', [layer('tab', 'users', ['k'], { when: () => true }), below])).toBe('users.k');
  });

  test('when and disabled receive the UI state of their owner', () => {
    const seen: unknown[] = [];
    const spy = (ui: unknown, view: unknown): undefined => void seen.push(ui, view);
    const when = (ui: unknown, view: unknown): boolean => {
      spy(ui, view);
      return true;
    };
    answer('k', [layer('tab', 'users', ['k'], { when, disabled: spy })]);
    expect(seen).toEqual(['users', app, 'users', app]);
  });

  test('disabled gives a reason, and the key is consumed', () => {
    expect(answer('k', [layer('tab', 'users', ['k'], { disabled: () => 'no rows' }), below])).toBe('disabled: no rows');
    expect(answer('k', [layer('tab', 'users', ['k'], { disabled: () => undefined }), below])).toBe('users.k');
  });

  test('exceptions are reported; after one in when the key goes to the next layer, after one in run or disabled it is consumed', () => {
    faults.length = 0;
    expect(answer('k', [layer('tab', 'users', ['k'], { when: boom }), below])).toBe('core.k');
    expect(answer('k', [layer('tab', 'users', ['k'], { run: boom }), below])).toBe('failed');
    expect(answer('k', [layer('tab', 'users', ['k'], { disabled: boom }), below])).toBe('failed');
    expect(answer('k', [layer('tab', 'users', ['k'], { run: () => 3 as never }), below])).toBe('failed');
    expect(faults).toEqual([...Array<string>(3).fill('users: Error: boom'), 'users: TypeError: what was returned is not [ui, ...effects]']);
  });
});

test('a step is a list whose first item is the state', () => {
  expect(checkStep([undefined])).toEqual([undefined]);
  expect(checkStep([1, { type: 'help' }, { type: 'toast', text: 'x' }])).toHaveLength(3);
  for (const wrong of [undefined, null, {}, 'ab', [], [1, undefined], [1, 'help'], [1, {}], [1, { type: 'toast' }]])
    expect(() => checkStep(wrong)).toThrow(TypeError);
});

describe('keys offered in footer and help', () => {
  const shown = (layers: readonly ActiveLayer[]): string[] =>
    activeBindings(byPrecedence(layers), app).map(({ binding, keys }) => `${binding.id} ${keys.join('+')}`);

  test('shadowed keys and bindings without keys are omitted', () => {
    const two: KeyLayer<unknown> = {
      scope: 'global',
      title: 'core',
      bindings: [{ id: 'core.two', keys: ['k', 'Esc'], label: 'two', run: () => [1] }],
    };
    expect(shown([layer('tab', 'users', ['k']), { layer: two, ui: 1, owner: 'core' }])).toEqual(['users.k k', 'core.two Esc']);
    expect(shown([layer('tab', 'users', ['k']), layer('global', 'core', ['k'])])).toEqual(['users.k k']);
  });

  test('when is false or throws: the key is not offered and shadows nothing', () => {
    for (const when of [() => false, boom])
      expect(shown([layer('tab', 'users', ['k'], { when }), layer('global', 'core', ['k'])])).toEqual(['core.k k']);
  });

  test('a disabled key is offered: pressing it shows why', () => {
    expect(shown([layer('tab', 'users', ['k'], { disabled: () => 'no' })])).toEqual(['users.k k']);
  });

  test('clicks go to their target, so they shadow nothing', () => {
    const events = ['Click', 'DoubleClick', 'WheelUp'];
    expect(shown([layer('tab', 'users', events), layer('global', 'core', events)])).toEqual([
      'users.Click Click',
      'users.DoubleClick DoubleClick',
      'users.WheelUp WheelUp',
      'core.Click Click',
      'core.DoubleClick DoubleClick',
    ]);
  });

  test('a modal hides the layers below it', () => {
    expect(shown([layer('filter-edit', 'help', ['Esc'], { modal: true }), layer('global', 'core', ['q'])])).toEqual(['help.Esc Esc']);
  });

  test('every offered key leads to the binding that offers it', () => {
    const layers = [
      layer('global', 'core', ['a', 'b', 'c']),
      layer('tab', 'users', ['b', 'c'], { when: () => true }),
      layer('replay', 'replay', ['c']),
    ];
    for (const { binding, keys } of activeBindings(byPrecedence(layers), app))
      for (const key of keys) expect(answer(key, layers)).toBe(binding.id);
  });
});
