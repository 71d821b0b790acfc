/** The keys of the list of tabs, which is filtered by typing. */
import type { Edit } from '../filter/line-editor.js';
import type { Binding, KeyContext, KeyLayer, Step, PickerCommand } from '../plugin/types.js';
import type { InputEvent } from './key-names.js';
import { regionOf } from './table-keys.js';

type Ask = (context: KeyContext) => PickerCommand | undefined;

function asking(id: string, keys: readonly string[], label: string, ask: Ask, more: Partial<Binding<undefined>> = {}): Binding<undefined> {
  return {
    id: `core.picker.${id}`,
    keys,
    label,
    run: (_ui, context) => {
      const command = ask(context);
      return command === undefined ? [undefined] : [undefined, { type: 'picker', command }];
    },
    ...more,
  };
}

/** Beyond the end of any list: it is clamped. */
const FAR = 1e9;
const WHEEL_ROWS = 3;
const moving = (id: string, keys: readonly string[], label: string, by: (page: number) => number): Binding<undefined> =>
  asking(id, keys, label, ({ frame }) => ({ move: by(Math.max(1, frame.pageRows)) }));
const editing = (edit: Edit, keys: readonly string[], label: string): Binding<undefined> =>
  asking(`edit.${edit}`, keys, label, () => ({ edit }));

export const PICKER: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Go to a tab',
  bindings: [
    asking('go', ['Enter'], 'open the tab', () => 'go', { hint: 1, short: 'open' }),
    { id: 'core.picker.close', keys: ['Esc'], label: 'cancel', hint: 2, short: 'cancel', run: () => [undefined, { type: 'close' }] },
    { ...moving('up', ['Up', 'C-p', 'S-Tab'], 'up', () => -1), hint: 3, short: 'move' },
    { ...moving('down', ['Down', 'C-n', 'Tab'], 'down', () => 1), hint: 3, short: 'move' },
    moving('page-up', ['PageUp'], 'page up', (page) => -page),
    moving('page-down', ['PageDown'], 'page down', (page) => page),
    moving('home', ['Home'], 'go to the first', () => -FAR),
    moving('end', ['End'], 'go to the last', () => FAR),
    moving('wheel-up', ['WheelUp'], 'scroll up', () => -WHEEL_ROWS),
    moving('wheel-down', ['WheelDown'], 'scroll down', () => WHEEL_ROWS),
    asking('click', ['Click', 'DoubleClick'], 'open the tab under the mouse', ({ frame }) => {
      const choose = regionOf('row', frame.hit);
      return choose === undefined ? undefined : { choose };
    }),
    editing('erase', ['Backspace'], 'delete the character before the cursor'),
    editing('erase-word', ['C-w', 'A-Backspace'], 'delete the word before the cursor'),
    editing('clear', ['C-u'], 'clear'),
    editing('left', ['Left'], 'move left'),
    editing('right', ['Right'], 'move right'),
  ],
};

/** Typed or pasted text filters the list. */
export function captureQuery(event: InputEvent): Step<undefined> | undefined {
  const text = event.type === 'mouse' ? '' : event.text;
  return text === '' ? undefined : [undefined, { type: 'picker', command: { insert: text } }];
}

/** Belongs to the global layer. */
export const PICKER_BINDING: Binding<undefined> = asking(
  'open',
  [':', 'C-p'],
  'go to a tab by name, address, state or label',
  () => 'open',
  {
    hint: 10,
    short: 'go to',
  },
);
