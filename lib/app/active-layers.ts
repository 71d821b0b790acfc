/** The ladder as it stands for a state: which layers are active, whose they are, with which UI state. */
import { ALERTS } from '../keys/alert-keys.js';
import { captureText, FILTER_EDIT } from '../keys/filter-keys.js';
import { ALWAYS, GLOBAL, HELP } from '../keys/global-layers.js';
import { captureQuery, PICKER } from '../keys/picker-keys.js';
import { REPLAY, TIMECODE } from '../keys/replay-keys.js';
import { byPrecedence, type ActiveLayer } from '../keys/router.js';
import type { KeyLayer } from '../plugin/types.js';
import type { AppState, Overlay } from './state.js';

function core(layer: KeyLayer<undefined>, modal = false): ActiveLayer {
  return { layer: layer, ui: undefined, owner: 'core', modal };
}

const MODALS: Readonly<Record<Overlay['kind'], KeyLayer<undefined>>> = { help: HELP, alerts: ALERTS, timecode: TIMECODE, picker: PICKER };

/** The modal that takes all keys: a filter that is typed, else what was opened last. */
function modal({ filtering, overlays }: AppState): readonly ActiveLayer[] {
  if (filtering.edited) return [{ ...core(FILTER_EDIT, true), capture: captureText }];
  return overlays.slice(-1).map(({ kind }) => ({ ...core(MODALS[kind], true), ...(kind === 'picker' ? { capture: captureQuery } : {}) }));
}

/** `modals`: with the modals that are open (what a key meets), or without (what the help explains). */
export function activeLayers(state: AppState, modals = true): readonly ActiveLayer[] {
  const { tab } = state;
  const ui = state.ui(tab);
  const layers = ui ? (state.plugin(tab.plugin)?.layers ?? []) : [];
  const own = layers.map((layer): ActiveLayer => ({ layer, ui: ui?.value, owner: tab.plugin }));
  const open = modals ? modal(state) : [];
  return byPrecedence([core(ALWAYS), ...open, core(REPLAY), ...own, core(GLOBAL)]);
}
