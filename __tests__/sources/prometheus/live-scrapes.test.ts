/** What a server that scrapes a cluster says of it equals what the cluster says itself: on real servers, which scrape real exporters. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { AppError } from '../../../lib/errors.js';
import type { HostsSource, PrometheusSource } from '../../../lib/run/settings.js';
import { TargetList } from '../../../lib/sources/hostlists/targets.js';
import { asked, type Asked, type Records } from '../../helpers/asked-tables.js';
import { ENGINES, hasEngine, startMetricServer, type Engine, type MetricServer } from '../../helpers/metric-servers.js';
import { mockTexts } from '../../helpers/mock-texts.js';
import { answers, startServer, type TestServer } from '../../helpers/server.js';

const TABLES = ['users', 'gpus', 'nodes', 'processes'];
/** When the nodes were scraped, which is not the same. */
const OF_SCRAPES: ReadonlySet<string> = new Set(['age_seconds', 'started_at', 'sources']);

/** As all-smi sends it, without the name of the node in rows of processes. */
const nodes = mockTexts('nvidia', { nodes: 3, processes: true }).map((text) =>
  text.replaceAll(/^(all_smi_process_.*), instance="[^"]*", host="[^"]*"/gm, '$1'),
);
// A process whose user is not known: a server drops labels that are empty.
const nobody = nodes[1]!.replaceAll(/user="mira"/g, 'user=""');
const dcgm = ['dcgm-timesliced-594', 'dcgm-mig'].map((name) => readFileSync(`__tests__/fixtures/exporters/${name}.prom`, 'utf8'));

/** Integers are the same; of others, sums in another order may differ in the last digits. */
function expectSame(ofServer: Records, ofNodes: Records): void {
  const [served, direct] = [inOrder(ofServer), inOrder(ofNodes)];
  expect(served.map(shape)).toEqual(direct.map(shape));
  served.forEach((record, row) => {
    for (const [name, value] of Object.entries(record)) {
      const other = direct[row]![name];
      if (OF_SCRAPES.has(name) || typeof value !== 'number' || typeof other !== 'number') continue;
      if (Number.isInteger(other)) expect([name, value]).toEqual([name, other]);
      else expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-9 * Math.abs(other));
    }
  });
}

/** Rows that are equal so far are in the order of the addresses, whose ports are any. */
const inOrder = (records: Records): Records => [...records].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
const placeOf = ({ node, pid, gpu, user }: Records[number]): string => JSON.stringify([node, pid, gpu, user]);

/** The rows of a server come in the order of their labels. */
const sorted = (list: readonly unknown[]): unknown[] => [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const shape = (record: Records[number]): unknown =>
  Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => !OF_SCRAPES.has(name))
      .map(([name, value]) => [name, typeof value === 'number' ? 'number' : Array.isArray(value) ? sorted(value) : value]),
  );

describe.each(ENGINES)('%s', (engine: Engine) => {
  const test_ = hasEngine(engine) ? test : test.skip;
  const exporters: TestServer[] = [];
  let server: MetricServer | undefined;
  let down: string;

  const served = (group: string, tables = TABLES): Promise<Asked> =>
    asked({ kind: 'prometheus', url: server!.url, timeoutMs: 5000, match: `group="${group}"` } satisfies PrometheusSource, tables);
  const direct = (from: number, to: number, tables = TABLES): Promise<Asked> => {
    const list = new TargetList('test');
    for (const { nodeId } of exporters.slice(from, to)) list.add(nodeId);
    return asked({ kind: 'hosts', targets: list.targets, notes: [], title: '', timeoutMs: 5000 } satisfies HostsSource, tables);
  };

  beforeAll(async () => {
    if (!hasEngine(engine)) return;
    for (const text of [nodes[0]!, nobody, nodes[2]!, ...dcgm]) exporters.push(await startServer(answers(text)));
    const gone = await startServer(answers(''));
    down = gone.nodeId;
    await gone.kill();
    const addresses = exporters.map(({ nodeId }) => nodeId);
    const targets = (group: string, list: readonly string[], labels = {}) =>
      list.map((address) => ({ address, labels: { group, ...labels } }));
    server = await startMetricServer(engine, {
      jobs: [
        { name: 'plain', targets: targets('plain', addresses.slice(0, 3)) },
        { name: 'honored', honorLabels: true, targets: targets('honored', addresses.slice(0, 3)) },
        { name: 'twice-a', targets: targets('twice', addresses.slice(0, 3), { replica: 'a' }) },
        { name: 'twice-b', targets: targets('twice', addresses.slice(0, 3), { replica: 'b' }) },
        { name: 'dcgm', targets: targets('dcgm', addresses.slice(3, 5)) },
        { name: 'down', targets: targets('down', [addresses[0]!, down]) },
      ],
    });
  });

  afterAll(async () => {
    await server?.stop();
    for (const exporter of exporters.splice(0)) await exporter.kill();
  });

  test_.each(['plain', 'honored', 'twice'])('all-smi: every table is that of the nodes themselves (%s)', async (group) => {
    const [one, other] = [await served(group), await direct(0, 3)];
    expect(other.tables.users!.length).toBeGreaterThan(3);
    for (const table of TABLES) expectSame(one.tables[table]!, other.tables[table]!);
    expect(one.coverage).toEqual(other.coverage);
  });

  test_('dcgm-exporter: GPUs, nodes and owners are those of the nodes themselves', async () => {
    const [one, other] = [await served('dcgm'), await direct(3, 5)];
    expect(other.tables.gpus!.length).toBeGreaterThan(1);
    for (const table of TABLES) expectSame(one.tables[table]!, other.tables[table]!);
  });

  test_('a target that cannot be scraped is a node that is missing, with the reason', async () => {
    const { coverage } = await served('down');
    expect(coverage).toMatchObject({ nodes: 2, answered: 1, failed: [{ node: down, code: 'S_TARGET_DOWN' }] });
  });

  test_('matchers that select nothing: the reason, not an empty table', async () => {
    await expect(served('nothing')).rejects.toThrow(
      new AppError('E_NO_ANSWER', { reason: `${new URL(server!.url).host}: the server has no GPU metrics, or none that match` }).message,
    );
  });
});
