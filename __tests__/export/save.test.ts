/** Exports into real directories: obstacles, and files that must stay untouched. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { exportDirectory, shortPath } from '../../lib/paths.js';
import { safeName } from '../../lib/export/safe-file.js';
import { saveSheet } from '../../lib/export/save.js';
import type { SaveRequest } from '../../lib/model/sheet.js';

const NOW = new Date(2026, 7, 7, 14, 32, 7).getTime();
const STAMP = '20260807T143207';
const REQUEST: SaveRequest = {
  name: 'users',
  format: 'csv',
  sheet: { about: {}, columns: [{ name: 'user' }, { name: 'gpus' }], rows: [['alice', 2]] },
};
const TEXT = 'user,gpus\nalice,2\n';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'all-smi-view-export-'));
});
afterEach(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true, force: true });
});

const save = (more: Partial<SaveRequest> = {}, env: Record<string, string> = {}): Promise<string> =>
  saveSheet({ ...REQUEST, ...more }, NOW, { platform: 'linux', env, home });
const cache = (...parts: readonly string[]): string => join(home, '.cache', 'all-smi', ...parts);
const refusal = async (saving: Promise<string>): Promise<string> => saving.then(String, (error: Error) => error.message);

test('creates a file and a directory for their owner only, and no other file', async () => {
  expect(await save()).toBe(`~/.cache/all-smi/users-${STAMP}.csv`);
  expect(readdirSync(cache())).toEqual([`users-${STAMP}.csv`]);
  expect(readFileSync(cache(`users-${STAMP}.csv`), 'utf8')).toBe(TEXT);
  expect(statSync(cache(`users-${STAMP}.csv`)).mode & 0o777).toBe(0o600);
  expect(statSync(cache()).mode & 0o777).toBe(0o700);
});

test('writes JSON under the same name', async () => {
  expect(await save({ format: 'json' })).toBe(`~/.cache/all-smi/users-${STAMP}.json`);
  expect(JSON.parse(readFileSync(cache(`users-${STAMP}.json`), 'utf8'))).toEqual({ rows: [{ user: 'alice', gpus: 2 }] });
});

test('adds a counter within the same second, and leaves existing files unchanged', async () => {
  mkdirSync(cache(), { recursive: true });
  writeFileSync(cache(`users-${STAMP}.csv`), 'mine');
  mkdirSync(cache(`users-${STAMP}-2.csv`));
  expect(await save()).toBe(`~/.cache/all-smi/users-${STAMP}-3.csv`);
  expect(await save()).toBe(`~/.cache/all-smi/users-${STAMP}-4.csv`);
  expect(readFileSync(cache(`users-${STAMP}.csv`), 'utf8')).toBe('mine');
  const both = await Promise.all([save(), save(), save()]);
  expect(new Set(both).size).toBe(3);
});

describe('links', () => {
  test('refuses a directory that is a link, and writes nothing to its target', async () => {
    mkdirSync(join(home, '.cache'));
    mkdirSync(join(home, 'elsewhere'));
    symlinkSync(join(home, 'elsewhere'), cache());
    expect(await refusal(save())).toBe('export failed: ~/.cache/all-smi is a symbolic link');
    expect(readdirSync(join(home, 'elsewhere'))).toEqual([]);
  });

  test('refuses a directory that is a dangling link, and creates nothing', async () => {
    mkdirSync(join(home, '.cache'));
    symlinkSync(join(home, 'nowhere'), cache());
    expect(await refusal(save())).toBe('export failed: ~/.cache/all-smi is a symbolic link');
    expect(lstatSync(join(home, 'nowhere'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test.each(['target', 'nowhere'])('refuses a file that is a link to %s, and leaves the target unchanged', async (target) => {
    mkdirSync(cache(), { recursive: true });
    writeFileSync(join(home, 'target'), 'precious');
    symlinkSync(join(home, target), cache(`users-${STAMP}.csv`));
    expect(await refusal(save())).toBe(`export failed: ~/.cache/all-smi/users-${STAMP}.csv is a symbolic link`);
    expect(readFileSync(join(home, 'target'), 'utf8')).toBe('precious');
    expect(readdirSync(home).sort()).toEqual(['.cache', 'target']);
    expect(readdirSync(cache())).toHaveLength(1);
  });

  test('accepts a linked cache directory, as on clusters with small home directories', async () => {
    mkdirSync(join(home, 'scratch'));
    symlinkSync(join(home, 'scratch'), join(home, '.cache'));
    expect(await save()).toBe(`~/.cache/all-smi/users-${STAMP}.csv`);
  });
});

describe('impossible paths', () => {
  test('a file in place of the directory', async () => {
    mkdirSync(join(home, '.cache'));
    writeFileSync(cache(), '');
    expect(await refusal(save())).toBe('export failed: ~/.cache/all-smi is not a directory');
    rmSync(join(home, '.cache'), { recursive: true });
    writeFileSync(join(home, '.cache'), '');
    expect(await refusal(save())).toBe('export failed: ~/.cache/all-smi is below a path that is not a directory');
  });

  /** Runs as a user without write permission everywhere: root drops to nobody. */
  const asNobody = (run: () => Promise<void>): (() => Promise<void>) => {
    if (process.getuid?.() !== 0) return run;
    return async () => {
      chmodSync(home, 0o755);
      process.seteuid?.(65534);
      try {
        await run();
      } finally {
        process.seteuid?.(0);
      }
    };
  };

  test(
    'a directory without write permission, and one that cannot be created',
    asNobody(async () => {
      expect(await refusal(save({}, { XDG_CACHE_HOME: '/' }))).toBe('export failed: /all-smi is not writable');
    }),
  );

  const mounted = (): boolean => {
    if (process.getuid?.() !== 0) return false;
    try {
      mkdirSync(join(home, '.cache'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', join(home, '.cache')], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  test('a full disk is reported, and no truncated file is left (passes unchecked where mounting is not allowed)', async () => {
    if (!mounted()) return;
    try {
      const rows = Array.from({ length: 5000 }, (_, nth) => [`user-with-a-long-name-${nth}`, nth]);
      expect(await refusal(save({ sheet: { ...REQUEST.sheet, rows } }))).toBe('export failed: ~/.cache/all-smi is on a full disk');
      expect(readdirSync(cache())).toEqual([]);
      expect(await save()).toContain(STAMP);
    } finally {
      execFileSync('umount', [join(home, '.cache')]);
    }
  });
});

