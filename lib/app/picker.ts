/** The list of tabs: its entries, and the effect of its commands on the state. */
import { EDITS, insert, type EditedText } from '../filter/line-editor.js';
import type { PickerCommand } from '../plugin/types.js';
import type { PickerOverlay } from './overlays.js';
import { PickerMatches } from './picker-matches.js';
import type { AppState } from './state.js';
import { tabId } from '../plugin/tabs.js';
import { moveTo, selectedAt } from '../view/table.js';
import { pickerOrder, pickerState } from '../view/picker-panel.js';

/** Opens the list, changes it, or opens the selected tab. `page`: rows on screen. */
export function commandPicker(state: AppState, command: PickerCommand, page: number): void {
  const overlay = state.overlays.at(-1);
  if (command === 'open') state.overlay({ open: { kind: 'picker', matches: new PickerMatches(), ...pickerState(tabId(state.tab)) } });
  else if (overlay?.kind !== 'picker') return;
  else if (command === 'go') go(state, chosenOf(state, overlay));
  else if ('choose' in command) go(state, command.choose);
  else state.overlay({ change: changed(state, overlay, command, page) });
}

/** What has been typed into the open list. */
export function pickerQuery(state: AppState): string | undefined {
  const overlay = state.overlays.at(-1);
  return overlay?.kind === 'picker' ? overlay.edited.text : undefined;
}

function changed(
  state: AppState,
  overlay: PickerOverlay,
  command: Exclude<PickerCommand, string | { choose: string }>,
  page: number,
): PickerOverlay {
  if ('move' in command) {
    const order = pickerOrder(overlay.matches.of(state, overlay.edited.text));
    return { ...overlay, table: moveTo(overlay.table, order, selectedAt(overlay.table, order) + command.move, page) };
  }
  const edited: EditedText = 'insert' in command ? insert(overlay.edited, command.insert) : EDITS[command.edit](overlay.edited);
  // Typing selects the best match.
  return edited.text === overlay.edited.text
    ? { ...overlay, edited }
    : { ...overlay, edited, table: { ...overlay.table, selected: undefined, at: 0, top: 0 } };
}

function chosenOf(state: AppState, { edited, table, matches }: PickerOverlay): string | undefined {
  const order = pickerOrder(matches.of(state, edited.text));
  const at = selectedAt(table, order);
  return at < 0 ? undefined : order.id(at);
}

function go(state: AppState, id: string | undefined): void {
  const tab = state.tabs.find((one) => tabId(one) === id);
  if (!tab) return;
  state.overlay('close');
  state.open(tab.plugin, tab.key);
}
