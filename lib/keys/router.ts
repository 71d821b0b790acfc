/**
 * Routes keys through a list of active layers, from top to bottom. The same list determines what a key does, what the footer offers and
 * what the help explains, so the three are always consistent.
 */
import type { AppView, Binding, InputEvent, KeyContext, KeyLayer, KeyScope, Step, TabRef } from '../plugin/types.js';
import { KEY_SCOPES } from '../plugin/types.js';

export interface ActiveLayer {
  readonly layer: KeyLayer<unknown>;
  readonly ui: unknown;
  /** The owner of the step: 'core' or a plugin's id. */
  readonly owner: string;
  /** The tab that `ui` belongs to; undefined: the core, which has none. */
  readonly tab?: TabRef;
  /** Consumes every key that it does not bind: the layers below it are not asked. */
  readonly modal?: boolean;
  /** What a modal layer does with keys and pastes that it does not bind; undefined: nothing. */
  readonly capture?: (event: InputEvent) => Step<unknown> | undefined;
}

export type Routed =
  /** `tab`: whose UI state the step changes; undefined: for the core, only the effects are used. */
  | { readonly kind: 'step'; readonly tab: TabRef | undefined; readonly step: Step<unknown> }
  | { readonly kind: 'disabled'; readonly reason: string }
  /** The binding threw; the key is consumed. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'swallowed' }
  | { readonly kind: 'unbound' };

/** Layers sorted by scope (stable); everything below a modal layer is removed. */
export function byPrecedence(layers: readonly ActiveLayer[]): readonly ActiveLayer[] {
  const scope = (active: ActiveLayer): number => KEY_SCOPES.indexOf(active.layer.scope);
  const sorted = layers.map((active, at) => ({ active, at })).sort((a, b) => scope(a.active) - scope(b.active) || a.at - b.at);
  const modal = sorted.findIndex(({ active }) => active.modal);
  return sorted.slice(0, modal < 0 ? undefined : modal + 1).map(({ active }) => active);
}

export interface Routing {
  /** Scopes above it are skipped: a click on the chrome belongs to the global scope. */
  readonly from?: KeyScope;
  /** Called with the error when a layer's owner throws. A `when` that throws counts as false, so that the layers below keep working. */
  readonly fault: (owner: string, error: unknown) => void;
}

/** Asks the layers from top to bottom. An event without a name (a paste) is handled only by a text input. */
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
      if (!whenHolds(binding, ui, context.app, (error) => fault(owner, error))) continue;
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

/** Validates what a plugin's function returned, since it is not trusted. Throws TypeError. */
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
  /** The keys of this binding that no higher layer handles. */
  readonly keys: readonly string[];
}

/** A click goes to the region under it, so a layer above does not shadow it. */
const CLICKS: ReadonlySet<string> = new Set(['Click', 'DoubleClick']);

/** What the keys do now, in the order of the layers, without shadowed keys and bindings whose `when` is false. */
export function activeBindings(layers: readonly ActiveLayer[], app: AppView): readonly ActiveBinding[] {
  const taken = new Set<string>();
  const found: ActiveBinding[] = [];
  for (const { layer, ui } of layers) {
    for (const binding of layer.bindings) {
      // The error is reported when the key is pressed.
      if (!whenHolds(binding, ui, app, () => undefined)) continue;
      const keys = binding.keys.filter((key) => !taken.has(key));
      for (const key of keys) if (!CLICKS.has(key)) taken.add(key);
      if (keys.length > 0) found.push({ binding, layer, keys });
    }
  }
  return found;
}

function whenHolds(binding: Binding<unknown>, ui: unknown, app: AppView, fault: (error: unknown) => void): boolean {
  try {
    return binding.when?.(ui, app) ?? true;
  } catch (error) {
    fault(error);
    return false;
  }
}
