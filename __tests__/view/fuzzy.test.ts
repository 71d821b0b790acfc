import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fuzzyScore } from '../../lib/view/fuzzy.js';

const best = (query: string, ...texts: readonly string[]): string[] =>
  texts
    .map((text) => ({ text, score: fuzzyScore(query, [text]) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score)
    .map(({ text }) => text);

describe('matching', () => {
  test.each<[query: string, texts: readonly string[], ranked: readonly string[]]>([
    ['042', ['node-0142', 'node-0042', 'node-0420', 'node-0007'], ['node-0042', 'node-0420', 'node-0142']],
    ['n42', ['node-0042', 'nebula-7', 'login'], ['node-0042']],
    ['GPU', ['gpu-12', 'my-gpu', 'g-p-u', 'gup'], ['gpu-12', 'my-gpu', 'g-p-u']],
    ['us', ['Users', 'mouse', 'urs'], ['Users', 'mouse', 'urs']],
    ['日本', ['日本-01', '本日'], ['日本-01']],
  ])('%s', (query, texts, ranked) => {
    expect(best(query, ...texts)).toEqual(ranked);
  });

  test('words may match in different texts, but all must match', () => {
    const texts = ['node-0042', '10.0.0.7:9090', 'rack=b7 partition=train', 'down'];
    expect(fuzzyScore('42 b7', texts)).toBeGreaterThan(0);
    expect(fuzzyScore('train down', texts)).toBeGreaterThan(0);
    expect(fuzzyScore('42 b8', texts)).toBe(-1);
    expect(fuzzyScore('  ', texts)).toBe(0);
  });

  test('a match has the letters of the word in order', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, (query, text) => {
        let from = 0;
        const inOrder = Array.from(query).every((letter) => (from = text.indexOf(letter, from) + 1) > 0);
        expect(fuzzyScore(query, [text]) >= 0).toBe(inOrder);
      }),
    );
  });
});
