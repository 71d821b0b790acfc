/** The faults of `npm run mutations`: named faults can be planted, and automatic ones are as declared. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { NAMED_FAULTS } from './named-faults.js';
import { mutantsOf } from './operators.js';
import { sampleOf, sourcesByDirectory } from './sample.js';

test.each(Object.entries(NAMED_FAULTS))('%s: the text to replace occurs once in its file', (_name, { file, from, to }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

describe('automatic faults', () => {
  const planted = (text: string): readonly string[] =>
    mutantsOf('a.ts', text).map(({ operator, start, end, to }) => `${operator}: ${text.slice(0, start)}${to}${text.slice(end)}`);

  test.each([
    ['const a = b < 2;', ['flip comparison: const a = b <= 2;', 'constant + 1: const a = b < (2 + 1);']],
    [
      'if (a === b) c();',
      ['negate condition: if (!(a === b)) c();', 'flip comparison: if (a !== b) c();', 'drop statement: if (a === b) ;'],
    ],
    ['const a = b - c;', ['swap + and -: const a = b + c;']],
    ['const a = b && true;', ['swap && and ||: const a = b || true;', 'flip constant: const a = b && false;']],
    [`const a = 'b' + c;`, [`empty string: const a = '' + c;`]],
    ['function f() { g(1); return 2; }', expect.arrayContaining(['return early: function f() { return; g(1); return 2; }'])],
    [`import a from 'b'; type C = 'd' | 1; interface E { 'f': 2 }`, []],
  ])('%s', (text, expected) => {
    expect(planted(text)).toEqual(expected);
  });

  test('every directory with sources has mutations, and the same ones for the same seed', () => {
    for (const [directory, files] of sourcesByDirectory()) {
      const sample = sampleOf(directory, files, 3, 1);
      expect([directory, sample.length]).toEqual([directory, 3]);
      expect(sampleOf(directory, files, 3, 1)).toEqual(sample);
    }
    expect([...sourcesByDirectory('lib/alerts').keys()]).toEqual(['lib/alerts']);
  });
});
