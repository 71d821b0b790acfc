/** A plugin that throws, or returns invalid values, loses only its own pane; all other tabs keep working. */
import { describe, expect, test } from '@jest/globals';
import { definePlugin, type TabPlugin } from '../../lib/plugin/types.js';
import { line, lines, span, type View } from '../../lib/view/frame.js';
import { Driver } from '../helpers/driver.js';

const boom = (): never => {
  throw new RangeError('out of cheese\u001b[2J');
};
const SAID = 'RangeError: out of cheese[2J';

interface Ui {
  readonly presses: number;
}
const good: TabPlugin<Ui> = {
  apiVersion: 1,
  id: 'odd',
  tabs: () => [{ plugin: 'odd', key: '', title: 'Odd', order: 20 }],
  init: () => ({ presses: 0 }),
  layers: [
    {
      scope: 'tab',
      title: 'Odd',
      bindings: [{ id: 'odd.press', keys: ['x'], label: 'count', hint: 1, run: (ui) => [{ presses: ui.presses + 1 }] }],
    },
  ],
  view: (ui) => ({ blocks: [lines(`pressed ${ui.presses}`)] }),
};
const binding = (more: object): Partial<TabPlugin<Ui>> => ({
  layers: [{ scope: 'tab', title: 'Odd', bindings: [{ id: 'odd.press', keys: ['x', 'q'], label: 'count', run: (ui) => [ui], ...more }] }],
});

const open = (plugin: Partial<TabPlugin<Ui>>): Driver =>
  new Driver({ hosts: [{ gpus: 1 }, {}], plugins: [definePlugin<Ui>({ ...good, ...plugin })] }).press('V', 'Right');

/** All other tabs still work. */
function othersWork(driver: Driver): void {
  expect(driver.lines()[0]).toContain('of 2 nodes');
  expect(driver.press('V').frame()).toContain('Nobody uses a GPU right now.');
  expect(driver.press('Left').frame()).toContain('GPUs');
  expect(driver.lines()[1]).toContain('node-0001');
  expect(driver.press('?').frame()).toContain('Esc close');
  driver.press('Esc');
}

test('a good plugin is shown, keeps its state, and is in the tab strip, footer and help', () => {
  const driver = open({});
  expect(driver.press('x', 'x').frame()).toContain('pressed 2');
  expect(driver.lines()[1]).toContain('Users │ Odd │ node-0001');
  expect(driver.lines().at(-1)).toMatch(/^ x count /);
  expect(driver.press('?').frame()).toMatch(/x +count/);
});

test('view throws: an error block in its pane, until the next good view', () => {
  let fails = true;
  const driver = open({ view: (ui) => (fails ? boom() : good.view(ui, undefined as never, { cols: 1, rows: 1 })) });
  expect(driver.frame()).toContain('The plugin "odd" failed.');
  expect(driver.frame()).toContain(SAID);
  othersWork(driver);
  fails = false;
  expect(driver.press('V', 'Right').frame()).toContain('pressed 0');
});

const RASTER = { cols: 2, rows: 1, chars: ['a', 'b'], tones: ['normal', 'normal'] };
describe('view returns an invalid value', () => {
  test.each<[what: string, view: unknown]>([
    ['nothing', undefined],
    ['no blocks', {}],
    ['an undefined block', { blocks: [undefined] }],
    ['an undefined line', { blocks: [{ kind: 'lines', lines: [undefined] }] }],
    ['a span with a number as text', { blocks: [lines({ spans: [{ text: 5 } as never] })] }],
    ['a number as region', { blocks: [lines({ spans: [], region: 5 as never })] }],
    ['an object as region of a span', { blocks: [lines(line(span('x', 'dim', {} as never)))] }],
    ['an invalid breadcrumb', { blocks: [], crumb: 'here' }],
    ['null as a chip', { blocks: [], chips: [null] }],
    ['a number as chips', { blocks: [], chips: 3 }],
    ['a raster without a size', { blocks: [{ kind: 'raster', raster: { ...RASTER, cols: NaN } }] }],
    ['a raster that is too short', { blocks: [{ kind: 'raster', raster: { ...RASTER, rows: 9 } }] }],
    ['a raster with numbers as characters', { blocks: [{ kind: 'raster', raster: { ...RASTER, chars: [1, 2] } }] }],
  ])('%s', (_what, view) => {
    const driver = open({ view: () => view as View });
    expect(driver.frame()).toContain('The plugin "odd" failed.');
    driver.click('TypeError');
    othersWork(driver);
  });

  test('a valid raster is shown', () => {
    expect(open({ view: () => ({ blocks: [{ kind: 'raster', raster: RASTER }] }) as View }).lines()[2]).toBe('ab');
  });
});

test('init throws: the pane shows it, and only the global keys work', () => {
  const driver = open({ init: boom });
  expect(driver.frame()).toContain(SAID);
  expect(driver.press('x').frame()).toContain(SAID);
  othersWork(driver);
});

