import { describe, expect, test } from '@jest/globals';
import { difference, figuresAndMarks } from './helpers/figures-and-marks.js';

describe('a screen without its words', () => {
  const before = ' ▌ node-0003 ~3m    0  ███████░  88%  70.1/79.6G    66°   580/700W  bob\n answers take 28 ms, 95% at most 117 ms';

  test('keeps values and marks', () => {
    expect(figuresAndMarks(before.split('\n')[0]!).join(' ')).toBe('▌ - 0003 ~ 3 0 █ █ █ █ █ █ █ ░ 88% 70.1 / 79.6 66° 580 / 700');
  });

  test('is the same with other words in other positions', () => {
    expect(difference('3 of 5 nodes answer · 1 down ✕', '1 ✕ down, 5 nodes: 3 up')).toEqual({ lost: [], gained: [] });
  });

  test.each([
    ['a figure', '88%', '89%', ['1 × 88%'], ['1 × 89%']],
    ['a mark', ' ~3m', ' 3m', ['1 × ~'], []],
    ['a cut value', '580/700W', '580/…', ['1 × 700'], ['1 × …']],
    ['a bar', '███████░', '██████░░', ['1 × █'], ['1 × ░']],
  ])('is different with another value or mark: %s', (_what, from, to, lost, gained) => {
    expect(difference(before, before.replace(from, to))).toEqual({ lost, gained });
  });
});
