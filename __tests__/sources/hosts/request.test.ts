import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpClient, type ClientOptions } from '../../../lib/sources/hosts/request.js';
import { AppError } from '../../../lib/errors.js';
import { HttpAccess, type AccessOptions } from '../../../lib/sources/http/http-access.js';
import type { HttpConfig } from '../../../lib/sources/http/http-config.js';
import { selfSigned } from '../../helpers/certificate.js';
import * as server from '../../helpers/server.js';
import type { Behaviour, ServerOptions, TestServer } from '../../helpers/server.js';
import { systemClock } from '../../../lib/run/system-clock.js';

const BODY = 'all_smi_gpu_utilization{gpu="a"} 1\nall_smi_gpu_utilization{gpu="b"} 2\n';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(behaviour: Behaviour, options: ServerOptions = {}): Promise<TestServer> {
  const started = await server.startServer(behaviour, options);
  open.unshift({ close: () => started.kill() });
  return started;
}

function client(options: Partial<ClientOptions> = {}): HttpClient {
  const made = new HttpClient({ clock: systemClock, timeoutMs: 2000, ...options });
  open.unshift(made);
  return made;
}

const access = (config: HttpConfig = {}, options: Partial<AccessOptions> = {}): HttpAccess =>
  new HttpAccess(config, { clock: systemClock, ...options });
const PLAIN = access();
const trusting = ({ cert }: { readonly cert: string }): HttpConfig => ({ tls: { ca: { text: cert } } });

interface Got {
  readonly body: string;
  readonly error?: AppError;
  readonly skewMs?: number | undefined;
  readonly latencyMs?: number;
}

interface Asked extends Partial<ClientOptions> {
  readonly access?: HttpAccess;
}

async function get(url: string, options: Asked | HttpClient = {}, signal = new AbortController().signal): Promise<Got> {
  const using = options instanceof HttpClient ? options : client(options);
  const sent = (options instanceof HttpClient ? undefined : options.access) ?? PLAIN;
  let body = '';
  try {
    const answer = await using.get(url, sent, (chunk) => void (body += Buffer.from(chunk).toString()), signal);
    return { body, skewMs: answer.skewMs, latencyMs: answer.latencyMs };
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return { body, error: error as AppError };
  }
}

/** The result of scraping a server with this behaviour: the error as text, or the body. */
async function outcome(behaviour: Behaviour, options: Partial<ClientOptions> = {}): Promise<string> {
  const { url } = await serve(behaviour);
  const { body, error } = await get(url, options);
  return error ? `${error.code}: ${error.message}` : body;
}

