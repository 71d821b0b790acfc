/** Hosts in the order of their labels, numbers in them by their value. */
import { lazy } from '../model/lazy.js';
import type { NodeView } from '../model/node-view.js';

/** Made with the first comparison: the first picture does not wait for it. */
const collator = lazy(() => new Intl.Collator('en', { numeric: true }));

/** Negative, 0 or positive; numbers in the texts count by their value. */
export function compareLabels(a: string, b: string): number {
  return collator().compare(a, b);
}

/** Comparing labels costs far more than anything else of a merge, and they seldom change: the last order is kept. */
export class LabelOrder {
  #labels: readonly string[] = [];
  #order = new Int32Array(0);

  /** By rank: the host's position in `hosts`. The same array while nobody comes, goes or is called differently. */
  of(nodes: readonly NodeView[]): Int32Array {
    if (nodes.length === this.#labels.length && nodes.every(({ name }, at) => name === this.#labels[at])) return this.#order;
    this.#labels = nodes.map(({ name }) => name);
    const order = nodes.map((_, at) => at);
    order.sort((a, b) => compareLabels(nodes[a]!.name, nodes[b]!.name) || (nodes[a]!.nodeId < nodes[b]!.nodeId ? -1 : 1));
    return (this.#order = Int32Array.from(order));
  }
}
