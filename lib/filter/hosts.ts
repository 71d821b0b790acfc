/** The hosts of a cluster as a filter leaves them, and how much that is. */
import { counted, type HostView } from '../model/host.js';
import type { Filter } from './evaluate.js';
import { MaskedHost } from './masked.js';

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
  /** Tells it from every other, also one of the same filter: their hosts are not the same objects. */
  readonly id = ++made;
  readonly filter: Filter;
  readonly #masked = new WeakMap<HostView, MaskedHost>();

  constructor(filter: Filter) {
    this.filter = filter;
  }

  /** The host, whatever is kept of it. */
  masked(host: HostView): MaskedHost {
    let masked = this.#masked.get(host);
    if (!masked) this.#masked.set(host, (masked = new MaskedHost(host, this.filter)));
    return masked;
  }

  /** The hosts without those that the filter rules out whatever they report: `host == a` leaves no other, `user == alice` leaves all. */
  *of(hosts: Iterable<HostView>): Generator<MaskedHost> {
    for (const host of hosts) if (this.filter.host(host) !== false) yield this.masked(host);
  }

  counts(hosts: Iterable<HostView>): FilterCounts {
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
    return counts;
  }
}
