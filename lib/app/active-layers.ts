/** The active layers of a state, with their owners and UI state. */
import { ALERTS } from '../keys/alert-keys.js';
import { captureText, FILTER_EDIT } from '../keys/filter-keys.js';
import { ALWAYS, GLOBAL, HELP } from '../keys/global-layers.js';
import { captureQuery, PICKER } from '../keys/picker-keys.js';
import { REPLAY, TIMECODE } from '../keys/replay-keys.js';
import { byPrecedence, type ActiveLayer } from '../keys/router.js';
import type { KeyLayer, TabRef } from '../plugin/types.js';
import type { Overlay } from './overlays.js';
import type { AppState } from './state.js';

function core(layer: KeyLayer<undefined>, modal = false): ActiveLayer {
  return { layer, ui: undefined, owner: 'core', modal };
}

/** Modals by what opens them: the filter input, or an overlay. */
const MODALS: Readonly<Record<'filter' | Overlay['kind'], ActiveLayer>> = {
  filter: { ...core(FILTER_EDIT, true), capture: captureText },
  help: core(HELP, true),
  alerts: core(ALERTS, true),
  timecode: core(TIMECODE, true),
  picker: { ...core(PICKER, true), capture: captureQuery },
};
type Modal = keyof typeof MODALS;

/** The modal that takes all keys: the filter input, else what was opened last. */
const modalOf = ({ filtering, overlays }: AppState): Modal | undefined => (filtering.edited ? 'filter' : overlays.at(-1)?.kind);

/** The layers of a plugin's tab: all of them if it is open, otherwise those that work everywhere. None where the tab could not be made. */
function pluginLayers(state: AppState, tab: TabRef, isOpen: boolean): readonly ActiveLayer[] {
  const layers = (state.plugin(tab.plugin)?.layers ?? []).filter(({ scope }) => isOpen || scope === 'global');
  if (layers.length === 0 || !state.ui(tab)) return [];
  return layers.map((layer) => ({
    layer,
    // Read when it is needed: keys change it, and the layers stay.
    get ui() {
      return state.ui(tab)?.value;
    },
    owner: tab.plugin,
    tab,
  }));
}

/**
 * The layers that answer keys. Keys are routed by them and every frame lists them, but they depend only on the tabs, on which of them is
 * open, and on the modal, so they are kept until one of these changes.
 */
export class ActiveLayers {
  readonly #state: AppState;
  #tabs: readonly TabRef[] | undefined;
  #tab: TabRef | undefined;
  readonly #byModal = new Map<Modal | undefined, readonly ActiveLayer[]>();

  constructor(state: AppState) {
    this.#state = state;
  }

  /** `modals`: including the open modal (for routing a key), or without it (for the help). */
  active(modals = true): readonly ActiveLayer[] {
    const { tabs, tab } = this.#state;
    if (tabs !== this.#tabs || tab !== this.#tab) this.#byModal.clear();
    [this.#tabs, this.#tab] = [tabs, tab];
    const modal = modals ? modalOf(this.#state) : undefined;
    const known = this.#byModal.get(modal) ?? layersOf(this.#state, modal);
    this.#byModal.set(modal, known);
    return known;
  }
}

/**
 * The core's own keys take precedence over keys that plugins bind everywhere; a plugin with several tabs gets such a key on the first of
 * them.
 */
function layersOf(state: AppState, modal: Modal | undefined): readonly ActiveLayer[] {
  const { tab, tabs } = state;
  const others = state.plugins.flatMap(({ id }) => (id === tab.plugin ? [] : (tabs.find(({ plugin }) => plugin === id) ?? [])));
  return byPrecedence([
    core(ALWAYS),
    ...(modal ? [MODALS[modal]] : []),
    core(REPLAY),
    core(GLOBAL),
    ...pluginLayers(state, tab, true),
    ...others.flatMap((other) => pluginLayers(state, other, false)),
  ]);
}
