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

const MODALS: Readonly<Record<Overlay['kind'], KeyLayer<undefined>>> = { help: HELP, alerts: ALERTS, timecode: TIMECODE, picker: PICKER };

/** The modal that takes all keys: the filter input, else what was opened last. */
function modal({ filtering, overlays }: AppState): readonly ActiveLayer[] {
  if (filtering.edited) return [{ ...core(FILTER_EDIT, true), capture: captureText }];
  return overlays.slice(-1).map(({ kind }) => ({ ...core(MODALS[kind], true), ...(kind === 'picker' ? { capture: captureQuery } : {}) }));
}

/** The layers of a plugin's tab: all of them if it is open, otherwise those that work everywhere. */
function pluginLayers(state: AppState, tab: TabRef, isOpen: boolean): readonly ActiveLayer[] {
  const layers = (state.plugin(tab.plugin)?.layers ?? []).filter(({ scope }) => isOpen || scope === 'global');
  const ui = layers.length > 0 ? state.ui(tab) : undefined;
  return ui ? layers.map((layer): ActiveLayer => ({ layer, ui: ui.value, owner: tab.plugin, tab })) : [];
}

/**
 * `modals`: including open modals (for routing a key), or without them (for the help). The core's own keys take precedence over keys that
 * plugins bind everywhere; a plugin with several tabs gets such a key on the first of them.
 */
export function activeLayers(state: AppState, modals = true): readonly ActiveLayer[] {
  const { tab } = state;
  const others = state.plugins.flatMap(({ id }) => (id === tab.plugin ? [] : state.tabs.filter(({ plugin }) => plugin === id).slice(0, 1)));
  const open = modals ? modal(state) : [];
  return byPrecedence([
    core(ALWAYS),
    ...open,
    core(REPLAY),
    core(GLOBAL),
    ...pluginLayers(state, tab, true),
    ...others.flatMap((other) => pluginLayers(state, other, false)),
  ]);
}
