import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { licences } from '../esbuild.config.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'build-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** The notices of a bundle that contains one package. */
function notices(manifest: object, files: Record<string, string> = {}): string {
  const home = join(directory, 'node_modules/@scope/some');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: '@scope/some', version: '1.2.3', ...manifest }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
  return licences({ inputs: { 'lib/own.ts': {}, [relative(resolve(), join(home, 'lib/index.js'))]: {} } });
}

describe('licences of bundled packages', () => {
  test('use the licence file of the package, whatever it is called', () => {
    for (const name of ['LICENSE', 'license', 'LICENCE.md', 'LICENSE.txt']) {
      const text = notices({ license: 'MIT' }, { [name]: 'Copyright somebody\nDo as you like.' });
      expect(text).toContain('@scope/some 1.2.3 (MIT)');
      expect(text).toContain('Copyright somebody\nDo as you like.');
      expect(text).not.toContain('lib/own.ts');
    }
  });

  test('use the text of the declared licence, with the author, if there is no file', () => {
    for (const author of ['Ann Other <ann@example.org> (https://example.org)', { name: 'Ann Other' }]) {
      expect(notices({ license: 'ISC', author })).toContain('Copyright (c) Ann Other\n\nPermission to use, copy, modify');
    }
  });

  test('name an author by email address if there is no name', () => {
    expect(notices({ license: 'MIT', author: '<ann@example.org>' })).toContain('Copyright (c) ann@example.org\n');
  });

  test.each<[manifest: object, says: string]>([
    [{}, 'licence is not declared'],
    [{ license: 'GPL-3.0-only' }, 'licence is GPL-3.0-only'],
    [{ license: 'MIT' }, 'ships no licence text'],
    [{ license: 'BSD-3-Clause', author: 'Ann Other' }, 'ships no licence text'],
  ])('%j fails the build', (manifest, says) => {
    expect(() => notices(manifest)).toThrow(says);
  });
});