test('run throws: the key is consumed, and a chip shows why until a key works again', () => {
  let fails = true;
  const driver = open(binding({ run: (ui: Ui) => (fails ? boom() : [{ presses: ui.presses + 1 }]) }));
  expect(driver.press('x').frame()).toContain('pressed 0');
  expect(driver.lines()[2]).toBe(` plugin odd: ${SAID}`);
  othersWork(driver);
  driver.press('V', 'Right');
  expect(driver.lines()[2]).toContain(SAID);
  fails = false;
  expect(driver.press('x').frame()).toContain('pressed 1');
  expect(driver.frame()).not.toContain(SAID);
});

describe('run returns an invalid value', () => {
  test.each<[what: string, step: unknown]>([
    ['nothing', undefined],
    ['the state without a list', { presses: 1 }],
    ['an empty list', []],
    ['null as an effect', [{ presses: 1 }, null]],
    ['a toast without a text', [{ presses: 1 }, { type: 'toast' }]],
  ])('%s', (_what, step) => {
    const driver = open(binding({ run: () => step }));
    expect(driver.press('x').lines()[2]).toContain('what was returned is not [ui, ...effects]');
    expect(driver.frame()).toContain('pressed 0');
    othersWork(driver);
  });

  test('run returns unknown effects, or effects without a target', () => {
    const driver = open(binding({ run: (ui: Ui) => [ui, { type: 'explode' }, { type: 'open', plugin: 7 }, { type: 'cycle', by: NaN }] }));
    expect(driver.press('x').frame()).toContain('pressed 0');
    expect(driver.frame()).toContain('no such tab');
    othersWork(driver);
  });

  test('a toast with external text cannot control the terminal', () => {
    const driver = open(binding({ run: (ui: Ui) => [ui, { type: 'toast', text: 'a\u001b[2Jb', tone: 'bad' }] }));
    expect(driver.press('x').lines().at(-2)).toMatch(/a\[2Jb$/);
  });
});

test('when throws: the key goes to the layers below, so q still quits', async () => {
  const driver = open(binding({ when: boom }));
  driver.press('x');
  expect(driver.lines()[2]).toContain(SAID);
  driver.press('q');
  await driver.app.quit;
  expect(driver.hasQuit).toBe(true);
});

test('disabled throws, and disabled gives a reason', () => {
  expect(
    open(binding({ disabled: boom }))
      .press('x')
      .lines()[2],
  ).toContain(SAID);
  const driver = open(binding({ disabled: () => 'nothing to count' })).press('x');
  expect(driver.lines().at(-2)).toMatch(/nothing to count$/);
});

test('tabs throws: one tab shows it', () => {
  const driver = open({ tabs: boom });
  expect(driver.lines()[1]).toContain('odd');
  driver.click('odd');
  expect(driver.lines()[2]).toContain(SAID);
  othersWork(driver);
});

describe('tabs returns an invalid value', () => {
  test.each<[what: string, tabs: unknown]>([
    ['nothing', undefined],
    ['a tab of another plugin', [{ plugin: 'users', key: 'x', title: 'Mine' }]],
    ['a tab without a title', [{ plugin: 'odd', key: '' }]],
    ['NaN as order', [{ plugin: 'odd', key: '', title: 'Odd', order: NaN }]],
    ['the same tab twice', [good.tabs(undefined as never)[0], good.tabs(undefined as never)[0]]],
    ['undefined in a list', [undefined]],
  ])('%s', (_what, tabs) => {
    const driver = open({ tabs: () => tabs as never }).click('odd');
    expect(driver.lines()[2]).toContain('plugin odd: TypeError: tabs: ');
    othersWork(driver);
  });
});

test('on throws, or returns an invalid step: the other plugins are still notified, and the tab of the removed node closes', () => {
  for (const on of [boom, () => undefined as never]) {
    const driver = open({ on });
    driver.gone('node-0002');
    expect(driver.lines()[2]).toMatch(/plugin odd: (RangeError|TypeError)/);
    expect(driver.lines()[1]).not.toContain('node-0002');
  }
});

test('on is called for a removed node, and its effects are run', () => {
  const driver = open({
    on: (ui, message) => [{ presses: ui.presses + 10 }, { type: 'toast', text: `${(message as { nodeId: string }).nodeId} is gone` }],
  });
  driver.gone('node-0002');
  expect(driver.frame()).toContain('pressed 10');
  expect(driver.lines().at(-2)).toMatch(/node-0002:9090 is gone$/);
});

test('a derivation throws', () => {
  const part = { id: 'bad', part: boom, merge: () => 1 };
  const driver = open({ view: (_ui, app) => ({ blocks: [lines(String(app.derive(part)))] }) });
  expect(driver.frame()).toContain(SAID);
  othersWork(driver);
});

test('a thrown value without a message', () => {
  const driver = open({
    view: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins may throw any value
      throw { toString: boom };
    },
  });
  expect(driver.frame()).toContain('threw a value without a message');
  othersWork(driver);
});

test('a plugin without tabs', () => {
  const driver = open({ tabs: () => [] });
  expect(driver.tab).toBe('node-0001');
  othersWork(driver);
});
