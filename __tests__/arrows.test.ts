import { describe, expect, test } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
import { resolve } from 'node:path';
import { arrows } from '../eslint.config.js';

/** What the rule says of one import. */
function verdict(file: string, target: string): string[] {
  const config: Linter.Config = {
    plugins: { here: { rules: { arrows: arrows as never } } },
    rules: { 'here/arrows': 'error' },
    files: ['**/*.ts'],
  };
  return new Linter().verify(`import x from '${target}'; x;`, config, { filename: resolve(file) }).map(({ message }) => message);
}

const WRONG: readonly (readonly [what: string, file: string, target: string, says: string])[] = [
  ['upward', 'lib/wire/parser.ts', '../state.js', 'figures must not import core'],
  ['upward from the model', 'lib/model/host.ts', '../view/frame.js', 'base must not import figures'],
  ['from the core into an edge', 'lib/state.ts', './collect/http.js', 'core must not import edges'],
  ['an edge importing another', 'lib/collect/http.ts', '../paint/blessed.js', 'edges must not see each other'],
  ['an edge importing the state', 'lib/paint/blessed.ts', '../state.js', 'edges must not import core'],
  ['deeper in an edge', 'lib/collect/local/proc.ts', '../../record/writer.js', 'edges must not see each other'],
  ['a plugin past the public door', 'plugins/users/view.ts', '../../lib/state.js', 'plugins must not import core'],
  ['a plugin into the figures', 'plugins/users/view.ts', '../../lib/view/text.js', 'plugins must not import figures'],
  ['a plugin into another', 'plugins/users/index.ts', '../all/view.js', 'plugins must not see each other'],
  ['lib into plugins', 'lib/app.ts', '../plugins/all/index.js', 'app must not import plugins'],
  ['a file in no layer', 'lib/odd.ts', './errors.js', 'in no layer'],
  ['blessed outside its file', 'lib/view/chart.ts', 'blessed', 'blessed belongs in'],
  ['a widget of blessed-contrib outside that file', 'lib/paint/input.ts', 'blessed-contrib/lib/widget/charts/line.js', 'belongs in'],
  ['files and sockets in the core', 'lib/wire/parser.ts', 'node:fs', 'node:fs belongs in'],
];

describe('imports point down only', () => {
  test.each(WRONG)('%s', (_what, file, target, says) => {
    expect(verdict(file, target)).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    ['lib/wire/parser.ts', '../model/host.js'],
    ['lib/view/chrome.ts', '../plugin.js'],
    ['lib/collect/http.ts', './scheduler.js'],
    ['lib/collect/local/proc.ts', '../http.js'],
    ['lib/collect/http.ts', 'node:http'],
    ['lib/paint/blessed.ts', 'blessed'],
    ['lib/app.ts', './paint/blessed.js'],
    ['plugins/users/view.ts', './table.js'],
    ['plugins/users/view.ts', '../../lib/index.js'],
    ['bin/all-smi-view.ts', '../plugins/all/index.js'],
  ])('%s may import %s', (file, target) => {
    expect(verdict(file, target)).toEqual([]);
  });

  test('exports from elsewhere and lazy imports are imports', () => {
    const config: Linter.Config = {
      plugins: { here: { rules: { arrows: arrows as never } } },
      rules: { 'here/arrows': 'error' },
      files: ['**/*.ts'],
    };
    const text = `export * from './state.js';\nexport { a } from './state.js';\nimport('./state.js');`;
    expect(new Linter().verify(text, config, { filename: resolve('lib/derive.ts') }).map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('the rule is on wherever there are layers', async () => {
    const eslint = new ESLint();
    for (const file of ['lib/wire/parser.ts', 'plugins/users/index.ts', 'bin/all-smi-view.ts']) {
      expect(await eslint.calculateConfigForFile(file)).toMatchObject({ rules: { 'here/arrows': [2] } });
    }
  });
});
