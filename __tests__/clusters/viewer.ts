/** The whole viewer over a cluster of texts, fed directly or over HTTP: everything except the terminal. */
import type { AddressInfo } from 'node:net';
import http from 'node:http';
import { App } from '../../lib/app/app.js';
import { csvOf } from '../../lib/export/csv.js';
import { jsonOf } from '../../lib/export/json.js';
import { Node } from '../../lib/model/node.js';
import type { Collector, Delivery } from '../../lib/model/collector.js';
import type { SaveRequest } from '../../lib/model/sheet.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import { validatePlugin } from '../../lib/plugin/validate.js';
import type { TabPlugin } from '../../lib/plugin/types.js';
import { Parsers, type ScrapeParser } from '../../lib/exposition/parser/index.js';
import { onlyOwn } from '../../lib/sources/hosts/node-parser.js';
import { createHttpCollector } from '../../lib/sources/hosts/http-collector.js';
import { expandHosts } from '../../lib/sources/hostlists/targets.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import topology from '../../plugins/topology/index.js';
import { SteppedClock } from '../helpers/clock.js';
import { BUILT_IN } from '../helpers/driver.js';
import type { Answered } from './expected.js';
import { ROUND_SECONDS, START_SECONDS, type NodeModel } from './scenario.js';

export const INTERVAL_MS = ROUND_SECONDS * 1000;
/** Rounds without an answer after which a node is excluded from totals. */
const OVERDUE_ROUNDS = 3;

export class ClusterViewer {
  readonly painter: MemoryPainter;
  readonly app: App;
  readonly clock: SteppedClock;
  readonly saved: SaveRequest[] = [];

  constructor(collector: Collector, clock: SteppedClock, rows: number) {
    this.clock = clock;
    this.painter = new MemoryPainter(240, rows);
    const plugins: TabPlugin[] = [];
    for (const plugin of [...BUILT_IN, topology, diagnosis]) plugins.push(validatePlugin(plugin, plugins));
    this.app = new App({
      plugins,
      collector,
      painter: this.painter,
      clock,
      save: (request) => {
        this.saved.push(request);
        return Promise.resolve('saved');
      },
    });
    this.app.start();
  }

  /** The frame after these keys. */
  press(...names: readonly string[]): string {
    for (const name of names) {
      this.painter.press(name);
      this.clock.step(0);
    }
    return this.painter.text();
  }

  /** The text that a key exports; '' for nothing. */
  async export(key: 'e' | 'E'): Promise<string> {
    const before = this.saved.length;
    this.press(key);
    await new Promise(setImmediate);
    const request = this.saved[before];
    if (!request) return '';
    return request.format === 'csv' ? csvOf(request.sheet) : jsonOf(request.sheet);
  }
}

/** Feeds a round of texts to the nodes. */
export interface Feed {
  readonly collector: Collector;
  readonly clock: SteppedClock;
  /** Allowed error of ages, in seconds. */
  readonly slack: number;
  /** The texts of a round, undefined for nodes that do not answer; resolves with the last answer of each node. */
  round(texts: readonly (string | undefined)[], models: readonly NodeModel[], round: number): Promise<readonly Answered[]>;
  close(): Promise<void>;
}

class Hand implements Collector {
  readonly source = 'by hand';
  readonly intervalMs = INTERVAL_MS;
  readonly nodes: readonly Node[];
  deliver: (delivery: Delivery) => void = () => undefined;
  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.deliver = deliver;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Feeds texts directly to the parsers, in pieces. */
export function byHand(nodes: number): Feed {
  const parsers = new Parsers();
  const clock = new SteppedClock(START_SECONDS * 1000);
  const own: readonly ScrapeParser[] = Array.from({ length: nodes }, () => parsers.newParser());
  const collector = new Hand(own.map((parser, nth) => new Node({ nodeId: `10.0.0.${nth}:9090` }, parser.data)));
  const answered = collector.nodes.map(({ nodeId }): Answered => ({ nodeId, text: '', now: 0, counts: false }));
  const missed = collector.nodes.map(() => 0);
  return {
    collector,
    clock,
    slack: 0,
    round(texts, models, round) {
      const at = (START_SECONDS + round * ROUND_SECONDS) * 1000;
      clock.step(at - clock.now());
      texts.forEach((text, nth) => {
        const [node, parser, { spec }] = [collector.nodes[nth]!, own[nth]!, models[nth]!];
        if (text === undefined) {
          missed[nth]!++;
          node.fail({ at, error: { code: 'S_REFUSED', text: 'connection refused' } });
          collector.deliver({ node, kind: 'failed', continuity: 'next' });
          if (missed[nth] === OVERDUE_ROUNDS) {
            node.setStatus({ overdue: true });
            collector.deliver({ node, kind: 'overdue', continuity: 'next' });
          }
          answered[nth] = { ...answered[nth]!, counts: answered[nth]!.text !== '' && missed[nth]! < OVERDUE_ROUNDS };
          return;
        }
        missed[nth] = 0;
        const bytes = Buffer.from(text);
        const cutAt = (round * 7919 + nth * 104_729) % (bytes.length + 1);
        parser.push(bytes.subarray(0, cutAt));
        parser.push(bytes.subarray(cutAt));
        const skewMs = spec.dated ? spec.clock * 1000 : undefined;
        const change = parser.commit(at, skewMs);
        node.commit({ at, skewMs }, change);
        collector.deliver({ node, kind: 'data', continuity: 'next' });
        parsers.tidy();
        answered[nth] = { nodeId: node.nodeId, text, now: (at + (skewMs ?? 0)) / 1000, counts: true };
      });
      return Promise.resolve([...answered]);
    },
    close: () => Promise.resolve(),
  };
}

/** Servers with a configurable response, reused between runs. */
export class Servers {
  readonly #servers: { readonly server: http.Server; readonly port: number; answer: http.RequestListener }[] = [];

