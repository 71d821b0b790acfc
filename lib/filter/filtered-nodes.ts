/** The hosts of a cluster as a filter leaves them, and how much that is. */
import { included, type NodeView } from '../model/node-view.js';
import type { Filter } from './evaluate.js';
import { FilteredNode } from './filtered-node.js';

/** How much is kept, and of how much. Only hosts that count. */
export interface FilterCounts {
  readonly gpus: number;
  readonly gpusAll: number;
  readonly procs: number;
  /** Hosts of which something is kept. */
  readonly nodes: number;
}

export class FilteredNodes {
  /** Tells it from every other, also one of the same filter: what is kept of a host is not the same. */
  readonly id: number;
  readonly filter: Filter;
  #counted: { readonly collector: number; readonly counts: FilterCounts } | undefined;
  readonly #masked: WeakMap<NodeView, FilteredNode>;

  /** `before`: those of another filter, which nobody looks at any more: what was made for them is filled anew. */
  constructor(filter: Filter, before?: FilteredNodes, id = 1) {
    this.id = id;
    this.filter = filter;
    this.#masked = before ? before.#masked : new WeakMap();
  }

  /** The host, whatever is kept of it. */
  filtered(node: NodeView): FilteredNode {
    let masked = this.#masked.get(node);
    if (!masked) this.#masked.set(node, (masked = new FilteredNode(node, this.filter)));
    return masked.use(this.filter);
  }

  /** The hosts without those that the filter rules out whatever they report: `host == a` leaves no other, `user == alice` leaves all. */
  *of(nodes: Iterable<NodeView>): Generator<FilteredNode> {
    for (const node of nodes) if (this.filter.node(node) !== false) yield this.filtered(node);
  }

  /** `collector`: the version of what was delivered, for which it is worked out once. */
  counts(nodes: Iterable<NodeView>, collector = -1): FilterCounts {
    if (collector >= 0 && this.#counted?.collector === collector) return this.#counted.counts;
    const counts = { gpus: 0, gpusAll: 0, procs: 0, nodes: 0 };
    for (const node of nodes) {
      if (!included(node)) continue;
      counts.gpusAll += node.gpus.slots;
      if (this.filter.node(node) === false) continue;
      const { gpuCount, procCount, any } = this.filtered(node).kept();
      counts.gpus += gpuCount;
      counts.procs += procCount;
      counts.nodes += Number(any);
    }
    this.#counted = { collector, counts };
    return counts;
  }
}
