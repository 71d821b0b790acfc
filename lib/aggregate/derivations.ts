/**
 * Figures over the cluster. A derivation computes a `part` per node, once per version of that node, and a `merge` of the parts, once per
 * collector version and scope: a key that only sorts runs neither.
 */
import { included, type NodeView } from '../model/node-view.js';

/** The part of the cluster that a figure covers. `key` identifies it; nodes for which `host` is false are not merged. */
export interface Scope {
  readonly key: string;
  includes?(node: NodeView): boolean;
  /** Everything, whatever the filter. */
  readonly whole?: boolean;
}
export const WHOLE: Scope = { key: '', whole: true };

export interface Derivation<P, T> {
  /** A descriptive name; the cache is keyed by the object itself. Define it once, outside `view`. */
  readonly id: string;
  /** Which nodes are merged: those that count (the default), or all. */
  readonly over?: 'counted' | 'all';
  /**
   * Pure; called once per node version. Must not keep the view. `reuse` is the node's previous part, if any: it is no longer needed and may
   * be refilled and returned. Parts that a merge reads after it was made must not be reused.
   */
  part(node: NodeView, reuse?: P): P;
  /** Pure; nodes are in the order of the node list. */
  merge(parts: Iterable<readonly [NodeView, P]>, scope: Scope): T;
}

interface Kept {
  readonly parts: WeakMap<NodeView, { version: number; pair: readonly [NodeView, unknown] }>;
  readonly merges: Map<string, { collector: number; value: unknown }>;
}

/** Scopes whose last merge is cached, per derivation. */
const KEPT_SCOPES = 4;

export class Derivations {
  readonly ran = { parts: 0, merges: 0 };
  #kept = new WeakMap<object, Kept>();

  derive<P, T>(derivation: Derivation<P, T>, nodes: Iterable<NodeView>, collector: number, scope: Scope = WHOLE): T {
    let kept = this.#kept.get(derivation);
    if (!kept) this.#kept.set(derivation, (kept = { parts: new WeakMap(), merges: new Map() }));
    const known = kept.merges.get(scope.key);
    if (known?.collector === collector) return known.value as T;
    this.ran.merges++;
    const value = derivation.merge(this.#parts(derivation, kept, nodes, scope), scope);
    kept.merges.delete(scope.key);
    kept.merges.set(scope.key, { collector, value });
    for (const key of kept.merges.keys()) {
      if (kept.merges.size <= KEPT_SCOPES) break;
      kept.merges.delete(key);
    }
    return value;
  }

  /** Clears the cache: its user ids no longer mean the same users. */
  forget(): void {
    this.#kept = new WeakMap();
  }

  #parts<P>(derivation: Derivation<P, unknown>, kept: Kept, nodes: Iterable<NodeView>, scope: Scope): readonly (readonly [NodeView, P])[] {
    const pairs: (readonly [NodeView, unknown])[] = [];
    for (const node of nodes) {
      if (derivation.over !== 'all' && !included(node)) continue;
      if (scope.includes && !scope.includes(node)) continue;
      let entry = kept.parts.get(node);
      if (entry?.version !== node.version) {
        this.ran.parts++;
        const part = derivation.part(node, entry?.pair[1] as P | undefined);
        kept.parts.set(node, (entry = { version: node.version, pair: [node, part] }));
      }
      pairs.push(entry.pair);
    }
    return pairs as (readonly [NodeView, P])[];
  }
}
