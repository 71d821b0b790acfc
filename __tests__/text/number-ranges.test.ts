import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ranges } from '../../lib/text/number-ranges.js';

test.each([
  [[], ''],
  [[7], '7'],
  [[0, 1], '0-1'],
  [[0, 2, 3, 4], '0,2-4'],
  [[0, 1, 2, 3, 5, 8, 9], '0-3,5,8-9'],
  [[9, 8, 0, 3, 2, 1, 5, 5, 0], '0-3,5,8-9'],
  [[2, 10], '2,10'],
])('%j is %j', (numbers, text) => {
  expect(ranges(numbers)).toBe(text);
});

test('lists exactly the numbers, in the fewest ranges', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), (numbers) => {
      const text = ranges(numbers);
      const runs = text === '' ? [] : text.split(',').map((run) => run.split('-').map(Number));
      const said = runs.flatMap(([first, last = first]) => Array.from({ length: last! - first! + 1 }, (_, at) => first! + at));
      expect(said).toEqual([...numbers].sort((a, b) => a - b));
      for (const [at, [first]] of runs.entries()) if (at > 0) expect(first! - runs[at - 1]!.at(-1)!).toBeGreaterThan(1);
    }),
  );
});
