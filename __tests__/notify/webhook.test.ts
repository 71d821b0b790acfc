import { afterEach, describe, expect, test } from '@jest/globals';
import { Webhook } from '../../lib/notify/webhook.js';
import { SteppedClock } from '../helpers/clock.js';
import { startServer, type Behaviour, type TestServer } from '../helpers/server.js';

const open: { servers: TestServer[]; hooks: Webhook[] } = { servers: [], hooks: [] };
afterEach(async () => {
  for (const hook of open.hooks.splice(0)) hook.close();
  for (const server of open.servers.splice(0)) await server.kill();
});

async function serve(behaviour: Behaviour): Promise<TestServer> {
  const server = await startServer(behaviour);
  open.servers.push(server);
  return server;
}

/** A webhook, and a way to wait until a number of messages have completed. */
function webhook(
  url: string,
  // The clock stands still: a busy machine may answer slowly.
  clock = new SteppedClock(),
): { hook: Webhook; settled(count: number): Promise<void> } {
  let told = (): void => undefined;
  const hook = new Webhook(new URL(url), clock, () => told());
  open.hooks.push(hook);
  const settled = (count: number): Promise<void> =>
    new Promise((resolve) => {
      told = () => {
        if (hook.status.sent + hook.status.failed >= count) resolve();
      };
      told();
    });
  return { hook, settled };
}

const body = async (request: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

test('messages arrive in order, as JSON', async () => {
  const got: string[] = [];
  const server = await serve((request, response) => {
    void body(request).then((text) => {
      got.push(`${request.method} ${request.url} ${request.headers['content-type']} ${text}`);
      response.writeHead(204).end();
    });
  });
  const { hook, settled } = webhook(`${server.url}/hook?key=1`);
  hook.send('{"a":1}');
  hook.send('{"a":"é"}');
  await settled(2);
  expect(got).toEqual(['POST /metrics/hook?key=1 application/json {"a":1}', 'POST /metrics/hook?key=1 application/json {"a":"é"}']);
  expect(hook.status).toEqual({ sent: 2, failed: 0, dropped: 0, problem: '' });
});

describe('a failure affects only its own message', () => {
  test.each([
    ['a refusal', 500, {}, 'HTTP 500'],
    ['a redirect', 302, { location: '/elsewhere' }, 'HTTP 302: redirects are not followed'],
    ['a permanent redirect that would keep the method', 308, { location: '/elsewhere' }, 'HTTP 308: redirects are not followed'],
  ] as const)('%s', async (_what, status, headers, problem) => {
    const server = await serve((_request, response) => {
      response.writeHead(status, headers).end('no');
    });
    const { hook, settled } = webhook(server.url);
    hook.send('{}');
    await settled(1);
    expect(hook.status).toEqual({ sent: 0, failed: 1, dropped: 0, problem });
    expect(server.requests.map(({ url }) => url)).toEqual(['/metrics']);
    server.behave((_request, response) => response.end());
    hook.send('{}');
    await settled(2);
    expect(hook.status).toEqual({ sent: 1, failed: 1, dropped: 0, problem: '' });
  });

  test('a server that hangs is given up after two seconds, then the next message is sent', async () => {
    const server = await serve(() => undefined);
    const clock = new SteppedClock();
    const { hook, settled } = webhook(server.url, clock);
    hook.send('1');
    hook.send('2');
    clock.step(1999);
    expect(hook.status.failed).toBe(0);
    clock.step(1);
    await settled(1);
    expect(hook.status).toEqual({ sent: 0, failed: 1, dropped: 0, problem: 'no response within 2 s' });
    clock.step(2000);
    await settled(2);
    expect(clock.pending).toBe(0);
  });

  test('a server that never finishes its response has received the message', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200);
      response.write('x');
    });
    const { hook, settled } = webhook(server.url);
    hook.send('1');
    await settled(1);
    expect(hook.status.sent).toBe(1);
  });

  test('without a server the failure is reported', async () => {
    const server = await serve(() => undefined);
    await server.kill();
    const { hook, settled } = webhook(server.url);
    hook.send('1');
    await settled(1);
    expect(hook.status).toEqual({ sent: 0, failed: 1, dropped: 0, problem: 'ECONNREFUSED' });
  });
});

test('64 messages are queued and further ones are dropped; send returns at once', async () => {
  const server = await serve(() => undefined);
  const { hook } = webhook(server.url, new SteppedClock());
  for (let at = 0; at < 100; at++) hook.send(String(at));
  // One is in progress.
  expect(hook.status).toEqual({ sent: 0, failed: 0, dropped: 35, problem: '' });
});

test('close cancels and drops the rest, without callbacks afterwards', async () => {
  const begun: (() => void)[] = [];
  const [arrived, closed] = [0, 1].map(() => new Promise<void>((resolve) => begun.push(resolve)));
  const server = await serve((request) => {
    request.on('close', begun[1]!);
    begun[0]!();
  });
  const { hook } = webhook(server.url);
  hook.send('1');
  hook.send('2');
  await arrived;
  hook.close();
  await closed;
  hook.send('3');
  expect(hook.status).toEqual({ sent: 0, failed: 0, dropped: 0, problem: '' });
  expect(server.requests).toHaveLength(1);
});
