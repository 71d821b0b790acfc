import { expect, test } from '@jest/globals';
import { judge, toBaseline, toTable } from '../../bench/table.js';

const ROWS = [
  { name: 'parse W1', oursMs: 0.018, yardstickMs: 0.36 },
  { name: 'frame', oursMs: 2, yardstickMs: 3 },
  { name: 'merge', oursMs: 1.5 },
];

test('a ratio fails when it is further below its baseline than the tolerance', () => {
  // 0.36 / 0.018 = 20; 3 / 2 = 1.5. With a tolerance of 0.4, 20 passes a baseline of 33 (19.8) and fails one of 34 (20.4).
  const verdicts = (parse: number): boolean[] => judge(ROWS, { tolerance: 0.4, ratios: { 'parse W1': parse } }).map(({ failed }) => failed);
  expect(verdicts(33)).toEqual([false, false, false]);
  expect(verdicts(34)).toEqual([true, false, false]);
});

test('a time that is no number fails, it does not slip through', () => {
  const [verdict] = judge([{ name: 'a', oursMs: NaN, yardstickMs: 1 }], { tolerance: 0.4, ratios: { a: 1 } });
  expect(verdict?.failed).toBe(true);
});

test('the table', () => {
  expect(toTable(judge(ROWS, { tolerance: 0.4, ratios: { 'parse W1': 50, frame: 1.4 } }))).toBe(
    [
      '             ours  plain port  ratio  baseline',
      'parse W1  18.0 µs      360 µs    20x       50x  SLOWER',
      'frame     2.00 ms     3.00 ms   1.5x      1.4x',
      'merge     1.50 ms           –      –         –',
    ].join('\n'),
  );
});

test('a baseline holds two significant figures', () => {
  expect(toBaseline([{ name: 'a', oursMs: 3, yardstickMs: 100 }, ROWS[2]!], 0.4)).toEqual({ tolerance: 0.4, ratios: { a: 33 } });
});
