/** Hosts in the order of their labels, numbers in them by their value. */
import type { HostView } from '../model/node-view.js';

/** Made with the first comparison: the first picture does not wait for it. */
let names: Intl.Collator | undefined;

/** Negative, 0 or positive; numbers in the texts count by their value. */
export function compareLabels(a: string, b: string): number {
  names ??= new Intl.Collator('en', { numeric: true });
  return names.compare(a, b);
}

/** Comparing labels costs far more than anything else of a merge, and they seldom change: the last order is kept. */
export class LabelOrder {
  #labels: readonly string[] = [];
  #order = new Int32Array(0);

  /** By rank: the host's position in `hosts`. The same array while nobody comes, goes or is called differently. */
  of(hosts: readonly HostView[]): Int32Array {
    if (hosts.length === this.#labels.length && hosts.every(({ label }, at) => label === this.#labels[at])) return this.#order;
    this.#labels = hosts.map(({ label }) => label);
    const order = hosts.map((_, at) => at);
    order.sort((a, b) => compareLabels(hosts[a]!.label, hosts[b]!.label) || (hosts[a]!.hostId < hosts[b]!.hostId ? -1 : 1));
    return (this.#order = Int32Array.from(order));
  }
}
