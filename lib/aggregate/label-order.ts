/** Orders nodes by their labels; numbers in labels compare by value. */
import { lazy } from '../model/lazy.js';
import type { NodeView } from '../model/node-view.js';

/** Created at the first comparison, so that it does not delay the first frame. */
const collator = lazy(() => new Intl.Collator('en', { numeric: true }));

/** Negative, 0 or positive; numbers in the texts compare by value. */
export function compareLabels(a: string, b: string): number {
  return collator().compare(a, b);
}

/** Comparing labels is by far the most expensive part of a merge, and labels seldom change: the last order is cached. */
export class LabelOrder {
  #labels: readonly string[] = [];
  #order = new Int32Array(0);

  /** By rank: the node's position in `hosts`. Returns the same array until a node is added, removed or renamed. */
  of(nodes: readonly NodeView[]): Int32Array {
    if (nodes.length === this.#labels.length && nodes.every(({ name }, at) => name === this.#labels[at])) return this.#order;
    this.#labels = nodes.map(({ name }) => name);
    const order = nodes.map((_, at) => at);
    order.sort((a, b) => compareLabels(nodes[a]!.name, nodes[b]!.name) || (nodes[a]!.nodeId < nodes[b]!.nodeId ? -1 : 1));
    return (this.#order = Int32Array.from(order));
  }
}
