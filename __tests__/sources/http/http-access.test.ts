import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AppError } from '../../../lib/errors.js';
import { HttpAccess, type AccessOptions } from '../../../lib/sources/http/http-access.js';
import { HttpClient } from '../../../lib/sources/hosts/request.js';
import { authority, type KeyPair } from '../../helpers/certificate.js';
import { SteppedClock } from '../../helpers/clock.js';
import { systemClock } from '../../../lib/run/system-clock.js';
import { answers, redirects, startServer, type ServerOptions, type TestServer } from '../../helpers/server.js';

const BODY = 'all_smi_gpu_utilization{gpu="a"} 1\n';

let dir: string;
const open: (() => unknown)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'access-'));
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  rmSync(dir, { recursive: true });
});

function write(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

async function serve(tls?: ServerOptions['tls']): Promise<TestServer> {
  const started = await startServer(answers(BODY), tls ? { tls } : {});
  open.push(() => started.kill());
  return started;
}

const read = (config: string, options: Partial<AccessOptions> = {}): Promise<HttpAccess> =>
  HttpAccess.read(write('http.yml', config), { clock: systemClock, ...options });

/** What a scrape with this access results in: 'ok', or the code and the message. */
async function outcome(url: string, access: HttpAccess, client = newClient()): Promise<string> {
  try {
    await client.get(url, access, () => undefined, new AbortController().signal);
    return 'ok';
  } catch (error) {
    const { code, message } = error as AppError;
    return `${code}: ${message}`;
  }
}

function newClient(): HttpClient {
  const client = new HttpClient({ clock: systemClock, timeoutMs: 5000 });
  open.unshift(() => client.close());
  return client;
}

const refusal = (config: string): Promise<string> =>
  read(config).then(
    () => 'no error',
    (error: AppError) => `${error.code} ${error.message.replaceAll(`${dir}/`, '')}`,
  );

describe('what is sent', () => {
  test.each([
    ['authorization:\n  credentials: secret', { authorization: 'Bearer secret' }],
    ['authorization: {type: Token, credentials_file: secret}', { authorization: 'Token from-file' }],
    ['bearer_token_file: secret', { authorization: 'Bearer from-file' }],
    ['basic_auth: {username: ann, password: "€:word"}', { authorization: `Basic ${Buffer.from('ann:€:word').toString('base64')}` }],
    ['basic_auth: {username: ann, password_file: secret}', { authorization: `Basic ${Buffer.from('ann:from-file').toString('base64')}` }],
    ['http_headers:\n  X-Scope-OrgID: {values: [team-a]}', { 'x-scope-orgid': 'team-a' }],
    ['http_headers: {X-Key: {secrets: [one], files: [secret]}}', { 'x-key': 'one, from-file' }],
    ['enable_http2: true', {}],
    ['# nothing', {}],
  ])('%j', async (config, expected) => {
    write('secret', 'from-file\n');
    const node = await serve();
    expect(await outcome(node.url, await read(config, { overHttp: true }))).toBe('ok');
    expect(node.requests[0]!.headers).toMatchObject(expected);
    expect(Object.keys(node.requests[0]!.headers).sort()).toEqual(
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent', ...Object.keys(expected)].sort(),
    );
  });

  test('the token, where the config has no authorization of its own', async () => {
    const node = await serve();
    const options = { overHttp: true, token: 'of-env' };
    await outcome(node.url, await read('http_headers: {X-A: {values: [b]}}', options));
    await outcome(node.url, await read('authorization: {credentials: own}', options));
    expect(node.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer of-env', 'Bearer own']);
  });

  test.each(['authorization: {credentials: x}', 'basic_auth: {username: x}', 'http_headers: {A: {secrets: [x]}}'])(
    'nothing to http://, unless that is allowed: %s',
    async (config) => {
      const node = await serve();
      expect(await outcome(node.url, await read(config))).toBe(
        'S_ACCESS: no request was sent: credentials are not sent to an http:// address',
      );
      expect(node.requests).toEqual([]);
      expect(await outcome(node.url, await read(config, { overHttp: true }))).toBe('ok');
    },
  );

  test('headers that are not secret are sent to http://', async () => {
    const node = await serve();
    expect(await outcome(node.url, await read('http_headers: {A: {values: [x]}}'))).toBe('ok');
  });
});

describe('redirects', () => {
  test('none with follow_redirects: false', async () => {
    const node = await serve();
    node.behave(redirects('/elsewhere'));
    expect(await outcome(node.url, await read('follow_redirects: false'))).toBe('S_REDIRECT: redirect refused: follow_redirects is false');
    expect(node.requests).toHaveLength(1);
  });

  test('to another origin are refused with credentials, and do not show them', async () => {
    const [other, node] = [await serve(), await serve()];
    const access = await read('basic_auth: {username: ann, password: hunter2}', { overHttp: true });
    for (const to of [other.url, `http://localhost:${node.port}/`, `http://hunter2.example/`, `https://${node.nodeId}/hunter2`]) {
      node.behave(redirects(to));
      const result = await outcome(node.url, access);
      expect(result).toMatch(/^S_REDIRECT: redirect refused: to /);
      expect(result).not.toContain('hunter2');
    }
    expect(other.requests).toEqual([]);
  });
});

describe('TLS', () => {
  const pem = (pair: KeyPair): string => `  cert_file: ${write('cert.pem', pair.cert)}\n  key_file: ${write('key.pem', pair.key)}\n`;

  test('the authority of the nodes is trusted, and no other', async () => {
    const [own, other] = [authority(), authority('another')];
    const node = await serve(own.issue());
    write('own.pem', own.cert);
    write('other.pem', other.cert);
    expect(await outcome(node.url, await read('tls_config: {ca_file: own.pem}'))).toBe('ok');
    expect(await outcome(node.url, await read(`tls_config:\n  ca: |\n    ${own.cert.replaceAll('\n', '\n    ')}\n`))).toBe('ok');
    const unknown = 'S_TLS: TLS: certificate of an unknown authority';
    expect(await outcome(node.url, await read('tls_config: {ca_file: other.pem}'))).toBe(unknown);
    expect(await outcome(node.url, await read(''))).toBe(unknown);
    expect(await outcome(node.url, await read('tls_config: {ca_file: other.pem, insecure_skip_verify: true}'))).toBe('ok');
    expect(node.requests).toHaveLength(3);
  });

  test('a certificate that has expired, is not valid yet or is for another name', async () => {
    const own = authority();
    write('ca.pem', own.cert);
    const access = await read('tls_config: {ca_file: ca.pem}');
    const day = 86_400_000;
    const expired = await serve(own.issue({ from: new Date(Date.now() - 7 * day) }));
    expect(await outcome(expired.url, access)).toBe('S_TLS: TLS: the certificate has expired');
    const early = await serve(own.issue({ from: new Date(Date.now() + day) }));
    expect(await outcome(early.url, access)).toBe('S_TLS: TLS: the certificate is not valid yet');
    const named = await serve(own.issue({ name: 'node-1.cluster' }));
    expect(await outcome(named.url, access)).toBe('S_TLS: TLS: the certificate is for another name');
    expect(await outcome(named.url, await read('tls_config: {ca_file: ca.pem, server_name: node-1.cluster}'))).toBe('ok');
    expect(await outcome(named.url, await read('tls_config: {ca_file: ca.pem, server_name: node-2.cluster}'))).toBe(
      'S_TLS: TLS: the certificate is for another name',
    );
    const addressed = await serve(own.issue());
    expect(
      await outcome(addressed.url.replace('127.0.0.1', 'localhost'), await read('tls_config: {ca_file: ca.pem, server_name: 127.0.0.1}')),
    ).toBe('ok');
  });

  test('a certificate of ours, where the node asks for one', async () => {
    const [own, other] = [authority(), authority('another')];
    const wanted = 'S_TLS: TLS: the server wants a client certificate';
    const refused = 'S_TLS: TLS: the server refused the handshake; it may want a client certificate';
    for (const [maxVersion, expected] of [
      ['TLSv1.2', refused],
      ['TLSv1.3', wanted],
    ] as const) {
      const node = await serve({ ...own.issue(), ca: own.cert, maxVersion });
      const ca = `tls_config:\n  ca_file: ${write('ca.pem', own.cert)}\n`;
      expect(await outcome(node.url, await read(ca + pem(own.issue())))).toBe('ok');
      expect(await outcome(node.url, await read(ca))).toBe(expected);
      // Node.js closes the connection without a reason.
      expect(await outcome(node.url, await read(ca + pem(other.issue())))).toMatch(/^S_/);
      expect(node.requests).toHaveLength(1);
    }
  });

  test.each([
    [42, 'the server rejected the client certificate'],
    [48, 'the server rejected the client certificate'],
    [70, 'no TLS version in common'],
    [116, 'the server wants a client certificate'],
    [80, 'the server refused the handshake (alert 80)'],
  ])('alert %i', async (number, reason) => {
    const node = createServer((socket) => void socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, number]))));
    await new Promise<void>((resolve) => void node.listen(0, '127.0.0.1', resolve));
    open.push(() => node.close());
    const { port } = node.address() as AddressInfo;
    expect(await outcome(`https://127.0.0.1:${port}/metrics`, await read(''))).toBe(`S_TLS: TLS: ${reason}`);
  });

  test('versions that both sides have', async () => {
    const own = authority();
    write('ca.pem', own.cert);
    const old = await serve({ ...own.issue(), maxVersion: 'TLSv1.2' });
    expect(await outcome(old.url, await read('tls_config: {ca_file: ca.pem, min_version: TLS12}'))).toBe('ok');
    expect(await outcome(old.url, await read('tls_config: {ca_file: ca.pem, min_version: TLS13}'))).toBe(
      'S_TLS: TLS: no TLS version in common',
    );
    const young = await serve({ ...own.issue(), minVersion: 'TLSv1.3' });
    expect(await outcome(young.url, await read('tls_config: {ca_file: ca.pem, max_version: TLS12}'))).toBe(
      'S_TLS: TLS: no TLS version in common',
    );
  });

  test('401', async () => {
    const own = authority();
    const node = await serve(own.issue());
    node.behave((request, response) => void response.writeHead(request.headers.authorization === 'Bearer right' ? 200 : 401).end('\n'));
    const ca = `tls_config: {ca_file: ${write('ca.pem', own.cert)}}\n`;
    expect(await outcome(node.url, await read(`${ca}authorization: {credentials: wrong}`))).toBe('S_AUTH: HTTP 401 Unauthorized');
    expect(await outcome(node.url, await read(`${ca}authorization: {credentials: right}`))).toBe('ok');
  });
});

