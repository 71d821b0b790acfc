import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlugins } from '../../bin/load-plugins.js';

const SHAPE = `tabs: () => [], init: () => undefined, view: () => ({ blocks: [] })`;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plugins-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** The error of loading the file, with its path replaced by FILE. */
async function complaint(path: string): Promise<string> {
  const error: unknown = await loadPlugins([], [path], {}).then(
    () => new Error('no complaint'),
    (reason: unknown) => reason,
  );
  return (error as Error).message.replaceAll(path, 'FILE');
}

test('calls the default export with the public API and returns the tab', async () => {
  const path = await file('good one.mjs', `export default (api) => ({ apiVersion: 1, id: api.name, layers: [], ${SHAPE} });`);
  const [plugin] = await loadPlugins([], [path], { name: 'down' });
  expect(plugin).toMatchObject({ apiVersion: 1, id: 'down' });
});

test('checks built-in tabs the same way, before the others', async () => {
  const builtin = { apiVersion: 1, id: 'users', layers: [], tabs: () => [], init: () => undefined, view: () => ({ blocks: [] }) };
  const path = await file('second.mjs', `export default () => ({ apiVersion: 1, id: 'users', layers: [], ${SHAPE} });`);
  await expect(loadPlugins([builtin], [path], {})).rejects.toThrow(`plugin ${path}, id: "users" is already in use`);
  await expect(loadPlugins([{ ...builtin, apiVersion: 2 }], [], {})).rejects.toThrow(
    'plugin users, apiVersion: is 2; this version supports 1',
  );
});

describe('a plugin that cannot be loaded is reported in one line', () => {
  test('no such file, or a directory', async () => {
    expect(await complaint(join(directory, 'none.mjs'))).toBe('plugin FILE: no such file');
    expect(await complaint(directory)).toBe('plugin FILE: is not a file');
  });

  test.each([
    ['throws.mjs', `throw new TypeError('no luck');`, 'plugin FILE: TypeError: no luck'],
    ['later.mjs', `export default async () => { throw 'a text'; };`, 'plugin FILE: a text'],
    ['none.mjs', `export const tab = 1;`, 'plugin FILE, default export: is not a function that takes the api'],
    ['object.mjs', `export default { apiVersion: 1 };`, 'plugin FILE, default export: is not a function that takes the api'],
    ['nothing.mjs', `export default () => {};`, 'plugin FILE, plugin: is not an object'],
  ])('%s', async (name, text, says) => {
    expect(await complaint(await file(name, text))).toBe(says);
  });

  test('a syntax error', async () => {
    expect(await complaint(await file('typo.mjs', 'export default (api => {'))).toMatch(/^plugin FILE: SyntaxError: /);
  });
});
