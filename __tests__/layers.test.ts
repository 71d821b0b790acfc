import { describe, expect, test } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
import { readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { arrows } from '../eslint.config.js';

/** The message of the rule for one import. */
function verdict(file: string, target: string): string[] {
  const config: Linter.Config = {
    plugins: { here: { rules: { arrows: arrows as never } } },
    rules: { 'here/arrows': 'error' },
    files: ['**/*.ts'],
  };
  return new Linter().verify(`import x from '${target}'; x;`, config, { filename: resolve(file) }).map(({ message }) => message);
}

const WRONG: readonly (readonly [what: string, file: string, target: string, says: string])[] = [
  ['upward', 'lib/exposition/parser/scanner.ts', '../../app/state.js', 'domain must not import app'],
  ['from the model upward', 'lib/model/node-view.ts', '../view/frame.js', 'base must not import interface'],
  ['from the app into an edge', 'lib/app/state.ts', '../sources/hosts/http-collector.js', 'app must not import edges'],
  ['an edge importing another', 'lib/sources/hosts/http-collector.ts', '../../paint/blessed-painter.js', 'edges must not see each other'],
  ['an edge importing the state', 'lib/paint/blessed-painter.ts', '../app/state.js', 'edges must not import app'],
  [
    'into a file deep inside an edge',
    'lib/sources/local/proc-text.ts',
    '../../recording/write/recorder.js',
    'edges must not see each other',
  ],
  ['a plugin past the public API', 'plugins/users/view.ts', '../../lib/app/state.js', 'plugins must not import app'],
  ['a plugin into the base', 'plugins/users/view.ts', '../../lib/text/format.js', 'plugins must not import base'],
  ['a plugin into another', 'plugins/users/index.ts', '../all/view.js', 'plugins must not see each other'],
  ['lib into plugins', 'lib/run/viewer.ts', '../../plugins/all/index.js', 'run must not import plugins'],
  ['a file in no layer', 'lib/odd.ts', './errors.js', 'in no layer'],
  ['blessed outside its file', 'lib/view/chart.ts', 'blessed', 'blessed belongs in'],
  [
    'a widget of blessed-contrib outside that file',
    'lib/paint/input-decoder.ts',
    'blessed-contrib/lib/widget/charts/line.js',
    'belongs in',
  ],
  ['files and sockets in the domain', 'lib/exposition/parser/scanner.ts', 'node:fs', 'node:fs belongs in'],
];

describe('imports form no cycle', () => {
  test('a file must not import a file that imports it, over any number of steps, type imports included', () => {
    expect(verdict('lib/text/sanitize.ts', '../errors.js')).toEqual([
      'Imports must not form a cycle: lib/text/sanitize.ts -> lib/errors.ts -> lib/text/sanitize.ts.',
    ]);
    expect(verdict('lib/exposition/parser/bytes.ts', './scanner.js')).toEqual([
      'Imports must not form a cycle: lib/exposition/parser/bytes.ts -> lib/exposition/parser/scanner.ts -> lib/exposition/parser/bytes.ts.',
    ]);
    // node-view imports only types of columns.
    expect(verdict('lib/model/columns.ts', './node-view.js')).toEqual([
      expect.stringContaining('lib/model/columns.ts -> lib/model/node-view.ts'),
    ]);
  });
});

describe('imports go downward only', () => {
  test.each(WRONG)('%s', (_what, file, target, says) => {
    expect(verdict(file, target)).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    ['lib/exposition/parser/scanner.ts', '../../model/node-view.js'],
    ['lib/view/chrome.ts', '../plugin/types.js'],
    ['lib/sources/hosts/http-collector.ts', './request.js'],
    ['lib/sources/local/proc-text.ts', '../hosts/request.js'],
    ['lib/sources/hosts/http-collector.ts', 'node:http'],
    ['lib/paint/blessed-painter.ts', 'blessed'],
    ['lib/run/viewer.ts', '../paint/blessed-painter.js'],
    ['plugins/users/view.ts', './table-page.js'],
    ['plugins/users/view.ts', '../../lib/index.js'],
    ['bin/all-smi-view.ts', '../plugins/all/index.js'],
  ])('%s may import %s', (file, target) => {
    expect(verdict(file, target)).toEqual([]);
  });

  test('re-exports and dynamic imports count as imports', () => {
    const config: Linter.Config = {
      plugins: { here: { rules: { arrows: arrows as never } } },
      rules: { 'here/arrows': 'error' },
      files: ['**/*.ts'],
    };
    const text = `export * from '../app/state.js';\nexport { a } from '../app/state.js';\nimport('../app/state.js');`;
    expect(new Linter().verify(text, config, { filename: resolve('lib/http/server.ts') }).map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('the rule is enabled in all layers', async () => {
    const eslint = new ESLint();
    for (const file of ['lib/exposition/parser/scanner.ts', 'plugins/users/index.ts', 'bin/all-smi-view.ts']) {
      expect(await eslint.calculateConfigForFile(file)).toMatchObject({ rules: { 'here/arrows': [2] } });
    }
  });
});

test('no file name is used twice, except those that every plugin has', () => {
  const names = ['lib', 'plugins', 'bin'].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => basename(name)),
  );
  const ofMany = ['index.ts', 'view.ts', 'keys.ts'];
  expect(names.filter((name, at) => names.indexOf(name) !== at && !ofMany.includes(name))).toEqual([]);
});
