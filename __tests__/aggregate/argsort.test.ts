import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { argsort } from '../../lib/aggregate/argsort.js';

test('sorts positions by value as a stable sort does: ties keep their order, NaN comes last', () => {
  const value = fc.oneof(fc.double(), fc.integer({ min: -3, max: 100 }), fc.constantFrom(NaN, 0, -0, Infinity, -Infinity, 5e-324));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 200 }), (values) => {
      const place = (x: number): number => (Number.isNaN(x) ? Infinity : x);
      const expected = values
        .map((_, at) => at)
        .sort((a, b) => (place(values[a]!) === place(values[b]!) ? a - b : place(values[a]!) < place(values[b]!) ? -1 : 1));
      expect([...argsort(Float64Array.from(values))]).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});
