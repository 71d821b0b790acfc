/** The list of tabs over the state: what it holds, and what a command makes of it. */
import { EDITS, insert, type EditedText } from '../filter/line-editor.js';
import type { TabRef, PickerCommand } from '../plugin/types.js';
import type { AppState, PickerOverlay } from './state.js';
import { tabId } from '../plugin/tabs.js';
import { moveTo, selectedAt } from '../view/table.js';
import { matching, pickerOrder, pickerState, type PickerEntry } from '../view/picker-panel.js';

/** Entries hang on the tabs alone; which of them match, on what was delivered as well. */
const entries = new WeakMap<readonly TabRef[], readonly PickerEntry[]>();
let last:
  | { readonly tabs: readonly TabRef[]; readonly collector: number; readonly query: string; readonly found: readonly PickerEntry[] }
  | undefined;

function entriesOf({ tabs, allNodes }: AppState): readonly PickerEntry[] {
  let known = entries.get(tabs);
  if (!known) {
    known = tabs.map((tab) => ({ id: tabId(tab), tab, node: tab.nodeId === undefined ? undefined : allNodes.get(tab.nodeId) }));
    entries.set(tabs, known);
  }
  return known;
}

/** The tabs that answer what is typed. */
export function pickerMatches(state: AppState, query: string): readonly PickerEntry[] {
  const { tabs } = state;
  const { collector } = state.versions;
  if (last?.tabs === tabs && last.collector === collector && last.query === query) return last.found;
  const found = matching(entriesOf(state), query);
  last = { tabs, collector, query, found };
  return found;
}

/** Opens the list, changes it, or opens the tab that was chosen. `page`: rows on screen. */
export function commandPicker(state: AppState, command: PickerCommand, page: number): void {
  const overlay = state.overlays.at(-1);
  if (command === 'open') state.overlays = [...state.overlays, { kind: 'picker', ...pickerState(tabId(state.tab)) }];
  else if (overlay?.kind !== 'picker') return;
  else if (command === 'go') go(state, chosenOf(state, overlay));
  else if ('choose' in command) go(state, command.choose);
  else put(state, changed(state, overlay, command, page));
}

function changed(
  state: AppState,
  overlay: PickerOverlay,
  command: Exclude<PickerCommand, string | { choose: string }>,
  page: number,
): PickerOverlay {
  if ('move' in command) {
    const order = pickerOrder(pickerMatches(state, overlay.edited.text));
    return { ...overlay, table: moveTo(overlay.table, order, selectedAt(overlay.table, order) + command.move, page) };
  }
  const edited: EditedText = 'insert' in command ? insert(overlay.edited, command.insert) : EDITS[command.edit](overlay.edited);
  // What is typed puts its best answer first.
  return edited.text === overlay.edited.text
    ? { ...overlay, edited }
    : { ...overlay, edited, table: { ...overlay.table, selected: undefined, at: 0, top: 0 } };
}

function chosenOf(state: AppState, { edited, table }: PickerOverlay): string | undefined {
  const order = pickerOrder(pickerMatches(state, edited.text));
  const at = selectedAt(table, order);
  return at < 0 ? undefined : order.id(at);
}

function put(state: AppState, overlay: PickerOverlay): void {
  state.overlays = [...state.overlays.slice(0, -1), overlay];
}

function go(state: AppState, id: string | undefined): void {
  const tab = state.tabs.find((one) => tabId(one) === id);
  if (!tab) return;
  state.overlays = state.overlays.slice(0, -1);
  state.open(tab.plugin, tab.key);
}
