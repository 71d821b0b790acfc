import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cacheDirectory, configPaths, exportDirectory, makeDirectory, makeDirectorySync, type PathContext } from '../lib/paths.js';

const HOME = { linux: '/home/a', darwin: '/Users/a', win32: 'C:\\Users\\a' } as const;
const on = (platform: keyof typeof HOME, env: PathContext['env'] = {}): PathContext => ({ platform, env, home: HOME[platform] });

test.each<[PathContext, cache: string, exports: string, config: string]>([
  [on('linux'), '/home/a/.cache/all-smi-view/replay', '/home/a/.cache/all-smi', '/home/a/.config/all-smi/config.toml'],
  [
    on('linux', { XDG_CACHE_HOME: '/fast', XDG_CONFIG_HOME: '/etc/a' }),
    '/fast/all-smi-view/replay',
    '/fast/all-smi',
    '/etc/a/all-smi/config.toml',
  ],
  // Relative, so it counts as not set.
  [
    on('linux', { XDG_CACHE_HOME: 'fast' }),
    '/home/a/.cache/all-smi-view/replay',
    '/home/a/.cache/all-smi',
    '/home/a/.config/all-smi/config.toml',
  ],
  [
    on('darwin', { XDG_CACHE_HOME: '/fast' }),
    '/Users/a/Library/Caches/all-smi-view/replay',
    '/Users/a/Library/Caches/all-smi',
    '/Users/a/Library/Application Support/all-smi/config.toml',
  ],
  [
    on('win32', { LOCALAPPDATA: 'D:\\Local', APPDATA: 'D:\\Roaming' }),
    'D:\\Local\\all-smi-view\\replay',
    'D:\\Local\\all-smi',
    'D:\\Roaming\\all-smi\\config.toml',
  ],
])('%j', (context, cache, exports, config) => {
  expect([cacheDirectory(context), exportDirectory(context), configPaths(context)[0]]).toEqual([cache, exports, config]);
});

test('a directory that cannot be created is reported with the error of the system', async () => {
  const here = mkdtempSync(join(tmpdir(), 'paths-'));
  try {
    writeFileSync(join(here, 'file'), '');
    const below = join(here, 'file', 'a', 'b');
    expect(() => makeDirectorySync(below)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    await expect(makeDirectory(below)).rejects.toMatchObject({ code: 'ENOTDIR' });
  } finally {
    rmSync(here, { recursive: true });
  }
});
