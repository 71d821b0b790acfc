import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PairSet } from '../../lib/aggregate/pair-set.js';

const few = fc.oneof(fc.nat(5), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 65536, 131072));
const lists = fc.array(fc.array(fc.tuple(few, fc.nat(3)), { maxLength: 100 }), { maxLength: 6 });

test.each([undefined, 300])('finds new pairs as a Set does, list after list, with stamps up to %s', (lastStamp) => {
  const pairs = new PairSet(lastStamp);
  fc.assert(
    fc.property(lists, (all) => {
      for (const list of all) {
        const seen = new Set<string>();
        const expected = list.map(([a, b]) => !seen.has(`${a}/${b}`) && Boolean(seen.add(`${a}/${b}`)));
        pairs.begin(
          Uint32Array.from(list, ([a]) => a),
          Int32Array.from(list, ([, b]) => b),
          list.length,
        );
        expect(list.map((_, row) => pairs.add(row))).toEqual(expected);
      }
    }),
  );
});