describe('names', () => {
  test.each([
    ['users-alice-node-0001', 'users-alice-node-0001'],
    ['users-../../etc/passwd', 'users-.._.._etc_passwd'],
    ['../x', '_x'],
    ['-rf', 'rf'],
    ['.hidden', 'hidden'],
    ['users-a b\\c:d*e?f"g<h>i|j', 'users-a_b_c_d_e_f_g_h_i_j'],
    ['users-\x1b]0;x\x07\u202e', 'users-__0_x__'],
    ['users-日本語-été', 'users-日本語-été'],
    ['users-🦙', 'users-_'],
    ['', '_'],
    ['..', '_'],
  ])('%j is %j', (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });

  test('any name results in a file in the directory that is not hidden and has a short enough name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 400 }), async (name) => {
        const path = await save({ name });
        const [file = ''] = readdirSync(cache());
        expect(readdirSync(cache())).toHaveLength(1);
        expect(path).toBe(`~/.cache/all-smi/${file}`);
        expect(file).toMatch(/^[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}._-]*-20260807T143207\.csv$/u);
        expect(Buffer.byteLength(file)).toBeLessThan(200);
        rmSync(cache(file));
      }),
      { numRuns: 60 },
    );
  });
});

describe('directories that cannot be created', () => {
  test.each(['/proc', '/proc/self', '/dev/null', '/dev/null/x', '/sys/kernel'])(
    'below %s: refused, without endless retries',
    async (directory) => {
      expect(await refusal(save({}, { XDG_CACHE_HOME: directory }))).toMatch(
        /^export failed: \/\S+ (cannot be created there|is below|is not writable|is on)/,
      );
    },
  );

  test('a dangling link on the way is refused, and nothing is created at its target', async () => {
    symlinkSync(join(home, 'nowhere'), join(home, 'cache'));
    expect(await refusal(save({}, { XDG_CACHE_HOME: join(home, 'cache') }))).toBe('export failed: ~/cache/all-smi cannot be created there');
    expect(readdirSync(home)).toEqual(['cache']);
  });
});

describe('the cache directory', () => {
  test.each([
    ['linux', {}, '/home/alice/.cache/all-smi'],
    ['linux', { XDG_CACHE_HOME: '/scratch/alice' }, '/scratch/alice/all-smi'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/alice/.cache/all-smi'],
    ['linux', { XDG_CACHE_HOME: '' }, '/home/alice/.cache/all-smi'],
    ['darwin', { XDG_CACHE_HOME: '/scratch/alice' }, '/home/alice/Library/Caches/all-smi'],
  ] as const)('%s %j: %s', (platform, env, expected) => {
    expect(exportDirectory({ platform, env, home: '/home/alice' })).toBe(expected);
  });

  test('on Windows', () => {
    const home = 'C:\\Users\\alice';
    const env = { LOCALAPPDATA: 'D:\\Local' };
    expect(exportDirectory({ platform: 'win32', env, home })).toBe('D:\\Local\\all-smi');
    expect(exportDirectory({ platform: 'win32', env: {}, home })).toBe('C:\\Users\\alice\\AppData\\Local\\all-smi');
    expect(shortPath('C:\\Users\\alice\\AppData', { platform: 'win32', env, home })).toBe('~\\AppData');
  });

  test('shows a path outside the home directory in full', () => {
    const place = { platform: 'linux', env: {}, home: '/home/al' } as const;
    expect(shortPath('/home/alice/x', place)).toBe('/home/alice/x');
    expect(shortPath('/x', { ...place, home: '/' })).toBe('/x');
    expect(shortPath('/x', { ...place, home: '' })).toBe('/x');
  });
});
