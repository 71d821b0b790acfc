import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { onlyOwn } from '../../../lib/sources/hosts/node-parser.js';
import { createHttpCollector, type HttpCollectorOptions } from '../../../lib/sources/hosts/http-collector.js';
import { expandHosts } from '../../../lib/sources/hostlists/targets.js';
import { included } from '../../../lib/model/node-view.js';
import { type Collector, type Delivery } from '../../../lib/model/collector.js';
import { SteppedClock } from '../../helpers/clock.js';
import { emptyHostData, RecordingParser } from '../../helpers/recording-parser.js';
import * as server from '../../helpers/server.js';
import type { Behaviour, ServerOptions, TestServer } from '../../helpers/server.js';
import type { Clock } from '../../../lib/model/clock.js';
import { systemClock } from '../../../lib/run/system-clock.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(behaviour: Behaviour, options: ServerOptions = {}): Promise<TestServer> {
  const started = await server.startServer(behaviour, options);
  open.push({ close: () => started.kill() });
  return started;
}

interface Watched {
  readonly collector: Collector;
  /** The deliveries, with the status of the node at that moment. */
  readonly seen: (Delivery & { phase: string; error: string | undefined; counted: boolean })[];
  readonly parsers: readonly RecordingParser[];
  /** Resolves as soon as `test` holds after a delivery; at once if it holds already. */
  until(test: () => boolean): Promise<void>;
}

function watch(hosts: readonly (TestServer | string)[], options: Partial<HttpCollectorOptions> = {}): Watched {
  const parsers: RecordingParser[] = [];
  const seen: Watched['seen'] = [];
  const waiting = new Set<() => void>();
  const collector = createHttpCollector({
    targets: expandHosts(hosts.map((host) => (typeof host === 'string' ? host : host.nodeId))),
    clock: systemClock,
    intervalMs: 100,
    timeoutMs: 1000,
    newReader() {
      const parser = new RecordingParser();
      parsers.push(parser);
      return onlyOwn(parser);
    },
    ...options,
  });
  open.unshift({ close: () => collector.stop() });
  collector.start((delivery) => {
    const { phase, error } = delivery.node.status;
    seen.push({ ...delivery, phase, error: error?.text, counted: included(delivery.node) });
    for (const check of waiting) check();
  });
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
  return { collector, seen, parsers, until };
}

/**
 * Scrapes each node when it is due, but only after all have answered, until `test` holds: no simulated time passes meanwhile, however long
 * it takes.
 */
