/** The nodes of a cluster as seen through a filter, and the number of matches. */
import { included, type NodeView } from '../model/node-view.js';
import type { Filter } from './evaluate.js';
import { FilteredNode } from './filtered-node.js';

/** Number of matches, and totals. Only nodes that count. */
export interface FilterCounts {
  readonly gpus: number;
  readonly gpusAll: number;
  readonly procs: number;
  /** Nodes with a match. */
  readonly nodes: number;
}

export class FilteredNodes {
  /** Unique, also among instances with the same filter: their matches may differ. */
  readonly id: number;
  readonly filter: Filter;
  #counted: { readonly collector: number; readonly counts: FilterCounts } | undefined;
  readonly #masked: WeakMap<NodeView, FilteredNode>;

  /** `before`: an instance that is no longer used; its buffers are reused. */
  constructor(filter: Filter, before?: FilteredNodes, id = 1) {
    this.id = id;
    this.filter = filter;
    this.#masked = before ? before.#masked : new WeakMap();
  }

  /** The node, whether or not something matches. */
  filtered(node: NodeView): FilteredNode {
    let masked = this.#masked.get(node);
    if (!masked) this.#masked.set(node, (masked = new FilteredNode(node, this.filter)));
    return masked.use(this.filter);
  }

  /** The nodes that the filter does not rule out regardless of their data: `host == a` leaves one, `user == alice` leaves all. */
  *of(nodes: Iterable<NodeView>): Generator<FilteredNode> {
    for (const node of nodes) if (this.filter.node(node) !== false) yield this.filtered(node);
  }

  /** `collector`: the version of the delivered data; computed once per version. */
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
