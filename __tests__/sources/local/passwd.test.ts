import { afterEach, expect, test } from '@jest/globals';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parsePasswd, PasswdNames } from '../../../lib/sources/local/passwd.js';
import { fixture } from '../../helpers/captures.js';
import { SteppedClock } from '../../helpers/clock.js';

const PATH = process.env.PATH;
const directories: string[] = [];
afterEach(() => {
  process.env.PATH = PATH;
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A name service for the test: a `getent` that comes first on the path. Returns the file that logs its arguments. */
function nameService(script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-names-'));
  directories.push(directory);
  writeFileSync(join(directory, 'getent'), `#!/bin/sh\necho "$*" >>${directory}/asked\n${script}\n`);
  chmodSync(join(directory, 'getent'), 0o755);
  process.env.PATH = `${directory}:${PATH ?? ''}`;
  return join(directory, 'asked');
}
const asked = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n');

test('reads lines of passwd(5)', () => {
  expect([...parsePasswd('root:x:0:0:root:/root:/bin/sh\n\nbad\n+::::::\nad\\bob:*:70001:1::/:\nx:x:0:0::/:\n')]).toEqual([
    [0, 'root'],
    [70001, 'ad\\bob'],
  ]);
});

test('asks the name service for directory users, all in one query, and caches their names', async () => {
  const clock = new SteppedClock();
  const file = nameService('echo "ldap.user:*:70001:1::/:"; echo "other:*:70002:1::/:"; echo root:x:0:0::/:; exit 2');
  const users = new PasswdNames(clock);
  expect(users.name(70001)).toBe('70001');
  await users.learn([70001, 70002, 70003, 70001]);
  expect([70001, 70002, 70003].map((uid) => users.name(uid))).toEqual(['ldap.user', 'other', '70003']);
  await users.learn([70001, 70002, 70003]);
  expect(asked(file)[0]).toBe('passwd 70001 70002 70003 0');
  const before = asked(file).length;
  // Ids without a name are asked for again in a minute, the others not for an hour.
  clock.step(60_000);
  await users.learn([70001, 70002, 70003]);
  expect(asked(file).slice(before)).toEqual(['passwd 70003 0']);
});

/** Answers as the getent of glibc does, from a table of its own; the one of Alpine stops at the first unknown key. */
const SERVICES = {
  glibc: 'rc=2; for key in "$@"; do grep -E "^([^:]*:[^:]*:)?$key:" "$dir/passwd" || rc=2; done; exit $rc',
  Alpine: 'for key in "$@"; do grep -E "^([^:]*:[^:]*:)?$key:" "$dir/passwd" || exit 2; done',
  'a getent that takes a single key': 'grep -E "^([^:]*:[^:]*:)?$1:" "$dir/passwd" || exit 2',
};
test.each(Object.entries(SERVICES))('names next to uids without a name, from a getent like that of %s', async (_, script) => {
  const file = nameService(`dir=$(dirname "$0"); shift; ${script}`);
  writeFileSync(file.replace(/asked$/, 'passwd'), 'root:x:0:0::/:\nann:x:11:1::/:\nbob:x:13:1::/:\ncarol:x:15:1::/:\n');
  const users = new PasswdNames(new SteppedClock());
  await users.learn([10, 11, 12, 0, 13, 14, 15, 16]);
  expect([10, 11, 12, 0, 13, 14, 15, 16].map((uid) => users.name(uid))).toEqual(['10', 'ann', '12', 'root', 'bob', '14', 'carol', '16']);
});

test('a failing name service loses no names', async () => {
  const clock = new SteppedClock();
  const file = nameService('[ -e "$(dirname "$0")/down" ] && exit 3; echo "ann:*:5:1::/:"');
  const users = new PasswdNames(clock);
  await users.learn([5]);
  writeFileSync(file.replace(/asked$/, 'down'), '');
  clock.step(3_600_000);
  await users.learn([5, 6]);
  expect([users.name(5), users.name(6)]).toEqual(['ann', '6']);
});

test('a hanging one is stopped, and asked again only later', async () => {
  const clock = new SteppedClock();
  const file = nameService('exec sleep 100');
  const users = new PasswdNames(clock);
  const learnt = users.learn([5]);
  while (!existsSync(file)) await pause(5);
  clock.step(5_000);
  await learnt;
  expect(users.name(5)).toBe('5');
  await users.learn([5]);
  expect(asked(file)).toHaveLength(1);
  users.stop();
});

test('a file instead of the name service', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-names-'));
  directories.push(directory);
  writeFileSync(join(directory, 'passwd'), fixture('h100-static/passwd'));
  const users = new PasswdNames(new SteppedClock(), join(directory, 'passwd'));
  await users.learn([999, 1002, 4711]);
  expect([999, 1002, 4711].map((uid) => users.name(uid))).toEqual(['svc-metrics', 'bob', '4711']);
  const none = new PasswdNames(new SteppedClock(), '/nowhere');
  await none.learn([0]);
  expect(none.name(0)).toBe('0');
});
