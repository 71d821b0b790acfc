/** The filter keys, and the keys of its input line. */
import type { FilterCommand } from '../filter/filter-state.js';
import type { Edit } from '../filter/line-editor.js';
import type { Binding, KeyLayer, Step } from '../plugin/types.js';
import type { InputEvent } from './key-names.js';

type More = Partial<Binding<undefined>>;

function asking(id: string, keys: readonly string[], label: string, command: FilterCommand, more: More = {}): Binding<undefined> {
  return { id: `core.filter.${id}`, keys, label, run: () => [undefined, { type: 'filter', command }], ...more };
}

const editing = (edit: Edit, keys: readonly string[], label: string): Binding<undefined> => asking(`edit.${edit}`, keys, label, { edit });

/** While a filter is being typed. Text that these do not bind is inserted. */
export const FILTER_EDIT: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Editing the filter',
  bindings: [
    asking('commit', ['Enter'], 'apply the filter (empty clears it)', 'commit', { hint: 1, short: 'apply' }),
    asking('abort', ['Esc'], 'cancel, restore the previous filter', 'abort', { hint: 2, short: 'cancel' }),
    asking('recall', ['C-r', 'Up'], 'previous filter', 'recall', { hint: 3, short: 'previous' }),
    editing('clear', ['C-u'], 'clear'),
    editing('erase-word', ['C-w', 'A-Backspace'], 'delete the word before the cursor'),
    editing('erase', ['Backspace'], 'delete the character before the cursor'),
    editing('delete', ['Delete'], 'delete the character under the cursor'),
    editing('left', ['Left', 'C-b'], 'move left'),
    editing('right', ['Right', 'C-f'], 'move right'),
    editing('start', ['Home', 'C-a'], 'go to the start'),
    editing('end', ['End', 'C-e'], 'go to the end'),
  ],
};

/** Inserts typed or pasted text. */
export function captureText(event: InputEvent): Step<undefined> | undefined {
  const text = event.type === 'mouse' ? '' : event.text;
  return text === '' ? undefined : [undefined, { type: 'filter', command: { insert: text } }];
}

/** Part of the global layer: the filter and the pinned user. */
export const FILTER_BINDINGS: readonly Binding<undefined>[] = [
  asking('open', ['/'], 'filter, for example user == alice & mem_used > 40GiB (fields: end of this help)', 'open', {
    hint: 3,
    short: 'filter',
  }),
  asking('mode', ['~'], 'hide or dim rows that do not match', 'mode', {
    disabled: (_ui, { filter }) => (filter ? undefined : 'no filter is set; press / to set one'),
  }),
  {
    id: 'core.filter.unpin',
    keys: ['U'],
    label: 'pin this user on all tabs (again: unpin)',
    disabled: (_ui, app) => (app.pinned === undefined ? 'select a row of a user first' : undefined),
    run: () => [undefined, { type: 'pin' }],
  },
  asking('clear', ['Esc'], 'clear the filter', 'clear', { when: (_ui, { filter }) => filter?.committed === true }),
];
