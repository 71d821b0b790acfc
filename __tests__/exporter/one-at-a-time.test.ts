import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { OneAtATime } from '../../lib/exporter/one-at-a-time.js';

const running: { stop(): unknown }[] = [];
afterEach(() => {
  for (const one of running.splice(0).reverse()) one.stop();
});

/** Both ends of a TCP connection. */
async function ends(): Promise<{ readonly sender: Socket; readonly gate: OneAtATime; readonly received: () => string }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  running.push({ stop: () => server.close() });
  await once(server, 'listening');
  const sender = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(sender, 'connect')])) as [[Socket], unknown];
  const gate = new OneAtATime(socket);
  running.push({ stop: () => (sender.destroy(), gate.destroy()) });
  let received = '';
  gate.on('data', (chunk: Buffer) => (received += chunk.toString()));
  return { sender, gate, received: () => received };
}

test.each([
  ['CR LF', '\r\n'],
  ['LF alone', '\n'],
])('passes a thousand requests in one piece on one at a time: %s', async (_, line) => {
  const { sender, gate, received } = await ends();
  const head = (nth: number): string => ['GET /metrics HTTP/1.1', `Host: ${nth}`, '', ''].join(line);
  const all = Array.from({ length: 1000 }, (_nothing, nth) => head(nth));
  sender.end(all.join(''));
  for (let nth = 0; nth < all.length; nth++) {
    const expected = all.slice(0, nth + 1).join('');
    while (received().length < expected.length) await pause(1);
    if (nth % 100 === 0) await pause(5);
    expect(received()).toBe(expected);
    gate.next();
  }
  await once(gate, 'end');
});

test('passes an incomplete request on at once, and leaves it to the parser', async () => {
  const { sender, received } = await ends();
  sender.write('GET /metrics HTTP/1.1\r\nX: 1\r\n');
  while (!received().endsWith('X: 1\r\n')) await pause(1);
  sender.write('\r');
  sender.write('\nGET /next');
  while (!received().endsWith('\r\n\r\n')) await pause(1);
  await pause(5);
  expect(received()).toBe('GET /metrics HTTP/1.1\r\nX: 1\r\n\r\n');
});

test('closes one end when the other closes', async () => {
  const first = await ends();
  first.gate.destroy();
  await once(first.sender.resume(), 'end');
  const second = await ends();
  second.sender.resetAndDestroy();
  await expect(once(second.gate, 'close')).rejects.toThrow('ECONNRESET');
  expect(second.gate.destroyed).toBe(true);
});
