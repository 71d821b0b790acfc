/**
 * The ladder. A list of active layers, from the top down, is all there is: the same list answers what a key does, what the footer
 * offers and what the help explains, so the three cannot disagree.
 */
import type { AppView, Binding, InputEvent, KeyContext, KeyLayer, KeyScope, Step, TabRef } from '../plugin/types.js';
import { KEY_SCOPES } from '../plugin/types.js';

export interface ActiveLayer {
  readonly layer: KeyLayer<unknown>;
  readonly ui: unknown;
  /** Whose step it is: 'core' or a plugin's id. */
  readonly owner: string;
  /** The tab that `ui` is of; undefined: the core, which has none. */
  readonly tab?: TabRef;
  /** Takes every key that it does not bind: nothing below it is asked. */
  readonly modal?: boolean;
  /** What a modal layer does with the keys and pastes that it does not bind; undefined: nothing. */
  readonly capture?: (event: InputEvent) => Step<unknown> | undefined;
}

export type Routed =
  /** `tab`: whose UI state the step goes to; undefined: of the core, only its effects count. */
  | { readonly kind: 'step'; readonly tab: TabRef | undefined; readonly step: Step<unknown> }
  | { readonly kind: 'disabled'; readonly reason: string }
  /** It threw; the key is consumed. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'swallowed' }
  | { readonly kind: 'unbound' };

/** Layers sorted by scope, keeping their order within one; everything below a modal layer is cut off. */
export function byPrecedence(layers: readonly ActiveLayer[]): readonly ActiveLayer[] {
  const scope = (active: ActiveLayer): number => KEY_SCOPES.indexOf(active.layer.scope);
  const sorted = layers.map((active, at) => ({ active, at })).sort((a, b) => scope(a.active) - scope(b.active) || a.at - b.at);
  const modal = sorted.findIndex(({ active }) => active.modal);
  return sorted.slice(0, modal < 0 ? undefined : modal + 1).map(({ active }) => active);
}

export interface Routing {
  /** Scopes above it are passed over: a click on the chrome belongs to the global scope. */
  readonly from?: KeyScope;
  /** Told what a layer's owner threw. A `when` that throws says no, so that the keys below it go on working. */
  readonly fault: (owner: string, error: unknown) => void;
}

/** Asks the layers from the top down. Without a name (a paste) only a text that is being typed takes the event. */
export function route(
  name: string | undefined,
  layers: readonly ActiveLayer[],
  context: KeyContext,
  { from = KEY_SCOPES[0], fault }: Routing,
): Routed {
  const first = KEY_SCOPES.indexOf(from);
  for (const { layer, ui, owner, tab, modal, capture } of layers) {
    if (!modal && KEY_SCOPES.indexOf(layer.scope) < first) continue;
    for (const binding of layer.bindings) {
      if (name === undefined || !binding.keys.includes(name)) continue;
      if (!says(binding, ui, context.app, (error) => fault(owner, error))) continue;
      try {
        const reason = binding.disabled?.(ui, context.app);
        if (reason !== undefined) return { kind: 'disabled', reason };
        return { kind: 'step', tab, step: checkStep(binding.run(ui, context)) };
      } catch (error) {
        fault(owner, error);
        return { kind: 'failed' };
      }
    }
    if (!modal) continue;
    const step = capture?.(context.event);
    return step ? { kind: 'step', tab, step } : { kind: 'swallowed' };
  }
  return { kind: 'unbound' };
}

/** What a plugin's function returned, checked, since it may be anybody's. Throws TypeError. */
export function checkStep(given: unknown): Step<unknown> {
  if (!Array.isArray(given) || given.length === 0 || !given.slice(1).every(isEffect))
    throw new TypeError('what was returned is not [ui, ...effects]');
  return given as unknown as Step<unknown>;
}

function isEffect(given: unknown): boolean {
  const { type, text } = Object(given) as { readonly type?: unknown; readonly text?: unknown };
  return typeof type === 'string' && (type !== 'toast' || typeof text === 'string');
}

export interface ActiveBinding {
  readonly binding: Binding<unknown>;
  readonly layer: KeyLayer<unknown>;
  /** The keys that reach this binding from here: those that no higher layer answers. */
  readonly keys: readonly string[];
}

/** A click goes to what is under it, so a layer above does not take it from those below. */
const CLICKS: ReadonlySet<string> = new Set(['Click', 'DoubleClick']);

/** What the keys do right now, in the order of the ladder: shadowed keys are left out, so are bindings that do not say `when`. */
export function activeBindings(layers: readonly ActiveLayer[], app: AppView): readonly ActiveBinding[] {
  const taken = new Set<string>();
  const found: ActiveBinding[] = [];
  for (const { layer, ui } of layers) {
    for (const binding of layer.bindings) {
      // What it threw is told when its key is pressed.
      if (!says(binding, ui, app, () => undefined)) continue;
      const keys = binding.keys.filter((key) => !taken.has(key));
      for (const key of keys) if (!CLICKS.has(key)) taken.add(key);
      if (keys.length > 0) found.push({ binding, layer, keys });
    }
  }
  return found;
}

function says(binding: Binding<unknown>, ui: unknown, app: AppView, fault: (error: unknown) => void): boolean {
  try {
    return binding.when?.(ui, app) ?? true;
  } catch (error) {
    fault(error);
    return false;
  }
}
