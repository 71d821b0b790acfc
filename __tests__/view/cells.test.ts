import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SELECTED, TONE_MASK, composeCells, frameToText, hitTest, type Cells } from '../../lib/view/cells.js';
import { TONES, line, span, type Frame, type Line, type Raster, type Tone } from '../../lib/view/frame.js';

const frame = (cols: number, rows: number, lines: readonly Line[], rasters: Frame['rasters'] = []): Frame => ({
  size: { cols, rows },
  lines,
  rasters,
});
const raster = (rows: readonly string[], tone: Tone = 'accent'): Raster => ({
  cols: Array.from(rows[0] ?? '').length,
  rows: rows.length,
  chars: rows.flatMap((row) => Array.from(row)),
  tones: rows.flatMap((row) => Array.from(row, () => tone)),
});
const tones = (cells: Cells, y: number): (string | undefined)[] =>
  [...cells.style.slice(y * cells.cols, (y + 1) * cells.cols)].map((style) => TONES[style & TONE_MASK]);
const row = (cells: Cells, y: number): string[] => cells.ch.slice(y * cells.cols, (y + 1) * cells.cols);

describe('composeCells', () => {
  test('places spans in order with their tones, and leaves the rest blank', () => {
    const cells = composeCells(frame(6, 1, [line(span('ab', 'good'), 'c')]));
    expect(row(cells, 0)).toEqual(['a', 'b', 'c', ' ', ' ', ' ']);
    expect(tones(cells, 0)).toEqual(['good', 'good', 'normal', 'normal', 'normal', 'normal']);
  });

  test('a filled line gives its tone to spans without one', () => {
    const cells = composeCells(frame(4, 1, [{ spans: [span('a'), span('b', 'bad')], fill: 'header' }]));
    expect(tones(cells, 0)).toEqual(['header', 'bad', 'header', 'header']);
  });

  test('a selected line is selected to its end and keeps its tones', () => {
    const cells = composeCells(frame(3, 2, [{ spans: [span('a', 'warn')], selected: true }, line('b')]));
    expect([...cells.style].map((style) => (style & SELECTED) !== 0)).toEqual([true, true, true, false, false, false]);
    expect(tones(cells, 0)).toEqual(['warn', 'normal', 'normal']);
  });

  test('a wide character takes two cells, or is a space if only half of it fits', () => {
    expect(row(composeCells(frame(5, 1, [line('a深度')])), 0)).toEqual(['a', '深', '', '度', '']);
    expect(row(composeCells(frame(4, 1, [line('a深度')])), 0)).toEqual(['a', '深', '', ' ']);
  });

  test('cuts lines beyond the height and text beyond the width', () => {
    expect(frameToText(frame(3, 2, [line('abcdef'), line('gh'), line('never')]))).toBe('abc\ngh');
  });

  test('no cell has control characters', () => {
    expect(frameToText(frame(20, 1, [line('a\x1b[31mb\u009b1mc\u202Ed')]))).toBe('a[31mb1mcd');
  });

  test('clips rasters on all sides', () => {
    const box = raster(['┌┐', '└┘']);
    const at = (x: number, y: number): string => frameToText(frame(3, 2, [line('...'), line('...')], [{ x, y, raster: box }]));
    expect(at(0, 0)).toBe('┌┐.\n└┘.');
    expect(at(-1, -1)).toBe('┘..\n...');
    expect(at(2, 1)).toBe('...\n..┌');
    expect(at(3, 0)).toBe('...\n...');
    expect(at(9, 9)).toBe('...\n...');
  });

  test('a raster over half of a wide character blanks the other half', () => {
    const block = raster(['█']);
    const over = (x: number): string[] => row(composeCells(frame(4, 1, [line('深度')], [{ x, y: 0, raster: block }])), 0);
    expect(over(1)).toEqual([' ', '█', '度', '']);
    expect(over(2)).toEqual(['深', '', '█', ' ']);
  });

  test('a raster cell is one column, whatever its content', () => {
    const odd: Raster = { cols: 5, rows: 1, chars: ['\x1b[2J', '深', '', 'ab', '⣿'], tones: [] };
    expect(row(composeCells(frame(5, 1, [], [{ x: 0, y: 0, raster: odd }])), 0)).toEqual(['[', ' ', ' ', 'a', '⣿']);
  });

  test('reused cells keep nothing of the last frame, and another size gets new cells', () => {
    const cells = composeCells(frame(4, 2, [{ spans: [span('深度', 'bad')], selected: true }, line('xxxx')]));
    const next = frame(4, 2, [line('a')]);
    expect(composeCells(next, cells)).toBe(cells);
    expect(cells).toEqual(composeCells(next));
    expect(composeCells(frame(3, 2, []), cells)).not.toBe(cells);
  });

  test('a terminal of size 0 has no cells', () => {
    expect(composeCells(frame(0, 0, [line('a')], [{ x: 0, y: 0, raster: raster(['ab']) }])).ch).toEqual([]);
  });

  test('every wide character is followed by its second half, and nothing else is', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '深', '🚀', 'é', '\x1b', '\u0301'), maxLength: 12 });
    const place = fc.record({
      x: fc.integer({ min: -3, max: 12 }),
      y: fc.integer({ min: -1, max: 4 }),
      raster: fc.constant(raster(['abc', 'def'])),
    });
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.array(text, { maxLength: 4 }), fc.array(place, { maxLength: 3 }), (cols, texts, rasters) => {
        const cells = composeCells(
          frame(
            cols,
            3,
            texts.map((one) => line(one)),
            rasters,
          ),
        );
        for (let y = 0; y < 3; y++) {
          row(cells, y).forEach((ch, x, all) => {
            expect(all[x + 1] === '').toBe('深🚀'.includes(ch) && ch !== '');
          });
          expect(row(cells, y)[0]).not.toBe('');
        }
      }),
    );
  });
});

describe('hitTest', () => {
  const lines: Line[] = [
    { spans: [span('深ab', 'normal', 'wide'), span('cd'), span('ef', 'normal', 'end')], region: 'row' },
    { spans: [span('only')] },
  ];
  const chart = { x: 2, y: 0, raster: raster(['##']), region: 'chart' };

  test.each([
    [0, 0, 'wide'],
    [1, 0, 'wide'],
    [3, 0, 'wide'],
    [4, 0, 'row'],
    [6, 0, 'end'],
    [8, 0, 'row'],
    [0, 1, undefined],
    [0, 2, undefined],
    [10, 0, undefined],
    [-1, 0, undefined],
    [0, 5, undefined],
  ])('(%i, %i) is %j', (x, y, wanted) => {
    expect(hitTest(frame(10, 3, lines), x, y)).toBe(wanted);
  });

  test('hits the topmost raster first', () => {
    const under = { ...chart, region: 'under' };
    expect(hitTest(frame(10, 3, lines, [under, chart]), 2, 0)).toBe('chart');
    expect(hitTest(frame(10, 3, lines, [chart]), 1, 0)).toBe('wide');
    expect(hitTest(frame(10, 3, lines, [{ x: 0, y: 0, raster: raster(['#']) }]), 0, 0)).toBe('row');
  });
});
