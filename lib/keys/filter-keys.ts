/** The keys of the filter, and those of the line in which one is typed. */
import type { FilterCommand } from '../filter/filter-state.js';
import type { Edit } from '../filter/line-editor.js';
import type { Binding, KeyLayer, Step } from '../plugin/types.js';
import type { InputEvent } from './key-names.js';

type More = Partial<Binding<undefined>>;

function asking(id: string, keys: readonly string[], label: string, command: FilterCommand, more: More = {}): Binding<undefined> {
  return { id: `core.filter.${id}`, keys, label, run: () => [undefined, { type: 'filter', command }], ...more };
}

const editing = (edit: Edit, keys: readonly string[], label: string): Binding<undefined> => asking(`edit.${edit}`, keys, label, { edit });

/** While a filter is typed. Whatever these do not bind, and is text, is typed. */
export const FILTER_EDIT: KeyLayer<undefined> = {
  scope: 'filter-edit',
  title: 'Typing a filter',
  bindings: [
    asking('commit', ['Enter'], 'keep the filter; an empty one is none', 'commit', { hint: 1, short: 'keep' }),
    asking('abort', ['Esc'], 'back to the filter that was', 'abort', { hint: 2, short: 'cancel' }),
    asking('recall', ['C-r', 'Up'], 'the filter before', 'recall', { hint: 3, short: 'before' }),
    editing('clear', ['C-u'], 'take back all'),
    editing('erase-word', ['C-w', 'A-Backspace'], 'take back a word'),
    editing('erase', ['Backspace'], 'take back a character'),
    editing('delete', ['Delete'], 'take away the character under the cursor'),
    editing('left', ['Left', 'C-b'], 'a character to the left'),
    editing('right', ['Right', 'C-f'], 'a character to the right'),
    editing('start', ['Home', 'C-a'], 'to the start'),
    editing('end', ['End', 'C-e'], 'to the end'),
  ],
};

/** What is typed or pasted goes into the text. */
export function captureText(event: InputEvent): Step<undefined> | undefined {
  const text = event.type === 'mouse' ? '' : event.text;
  return text === '' ? undefined : [undefined, { type: 'filter', command: { insert: text } }];
}

/** Of the global layer: the filter and whom it is pinned to. */
export const FILTER_BINDINGS: readonly Binding<undefined>[] = [
  asking('open', ['/'], 'filter: user == alice & mem_used > 40GiB (docs/FILTER.md)', 'open', { hint: 3, short: 'filter' }),
  asking('mode', ['~'], 'rows that the filter does not keep: hidden or dim', 'mode', {
    disabled: (_ui, { filter }) => (filter ? undefined : 'there is no filter; / sets one'),
  }),
  {
    id: 'core.filter.unpin',
    keys: ['U'],
    label: 'only this user, on all tabs; again: everybody',
    disabled: (_ui, app) => (app.pinned === undefined ? 'choose a row of a user first' : undefined),
    run: () => [undefined, { type: 'pin' }],
  },
  asking('clear', ['Esc'], 'take away the filter', 'clear', { when: (_ui, { filter }) => filter?.committed === true }),
];
