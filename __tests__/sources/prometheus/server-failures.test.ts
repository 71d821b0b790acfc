/** Whatever a server does wrong is one clear line, and the program goes on: what was shown stays, with its age. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { before, ENGINES, hasEngine, startMetricServer, type Engine, type MetricServer } from '../../helpers/metric-servers.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { openSources } from '../../../lib/run/sources.js';
import { systemClock } from '../../../lib/run/system-clock.js';
import { Asking } from '../../helpers/asking.js';
import { mockTexts } from '../../helpers/mock-texts.js';
import { answers, hangs, startServer, type Behaviour, type TestServer } from '../../helpers/server.js';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function fake(behaviour: Behaviour): Promise<TestServer> {
  const server = await startServer(behaviour);
  open.push({ stop: () => server.kill() });
  return server;
}

function asking(url: string, options: ConstructorParameters<typeof Asking>[1] = {}): Asking {
  const made = new Asking(url, { timeoutMs: 100, intervalMs: 50, ...options });
  open.push(made.collector);
  return made;
}

const json =
  (body: object, status = 200): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const text =
  (body: string, status: number): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end(body);

const FAILURES: readonly (readonly [what: string, behaviour: Behaviour, line: string])[] = [
  ['a web page', text('<!doctype html><html>Sign in</html>', 200), 'answered with a web page, not as a Prometheus server'],
  ['a wrong path', text('404 page not found\n', 404), 'answered with HTTP 404, "404 page not found", not as a Prometheus server'],
  ['an exporter', answers('all_smi_up 1\n'), 'answered with "all_smi_up 1", not as a Prometheus server'],
  ['no credentials', text('Unauthorized', 401), 'HTTP 401 Unauthorized'],
  ['no answer', hangs, 'no response within 0.4 s'],
  [
    'an empty history',
    json({ status: 'success', data: { resultType: 'vector', result: [] } }),
    'the server has no GPU metrics, or none that match',
  ],
  [
    'a query that it cannot read',
    json({ status: 'error', errorType: 'bad_data', error: 'invalid parameter "query"' }, 400),
    'the server refused a query: invalid parameter "query"',
  ],
  [
    'a query that is too large',
    json({ status: 'error', errorType: 'execution', error: 'query processing would load too many samples' }, 422),
    'too much for the server: query processing would load too many samples',
  ],
  [
    'a server that is overloaded',
    json({ status: 'error', errorType: 'timeout', error: 'query timed out in query execution' }, 503),
    'too much for the server: query timed out in query execution',
  ],
  [
    'a redirect to another host',
    (_, response) => void response.writeHead(302, { location: 'http://example.com/' }).end(),
    'redirect refused: to another host, example.com',
  ],
];

test.each(FAILURES)('%s: one line, and it is asked again', async (_, behaviour, line) => {
  const server = await fake(behaviour);
  const { collector } = await asking(`http://${server.nodeId}`).start();
  expect(collector.facts.problem).toBe(line);
  expect(collector.nodes).toEqual([]);
  const asked = server.requests.length;
  await new Promise<void>((resolve) => {
    const look = (): void => void (server.requests.length > asked ? resolve() : setTimeout(look, 10));
    look();
  });
});

test('a server that does not answer keeps no screen from opening', async () => {
  const server = await fake(hangs);
  const parsers = new Parsers();
  const opened = await openSources([{ kind: 'prometheus', url: `http://${server.nodeId}`, timeoutMs: 600_000 }], {
    parsers,
    clock: systemClock,
    afterCommit: () => undefined,
  });
  expect(opened.collector.nodes).toEqual([]);
  opened.collector.start(() => undefined);
  await opened.collector.stop();
});

test('a path in front, and the tenant, are sent with each query', async () => {
  const server = await fake(json({ status: 'success', data: { resultType: 'vector', result: [] } }));
  await asking(`http://${server.nodeId}/select/0/prometheus`, { orgId: 'lab' }).start();
  const queries = server.requests.filter(({ url }) => !url.includes('buildinfo'));
  expect(queries.length).toBeGreaterThan(0);
  for (const { url, headers } of queries) {
    expect(url).toMatch(/^\/select\/0\/prometheus\/api\/v1\/query(\?|$)/);
    expect(headers['x-scope-orgid']).toBe('lab');
  }
});

test('a proxy that refuses POST is asked with GET', async () => {
  const nothing = json({ status: 'success', data: { resultType: 'vector', result: [] } });
  const methods: string[] = [];
  const server = await fake((request, response) => {
    methods.push(request.method!);
    (request.method === 'POST' ? text('Method Not Allowed', 405) : nothing)(request, response);
  });
  const { collector } = await asking(`http://${server.nodeId}`, { intervalMs: 60_000 }).start();
  expect(collector.facts.problem).toBe('the server has no GPU metrics, or none that match');
  expect(methods.filter((method) => method === 'POST')).toHaveLength(1);
});

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;

  async function scraping(nodes: number): Promise<{ server: MetricServer; exporters: readonly TestServer[] }> {
    const exporters: TestServer[] = [];
    for (const body of mockTexts('nvidia', { nodes, processes: true })) exporters.push(await fake(answers(body)));
    const targets = exporters.map(({ nodeId }) => ({ address: nodeId }));
    const server = await startMetricServer(engine, { jobs: [{ name: 'gpus', targets }] });
    open.push(server);
    return { server, exporters };
  }

  test_('it stops, and starts again: the nodes are unknown in between, and then up', async () => {
    const { server } = await scraping(2);
    const { collector, until } = await asking(server.url, { timeoutMs: 1000, intervalMs: 300 }).start();
    const states = (): unknown[] => collector.nodes.map(({ status }) => [status.phase, status.overdue, status.error?.code]);
    expect(states()).toEqual([
      ['live', false, undefined],
      ['live', false, undefined],
    ]);
    const gpus = collector.nodes.map(({ gpus: { count } }) => count);
    await server.kill();
    const look = new Asking('http://127.0.0.1:1');
    await look.until(() => collector.nodes.every(({ status }) => status.overdue));
    expect(collector.nodes.map(({ status }) => status.error?.code)).toEqual(['S_SERVER', 'S_SERVER']);
    expect(collector.facts.problem).toBe('connection refused');
    expect(collector.nodes.map(({ gpus: { count } }) => count)).toEqual(gpus);
    await server.restart();
    await look.until(() => collector.nodes.every(({ status }) => status.phase === 'live' && !status.overdue));
    expect(collector.facts.problem).toBe('');
    void until;
  });

  test_('answers that are too large are asked for in parts; warnings are passed on', async () => {
    const { server } = await scraping(3);
    const isOfAll = (query: string): boolean =>
      query.includes('gpu_utilization') &&
      query.startsWith('max by (__name__') &&
      !query.includes('instance="') &&
      !query.includes('instance=~');
    const proxy = await fake(
      before(server, (query) => (isOfAll(query) ? { status: 'error', errorType: 'execution', error: 'too many samples' } : undefined)),
    );
    const whole = await asking(server.url, { intervalMs: 60_000 }).start();
    const inParts = await asking(`http://${proxy.nodeId}`, { timeoutMs: 5000, intervalMs: 60_000 }).start();
    expect(whole.collector.facts.parts).toBe(1);
    expect(inParts.collector.facts).toMatchObject({ parts: 2, problem: '', withoutProcesses: false });
    for (const { nodeId } of whole.collector.nodes) expect(inParts.power(nodeId)).toEqual(whole.power(nodeId));

    const warning = await fake(
      before(server, (query) =>
        query.startsWith('topk')
          ? { status: 'success', isPartial: true, warnings: ['a replica does not answer'], data: { resultType: 'vector', result: [] } }
          : undefined,
      ),
    );
    const partial = await asking(`http://${warning.nodeId}`, { timeoutMs: 5000, intervalMs: 60_000 }).start();
    expect(partial.collector.facts).toMatchObject({ partial: true, warnings: ['a replica does not answer'], problem: '' });
    expect(partial.collector.nodes.every(({ status }) => status.phase === 'live')).toBe(true);
  });
});
