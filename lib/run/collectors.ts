/** The collector that a run needs: over HTTP, or of this machine. */
import { createHttpCollector } from '../sources/hosts/http-collector.js';
import { expandHosts } from '../sources/hostlists/targets.js';
import { type Collector } from '../model/collector.js';
import type { Cluster } from '../mock/mock-server.js';
import type { ViewSettings } from './settings.js';
import type { Line } from '../view/frame.js';
import { localChips } from '../view/local-notices.js';
import type { Parsers } from '../exposition/parser/index.js';
import { systemClock } from './system-clock.js';

/** Of what is to be watched; the rest of a run is nothing to a collector. */
export type SourceSettings = Pick<ViewSettings, 'targets' | 'local' | 'source' | 'timeoutMs' | 'intervalMs' | 'token'>;

/** `demo`: the made-up cluster to be watched instead. `chips`: kept as the sources of this machine are. `tidy`: after each delivery. */
export async function collectorOf(
  settings: SourceSettings,
  demo: Cluster | undefined,
  wire: Parsers,
  chips: Line[],
  tidy: () => void,
): Promise<Collector> {
  return settings.local ? localCollector(settings, wire, chips, tidy) : httpCollector(settings, demo, wire, tidy);
}

async function localCollector(settings: SourceSettings, wire: Parsers, chips: Line[], tidy: () => void): Promise<Collector> {
  const { createLocalCollector } = await import('../sources/local/local-collector.js');
  const { local, intervalMs } = settings;
  const show = (): void => {
    chips.splice(0, chips.length, ...localChips(collector.sources));
  };
  const collector = createLocalCollector({
    ...local!,
    newParser: () => wire.newParser(),
    clock: systemClock,
    afterCommit: () => {
      tidy();
      show();
    },
    ...(intervalMs === undefined ? {} : { intervalMs }),
  });
  show();
  return collector;
}

function httpCollector(settings: SourceSettings, demo: Cluster | undefined, wire: Parsers, afterCommit: () => void): Collector {
  const { source, timeoutMs, intervalMs, token } = settings;
  return createHttpCollector({
    targets: demo ? expandHosts(demo.addresses) : settings.targets,
    newParser: () => wire.newParser(),
    source,
    timeoutMs,
    clock: systemClock,
    afterCommit,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(token === undefined ? {} : { token }),
  });
}
