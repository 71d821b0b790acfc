/** The tabs that match the text typed into their list. */
import type { AppView, TabRef } from '../plugin/types.js';
import { tabId } from '../plugin/tabs.js';
import { matching, type PickerEntry } from '../view/picker-panel.js';

type Known = Pick<AppView, 'tabs' | 'versions'> & { readonly allNodes: AppView['nodes'] };

interface Found {
  readonly tabs: readonly TabRef[];
  readonly collector: number;
  readonly query: string;
  readonly found: readonly PickerEntry[];
}

/** Belongs to an open list. Entries depend on the tabs only; the matches also depend on the delivered data. */
export class PickerMatches {
  #entries: { readonly tabs: readonly TabRef[]; readonly all: readonly PickerEntry[] } | undefined;
  #last: Found | undefined;

  of(state: Known, query: string): readonly PickerEntry[] {
    const { tabs } = state;
    const { collector } = state.versions;
    const last = this.#last;
    if (last?.tabs === tabs && last.collector === collector && last.query === query) return last.found;
    const found = matching(this.#entriesOf(state), query);
    this.#last = { tabs, collector, query, found };
    return found;
  }

  #entriesOf({ tabs, allNodes }: Known): readonly PickerEntry[] {
    if (this.#entries?.tabs !== tabs) {
      const all = tabs.map((tab) => ({ id: tabId(tab), tab, node: tab.nodeId === undefined ? undefined : allNodes.get(tab.nodeId) }));
      this.#entries = { tabs, all };
    }
    return this.#entries.all;
  }
}
