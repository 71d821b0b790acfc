import { expect, test } from '@jest/globals';
import { fallen, figureOf, toBaseline, toTable, type BenchRow } from '../../bench/table.js';

const ROWS: readonly BenchRow[] = [
  { name: 'parse W1', oursMs: 0.018, yardstickMs: 0.36, target: { goal: 18, gate: 10 } },
  { name: 'frame', oursMs: 2, yardstickMs: 3, target: { goal: 4, gate: 3 } },
  { name: 'merge', oursMs: 0.35, target: { goal: 0.3, gate: 0.4 } },
  { name: 'first picture', value: 2.3, unit: 'x', target: { goal: 2.2, gate: 2.6 } },
  { name: 'heap', value: 0.25, unit: 'KiB' },
];
const FIGURES = ROWS.map(figureOf);

test('compares a value with its goal, then its gate; the two define which way is better', () => {
  expect(FIGURES.map(({ verdict }) => verdict)).toEqual(['goal', 'SHORT', 'gate', 'gate', '']);
});

test('reports a ratio that is worse than its baseline by more than the tolerance, in either direction', () => {
  // 0.36 / 0.018 = 20. With a tolerance of 0.4, 20 passes a baseline of 33 (19.8) and fails one of 34 (20.4).
  const against = (ratios: Record<string, number>): readonly string[] => fallen(FIGURES, { tolerance: 0.4, ratios });
  expect(against({ 'parse W1': 33 })).toEqual([]);
  expect(against({ 'parse W1': 34 })).toEqual(['parse W1']);
  // 2.3 passes a baseline of 1.7 (2.38) and fails one of 1.6 (2.24).
  expect(against({ 'first picture': 1.7 })).toEqual([]);
  expect(against({ 'first picture': 1.6 })).toEqual(['first picture']);
});

test('does not compare times, since machines differ', () => {
  expect(fallen(FIGURES, { tolerance: 0.4, ratios: { merge: 0.0001, heap: 0.0001 } })).toEqual([]);
});

test('rejects a value that is not a number', () => {
  const figure = figureOf({ name: 'a', oursMs: NaN, yardstickMs: 1, target: { goal: 2, gate: 1 } });
  expect(figure.verdict).toBe('SHORT');
  expect(fallen([figure], { tolerance: 0.4, ratios: { a: 1 } })).toEqual(['a']);
});

test('prints the table', () => {
  expect(toTable(FIGURES, { tolerance: 0.4, ratios: { 'parse W1': 50, frame: 1.4 } })).toBe(
    [
      '                 figure    goal    gate          ours   plain  baseline',
      'parse W1            20x     18x     10x   goal  18 µs  360 µs       50x  SLOWER',
      'frame              1.5x      4x      3x  SHORT   2 ms    3 ms      1.4x',
      'merge            350 µs  300 µs  400 µs   gate',
      'first picture      2.3x    2.2x    2.6x   gate',
      'heap           0.25 KiB',
    ].join('\n'),
  );
});

test('the baseline holds ratios with two significant digits', () => {
  const rows: readonly BenchRow[] = [{ name: 'a', oursMs: 3, yardstickMs: 100 }, ROWS[2]!, ROWS[3]!];
  expect(toBaseline(rows.map(figureOf), 0.4)).toEqual({ tolerance: 0.4, ratios: { a: 33, 'first picture': 2.3 } });
});
