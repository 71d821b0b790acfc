import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NameOrder, compareNames, isSystem } from '../../lib/aggregate/name-order.js';

const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uE000', '\uFFFD', '😀', '𐀀', '\uD7FF'), maxLength: 4 }),
);
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('compares names by their UTF-8 bytes', () => {
  fc.assert(fc.property(names, names, (a, b) => expect(Math.sign(compareNames(a, b))).toBe(bytewise(a, b))));
  // What `<` gets wrong: U+FFFD comes before U+1F600.
  expect(compareNames('\uFFFD', '😀')).toBeLessThan(0);
});

test.each([
  ['root', true],
  ['0', true],
  ['999', true],
  ['0999', true],
  ['1000', false],
  ['99999999999999999999', false],
  ['', false],
  ['-1', false],
  ['1e2', false],
  ['+5', false],
  ['5 ', false],
  ['nobody', false],
  ['systemd-network', false],
  ['Root', false],
])('whether %j is a system account: %s', (name, system) => {
  expect(isSystem(name)).toBe(system);
});

const sorted = (order: NameOrder, ids: readonly number[], table: readonly string[]): string[] =>
  [...order.rows(ids, ids.length, (id) => table[id]!)].map((row) => table[ids[row]!]!);

test('sorts rows by name, whatever the previous order', () => {
  const order = new NameOrder();
  const tables = fc.uniqueArray(names, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      fc.array(
        tables.chain((table) => fc.tuple(fc.constant(table), fc.shuffledSubarray(table.map((_, id) => id)))),
        { maxLength: 5 },
      ),
      (rounds) => {
        for (const [table, ids] of rounds) {
          expect(sorted(order, ids, table)).toEqual(ids.map((id) => table[id]!).sort(bytewise));
          for (const id of ids) expect([order.name(id), order.system(id)]).toEqual([table[id], isSystem(table[id]!)]);
        }
      },
    ),
  );
});

test('sorts again only when a name is new or the name of an id has changed', () => {
  const order = new NameOrder();
  const table = ['', 'dave', 'carol', 'bob', 'alice'];
  expect(sorted(order, [1, 2, 3], table)).toEqual(['bob', 'carol', 'dave']);
  expect(sorted(order, [3, 1], table)).toEqual(['bob', 'dave']);
  expect(sorted(order, [2, 3, 1], table)).toEqual(['bob', 'carol', 'dave']);
  expect(order.sorts).toBe(1);
  expect(sorted(order, [4, 2], table)).toEqual(['alice', 'carol']);
  expect(order.sorts).toBe(2);
  const renumbered = ['', 'alice', 'bob', 'carol', 'dave'];
  expect(sorted(order, [1, 2, 3], renumbered)).toEqual(['alice', 'bob', 'carol']);
  expect(order.sorts).toBe(3);
});

test('drops names that have not been used for long', () => {
  const order = new NameOrder();
  const table = Array.from({ length: 6000 }, (_, id) => `user${id}`);
  order.rows(
    table.map((_, id) => id),
    6000,
    (id) => table[id]!,
  );
  table.push('new');
  expect(sorted(order, [6000, 5], table)).toEqual(['new', 'user5']);
  expect(() => order.name(7)).not.toThrow();
  expect(order.name(7)).toBeUndefined();
});
