import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { serveNodes, type Cluster, type ServedNode } from '../../lib/mock/mock-server.js';

const START = Date.UTC(2026, 7, 7, 14, 30, 15);
const clock = { at: START, now: () => clock.at };
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()));
  clock.at = START;
});

async function serve(nodes: readonly Partial<ServedNode>[]): Promise<Cluster> {
  const cluster = await serveNodes(
    nodes.map((node) => ({
      port: 0,
      text: (step, seconds) => `step ${String(step)} second ${String(seconds)}\n`,
      up: () => true,
      ...node,
    })),
    { bind: '127.0.0.1', clock, updateMs: 3000 },
  );
  running.push(cluster);
  return cluster;
}

const portOf = (address: string): number => Number(address.split(':').at(-1));

test('answers any path, with the headers that the viewer uses', async () => {
  const { addresses } = await serve([{}]);
  for (const path of ['/metrics', '/', '/any/thing?at=all']) {
    const response = await fetch(`http://${addresses[0]!}${path}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('step 0 second 0\n');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'max-age=2',
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': '16',
      connection: 'keep-alive',
      date: 'Fri, 07 Aug 2026 14:30:15 GMT',
    });
  }
});

test('HEAD has no body, and other methods are refused', async () => {
  const { addresses } = await serve([{}]);
  const head = await fetch(`http://${addresses[0]!}/`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '16', '']);
  const post = await fetch(`http://${addresses[0]!}/`, { method: 'POST', body: 'x' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('generates the text once per step, at the first request, and not without requests', async () => {
  const made: number[] = [];
  const node = { text: (step: number): string => `${String(made.push(step))}\n` };
  const { addresses } = await serve([node, {}]);
  expect(made).toEqual([]);
  for (const at of [0, 0, 2999, 3000, 5999, 90_000, 90_001]) {
    clock.at = START + at;
    await Promise.all([1, 2, 3].map(async () => (await fetch(`http://${addresses[0]!}/`)).text()));
  }
  expect(made).toEqual([0, 1, 30]);
});

test('a clock that is set back does not take the node before its start', async () => {
  const { addresses } = await serve([{}]);
  clock.at = START - 60_000;
  expect(await (await fetch(`http://${addresses[0]!}/`)).text()).toBe('step 0 second 0\n');
});

test('a node that is down answers 503', async () => {
  const { addresses } = await serve([{ up: (seconds) => seconds < 10 }]);
  clock.at = START + 10_000;
  const response = await fetch(`http://${addresses[0]!}/`);
  expect([response.status, await response.text()]).toEqual([503, 'this node is down for now\n']);
});

test('multi-byte characters arrive intact', async () => {
  const { addresses } = await serve([{ text: () => '日本語\n' }]);
  expect(await (await fetch(`http://${addresses[0]!}/`)).text()).toBe('日本語\n');
});

describe('ports', () => {
  test('the error names a port in use, and the other ports are released', async () => {
    const holder = createServer();
    running.push({
      stop: () =>
        new Promise((resolve) =>
          holder.close(() => {
            resolve();
          }),
        ),
    });
    await once(holder.listen(0, '127.0.0.1'), 'listening');
    const { port } = holder.address() as AddressInfo;
    const free = await serve([{}]);
    const freed = portOf(free.addresses[0]!);
    await free.stop();
    await expect(serve([{ port: freed }, { port }])).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      exit: 1,
      message: `port ${String(port)} is in use`,
    });
    expect((await serve([{ port: freed }])).addresses).toEqual([`127.0.0.1:${String(freed)}`]);
  });

  test('the error names an address that is not local', async () => {
    const node: ServedNode = { port: 0, text: () => '', up: () => true };
    await expect(serveNodes([node], { bind: '192.0.2.1', clock, updateMs: 3000 })).rejects.toMatchObject({
      code: 'E_LISTEN',
      message: 'cannot listen on 192.0.2.1:0: EADDRNOTAVAIL',
    });
  });

  test('stop closes open connections and frees the ports, also when called twice', async () => {
    const cluster = await serve([{}, {}]);
    const socket = connect(portOf(cluster.addresses[0]!), '127.0.0.1');
    await once(socket, 'connect');
    const closed = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    socket.write('GET / HTTP/1.1\r\n');
    await cluster.stop();
    await closed;
    await cluster.stop();
    await expect(fetch(`http://${cluster.addresses[1]!}/`)).rejects.toThrow();
  });

  test('a port accepts ten connections and closes further ones', async () => {
    const { addresses } = await serve([{}]);
    const open = async (): Promise<Socket> => {
      const socket = connect(portOf(addresses[0]!), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const sockets: Socket[] = [];
    for (let nth = 0; nth < 10; nth++) sockets.push(await open());
    const eleventh = await open();
    await once(eleventh, 'close');
    const tenth = sockets[9]!;
    tenth.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(tenth, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    for (const socket of sockets) socket.destroy();
  });
});