async function ask({ collector, seen }: Watched, clock: SteppedClock, test: () => boolean): Promise<void> {
  const dueIn = (): number => Math.min(...Array.from(collector.nodes, ({ status }) => status.nextTryAt!)) - clock.now();
  while (!test()) {
    const before = seen.length;
    clock.step(Math.max(0, dueIn()));
    while (seen.length === before || dueIn() <= 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const kinds = ({ seen }: Watched, nodeId?: string): string[] =>
  seen.filter(({ node }) => nodeId === undefined || node.nodeId === nodeId).map(({ kind }) => kind);

describe('a node that answers', () => {
  test('is delivered repeatedly over one connection', async () => {
    const node = await serve(server.answers('a 1\n', { date: new Date(Date.now() + 600_000).toUTCString() }));
    const clock = new SteppedClock(Date.now());
    const watched = watch([node], { clock, timeoutMs: 60_000 });
    const [host] = watched.collector.nodes;
    expect(host!.status.phase).toBe('waiting');
    await ask(watched, clock, () => watched.seen.length === 4);
    expect(watched.seen.map(({ kind, continuity, counted }) => [kind, continuity, counted])).toEqual(
      Array.from({ length: 4 }, () => ['data', 'next', true]),
    );
    expect(watched.seen[0]!.node).toBe(host);
    expect(watched.parsers[0]!.committed.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => 'a 1\n'));
    expect(node.connections).toBe(1);
    expect([host!.version, host!.at, host!.status.okAt]).toEqual([4, host!.at, host!.at]);
    expect(host!.status).toMatchObject({ phase: 'live', overdue: false, failures: 0, failingSince: undefined, error: undefined });
    expect(Math.round(host!.status.skewMs! / 60_000)).toBe(10);
    expect(watched.parsers[0]!.committed.at(-1)!.skewMs).toBe(host!.status.skewMs);
    expect(host!.status.nextTryAt).toBeGreaterThanOrEqual(host!.at);
  });

  test('has the name that it reports', async () => {
    const node = await serve(server.answers('a 1\n'));
    const watched = watch([node], {
      newReader() {
        const parser = new RecordingParser();
        parser.data = emptyHostData('node-0001');
        return onlyOwn(parser);
      },
    });
    expect(watched.collector.nodes[0]!.name).toBe(node.nodeId);
    await watched.until(() => watched.seen.length === 1);
    expect([watched.collector.nodes[0]!.name, watched.collector.nodes[0]!.nodeId]).toEqual(['node-0001', node.nodeId]);
  });

  test('yields after each commit', async () => {
    const node = await serve(server.answers('a 1\n'));
    const versions: number[] = [];
    const watched = watch([node], { afterCommit: () => versions.push(watched.collector.nodes[0]!.version) });
    await watched.until(() => watched.seen.length === 3);
    expect(versions.slice(0, 2)).toEqual([1, 2]);
  });
});

describe('a node that does not answer', () => {
  test('is failing at once, down after three intervals, and recovers', async () => {
    const node = await serve(server.answers('a 1\n'));
    const other = await serve(server.answers('b 1\n'));
    const clock = new SteppedClock(Date.now());
    const watched = watch([node, other], { clock, timeoutMs: 60_000 });
    const [host] = watched.collector.nodes;
    await ask(watched, clock, () => kinds(watched, node.nodeId).length === 2);
    const { okAt, latencyMs } = host!.status;
    await node.kill();
    await ask(watched, clock, () => kinds(watched).includes('overdue'));
    expect(kinds(watched, node.nodeId).filter((kind) => kind === 'overdue')).toHaveLength(1);
    expect(host!.status).toMatchObject({ phase: 'failing', overdue: true, error: { code: 'S_REFUSED', text: 'connection refused' } });
    expect(included(host!)).toBe(false);
    // The values of the last good scrape are still there.
    expect(host!.status.okAt! >= okAt!).toBe(true);
    expect(host!.status.latencyMs).not.toBeUndefined();
    expect([host!.version, latencyMs !== undefined]).toEqual([watched.parsers[0]!.committed.length, true]);
    const failures = watched.seen.filter(({ node: { nodeId }, kind }) => nodeId === node.nodeId && kind === 'failed').length;
    expect(host!.status.failures).toBe(failures);
    expect(host!.status.failingSince! >= okAt!).toBe(true);
    await node.revive();
    const lost = watched.seen.length;
    await ask(watched, clock, () =>
      watched.seen.slice(lost).some(({ node: { nodeId }, kind }) => nodeId === node.nodeId && kind === 'data'),
    );
    expect(host!.status).toMatchObject({ phase: 'live', overdue: false, failures: 0, failingSince: undefined, error: undefined });
    expect(included(host!)).toBe(true);
    // The other node was not affected.
    expect(new Set(kinds(watched, other.nodeId))).toEqual(new Set(['data']));
  });

  test('is down if it has never answered, and waiting until its first scrape ends', async () => {
    const node = await serve(server.hangs);
    const watched = watch([node], { timeoutMs: 500 });
    await watched.until(() => watched.seen.length === 2);
    expect(watched.seen.map(({ kind, phase, error }) => [kind, phase, error])).toEqual([
      ['overdue', 'waiting', undefined],
      ['failed', 'failing', 'no response within 0.5 s'],
    ]);
  });

  test('keeps the last good data when the body is truncated anywhere', async () => {
    const body = 'a 1\nb 2\n';
    const node = await serve(server.answers(body));
    const clock = new SteppedClock(Date.now());
    const watched = watch([node], { clock, timeoutMs: 60_000 });
    const [host] = watched.collector.nodes;
    await ask(watched, clock, () => watched.seen.length > 0);
    let bytes = 0;
    node.behave((request, response) => {
      if (bytes < body.length) server.cutsAfter(body, bytes++, bytes % 2 ? 'length' : 'chunked')(request, response);
      else server.answers('c 3\n')(request, response);
    });
    const version = host!.version;
    await ask(watched, clock, () => watched.seen.filter(({ kind }) => kind === 'failed').length === body.length);
    expect(watched.seen.filter(({ kind }) => kind === 'failed').map(({ error }) => error)).toEqual(
      Array.from({ length: body.length }, () => 'response cut off'),
    );
    expect([host!.version - version, watched.parsers[0]!.pending]).toEqual([0, '']);
    expect(new Set(watched.parsers[0]!.committed.map((commit) => commit.body))).toEqual(new Set([body]));
  });

  test('does not affect others when its parser throws', async () => {
    const [bad, good] = [await serve(server.answers('a 1\n')), await serve(server.answers('b 1\n'))];
    let parsers = 0;
    const watched = watch([bad, good], {
      newReader() {
        const parser = new RecordingParser();
        if (parsers++ === 0) {
          parser.push = () => {
            throw new Error('boom');
          };
        }
        return onlyOwn(parser);
      },
    });
    await watched.until(() => kinds(watched, good.nodeId).length > 2 && kinds(watched, bad.nodeId).length > 0);
    expect(watched.seen.find(({ node }) => node.nodeId === bad.nodeId)).toMatchObject({
      kind: 'failed',
      error: 'internal error: Error: boom',
    });
    expect(new Set(kinds(watched, good.nodeId))).toEqual(new Set(['data']));
  });
});

describe('many nodes', () => {
  test('one hanging node does not delay fifty others', async () => {
    const nodes = await Promise.all(Array.from({ length: 50 }, (_, n) => serve(server.answers(`a ${n}\n`))));
    const hanging = nodes[7]!;
    hanging.behave(server.hangs);
    const watched = watch(nodes, { intervalMs: 300, timeoutMs: 60_000 });
    const others = nodes.filter((node) => node !== hanging).map(({ nodeId }) => nodeId);
    await watched.until(() => others.every((nodeId) => kinds(watched, nodeId).length >= 4));
    // Four rounds of all others passed before the hanging node answered, and it does not look connected.
    expect(kinds(watched, hanging.nodeId)).toEqual(['overdue']);
    expect(hanging.requests).toHaveLength(1);
    expect(watched.collector.nodes[7]!.status).toMatchObject({ phase: 'waiting', overdue: true, okAt: undefined });
    for (const node of nodes) expect(node.connections).toBe(1);
  });
});

describe('a machine that slept for an hour', () => {
  test('has all nodes overdue at once, and all up at once', async () => {
    const nodes = await Promise.all([1, 2, 3].map((n) => serve(server.answers(`a ${n}\n`))));
    const hanging = await serve(server.hangs);
    let asleep = 0;
    const clock: Clock = { now: () => Date.now() + asleep, after: (ms, run) => systemClock.after(ms, run) };
    const watched = watch([...nodes, hanging], { clock, timeoutMs: 60_000 });
    await watched.until(() => watched.parsers.slice(0, 3).every(({ committed }) => committed.length > 1) && hanging.requests.length === 1);
    const before = watched.seen.length;
    asleep = 3_600_000;
    await watched.until(() => watched.seen.slice(before).filter(({ kind }) => kind === 'data').length >= 6);
    const after = watched.seen.slice(before).filter(({ node }) => node.nodeId !== hanging.nodeId);
    const first = after.findIndex(({ kind }) => kind === 'overdue');
    // The one response that may come first is the one that revealed the sleep.
    expect(first).toBeLessThanOrEqual(1);
    for (const [n, node] of nodes.entries()) {
      const own = after.filter(({ node: host }) => host.nodeId === node.nodeId).map(({ kind }) => kind);
      expect([n, own.filter((kind) => kind === 'overdue').length <= 1, own.at(-1)]).toEqual([n, true, 'data']);
      expect(watched.collector.nodes[n]!.status).toMatchObject({ phase: 'live', overdue: false });
    }
    // The hanging scrape was cancelled and repeated.
    expect(hanging.requests.length).toBe(2);
  });
});

describe('the collector', () => {
  test('has its nodes and a title', () => {
    const named = (args: string[], options: Partial<HttpCollectorOptions> = {}): Collector =>
      createHttpCollector({ targets: expandHosts(args), clock: systemClock, newReader: () => onlyOwn(new RecordingParser()), ...options });
    expect(named(['n1:9090']).source).toBe('n1:9090');
    expect(named(['n[1-3]'])).toMatchObject({ source: '3 hosts', intervalMs: 3000 });
    expect(named(['n[1-300]'], { source: 'hosts.csv' })).toMatchObject({ source: 'hosts.csv', intervalMs: 6000 });
    expect(named(['n[1-3]']).nodes.map(({ nodeId, version }) => [nodeId, version])).toEqual([
      ['n1', 0],
      ['n2', 0],
      ['n3', 0],
    ]);
  });

  test('delivers nothing after stop, and closes its sockets', async () => {
    const [slow, quick] = [await serve(server.dripsForEver('x\n', 5)), await serve(server.answers('a 1\n'))];
    const watched = watch([slow, quick], { intervalMs: 20 });
    await watched.until(() => kinds(watched, quick.nodeId).length > 1);
    await watched.collector.stop();
    const count = watched.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(watched.seen.length).toBe(count);
    await Promise.all([slow.kill(), quick.kill()]);
  });
});

describe('few connections', () => {
  /** Nodes in this process, and their highest number of simultaneous connections. */
  async function nodes(count: number): Promise<{ readonly hosts: readonly string[]; readonly most: () => number }> {
    let [now, most] = [0, 0];
    const servers = Array.from({ length: count }, () => createServer((_, response) => response.end('all_smi_up{instance="n"} 1\n')));
    for (const one of servers) {
      one.on('connection', (socket) => {
        most = Math.max(most, ++now);
        socket.once('close', () => void now--);
      });
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
      open.push({
        close: () => {
          one.close();
          one.closeAllConnections();
        },
      });
    }
    return { hosts: servers.map((one) => `127.0.0.1:${(one.address() as AddressInfo).port}`), most: () => most };
  }

  test('nodes take turns: all are scraped repeatedly within the connection limit', async () => {
    const { hosts, most } = await nodes(12);
    const watched = watch(hosts, { maxConnections: 2 });
    await watched.until(() => watched.collector.nodes.every(({ status }) => status.phase === 'live'));
    await watched.until(() => watched.seen.filter(({ kind }) => kind === 'data').length >= 36);
    expect(watched.seen.every(({ kind }) => kind !== 'failed')).toBe(true);
    // A connection that is closing may still count when the next one opens.
    expect(most()).toBeLessThanOrEqual(4);
  });

  test('each node keeps its connection if the limit allows it', async () => {
    const { hosts, most } = await nodes(3);
    const watched = watch(hosts, { maxConnections: 6 });
    await watched.until(() => watched.seen.filter(({ kind }) => kind === 'data').length >= 12);
    expect(most()).toBe(3);
  });
});
