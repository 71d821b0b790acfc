/** The ladder as it stands for a state: which layers are active, whose they are, with which UI state. */
import { ALWAYS, GLOBAL, HELP, REPLAY } from './keys/layers.js';
import { ladder, type ActiveLayer } from './keys/router.js';
import type { KeyLayer } from './plugin.js';
import type { AppState } from './state.js';

function core(layer: KeyLayer<undefined>, modal = false): ActiveLayer {
  return { layer: layer, ui: undefined, owner: 'core', modal };
}

/** `modals`: with the modals that are open (what a key meets), or without (what the help explains). */
export function activeLayers(state: AppState, modals = true): readonly ActiveLayer[] {
  const { tab } = state;
  const ui = state.ui(tab);
  const layers = ui ? (state.plugin(tab.plugin)?.layers ?? []) : [];
  const own = layers.map((layer): ActiveLayer => ({ layer, ui: ui?.value, owner: tab.plugin }));
  const open = modals && state.overlays.length > 0 ? [core(HELP, true)] : [];
  return ladder([core(ALWAYS), ...open, core(REPLAY), ...own, core(GLOBAL)]);
}
