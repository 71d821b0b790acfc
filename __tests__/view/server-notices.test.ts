import { expect, test } from '@jest/globals';
import { serverNotices, type ServerState } from '../../lib/view/server-notices.js';

const STATE: ServerState = {
  problem: 'connection refused',
  failingSince: 1000,
  partial: false,
  warnings: [],
  parts: 1,
  withoutProcesses: false,
  series: 0,
};
const text = (change: Partial<ServerState>): string =>
  serverNotices({ ...STATE, ...change }, 6000)
    .flatMap(({ spans }) => spans.map((span) => span.text))
    .join('');

test('a server that fails keeps its last answer on screen only if there was one', () => {
  expect(text({ series: 12 })).toBe(' server: connection refused, for 00:00:05; the last answer stays ');
  expect(text({})).toBe(' server: connection refused, for 00:00:05 ');
});

test('a server that answers has no notice', () => {
  expect(text({ failingSince: undefined, problem: '' })).toBe('');
});
