import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { serveApi, type Api, type ApiOptions } from '../../lib/exporter/metrics-server.js';
import { selfSigned } from '../helpers/certificate.js';

const AT = Date.UTC(2026, 7, 7, 14, 30, 15);
const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function serve(options: Partial<ApiOptions> = {}): Promise<Api> {
  const api = await serveApi({ bind: '127.0.0.1', port: 0, clock: { now: () => AT }, waiting: 'up 0\n', ...options });
  running.push(api);
  return api;
}

async function open(api: Api): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  running.push({ stop: () => socket.destroy() });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const GET = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

describe('responses', () => {
  test('are up 0 and not ready before the first collection, then the last published text', async () => {
    const api = await serve();
    expect(await (await fetch(`${api.url}/metrics`)).text()).toBe('up 0\n');
    const early = await fetch(`${api.url}/-/ready`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    api.publish('up 1\n');
    api.publish('up 1\nx 2\n');
    expect((await fetch(`${api.url}/-/ready`)).status).toBe(200);
    const metrics = await fetch(`${api.url}/metrics?x=1`);
    expect(await metrics.text()).toBe('up 1\nx 2\n');
    expect(Object.fromEntries(metrics.headers)).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      date: 'Fri, 07 Aug 2026 14:30:15 GMT',
      vary: 'Accept-Encoding',
    });
  });

  test.each<[accept: string, zipped: boolean]>([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['GZIP', true],
    ['identity', false],
    ['gzip;q=0', false],
    ['gzip;q=0.0', false],
    ['gzipped', false],
    ['', false],
  ])('to "Accept-Encoding: %s"', async (accept, zipped) => {
    const api = await serve();
    const text = `日本語 ${'x'.repeat(5000)}\n`;
    api.publish(text);
    const socket = await open(api);
    socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: ${accept}\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks);
    const [head = ''] = answer.toString('latin1').split('\r\n\r\n');
    const body = answer.subarray(head.length + 4);
    expect(head.includes('Content-Encoding: gzip')).toBe(zipped);
    expect((zipped ? gunzipSync(body) : body).toString('utf8')).toBe(text);
  });

  test('refuse other paths and methods; HEAD has no body', async () => {
    const api = await serve();
    expect((await fetch(`${api.url}/`)).status).toBe(404);
    expect((await fetch(`${api.url}/metrics/x`)).status).toBe(404);
    const post = await fetch(`${api.url}/metrics`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${api.url}/metrics`, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
  });

  test('require a token for scrapes, but not for the readiness check', async () => {
    const api = await serve({ token: 'open-sesame' });
    const status = async (authorization?: string): Promise<number> =>
      (await fetch(`${api.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status('Bearer open-sesame')).toBe(200);
    expect(await status('bearer open-sesame')).toBe(200);
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer open-sesam',
      'Bearer open-sesame2',
      'Basic open-sesame',
      'open-sesame',
    ])
      expect([wrong, await status(wrong)]).toEqual([wrong, 401]);
    expect((await fetch(`${api.url}/-/ready`)).status).toBe(503);
  });

  test('are served over TLS', async () => {
    const tls = selfSigned();
    const api = await serve({ tls });
    expect(api.url).toMatch(/^https:/);
    const answer = await new Promise<string>((resolve, reject) => {
      httpsRequest(`${api.url}/metrics`, { ca: tls.cert }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve(body));
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toBe('up 0\n');
    await expect(serve({ tls: { cert: 'nonsense', key: tls.key } })).rejects.toMatchObject({ code: 'E_OPTION_BAD' });
  });

  test('the error names a port in use', async () => {
    const { url } = await serve();
    await expect(serve({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'E_PORT_IN_USE' });
  });
});

describe('clients', () => {
  test('a thousand connections leave room for the next scrape: the one idle longest is closed', async () => {
    const api = await serve();
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => open(api)));
    for (let left = 200; left > 0 && crowd.filter(({ destroyed }) => !destroyed).length > 128; left--) await pause(10);
    expect(crowd.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(128);
    expect((await fetch(`${api.url}/metrics`)).status).toBe(200);
  });

  test('a client that scrapes is kept longer than those that never did', async () => {
    const api = await serve({ maxConnections: 3 });
    const regular = await open(api);
    const crowd = [await open(api), await open(api)];
    regular.write(GET);
    await once(regular, 'data');
    crowd.push(await open(api), await open(api));
    await Promise.all(crowd.slice(0, 2).map(async (socket) => socket.destroyed || (await once(socket, 'close'))));
    regular.write(GET);
    expect(String((await once(regular, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/);
  });

  test('slow readers share one body instead of copying it', async () => {
    const api = await serve();
    const body = `${'x'.repeat(4 * 2 ** 20)}\n`;
    api.publish(body);
    const before = process.memoryUsage();
    const slow = await Promise.all(Array.from({ length: 100 }, () => open(api)));
    for (const socket of slow) {
      socket.pause();
      socket.write(GET);
    }
    // All responses are in progress once the last one has sent its header.
    for (const socket of slow) {
      while (socket.bytesRead === 0 && !socket.destroyed) {
        await pause(5);
        socket.read(1);
      }
    }
    const after = process.memoryUsage();
    // 100 responses of 4 MiB: one copy is in `arrayBuffers`, a hundred would be 400 MiB.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 2 ** 20);
    api.publish('up 1\n');
    expect(await (await fetch(`${api.url}/metrics`)).text()).toBe('up 1\n');
  });

  test('disconnects a client that does not read its response in time', async () => {
    const api = await serve({ answerMs: 100 });
    api.publish(`${'x'.repeat(64 * 2 ** 20)}\n`);
    const slow = await open(api);
    slow.pause();
    slow.write(GET);
    await pause(300);
    let bytes = 0;
    slow.on('data', (chunk: Buffer) => (bytes += chunk.length));
    slow.resume();
    await once(slow, 'close');
    expect(bytes).toBeLessThan(64 * 2 ** 20);
  });

  test('cuts off an endless header', async () => {
    const api = await serve();
    const socket = await open(api);
    socket.write(`GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('reads a thousand pipelined requests one at a time, each after the response to the previous one', async () => {
    const api = await serve({ answerMs: 60_000 });
    api.publish(`${'x'.repeat(32 * 2 ** 20)}\n`);
    const socket = await open(api);
    socket.pause();
    const sent = GET.repeat(1_000_000);
    socket.write(sent);
    // Its response is in progress, and the system buffers are full; the rest stays with the sender.
    for (let before = -1; socket.bytesRead === 0 || before !== socket.writableLength; await pause(100)) {
      before = socket.writableLength;
      if (socket.bytesRead === 0) socket.read(1);
    }
    expect(socket.destroyed).toBe(false);
    expect(socket.writableLength).toBe(sent.length);
    const { arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers).toBeLessThan(256 * 2 ** 20);
  });

  test.each([['http'], ['https']])('answers pipelined requests in order, however they are split: %s', async (scheme) => {
    const tls = selfSigned();
    const api = await serve(scheme === 'https' ? { tls } : {});
    api.publish('up 1\n');
    const paths = ['/metrics', '/-/ready', '/nothing'] as const;
    const bodies = { '/metrics': 'up 1\n', '/-/ready': 'ready\n', '/nothing': 'not found: only /metrics and /-/ready are served\n' };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ path: fc.constantFrom(...paths), before: fc.constantFrom('', '', '\r\n', '\r\n\r\n') }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        async (requests, cuts) => {
          const port = Number(new URL(api.url).port);
          const socket = scheme === 'https' ? connectTls({ port, host: '127.0.0.1', ca: tls.cert }) : connect(port, '127.0.0.1');
          let text = '';
          socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
          const all = requests.map(({ path, before }) => `${before}GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
          for (let at = 0, nth = 0; at < all.length; nth++) {
            const cut = cuts[nth % cuts.length]!;
            socket.write(all.slice(at, at + cut));
            at += cut;
            if (nth % 3 === 0) await pause(0);
          }
          const told = (): string[] => text.split('HTTP/1.1 ').slice(1);
          const whole = (): boolean => told().length === requests.length && /\r\n\r\n.+\n$/.test(told().at(-1)!);
          while (!whole()) await pause(1);
          socket.destroy();
          expect(told().map((answer) => answer.split('\r\n\r\n')[1])).toEqual(requests.map(({ path }) => bodies[path]));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('answers a request with a body, and nothing after it', async () => {
    const api = await serve();
    const socket = await open(api);
    socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nab\r\n\r\ncd${GET}`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(
      Buffer.concat(chunks)
        .toString()
        .match(/HTTP\/1\.1 \d+/g),
    ).toEqual(['HTTP/1.1 200']);
  });

  test('answers a new client while no other client reads its response', async () => {
    const api = await serve({ maxConnections: 8 });
    api.publish(`${'x'.repeat(8 * 2 ** 20)}\n`);
    const deaf = await Promise.all(Array.from({ length: 8 }, () => open(api)));
    for (const socket of deaf) {
      socket.pause();
      socket.write(GET.repeat(100));
    }
    while (deaf.some(({ bytesRead }) => bytesRead === 0)) {
      await pause(5);
      for (const socket of deaf) socket.read(1);
    }
    expect((await fetch(`${api.url}/-/ready`)).status).toBe(200);
    await pause(50);
    expect(deaf.filter(({ destroyed }) => destroyed).length).toBeLessThanOrEqual(1);
  });

  test('stop closes all connections and frees the port', async () => {
    const api = await serve();
    const socket = await open(api);
    const closed = once(socket, 'close');
    await api.stop();
    await closed;
    const again = await serveApi({ bind: '127.0.0.1', port: Number(new URL(api.url).port), clock: { now: () => AT }, waiting: '' });
    await again.stop();
  });
});
