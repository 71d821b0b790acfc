/** The teams of users, from a file: for reports by team. */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import Papa from 'papaparse';
import { AppError, readReason } from '../../errors.js';
import { clean, withoutBlankEnds } from '../../text/sanitize.js';
import { count } from '../../text/format.js';

export const MAX_TEAMS_BYTES = 10 * 2 ** 20;
const NAME_BYTES = 128;
const GETENT_MS = 5_000;

/** The team of a user; '' for a user without one. */
export type TeamOf = (user: string) => string;

/**
 * Reads lines of `user,team`. `@group,team` is the team of the users whose primary group that is, as this machine knows it; a line of their
 * own comes first. Empty lines and those that start with # are left out, and a first line `user,team` is a header. Throws `E_OPTION_BAD`.
 */
export async function readTeams(path: string): Promise<TeamOf> {
  const file = clean(path, 200);
  const users = new Map<string, string>();
  const groups = new Map<string, string>();
  for (const [at, [name = '', team = '', ...more]] of rowsOf(await textOf(path, file)).entries()) {
    if (name === '' && team === '') continue;
    if (at === 0 && name.toLowerCase() === 'user' && team.toLowerCase() === 'team') continue;
    if (name === '' || team === '' || more.length > 0) throw wrong(`${file}, row ${count(at + 1)}: expected user,team or @group,team`);
    if (name.startsWith('@')) groups.set(name.slice(1), team);
    else users.set(name, team);
  }
  const members = groups.size === 0 ? new Map<string, string>() : teamsOfMembers(groups, await primaryGroups());
  return (user) => users.get(user) ?? members.get(user) ?? '';
}

const wrong = (reason: string): AppError => new AppError('E_OPTION_BAD', { option: '--teams', reason });

async function textOf(path: string, name: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_TEAMS_BYTES) throw wrong(`${name} is larger than 10 MiB`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw wrong(`${name}: ${readReason(error)}`);
  }
}

const rowsOf = (text: string): readonly (readonly string[])[] =>
  Papa.parse<string[]>(text, { comments: '#', skipEmptyLines: true }).data.map((row) =>
    row.map((cell) => withoutBlankEnds(clean(cell, NAME_BYTES))),
  );

/** The primary group of each user that the name service lists. */
async function primaryGroups(): Promise<ReadonlyMap<string, string>> {
  const [passwd, group] = await Promise.all(['passwd', 'group'].map(getent));
  const names = new Map(group!.map(([name = '', , gid = '']) => [gid, name]));
  return new Map(passwd!.map(([user = '', , , gid = '']) => [user, names.get(gid) ?? '']));
}

/** `getent DATABASE`, line by line; empty where it does not exist. */
async function getent(database: string): Promise<readonly string[][]> {
  try {
    const { stdout } = await promisify(execFile)('getent', [database], { timeout: GETENT_MS, maxBuffer: MAX_TEAMS_BYTES });
    return stdout.split('\n').map((line) => line.split(':'));
  } catch {
    return [];
  }
}

function teamsOfMembers(teams: ReadonlyMap<string, string>, groups: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...groups].flatMap(([user, group]) => (teams.has(group) ? [[user, teams.get(group)!]] : [])));
}
