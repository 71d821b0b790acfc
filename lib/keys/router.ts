/**
 * The ladder. A list of active layers, from the top down, is all there is: the same list answers what a key does, what the footer
 * offers and what the help explains, so the three cannot disagree.
 */
import type { AppView, Binding, KeyContext, KeyLayer, Rung, Step } from '../plugin.js';
import { RUNGS } from '../plugin.js';

export interface ActiveLayer {
  readonly layer: KeyLayer<unknown>;
  readonly ui: unknown;
  /** Whose step it is: 'core' or a plugin's id. */
  readonly owner: string;
  /** Takes every key that it does not bind: nothing below it is asked. */
  readonly modal?: boolean;
}

export type Routed =
  | { readonly kind: 'step'; readonly owner: string; readonly binding: Binding<unknown>; readonly step: Step<unknown> }
  | { readonly kind: 'disabled'; readonly reason: string }
  | { readonly kind: 'failed'; readonly owner: string; readonly error: unknown }
  | { readonly kind: 'swallowed' }
  | { readonly kind: 'unbound' };

/** Layers sorted by rung, keeping their order within one; everything below a modal layer is cut off. */
export function ladder(layers: readonly ActiveLayer[]): readonly ActiveLayer[] {
  const rung = (active: ActiveLayer): number => RUNGS.indexOf(active.layer.rung);
  const sorted = layers.map((active, at) => ({ active, at })).sort((a, b) => rung(a.active) - rung(b.active) || a.at - b.at);
  const modal = sorted.findIndex(({ active }) => active.modal);
  return sorted.slice(0, modal < 0 ? undefined : modal + 1).map(({ active }) => active);
}

/** Asks the layers from the top down. `from`: rungs above it are passed over (a click on the chrome belongs to the global rung). */
export function route(name: string, layers: readonly ActiveLayer[], context: KeyContext, from: Rung = RUNGS[0]): Routed {
  const first = RUNGS.indexOf(from);
  for (const { layer, ui, owner, modal } of layers) {
    if (!modal && RUNGS.indexOf(layer.rung) < first) continue;
    try {
      for (const binding of layer.bindings) {
        if (!binding.keys.includes(name)) continue;
        if (binding.when && !binding.when(ui, context.app)) continue;
        const reason = binding.disabled?.(ui, context.app);
        if (reason !== undefined) return { kind: 'disabled', reason };
        return { kind: 'step', owner, binding, step: binding.run(ui, context) };
      }
    } catch (error) {
      return { kind: 'failed', owner, error };
    }
    if (modal) return { kind: 'swallowed' };
  }
  return { kind: 'unbound' };
}

export interface Offer {
  readonly binding: Binding<unknown>;
  readonly layer: KeyLayer<unknown>;
  /** The keys that reach this binding from here: those that no higher layer answers. */
  readonly keys: readonly string[];
}

/** What the keys do right now, in the order of the ladder: shadowed keys are left out, so are bindings that do not say `when`. */
export function offers(layers: readonly ActiveLayer[], app: AppView): readonly Offer[] {
  const taken = new Set<string>();
  const found: Offer[] = [];
  for (const { layer, ui } of layers) {
    for (const binding of layer.bindings) {
      if (!says(binding, ui, app)) continue;
      const keys = binding.keys.filter((key) => !taken.has(key));
      for (const key of keys) taken.add(key);
      if (keys.length > 0) found.push({ binding, layer, keys });
    }
  }
  return found;
}

/** A plugin's `when` that throws hides its key; running the key tells why. */
function says(binding: Binding<unknown>, ui: unknown, app: AppView): boolean {
  try {
    return binding.when?.(ui, app) ?? true;
  } catch {
    return false;
  }
}
