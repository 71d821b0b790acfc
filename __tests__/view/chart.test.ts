import { describe, expect, test } from '@jest/globals';
import { niceCeiling, peaks, samplesPerColumn } from '../../lib/view/chart.js';

const shown = (values: readonly number[], last: number, cols: number, per: number): number[] => [
  ...peaks({ values, last, stepMs: 1000 }, cols, per),
];

describe('peaks', () => {
  test('shows one sample per column, the newest at the right, blank before the first', () => {
    expect(shown([1, 2, 3], 99, 5, 1)).toEqual([NaN, NaN, 1, 2, 3]);
    expect(shown([1, 2, 3, 4], 99, 2, 1)).toEqual([3, 4]);
    expect(shown([], -1, 2, 1)).toEqual([NaN, NaN]);
  });

  test('shows the highest of several samples in a column, whatever its neighbours', () => {
    // Samples 4..11: bins of four are 4-7 and 8-11.
    expect(shown([1, 99, 1, 1, 2, 2, 50, 2], 11, 2, 4)).toEqual([99, 50]);
  });

  test('a bin keeps its samples as new ones arrive: the chart moves by whole columns', () => {
    const all = [5, 1, 9, 1, 2, 8];
    // Bins of two: (0, 1), (2, 3), (4, 5).
    expect(shown(all.slice(0, 4), 3, 3, 2)).toEqual([NaN, 5, 9]);
    expect(shown(all.slice(0, 5), 4, 3, 2)).toEqual([5, 9, 2]);
    expect(shown(all, 5, 3, 2)).toEqual([5, 9, 8]);
  });

  test('unknown samples do not count, and do not hide known ones', () => {
    expect(shown([NaN, 3, NaN, NaN], 3, 2, 2)).toEqual([3, NaN]);
    expect(shown([3, NaN, 0, NaN], 3, 2, 2)).toEqual([3, 0]);
  });

  test('a break is a gap at any width, but not before the first column', () => {
    const series = { values: [8, 8, 8, 4, 4, 4], last: 5, stepMs: 1000, breaks: [3] };
    expect([...peaks(series, 6, 1)]).toEqual([8, 8, 8, NaN, 4, 4]);
    expect([...peaks(series, 3, 2)]).toEqual([8, NaN, 4]);
    expect([...peaks(series, 2, 1)]).toEqual([4, 4]);
  });
});

test('samples per column: enough for the window, and at least one', () => {
  expect(samplesPerColumn({ stepMs: 3000 }, 20, 600_000)).toBe(10);
  expect(samplesPerColumn({ stepMs: 3000 }, 24, 600_000)).toBe(9);
  expect(samplesPerColumn({ stepMs: 60_000 }, 24, 600_000)).toBe(1);
  expect(samplesPerColumn({ stepMs: 3000 }, 0, 600_000)).toBe(200);
});

test.each([
  [0, 1],
  [NaN, 1],
  [0.7, 1],
  [1, 1],
  [1.01, 2],
  [2.2, 2.5],
  [380, 500],
  [501, 1000],
  [20_000, 20_000],
])('a scale for %d ends at %d', (value, end) => {
  expect(niceCeiling(value)).toBeCloseTo(end, 9);
});
