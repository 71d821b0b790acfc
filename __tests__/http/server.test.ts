import { describe, expect, test } from '@jest/globals';
import { atHost, listenError } from '../../lib/http/server.js';

test.each([
  ['127.0.0.1', '127.0.0.1:9090'],
  ['node-1', 'node-1:9090'],
  ['::', '[::]:9090'],
  ['fe80::1', '[fe80::1]:9090'],
])('formats an address with its port: %s', (bind, shown) => {
  expect(atHost(bind, 9090)).toBe(shown);
});

describe('errors of listening', () => {
  const said = (code: string | undefined, bind = '::1'): string =>
    listenError(Object.assign(new Error('no luck'), code === undefined ? {} : { code }), bind, 9090).message;

  test('a port in use is reported with its number alone', () => {
    expect(said('EADDRINUSE')).toBe('port 9090 is in use');
  });

  test('any other error is reported with the address and the code, or else the message', () => {
    expect(said('EACCES')).toBe('cannot listen on [::1]:9090: EACCES');
    expect(said(undefined, '10.0.0.1')).toBe('cannot listen on 10.0.0.1:9090: no luck');
  });
});
