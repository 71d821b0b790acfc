/** The teams of users, from real files and the name service of this machine. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { readTeams } from '../../../lib/sources/jobs/teams.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'teams-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(directory, 'teams.csv');
  writeFileSync(path, text);
  return path;
}

test('users have the teams of their lines; a header, comments and empty lines are left out', async () => {
  const teamOf = await readTeams(file('user,team\n# the lab\nalice, green \n\n"bob","red, and blue"\n'));
  expect(['alice', 'bob', 'carol', 'user', ''].map(teamOf)).toEqual(['green', 'red, and blue', '', '', '']);
});

test('a group is the primary group of its users; a line of their own comes first', async () => {
  const { username } = userInfo();
  const group = execFileSync('id', ['-gn', username], { encoding: 'utf8' }).trim();
  expect((await readTeams(file(`@${group},staff\n@no-such-group,x\n`)))(username)).toBe('staff');
  expect((await readTeams(file(`@${group},staff\n${username},own\n`)))(username)).toBe('own');
});

test('control characters of the file reach nobody', async () => {
  expect((await readTeams(file('alice,\u001b[31mred\n')))('alice')).toBe('[31mred');
});

describe('refused, with the reason', () => {
  test.each([
    ['alice\n', /teams\.csv, row 1: expected user,team or @group,team$/],
    ['alice,green\nbob,red,blue\n', /row 2: expected/],
    [',green\n', /row 1: expected/],
  ])('%j', async (text, reason) => {
    await expect(readTeams(file(text))).rejects.toMatchObject({ code: 'E_OPTION_BAD', message: expect.stringMatching(reason) as unknown });
  });

  test('no such file, a directory', async () => {
    await expect(readTeams(join(directory, 'none'))).rejects.toThrow(/^--teams: .*none: does not exist$/);
    await expect(readTeams(directory)).rejects.toThrow(/^--teams: .*: is a directory$/);
  });
});
