/** Sums over values some of which are not reported. */
import { expect, test } from '@jest/globals';
import { held, total } from '../../lib/aggregate/unknown.js';
import { vramText } from '../../lib/text/format.js';

test.each([
  [[], 0, 0],
  [[0], 0, 0],
  [[NaN], NaN, NaN],
  [[0, NaN], 0, NaN],
  [[NaN, 0, 0], 0, NaN],
  [[5, NaN, 2], 7, 7],
])('%p: the total of the known values, and the bytes held at least', (values, sum, bytes) => {
  expect([total(values), held(values)]).toEqual([sum, bytes]);
});

test('a sum of partly unknown bytes is a minimum', () => {
  const texts = [vramText(2 ** 30, false), vramText(2 ** 30, true), vramText(held([0, NaN]), true), vramText(0, false)];
  expect(texts).toEqual(['1.00 GiB', '≥1.00GiB', '–', '0 B']);
});
