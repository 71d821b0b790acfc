/** A viewer of real servers, without a terminal, on a clock that stands still between rounds. */
import diagnosis from '../../plugins/diagnosis/index.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import { NodeParser } from '../../lib/sources/hosts/node-parser.js';
import { createHttpCollector } from '../../lib/sources/hosts/http-collector.js';
import { TargetList } from '../../lib/sources/hostlists/targets.js';
import { Driver } from './driver.js';
import { startServer, type Behaviour, type TestServer } from './server.js';

const INTERVAL_MS = 3000;

const open: (() => unknown)[] = [];
/** Ends all servers and viewers; call it after each test. */
export async function closeWatched(): Promise<void> {
  for (const close of open.splice(0)) await close();
}

export interface Watched {
  readonly driver: Driver;
  readonly servers: Readonly<Record<string, TestServer>>;
  /** Advances by one interval, and waits until each endpoint has been delivered once more. */
  round(): Promise<void>;
  /** Advances by less than the time-out of a scrape, and waits until every scrape that was due has ended. */
  pass(ms: number): Promise<void>;
}

/** A node per key, which is its name, with one endpoint or with several; `servers` has those under their own keys. */
export async function watch(
  behaviours: Readonly<Record<string, Behaviour | Readonly<Record<string, Behaviour>>>>,
  size: { cols: number; rows: number },
): Promise<Watched> {
  const servers: Record<string, TestServer> = {};
  const targets = new TargetList();
  for (const [name, of] of Object.entries(behaviours)) {
    for (const [key, behaviour] of Object.entries(typeof of === 'function' ? { [name]: of } : of)) {
      // The clock stands still, so it must not be compared with the clock of the servers.
      servers[key] = await startServer((request, response) => {
        response.sendDate = false;
        behaviour(request, response);
      });
      open.push(() => servers[key]!.kill());
      targets.add(servers[key].nodeId, { name, ...(typeof of === 'function' ? {} : { node: name }) });
    }
  }
  const parsers = new Parsers();
  let delivered = new Set<string>();
  let check = (): void => undefined;
  const driver = new Driver({
    ...size,
    plugins: [diagnosis],
    source(clock) {
      const collector = createHttpCollector({
        targets: targets.targets,
        clock,
        intervalMs: INTERVAL_MS,
        random: () => 0,
        newReader: (endpoints) =>
          new NodeParser(
            endpoints,
            () => parsers.newParser(),
            () => parsers.holding((users) => new SampleColumns(users, '')),
          ),
        source: 'hosts.csv',
      });
      open.unshift(() => collector.stop());
      return {
        source: collector.source,
        nodes: collector.nodes,
        intervalMs: INTERVAL_MS,
        stop: () => collector.stop(),
        start(deliver) {
          collector.start((delivery) => {
            deliver(delivery);
            if (delivery.kind !== 'overdue') delivered.add(delivery.endpoint!.id);
            check();
          });
        },
      };
    },
  });
  const round = async (): Promise<void> => {
    delivered = new Set();
    const all = new Promise<void>((resolve) => {
      check = () => {
        if (delivered.size === Object.keys(servers).length) resolve();
      };
    });
    const endpoints = [...driver.app.state.allNodes].flatMap((node) => node.endpoints);
    const untilDue = endpoints.map(({ status }) => (status.nextTryAt ?? 0) - driver.clock.now());
    driver.step(Math.max(INTERVAL_MS, ...untilDue));
    await all;
    driver.look();
  };
  const pass = async (ms: number): Promise<void> => {
    driver.step(ms);
    const isDue = (): boolean =>
      [...driver.app.state.allNodes].some(({ endpoints }) => endpoints.some(({ status }) => (status.nextTryAt ?? 0) <= driver.clock.now()));
    while (isDue()) await new Promise((resolve) => setTimeout(resolve, 5));
    driver.step(0);
  };
  return { driver, servers, round, pass };
}
