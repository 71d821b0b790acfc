/** The sources of a run, opened for real: a mock cluster over HTTP, a simulated machine, and both together. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { MOCK_GPU_NAME, startMock } from '../../lib/mock/mock.js';
import { included } from '../../lib/model/node-view.js';
import type { HostsSource, LocalSource, Source } from '../../lib/run/settings.js';
import { openSources, type OpenSource } from '../../lib/run/sources.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { expandHosts } from '../../lib/sources/hostlists/targets.js';
import { staticMachine } from '../helpers/captures.js';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function hosts(nodes: number): Promise<HostsSource> {
  const mock = await startMock({
    bind: '127.0.0.1',
    ports: Array.from({ length: nodes }, () => 0),
    clock: systemClock,
    platform: 'nvidia',
    gpuName: MOCK_GPU_NAME,
    startIndex: 1,
    failureNodes: 0,
    processes: true,
    seed: 7,
  });
  ending.push(() => mock.stop());
  return { kind: 'hosts', targets: expandHosts(mock.addresses), notes: [], title: 'hosts.csv', timeoutMs: 5000, intervalMs: 500 };
}

function local(): LocalSource {
  const machine = staticMachine();
  const { nvidiaSmi, procDir, passwdFile } = machine;
  ending.push(() => machine.dispose());
  return { kind: 'local', machine: { nvidiaSmi, procDir, passwdFile, redact: true }, intervalMs: 1000 };
}

async function opened(...sources: readonly Source[]): Promise<OpenSource> {
  const parsers = new Parsers();
  const open = await openSources(sources, { parsers, clock: systemClock, afterCommit: () => void parsers.tidy() });
  ending.push(async () => {
    await open.collector.stop();
    await open.close();
  });
  return open;
}

async function answered({ collector }: OpenSource): Promise<void> {
  collector.start(() => undefined);
  for (let left = 1000; !collector.nodes.every(included); left--) {
    if (left === 0) throw new Error('not all nodes answered');
    await pause(10);
  }
}

const chips = (open: OpenSource): readonly string[] =>
  open.notices().map(({ spans }) =>
    spans
      .map(({ text }) => text)
      .join('')
      .trim(),
  );

test('this machine and nodes over HTTP together: the nodes of both, and users of both under one name', async () => {
  const open = await opened(local(), await hosts(2));
  expect([open.collector.source, open.collector.intervalMs, open.collector.nodes.length]).toEqual(['this machine + hosts.csv', 500, 3]);
  expect(open.collector.nodes.flatMap(({ endpoints }) => endpoints.map(({ intervalMs }) => intervalMs))).toEqual([1000, 500, 500]);
  await answered(open);
  const [here, there] = open.collector.nodes;
  expect(here!.gpus.count).toBeGreaterThan(0);
  expect(there!.gpus.count).toBe(8);
  // An id is the same user on every node, wherever the data come from.
  for (let id = 0; id < 5; id++) expect(here!.userName(id)).toBe(there!.userName(id));
  expect(chips(open)).toEqual([]);
});

describe('a single source', () => {
  test('this machine: a hint shows how to add nodes', async () => {
    const open = await opened(local());
    expect(chips(open)).toEqual(['this machine only; use --hosts or --hostfile for other nodes']);
  });

  test('the demo: shows that it is a demo, and stops its cluster', async () => {
    const open = await opened({ kind: 'demo', timeoutMs: 5000 });
    await answered(open);
    expect([open.collector.source, chips(open)]).toEqual(['demo', ['demo: a made-up cluster']]);
    const { nodeId } = open.collector.nodes[0]!;
    await open.collector.stop();
    await open.close();
    await expect(fetch(`http://${nodeId}/metrics`)).rejects.toThrow('fetch failed');
    ending.splice(0);
  });
});

test('processes of root belong to the person behind them, unless the accounts are asked for', async () => {
  const usersOf = async (source: Source): Promise<readonly string[]> => {
    const open = await opened(source);
    await answered(open);
    const node = open.collector.nodes[4]!;
    return [...new Set(Array.from({ length: node.procs.count }, (_, row) => node.userName(node.procs.user[row]!)))].sort();
  };
  expect(await usersOf({ kind: 'demo', timeoutMs: 5000 })).toEqual(['hana.kim', 'jonas.weber', 'tomas']);
  expect(await usersOf({ kind: 'demo', timeoutMs: 5000, owner: 'process' })).toEqual(['root']);
});

test('exclusive sources are not combined, and a run needs a source', async () => {
  await expect(opened({ kind: 'demo', timeoutMs: 1 }, local())).rejects.toMatchObject({ code: 'E_INTERNAL' });
  await expect(opened()).rejects.toMatchObject({ code: 'E_INTERNAL' });
});

test('if one source cannot be opened, the others are closed', async () => {
  const here = local();
  await expect(opened({ ...here, machine: { ...here.machine, procDir: '/nowhere' } }, await hosts(1))).rejects.toMatchObject({
    code: 'E_LOCAL_NONE',
  });
});

test('this machine is not confused with a node that is scraped as localhost', async () => {
  const named: HostsSource = { kind: 'hosts', targets: expandHosts(['localhost']), notes: [], title: '1 host', timeoutMs: 5000 };
  const open = await opened(local(), named);
  expect(new Set(open.collector.nodes.map(({ nodeId }) => nodeId)).size).toBe(2);
});