describe('files that change', () => {
  test('are read again: a password, which may be a link that is replaced', async () => {
    const clock = new SteppedClock();
    const node = await serve();
    write('one', 'first');
    write('two', 'second\n');
    symlinkSync('one', join(dir, 'secret'));
    const access = await read('authorization: {credentials_file: secret}', { clock, overHttp: true });
    const client = newClient();
    expect(await outcome(node.url, access, client)).toBe('ok');
    symlinkSync('two', join(dir, 'new'));
    renameSync(join(dir, 'new'), join(dir, 'secret'));
    clock.step(1000);
    expect(await outcome(node.url, access, client)).toBe('ok');
    rmSync(join(dir, 'secret'));
    clock.step(1000);
    expect(await outcome(node.url, access, client)).toBe(`S_ACCESS: no request was sent: ${dir}/secret: does not exist`);
    write('secret', 'third');
    expect(await outcome(node.url, access, client)).toBe('ok');
    expect(node.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second', 'Bearer third']);
    // The connection is the same.
    expect(node.connections).toBe(1);
  });

  test('are read again: a certificate, and the connections with the old one are not used again', async () => {
    const clock = new SteppedClock();
    const [own, other] = [authority(), authority('another')];
    const node = await serve({ ...own.issue(), ca: own.cert });
    const pair = own.issue();
    const config = `tls_config: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem}`;
    const put = ({ key, cert }: KeyPair): void => {
      write('key.pem', key);
      write('cert.pem', cert);
    };
    write('ca.pem', own.cert);
    put(pair);
    const access = await read(config, { clock });
    const client = newClient();
    expect([await outcome(node.url, access, client), await outcome(node.url, access, client)]).toEqual(['ok', 'ok']);
    expect(node.connections).toBe(1);
    put(other.issue());
    clock.step(1000);
    expect(await outcome(node.url, access, client)).toMatch(/^S_(CUT|TLS): /);
    expect(node.requests).toHaveLength(2);
    write('key.pem', pair.key);
    clock.step(1000);
    expect(await outcome(node.url, access, client)).toBe(
      'S_ACCESS: no request was sent: the certificate and the key do not belong together',
    );
    put(own.issue());
    clock.step(1000);
    expect(await outcome(node.url, access, client)).toBe('ok');
  });
});

describe('a config that cannot be used', () => {
  test.each([
    ['basic_auth: [', 'line 1: not valid YAML: wrong indentation, or a bracket is missing'],
    ['basic_auth: {"x', 'line 1: not valid YAML: a quote or a comma is missing'],
    [
      'a: 1',
      'line 1: unknown key; the http config has authorization, basic_auth, bearer_token, bearer_token_file, tls_config, http_headers, follow_redirects, enable_http2, oauth2, proxy_url, proxy_from_environment, no_proxy, proxy_connect_header',
    ],
    ['basic_auth: {username: a}\nbasic_auth: {username: b}', 'line 2: the same key again'],
    ['- a', 'line 1: the http config is not a mapping'],
    ['follow_redirects: perhaps', 'line 1: follow_redirects is not true or false'],
    ['\nauthorization: {}', 'line 2: authorization has no credentials and no credentials_file'],
    ['authorization: {type: Basic, credentials: x}', 'line 1: type is Basic; use basic_auth'],
    ['authorization: {credentials: x, credentials_file: y}', 'line 1: both credentials and credentials_file are set'],
    ['authorization: {credentials: x}\nbasic_auth: {username: y}', 'line 2: basic_auth and another authorization are both set'],
    ['authorization: {credentials: {x: y}}', 'line 1: credentials is not a text'],
    ['basic_auth: {password: x}', 'line 1: basic_auth has no username'],
    ['tls_config:\n  cert_file: x', 'line 2: tls_config has a cert and no key'],
    ['tls_config: {min_version: 1.2}', 'line 1: min_version is not one of: TLS10, TLS11, TLS12, TLS13'],
    ['http_headers: {Authorization: {values: [x]}}', 'line 1: the header Authorization cannot be set here'],
    ['http_headers: {"a b": {values: [x]}}', 'line 1: not the name of a header'],
    ['oauth2: {client_id: x}', 'line 1: oauth2 is not supported'],
    ['proxy_url: http://proxy', 'line 1: proxy_url is not supported'],
  ])('%j', async (config, expected) => {
    expect(await refusal(config)).toBe(`E_HTTP_CONFIG http config http.yml, ${expected}`);
  });

  test.each([
    ['authorization: {credentials_file: none}', 'none: does not exist'],
    ['authorization: {credentials_file: empty}', 'the credentials are empty'],
    ['authorization: {credentials_file: .}', ': is not a file'],
    ['authorization: {credentials: "a\\nb"}', 'the credentials contain characters that are not allowed in a header'],
    ['tls_config: {ca_file: empty}', 'empty is not a certificate in PEM'],
    ['tls_config: {cert_file: empty, key_file: empty}', 'empty is not a certificate in PEM'],
  ])('a file in it: %j', async (config, expected) => {
    write('empty', '\n');
    expect((await refusal(config)).replace(dir, '')).toBe(`E_HTTP_CONFIG http config http.yml: ${expected}`);
  });

  test('the config itself', async () => {
    const path = write('http.yml', 'basic_auth: {username: x}');
    const options = { clock: systemClock };
    rmSync(path);
    await expect(HttpAccess.read(path, options)).rejects.toMatchObject({ code: 'E_HTTP_CONFIG', params: { reason: 'does not exist' } });
    write('http.yml', `#${' '.repeat(2 ** 18)}`);
    await expect(HttpAccess.read(path, options)).rejects.toMatchObject({ params: { reason: 'larger than 0.25 MiB' } });
    if (process.getuid?.() !== 0) {
      write('http.yml', '');
      chmodSync(path, 0);
      await expect(HttpAccess.read(path, options)).rejects.toMatchObject({ params: { reason: 'permission denied' } });
    }
  });

  test('is never quoted', async () => {
    for (const config of [
      'basic_auth: {username: u, password: *hunter2}',
      'basic_auth: {password:hunter2}',
      'basic_auth: {hunter2: x}',
      'basic_auth: {username: u, password: "hunter2}',
      'basic_auth: {username: u, password: @hunter2}',
      'basic_auth: {username: u, password: {hunter2: x}}',
      'basic_auth:\n username: u\n password: hunter2: x',
      'tls_config: {key: hunter2, cert: hunter2}',
      'hunter2',
      'authorization: {type: "hunter2 x", credentials: y}',
      'follow_redirects: hunter2',
      'tls_config: {min_version: hunter2}',
      '!hunter2 x: y',
      '%hunter2\n---\nx: y',
    ]) {
      const text = await refusal(config);
      expect(text).toMatch(/^E_HTTP_CONFIG /);
      expect(text).not.toContain('hunter2');
    }
  });
});