  async listen(count: number): Promise<readonly { readonly port: number; answer: http.RequestListener }[]> {
    while (this.#servers.length < count) {
      const server = http.createServer((request, response) => {
        own.answer(request, response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const own = { server, port: (server.address() as AddressInfo).port, answer: (() => undefined) as http.RequestListener };
      this.#servers.push(own);
    }
    return this.#servers.slice(0, count);
  }

  async close(): Promise<void> {
    for (const { server } of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

/** More intervals than the longest backoff. */
const MOST_STEPS = 100;

/** Over HTTP, with the scheduler and the connections of the program; only the clock is simulated. */
export async function overHttp(servers: Servers, nodes: number): Promise<Feed> {
  const listening = await servers.listen(nodes);
  const parsers = new Parsers();
  const clock = new SteppedClock(START_SECONDS * 1000);
  const collector = createHttpCollector({
    targets: expandHosts(listening.map(({ port }) => `127.0.0.1:${port}`)),
    clock,
    intervalMs: INTERVAL_MS,
    newReader: () => onlyOwn(parsers.newParser()),
    afterCommit: () => parsers.tidy(),
  });
  const answered = collector.nodes.map(({ nodeId }): Answered => ({ nodeId, text: '', now: 0, counts: false }));
  /** By node: the last request and its response, with the round; a node never has two requests in flight. */
  const asked = answered.map((one) => ({ ...one, round: -1 }));
  /** By node: the round of the last delivery, and the number of deliveries. */
  const heard = collector.nodes.map(() => -1);
  const times = collector.nodes.map(() => 0);
  const waiting = new Set<() => void>();
  const start = collector.start.bind(collector);
  collector.start = (deliver) => {
    start((delivery) => {
      deliver(delivery);
      if (delivery.kind !== 'overdue') {
        const nth = collector.nodes.findIndex((node) => node === delivery.node);
        const { round, ...answer } = asked[nth]!;
        heard[nth] = round;
        times[nth]!++;
        if (delivery.kind === 'data') answered[nth] = answer;
      }
      for (const check of waiting) check();
    });
  };
  const until = (test: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!test()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    collector,
    clock,
    slack: ROUND_SECONDS,
    async round(texts, models, round) {
      texts.forEach((text, nth) => {
        const { spec } = models[nth]!;
        listening[nth]!.answer = (request, response) => {
          const own = clock.now() / 1000 + spec.clock;
          asked[nth]!.round = round;
          if (text === undefined) return void request.socket.destroy();
          asked[nth] = { nodeId: asked[nth]!.nodeId, text, now: spec.dated ? own : clock.now() / 1000, counts: true, round };
          response.sendDate = false;
          response.writeHead(200, spec.dated ? { date: new Date(own * 1000).toUTCString() } : {}).end(text);
        };
      });
      for (let steps = 0; heard.some((last) => last < round); steps++) {
        if (steps > MOST_STEPS) throw new Error(`a node was not asked in round ${round}`);
        const before = [...times];
        clock.step(INTERVAL_MS);
        const due = collector.nodes.flatMap(({ status }, nth) => ((status.nextTryAt ?? 0) <= clock.now() ? [nth] : []));
        await until(() => due.every((nth) => times[nth]! > before[nth]!));
      }
      return answered.map((one, nth) => {
        const { overdue } = collector.nodes[nth]!.status;
        return { ...one, counts: one.text !== '' && !overdue };
      });
    },
    close: () => collector.stop(),
  };
}
