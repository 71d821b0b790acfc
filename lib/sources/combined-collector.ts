/** Several collectors as one: nodes over HTTP together with the local machine. */
import type { Collector } from '../model/collector.js';

/** The nodes of all collectors, in their order. The interval is the shortest of theirs. */
export function combined(collectors: readonly Collector[]): Collector {
  return {
    source: collectors.map(({ source }) => source).join(' + '),
    get nodes() {
      return collectors.flatMap(({ nodes }) => nodes);
    },
    intervalMs: Math.min(...collectors.map(({ intervalMs }) => intervalMs)),
    start(deliver) {
      for (const collector of collectors) collector.start(deliver);
    },
    async stop() {
      await Promise.all(collectors.map((collector) => collector.stop()));
    },
  };
}
