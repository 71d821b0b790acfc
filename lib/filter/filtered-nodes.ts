/** The hosts of a cluster as a filter leaves them, and how much that is. */
import { counted, type HostView } from '../model/node-view.js';
import type { Filter } from './evaluate.js';
import { MaskedHost } from './filtered-node.js';

/** How much is kept, and of how much. Only hosts that count. */
export interface FilterCounts {
  readonly gpus: number;
  readonly gpusAll: number;
  readonly procs: number;
  /** Hosts of which something is kept. */
  readonly hosts: number;
}

let made = 0;

export class FilteredHosts {
  /** Tells it from every other, also one of the same filter: what is kept of a host is not the same. */
  readonly id = ++made;
  readonly filter: Filter;
  #counted: { readonly collector: number; readonly counts: FilterCounts } | undefined;
  readonly #masked: WeakMap<HostView, MaskedHost>;

  /** `before`: those of another filter, which nobody looks at any more: what was made for them is filled anew. */
  constructor(filter: Filter, before?: FilteredHosts) {
    this.filter = filter;
    this.#masked = before ? before.#masked : new WeakMap();
  }

  /** The host, whatever is kept of it. */
  masked(host: HostView): MaskedHost {
    let masked = this.#masked.get(host);
    if (!masked) this.#masked.set(host, (masked = new MaskedHost(host, this.filter)));
    return masked.use(this.filter);
  }

  /** The hosts without those that the filter rules out whatever they report: `host == a` leaves no other, `user == alice` leaves all. */
  *of(hosts: Iterable<HostView>): Generator<MaskedHost> {
    for (const host of hosts) if (this.filter.host(host) !== false) yield this.masked(host);
  }

  /** `collector`: the version of what was delivered, for which it is worked out once. */
  counts(hosts: Iterable<HostView>, collector = -1): FilterCounts {
    if (collector >= 0 && this.#counted?.collector === collector) return this.#counted.counts;
    const counts = { gpus: 0, gpusAll: 0, procs: 0, hosts: 0 };
    for (const host of hosts) {
      if (!counted(host)) continue;
      counts.gpusAll += host.gpus.slots;
      if (this.filter.host(host) === false) continue;
      const { gpuCount, procCount, any } = this.masked(host).kept();
      counts.gpus += gpuCount;
      counts.procs += procCount;
      counts.hosts += Number(any);
    }
    this.#counted = { collector, counts };
    return counts;
  }
}
