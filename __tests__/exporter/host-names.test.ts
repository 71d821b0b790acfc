import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { hostOf, ownNames } from '../../lib/exporter/host-names.js';
import { serveApi, type Api } from '../../lib/exporter/metrics-server.js';

test.each([
  ['gpu01:9090', 'gpu01'],
  ['GPU01.Example.com.', 'gpu01.example.com'],
  ['[::1]:9090', '::1'],
  ['[fe80::1]', 'fe80::1'],
  ['127.0.0.1:80', '127.0.0.1'],
])('the host of %j is %j', (header, host) => {
  expect(hostOf(header)).toBe(host);
});

describe('requests that are answered', () => {
  const ours = ownNames(['gpu01.cluster.local', '0.0.0.0'], ['metrics.example.com', '.lan']);
  test.each([
    'gpu01',
    'gpu01:9090',
    'GPU01.cluster.local',
    'gpu01.other.org',
    'localhost:9090',
    'a.localhost',
    '10.0.0.7:9090',
    '[::1]:9090',
  ])('%s is our own name', (header) => {
    expect(ours(header)).toBe(true);
  });
  test.each(['metrics.example.com', 'METRICS.example.com.:443', 'gpu02.lan', undefined])('%s is allowed', (header) => {
    expect(ours(header)).toBe(true);
  });
  test.each([
    'evil.example',
    'gpu02',
    'evil.gpu01',
    'notexample.com',
    'xlan',
    'metrics.example.com.evil.example',
    '',
    '127.0.0.1.evil.example',
  ])('%j is refused', (header) => {
    expect(ours(header)).toBe(false);
  });
  test('* allows any', () => {
    expect(ownNames(['gpu01'], ['*'])('evil.example')).toBe(true);
  });
});

describe('over HTTP', () => {
  let api: Api;
  afterEach(() => api.stop());

  const ask = (host: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(api.url);
      request({ host: '127.0.0.1', port, path: '/metrics', headers: { Host: host } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      })
        .on('error', reject)
        .end();
    });

  test('refuses a page whose name resolves to this address (DNS rebinding)', async () => {
    const options = { bind: '127.0.0.1', port: 0, clock: { now: () => 0 }, waiting: 'secret 1\n' };
    api = await serveApi({ ...options, hostNames: ['gpu01'], allowHosts: [] });
    expect(await ask('evil.example')).toEqual({
      status: 421,
      text: 'this exporter does not answer for that host name; allow it with --allow-host\n',
    });
    expect(await ask('gpu01:9090')).toEqual({ status: 200, text: 'secret 1\n' });
  });
});
