import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TREND_SAMPLES, VramTrend } from '../../lib/aggregate/vram-trend.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes } from '../helpers/hosts.js';

/** The table of a node on which these users hold these bytes; a node that does not answer where there are none. */
function holding(bytes: Readonly<Record<string, number>> | undefined): UsersTable {
  const procs = Object.entries(bytes ?? {}).map(([user, vram], at) => ({ pid: at + 1, gpu: 0, user, vram }));
  const hosts = buildNodes([{ gpus: 1, procs, ...(bytes ? {} : { state: 'overdue' as const }) }]);
  return new Derivations().derive(usersDerivation, hosts, 1);
}

test('the last samples of each user, 0 where the user held nothing, nothing known where nobody reported', () => {
  const trend = new VramTrend();
  expect([...trend.of('alice')]).toEqual([]);
  for (const bytes of [{ alice: 3 }, { alice: 4, bob: 1 }, undefined, { bob: 2 }]) trend.add(holding(bytes));
  expect([...trend.of('alice')]).toEqual([3, 4, NaN, 0]);
  expect([...trend.of('bob')]).toEqual([0, 1, NaN, 2]);
  expect([...trend.of('carol')]).toEqual([]);
});

test('a jump forgets all of it', () => {
  const trend = new VramTrend();
  trend.add(holding({ alice: 3 }));
  trend.clear();
  expect([...trend.of('alice')]).toEqual([]);
  trend.add(holding({ alice: 5 }));
  expect([...trend.of('alice')]).toEqual([5]);
});

test('any history is its last samples', () => {
  const samples = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(99)), { maxLength: 3 * TREND_SAMPLES });
  fc.assert(
    fc.property(samples, (history) => {
      const trend = new VramTrend();
      for (const bytes of history) trend.add(holding(bytes));
      const window = history.slice(-TREND_SAMPLES);
      for (const user of ['a', 'b', 'c']) {
        const expected = window.some((bytes) => user in bytes) ? window.map((bytes) => bytes[user] ?? 0) : [];
        expect([...trend.of(user)]).toEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});

test('a stream of new names takes no more room than its limit, and those who stay keep theirs', () => {
  const trend = new VramTrend(3);
  for (let nth = 0; nth < 500; nth++) trend.add(holding({ alice: nth, [`u${nth}`]: 1, [`v${nth}`]: 1 }));
  expect([...trend.of('alice')]).toEqual(Array.from({ length: TREND_SAMPLES }, (_, nth) => 500 - TREND_SAMPLES + nth));
  const remembered = Array.from({ length: 500 }, (_, nth) => [`u${nth}`, `v${nth}`])
    .flat()
    .filter((user) => trend.of(user).length > 0);
  expect(remembered.length).toBeLessThanOrEqual(2);
});