describe('a response', () => {
  test('is returned in full, with latency and clock difference', async () => {
    const { url } = await serve(server.answers(BODY, { date: new Date(Date.now() - 3_600_000).toUTCString() }));
    const { body, skewMs, latencyMs } = await get(url);
    expect(body).toBe(BODY);
    expect(Math.round(skewMs! / 3_600_000)).toBe(-1);
    expect(latencyMs).toBeGreaterThanOrEqual(0);
  });

  test.each([
    ['no Date header', `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1\n`],
    ['an invalid Date', `HTTP/1.1 200 OK\r\nDate: 5\r\nContent-Length: 2\r\n\r\n1\n`],
    ['a Date that does not exist', `HTTP/1.1 200 OK\r\nDate: Xxx, 99 Foo 2026 10:00:00 GMT\r\nContent-Length: 2\r\n\r\n1\n`],
  ])('%s: the clocks are not compared', async (_, bytes) => {
    const { url } = await serve(server.raw(bytes));
    expect(await get(url)).toMatchObject({ body: '1\n', skewMs: undefined });
  });

  test('is requested uncompressed, and decompressed if it is not', async () => {
    const node = await serve(server.answers(gzipSync(BODY), { 'content-encoding': 'gzip' }));
    expect((await get(node.url)).body).toBe(BODY);
    await get(node.url, { compress: true });
    expect(node.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity', 'gzip']);
  });

  test('may be empty if its length is 0', async () => {
    expect(await outcome(server.answers(''))).toBe('');
  });

  test.each([204, 205])('is empty with status %i, whatever its other headers', async (status) => {
    expect(await outcome(server.raw(`HTTP/1.1 ${status} OK\r\nConnection: close\r\n\r\n`))).toBe('');
  });

  test('may take longer than the timeout while data arrives', async () => {
    const pieces = Array.from({ length: 8 }, (_, row) => `line ${row}\n`);
    expect(await outcome(server.drips(pieces, 50), { timeoutMs: 200 })).toBe(pieces.join(''));
  });
});

const DAMAGED = 'response cannot be decoded: the compressed data is damaged';
const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhello';

describe('an error is one sentence', () => {
  const cases: readonly (readonly [string, Behaviour, string, Partial<ClientOptions>?])[] = [
    ['says nothing', server.hangs, 'S_TIMEOUT: no response within 0.1 s', { timeoutMs: 100 }],
    ['sends its header byte by byte', server.dripsHead(20), 'S_TIMEOUT: no response within 0.2 s', { timeoutMs: 200 }],
    ['stalls in the body', server.stallsAfter(BODY), 'S_TIMEOUT: no response within 0.1 s', { timeoutMs: 100 }],
    [
      'sends its body byte by byte forever',
      server.dripsForEver('x\n', 20),
      'S_SLOW_BODY: response incomplete after 0.4 s',
      { timeoutMs: 200, maxBodyMs: 400 },
    ],
    ['answers 503', server.fails(503), 'S_HTTP: HTTP 503 Service Unavailable'],
    ['answers 404', server.fails(404), 'S_HTTP: HTTP 404 Not Found'],
    ['answers 401', server.fails(401), 'S_AUTH: HTTP 401 Unauthorized'],
    ['answers with a status of its own', server.raw('HTTP/1.1 799 \x1b[2Jhello\r\n\r\n'), 'S_HTTP: HTTP 799'],
    ['closes at once', server.closesAtOnce, 'S_CUT: response cut off'],
    ['does not speak HTTP', server.raw('SSH-2.0-OpenSSH_9.2\r\n'), 'S_NETWORK: the response is not HTTP'],
    ['sends a huge header', server.raw(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), 'S_NETWORK: the response is not HTTP'],
    ['sends a broken gzip', server.answers('not gzip', { 'content-encoding': 'gzip' }), `S_ENCODING: ${DAMAGED}`],
    ['sends half a gzip', server.answers(gzipSync(BODY).subarray(0, 30), { 'content-encoding': 'gzip' }), `S_ENCODING: ${DAMAGED}`],
    ...['compress', 'x-gzip', 'gzip, gzip', 'aes128gcm'].map(
      (encoding) =>
        [
          `encodes as ${encoding}`,
          server.answers(BODY, { 'content-encoding': encoding }),
          `S_ENCODING: response cannot be decoded: content encoding ${encoding} is not supported`,
        ] as const,
    ),
    ['sends a page without a header, as in HTTP/0.9', server.raw('<html>hello</html>\n'), 'S_NETWORK: the response is not HTTP'],
    ['switches protocols', server.raw(UPGRADE, 'stays open'), 'S_HTTP: HTTP 101 Switching Protocols'],
    [
      'switches protocols without naming one',
      server.raw('HTTP/1.1 101 Switching Protocols\r\n\r\nhello', 'stays open'),
      'S_HTTP: HTTP 101 Switching Protocols',
    ],
    [
      'announces too large a body',
      server.raw(`HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n${BODY}`),
      'S_TOO_LARGE: response larger than 128 MiB',
    ],
    ['sends 200 MB', server.floods(200e6), 'S_TOO_LARGE: response larger than 128 MiB'],
    ['sends a gzip bomb', server.gzipBomb(200e6), 'S_TOO_LARGE: response larger than 128 MiB'],
  ];
  test.each(cases)('a server that %s', async (_, behaviour, expected, options = {}) => {
    expect(await outcome(behaviour, options)).toBe(expected);
  });

  test.each([UPGRADE, UPGRADE.replace('Connection: upgrade\r\n', '')])(
    'a server that switches protocols leaves no connection behind',
    async (bytes) => {
      const node = await serve(server.raw(bytes, 'stays open'));
      for (let scrape = 0; scrape < 3; scrape++) expect((await get(node.url)).error?.code).toBe('S_HTTP');
      await node.quiet();
      expect(node.connections).toBe(3);
    },
  );

  test('a port where nothing listens', async () => {
    const node = await serve(server.answers(BODY));
    await node.kill();
    expect((await get(node.url)).error?.message).toBe('connection refused');
    // A name with two addresses fails twice at once.
    expect((await get(`http://localhost:${node.port}/metrics`)).error?.message).toBe('connection refused');
  });

  test('a name that does not exist', async () => {
    expect((await get('http://no-such-host.invalid/metrics')).error?.code).toMatch(/^S_(DNS|NETWORK)$/);
  });
});

describe('a truncated body is never taken for a complete one', () => {
  test.each(['length', 'chunked'] as const)('delimited by %s: truncated at every byte', async (how) => {
    const node = await serve(server.hangs);
    const using = client();
    for (let bytes = 0; bytes < BODY.length + (how === 'chunked' ? 1 : 0); bytes++) {
      node.behave(server.cutsAfter(BODY, bytes, how));
      expect((await get(node.url, using)).error?.code).toBe('S_CUT');
    }
  });

  test('delimited by the end of the connection: truncated anywhere except at the end of a line', async () => {
    const node = await serve(server.hangs);
    const using = client();
    for (let bytes = 0; bytes <= BODY.length; bytes++) {
      node.behave(server.cutsAfter(BODY, bytes, 'close'));
      const whole = bytes > 0 && BODY[bytes - 1] === '\n';
      expect([bytes, (await get(node.url, using)).error?.code]).toEqual([bytes, whole ? undefined : 'S_CUT']);
    }
  });

  test('delimited by chunks, gzipped', async () => {
    const gzip = gzipSync(BODY);
    const chunk = Buffer.concat([Buffer.from(`${gzip.length.toString(16)}\r\n`), gzip, Buffer.from('\r\n')]);
    const head = Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(await outcome(server.raw(Buffer.concat([head, chunk])))).toBe('S_CUT: response cut off');
    expect(await outcome(server.raw(Buffer.concat([head, chunk, Buffer.from('0\r\n\r\n')])))).toBe(BODY);
  });
});

describe('random responses', () => {
  test('a garbled response results in a body or in a documented error', async () => {
    const node = await serve(server.hangs);
    const using = client({ timeoutMs: 60 });
    const answer = Buffer.from(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\n\r\n5\r\na 1\nb\r\n0\r\n\r\n`,
    );
    const change = fc.record({ at: fc.nat(answer.length - 1), byte: fc.nat(255), cut: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(answer);
        for (const { at, byte } of changes) bytes[at] = byte;
        const { at = answer.length, cut = 1 } = changes[0] ?? {};
        node.behave(server.raw(cut === 0 ? bytes.subarray(0, at) : bytes));
        // `get` fails the test when anything but an AppError is thrown.
        const { error } = await get(node.url, using);
        expect(error?.code ?? 'S_').toMatch(/^S_/);
      }),
      { numRuns: 150 },
    );
  });
});

describe('memory', () => {
  test('does not grow with the size of the body', async () => {
    const size = 130e6;
    const node = await serve(server.floods(size));
    const using = client();
    let bytes = 0;
    let peak = 0;
    const before = process.memoryUsage().arrayBuffers;
    const watch = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes % 2 ** 20 < chunk.length) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    };
    await using.get(node.url, access(), watch, new AbortController().signal);
    expect(bytes).toBeGreaterThanOrEqual(size);
    // Both ends of the connection are in this process, and garbage is collected late.
    expect(peak).toBeLessThan(size * 0.7);
  });
});

describe('connections', () => {
  test('are kept alive and reused', async () => {
    const node = await serve(server.answers(BODY));
    const using = client();
    for (let round = 0; round < 5; round++) await get(node.url, using);
    expect([node.requests.length, node.connections]).toEqual([5, 1]);
  });

  test('that the server has closed are not a failure', async () => {
    let left = 0;
    const node = await serve((request, response) => {
      // Answers once per connection, then takes the next request and hangs up, like a server that has just closed it.
      if (left-- > 0) request.socket.destroy();
      else server.answers(BODY)(request, response);
    });
    const using = client();
    expect((await get(node.url, using)).body).toBe(BODY);
    left = 1;
    expect((await get(node.url, using)).body).toBe(BODY);
    expect(node.connections).toBe(2);
  });

  test('deliver nothing when cancelled before or during a response', async () => {
    const node = await serve(server.dripsForEver('x\n', 5));
    const using = client();
    const cancel = new AbortController();
    let pushed = 0;
    const scrape = using.get(node.url, access(), () => void pushed++, cancel.signal).catch((error: AppError) => error.code);
    while (pushed === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    cancel.abort();
    expect(await scrape).toBe('S_CUT');
    const pushedBefore = pushed;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await get(node.url, using, cancel.signal)).error?.code).toBe('S_CUT');
    expect([pushed, node.requests.length]).toEqual([pushedBefore, 1]);
  });
});

const token = 'secret-token';

describe('redirects', () => {
  test('on the same host are followed, at most twice', async () => {
    const node = await serve(server.hangs);
    node.behave(
      server.routes({ '/metrics': server.redirects('/a'), '/a': server.redirects(`http://${node.nodeId}/b`, 308) }, server.answers(BODY)),
    );
    expect((await get(node.url)).body).toBe(BODY);
    node.behave(server.redirects('/metrics'));
    expect((await get(node.url)).error?.message).toBe('redirect refused: more than 2 in a row');
  });

  test('to another host or port, or without a location, are refused, and no request is sent', async () => {
    const other = await serve(server.answers(BODY));
    const node = await serve(server.redirects(other.url));
    expect((await get(node.url)).error?.message).toBe(`redirect refused: to http://${other.nodeId}`);
    node.behave(server.redirects(`http://localhost:${other.port}/metrics`));
    expect((await get(node.url)).error?.message).toBe(`redirect refused: to another host, localhost:${other.port}`);
    node.behave(server.redirects('file:///etc/passwd'));
    expect((await get(node.url)).error?.message).toBe('redirect refused: to a file: address');
    node.behave(server.redirects('http://[nowhere'));
    expect((await get(node.url)).error?.message).toBe('redirect refused: to no valid address');
    expect(other.requests).toEqual([]);
  });

  test('with a user name or a password are refused: they would be sent in place of the token', async () => {
    const node = await serve(server.hangs);
    for (const given of ['name:word@', 'name@', ':word@']) {
      node.behave(server.routes({ '/metrics': server.redirects(`http://${given}${node.nodeId}/a`) }, server.answers(BODY)));
      expect((await get(node.url, { access: access({}, { token, overHttp: true }) })).error?.message).toBe(
        'redirect refused: with a user name or a password',
      );
    }
    expect(node.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
  });

  test('from https to http are refused', async () => {
    const tls = selfSigned();
    const node = await serve(server.hangs, { tls });
    node.behave(server.redirects(`http://${node.nodeId}/metrics`));
    const { error } = await get(node.url, { access: access(trusting(tls)) });
    expect(error?.message).toBe(`redirect refused: to http://${node.nodeId}`);
  });

  test('from http to https on the same host are followed', async () => {
    const tls = selfSigned();
    const secure = await serve(server.answers(BODY), { tls });
    const node = await serve(server.redirects(secure.url));
    expect((await get(node.url, { access: access(trusting(tls)) })).body).toBe(BODY);
    const { error } = await get(node.url, { access: access(trusting(tls), { token, overHttp: true }) });
    expect(error?.message).toBe(`redirect refused: to https://${secure.nodeId}, with credentials`);
    expect(secure.requests).toHaveLength(1);
  });
});

describe('https', () => {
  test('needs a certificate that can be verified', async () => {
    const tls = selfSigned();
    const node = await serve(server.answers(BODY), { tls });
    expect((await get(node.url, { access: access(trusting(tls)) })).body).toBe(BODY);
    expect((await get(node.url)).error?.message).toBe('TLS: self-signed certificate');
    expect(node.requests).toHaveLength(1);
  });

  test('needs a certificate that has not expired and matches the name', async () => {
    const old = selfSigned(new Date(Date.now() - 7 * 86_400_000));
    const node = await serve(server.answers(BODY), { tls: old });
    expect((await get(node.url, { access: access(trusting(old)) })).error?.message).toBe('TLS: the certificate has expired');
    const tls = selfSigned();
    const named = await serve(server.answers(BODY), { tls });
    const { error } = await get(`https://127.0.0.2:${named.port}/metrics`, { access: access(trusting(tls)) });
    expect(error?.code).toMatch(/^S_(TLS|REFUSED)$/);
  });

  test('fails if the server only supports http', async () => {
    const node = await serve(server.answers(BODY));
    expect((await get(node.url.replace('http:', 'https:'))).error?.message).toBe('TLS: the server does not use TLS');
  });
});

describe('the token', () => {
  test('is sent over https, and over http only if allowed', async () => {
    const tls = selfSigned();
    const secure = await serve(server.answers(BODY), { tls });
    const plain = await serve(server.answers(BODY));
    await get(secure.url, { access: access(trusting(tls), { token }) });
    expect((await get(plain.url, { access: access({}, { token }) })).error?.message).toBe(
      'no request was sent: credentials are not sent to an http:// address',
    );
    await get(plain.url, { access: access({}, { token, overHttp: true }) });
    const sent = [...secure.requests, ...plain.requests].map(({ headers }) => headers.authorization);
    expect(sent).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
  });

  test('is in no error message', async () => {
    const node = await serve(server.closesAtOnce);
    const { error } = await get(node.url, { access: access({}, { token, overHttp: true }) });
    expect(JSON.stringify([error, error?.message, error?.stack, error?.cause])).not.toContain(token);
  });

  test('is in no error message, even if the server sends it back', async () => {
    for (const to of [`data:${token}`, `http://${token}.example/`, `http://127.0.0.1:1/${token}`]) {
      const node = await serve(server.redirects(to));
      const { error } = await get(node.url, { access: access({}, { token, overHttp: true }) });
      expect(error?.message).toMatch(/^redirect refused: to /);
      expect(error?.message.toLowerCase()).not.toContain(token.toLowerCase());
    }
  });

  test('is refused before the request if it is not a valid header value', async () => {
    const node = await serve(server.answers(BODY));
    const { error } = await get(node.url, { access: access({}, { token: 'a\r\nX-Evil: 1', overHttp: true }) });
    expect(error?.message).toBe('no request was sent: the credentials contain characters that are not allowed in a header');
    expect(node.requests).toEqual([]);
  });
});
