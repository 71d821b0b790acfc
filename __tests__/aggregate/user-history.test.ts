import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { USER_SAMPLES, UserHistory } from '../../lib/aggregate/user-history.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes } from '../helpers/hosts.js';

/** Bytes held by each user; undefined: no node reports. */
type Held = Readonly<Record<string, number>> | undefined;

/** The table of a node on which these users hold these bytes; undefined: of a node that does not answer. */
function holding(bytes: Held): UsersTable {
  const procs = Object.entries(bytes ?? {}).map(([user, vram], at) => ({ pid: at + 1, gpu: 0, user, vram }));
  const hosts = buildNodes([{ gpus: 1, procs, ...(bytes ? {} : { state: 'overdue' as const }) }]);
  return new Derivations().derive(usersDerivation, hosts, 1);
}

const read = (history: UserHistory, user: string): number[] => [...(history.of(user)?.read(0) ?? [])];

/** A history with these samples, the first one at step 100. */
function historyOf(samples: readonly Held[], maxUsers?: number): UserHistory {
  const history = new UserHistory(maxUsers);
  samples.forEach((bytes, nth) => history.record(100 + nth, holding(bytes)));
  return history;
}

test('returns the last samples of each user: 0 if the user held nothing, unknown if no node reported', () => {
  const history = historyOf([{ alice: 3 }, undefined, { alice: 4, bob: 1 }, undefined, { bob: 2 }]);
  expect(read(history, 'alice')).toEqual([3, NaN, 4, NaN, 0]);
  // Bob held nothing before his first sample, except at the second one, which is unknown for everyone.
  expect(read(history, 'bob')).toEqual([0, NaN, 1, NaN, 2]);
  expect(read(history, 'carol')).toEqual([]);
});

test('repeats the last sample when a few are missed; longer gaps are unknown, for all users alike', () => {
  const history = historyOf([{ alice: 3 }]);
  history.record(103, holding({ alice: 4, bob: 7 }));
  history.record(108, holding({ alice: 5, bob: 8 }));
  expect(read(history, 'alice')).toEqual([3, 3, 3, 4, NaN, NaN, NaN, NaN, 5]);
  expect(read(history, 'bob')).toEqual([0, 0, 0, 7, NaN, NaN, NaN, NaN, 8]);
});

test('is cleared by a jump or a clock that is set back', () => {
  const history = historyOf([{ alice: 3 }]);
  history.clear();
  expect(read(history, 'alice')).toEqual([]);
  history.record(100, holding({ alice: 5 }));
  expect(read(history, 'alice')).toEqual([5]);
  history.record(50, holding({ bob: 6 }));
  expect([read(history, 'alice'), read(history, 'bob')]).toEqual([[], [6]]);
});

test('random histories match their last samples', () => {
  const sample = fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(99)), { nil: undefined, freq: 8 });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 3 * USER_SAMPLES }), (samples) => {
      const history = historyOf(samples);
      const window = samples.slice(-USER_SAMPLES);
      for (const user of ['a', 'b', 'c']) {
        const expected = window.some((bytes) => bytes && user in bytes) ? window.map((bytes) => (bytes ? (bytes[user] ?? 0) : NaN)) : [];
        expect(read(history, user)).toEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});

test('a stream of new names stays within the limit, and current users keep their history', () => {
  const history = historyOf(
    Array.from({ length: 500 }, (_, nth) => ({ alice: nth, [`u${nth}`]: 1, [`v${nth}`]: 1 })),
    3,
  );
  expect(read(history, 'alice')).toEqual(Array.from({ length: USER_SAMPLES }, (_, nth) => 500 - USER_SAMPLES + nth));
  const remembered = Array.from({ length: 500 }, (_, nth) => [`u${nth}`, `v${nth}`])
    .flat()
    .filter((user) => history.of(user) !== undefined);
  expect(remembered.length).toBeLessThanOrEqual(2);
});
