import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ago,
  bar,
  bytes,
  compact,
  count,
  cut,
  cutStart,
  duration,
  pad,
  percent,
  spark,
  watts,
  width,
  wrap,
} from '../../lib/text/format.js';

const GIB = 1024 ** 3;

describe('width, cut, pad', () => {
  test.each([
    ['', 0],
    ['node-0001', 9],
    ['深度', 4],
    ['e\u0301a', 2],
    ['🚀x', 3],
    ['a\x1b[0m', 4],
  ])('width of %j is %i', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  test.each([
    ['inureyes', 8, 'inureyes'],
    ['inureyes', 5, 'inur…'],
    ['inureyes', 1, '…'],
    ['inureyes', 0, ''],
    ['inureyes', -3, ''],
    ['深度学习', 8, '深度学习'],
    ['深度学习', 7, '深度学…'],
    ['深度学习', 6, '深度…'], // 深度 + … = 5 columns; half a 学 would be the sixth
    ['a深', 2, 'a…'],
    ['a深', 3, 'a深'],
    ['深', 1, '…'],
  ])('cut %j to %i is %j', (text, cols, wanted) => {
    expect(cut(text, cols)).toBe(wanted);
  });

  test.each([
    ['ab', 5, 'left', 'ab   '],
    ['ab', 5, 'right', '   ab'],
    ['ab', 5, 'center', ' ab  '],
    ['深度学习', 6, 'left', '深度… '],
    ['abcdef', 3, 'right', 'ab…'],
    ['', 2, 'left', '  '],
  ] as const)('pad %j to %i %s is %j', (text, cols, align, wanted) => {
    expect(pad(text, cols, align)).toBe(wanted);
  });

  test('padded text is exactly as wide as requested', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.nat({ max: 20 }), (text, cols) => {
        expect(width(pad(text, cols))).toBe(cols);
        expect(width(cut(text, cols))).toBeLessThanOrEqual(cols);
      }),
    );
  });
});

describe('values', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [4 * GIB, '4.00 GiB'],
    [9.994 * GIB, '9.99 GiB'],
    [9.996 * GIB, '10.0 GiB'],
    [64 * GIB, '64.0 GiB'],
    [99.96 * GIB, '100 GiB'],
    [256 * GIB, '256 GiB'],
    [1023 * GIB, '1023 GiB'],
    [1023.6 * GIB, '1.00 TiB'],
    [1.46 * 1024 * GIB, '1.46 TiB'],
    [2 ** 80, '>999 EiB'],
    [NaN, '–'],
    [undefined, '–'],
    [Infinity, '–'],
  ])('bytes %d is %j', (n, wanted) => {
    expect(bytes(n)).toBe(wanted);
  });

  test('a column keeps its width, whatever the value', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(bytes(n).length).toBeLessThanOrEqual(8);
        expect(watts(n).length).toBeLessThanOrEqual(7);
        expect(compact(n).length).toBeLessThanOrEqual(5);
      }),
    );
    expect([bytes(1e300), watts(1e300), compact(1e300)]).toEqual(['>999 EiB', '>999 GW', '>999G']);
    expect([bytes(-1e300), watts(-1e300), compact(-1e300)]).toEqual(['<-999 EiB', '<-999 GW', '<-999G']);
    expect([bytes(2 ** 70 - 2 ** 60), watts(999e9)]).toEqual(['1023 EiB', '999 GW']);
  });

  test.each([
    [0, '0.0 W'],
    [5.04, '5.0 W'],
    [41, '41.0 W'],
    [99.96, '100 W'],
    [611, '611 W'],
    [999.6, '1.00 kW'],
    [5210, '5.21 kW'],
    [14_100, '14.1 kW'],
    [388_000, '388 kW'],
    [1_250_000, '1.25 MW'],
    [NaN, '–'],
  ])('watts %d is %j', (n, wanted) => {
    expect(watts(n)).toBe(wanted);
  });

  test.each([
    [0, '0%'],
    [96.6, '97%'],
    [104, '104%'],
    [NaN, '–'],
  ])('percent %d is %j', (n, wanted) => {
    expect(percent(n)).toBe(wanted);
  });

  test.each([
    [0, '00:00:00'],
    [31.9, '00:00:31'],
    [3180, '00:53:00'],
    [86_399, '23:59:59'],
    [86_400, '1d 00:00:00'],
    [2 * 86_400 + 3 * 3600 + 11 * 60 + 9, '2d 03:11:09'],
    [-1, '–'],
    [undefined, '–'],
  ])('duration %d is %j', (n, wanted) => {
    expect(duration(n)).toBe(wanted);
  });

  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
    [-9140, '-9,140'],
    [undefined, '–'],
  ])('count %d is %j', (n, wanted) => {
    expect(count(n)).toBe(wanted);
  });

  test.each([
    [-5, '0s'],
    [12_999, '12s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [7_200_000, '2h'],
    [4 * 86_400_000, '4d'],
    [NaN, '–'],
  ])('ago %d is %j', (n, wanted) => {
    expect(ago(n)).toBe(wanted);
  });
});

describe('blocks', () => {
  test.each([
    [0, 4, '░░░░'],
    [1, 4, '████'],
    [2, 4, '████'],
    [0.5, 4, '██░░'],
    [0.78125, 4, '███▏'], // 25 of 32 eighths
    [0.0001, 4, '▏░░░'],
    [0.9999, 4, '███▉'],
    [-1, 2, '░░'],
    [NaN, 4, '–   '],
    [0.5, 0, ''],
  ])('bar of %d in %i is %j', (fraction, cols, wanted) => {
    expect(bar(fraction, cols)).toBe(wanted);
  });

  test.each([
    [[0, 50, 100], 3, '▁▅█'],
    [[0, 50, 100], 5, '  ▁▅█'],
    [[0, 0, 50, 100], 2, '▅█'],
    [[10, NaN, 90], 3, '▁ █'],
    [[-20, 300], 2, '▁█'],
    [[], 2, '  '],
    [[5], 0, ''],
  ])('spark of %j in %i is %j', (values, cols, wanted) => {
    expect(spark(values, cols, 0, 100)).toBe(wanted);
  });

  test('a scale of one point is drawn low', () => {
    expect(spark([5, 5], 2, 5, 5)).toBe('▁▁');
  });
});

test.each([
  ['abcdef', 0, 'abcdef'],
  ['abcdef', 2, '…cdef'],
  ['abcdef', 6, '…'],
  ['abcdef', 99, '…'],
  ['日本語x', 3, '…語x'],
  ['', 3, ''],
])('%j without its first %i columns is %j', (text, cols, wanted) => {
  expect(cutStart(text, cols)).toBe(wanted);
});

describe('wrap', () => {
  test.each([
    ['', 5, ['']],
    ['abc', 5, ['abc']],
    ['abcdef', 3, ['abc', 'def']],
    ['python train.py --bs=128', 12, ['python ', 'train.py ', '--bs=128']],
    ['a --very-long-option', 8, ['a --very', '-long-op', 'tion']],
    ['日本語', 5, ['日本', '語']],
    ['ab', 1, ['…']],
    ['ab', 0, ['']],
  ])('%j in %i columns is %j', (text, cols, pieces) => {
    expect(wrap(text, cols)).toEqual(pieces);
  });

  test('any text: each piece fits, none is empty, and together they are the whole text', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', 'é', '-', '/') });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 12 }), (text, cols) => {
        const pieces = wrap(text, cols);
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) expect(width(piece)).toBeLessThanOrEqual(cols);
        if (text !== '') expect(pieces).not.toContain('');
      }),
    );
  });
});
