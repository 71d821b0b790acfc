import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CONFIG_ACTIONS } from '../../bin/config-command.js';
import { configPath, readConfig } from '../../bin/read-config.js';
import { CONFIG_KEYS, parseConfig } from '../../lib/options/config-file.js';
import { resolveOptions, VIEW_OPTIONS } from '../../lib/options/options.js';
import { configPaths } from '../../lib/paths.js';

let directory = '';
let own = '';
let env: Record<string, string> = {};
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  env = { XDG_CONFIG_HOME: directory };
  own = join(directory, 'all-smi/config.toml');
});

function write(text: string, path = own): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
const flags = (path?: string): Record<string, readonly string[]> => (path === undefined ? {} : { config: [path] });
const said = async (action: keyof typeof CONFIG_ACTIONS, path?: string): Promise<string> =>
  (await CONFIG_ACTIONS[action](flags(path), env)).join('\n');

describe('where the config file is looked for', () => {
  test.each([
    ['linux', {}, ['/home/a/.config/all-smi/config.toml', '/etc/all-smi/config.toml']],
    ['linux', { XDG_CONFIG_HOME: '/x' }, ['/x/all-smi/config.toml', '/etc/all-smi/config.toml']],
    [
      'darwin',
      {},
      ['/home/a/Library/Application Support/all-smi/config.toml', '/home/a/.config/all-smi/config.toml', '/etc/all-smi/config.toml'],
    ],
  ] as const)('%s %j', (platform, variables, paths) => {
    expect(configPaths({ platform, env: variables, home: '/home/a' })).toEqual(paths);
  });

  test('uses the named file, else the first that exists', async () => {
    expect(configPath(flags('/x/y.toml'), env)).toBe('/x/y.toml');
    write('');
    expect(configPath({}, env)).toBe(own);
  });
});

describe('reading', () => {
  test('accepts a missing file unless it was named', async () => {
    expect((await readConfig({}, { XDG_CONFIG_HOME: '/nowhere' })).values.size).toBe(0);
    await expect(readConfig(flags('/nowhere/c.toml'), env)).rejects.toThrow('config file /nowhere/c.toml: no such file');
  });

  test('refuses links, directories and large files', async () => {
    const real = write('', join(directory, 'real.toml'));
    const link = join(directory, 'link.toml');
    symlinkSync(real, link);
    await expect(readConfig(flags(link), env)).rejects.toThrow(`config file ${link}: is a symbolic link`);
    await expect(readConfig(flags(directory), env)).rejects.toThrow('is not a regular file');
    const large = write(`# ${'x'.repeat(2 ** 20)}`, join(directory, 'large.toml'));
    await expect(readConfig(flags(large), env)).rejects.toThrow('is larger than 1 MiB');
  });
});

describe('config path', () => {
  test('prints the file that is read, or the candidates', async () => {
    expect(await said('path')).toContain(`${own} (does not exist)`);
    write('');
    expect(await said('path')).toBe(own);
  });
});

describe('config print', () => {
  test('prints effective values and where they come from', async () => {
    write('[view]\nhosts = ["a", "b"]\n[alerts]\ntemp_warn_c = 70\nwebhook_url = "https://me:secret@example.org/services/T0/B0?key=1"\n');
    env.ALL_SMI_ALERTS_POWER_CRIT_W = '600';
    const text = await said('print');
    expect(text).toContain(`hosts = ["a", "b"]  # ${own}`);
    expect(text).toContain(`temp_warn_c = 70  # ${own}`);
    expect(text).toContain('power_crit_w = 600  # ALL_SMI_ALERTS_POWER_CRIT_W');
    expect(text).toContain('timeout_secs = 5  # default');
    expect(text).toContain('# hostfile is not set (no default)');
    expect(text).toContain('webhook_url = "https://example.org/..."');
    expect(text).not.toMatch(/secret|T0|key=1/);
    // The output is itself a valid config file.
    expect(parseConfig(text, own).warnings).toEqual([]);
  });
});

describe('config validate', () => {
  test('confirms valid files, warns about odd values, and fails on errors', async () => {
    expect(await CONFIG_ACTIONS.validate({}, { XDG_CONFIG_HOME: '/nowhere' })).toEqual(['no config file found']);
    write('[view]\nhots = 1\n');
    expect(await said('validate')).toBe(`warning: line 2, column 8: unknown key view.hots\n${own} is valid`);
    write('[api]\nport = 99999\n');
    await expect(said('validate')).rejects.toThrow(`api.port (${own}, line 2, column 8): "99999" is not between 0 and 65535`);
    write('[api\n');
    await expect(said('validate')).rejects.toThrow(`config file ${own}, line 1, column 5: `);
  });
});

describe('config init', () => {
  test('writes every key, commented out, readable only by its owner', async () => {
    expect(await said('init')).toBe(`wrote ${own}`);
    expect(statSync(own).mode & 0o777).toBe(0o600);
    const text = readFileSync(own, 'utf8');
    for (const { key } of CONFIG_KEYS) expect(text).toContain(`# ${key.slice(key.indexOf('.') + 1)} = `);
    const file = await readConfig({}, env);
    expect([file.values.size, file.warnings]).toEqual([0, []]);
    expect(await said('validate')).toBe(`${own} is valid`);
  });

  test('has the default values when uncommented', async () => {
    await said('init');
    write(readFileSync(own, 'utf8').replace(/^# (\w+ = )/gm, '$1'));
    expect(resolveOptions(VIEW_OPTIONS, {}, {}, await readConfig({}, env))).toEqual(resolveOptions(VIEW_OPTIONS, {}, {}));
  });

  test('never overwrites a file', async () => {
    write('mine');
    await expect(said('init')).rejects.toThrow(`cannot write ${own}: already exists`);
    expect(readFileSync(own, 'utf8')).toBe('mine');
  });

  test('writes to a given path', async () => {
    const path = join(directory, 'deep/er/mine.toml');
    expect(await said('init', path)).toBe(`wrote ${path}`);
  });
});
