import { describe, expect, test } from '@jest/globals';
import { Charts } from '../../lib/paint/charts.js';
import { drawLineChart } from '../../lib/paint/line-chart.js';
import type { Raster, Chart } from '../../lib/view/frame.js';

const chart = (values: readonly number[], more: Partial<Chart> = {}): Chart => ({
  id: 'a',
  version: 1,
  series: [{ values, tone: 'accent' }],
  labels: values.map((_, at) => `t${String(at).padStart(2, '0')}`),
  min: 0,
  max: 100,
  ...more,
});
const rowsOf = ({ cols, rows, chars }: Raster): string[] =>
  Array.from({ length: rows }, (_, y) =>
    chars
      .slice(y * cols, (y + 1) * cols)
      .join('')
      .trimEnd(),
  );
const SIZE = { cols: 60, rows: 14 };
const tonesOf = (raster: Raster, tone: string): number[] =>
  raster.tones.flatMap((one, at) => (one === tone && raster.chars[at] !== ' ' ? [at] : []));

describe('a chart', () => {
  test('fills its cells: axes with labels, and the line in its tone', () => {
    const raster = drawLineChart(chart(Array.from({ length: 40 }, (_, at) => at * 2.5)), SIZE);
    expect([raster.chars.length, raster.tones.length]).toEqual([840, 840]);
    const text = rowsOf(raster);
    for (const caption of ['0', '20', '40', '60', '80']) expect(text.some((row) => row.trimStart().startsWith(caption))).toBe(true);
    expect(text.at(-2)).toMatch(/t00 .*t\d\d/);
    // It rises: the leftmost dots are at the bottom, the rightmost at the top.
    const line = tonesOf(raster, 'accent').map((at) => ({ x: at % SIZE.cols, y: Math.floor(at / SIZE.cols) }));
    const [first, last] = [line.reduce((a, b) => (b.x < a.x ? b : a)), line.reduce((a, b) => (b.x > a.x ? b : a))];
    expect([first.y > 9, last.y < 3]).toEqual([true, true]);
    expect(raster.chars.every((ch) => Array.from(ch).length === 1)).toBe(true);
  });

  test('is drawn on the given scale, not on the scale of its values', () => {
    const highest = (max: number): number =>
      Math.min(...tonesOf(drawLineChart(chart([50, 50, 50, 50], { max }), SIZE), 'accent').map((at) => Math.floor(at / SIZE.cols)));
    expect(highest(100)).toBeGreaterThan(highest(60));
    expect(highest(1000)).toBeGreaterThan(highest(100));
  });

  test('has gaps for unknown values', () => {
    const raster = drawLineChart(chart(Array.from({ length: 40 }, (_, at) => (at >= 15 && at < 25 ? NaN : 50))), SIZE);
    const columns = new Set(tonesOf(raster, 'accent').map((at) => at % SIZE.cols));
    const gap = Array.from({ length: 60 }, (_, x) => x).filter((x) => x > 12 && x < 55 && !columns.has(x));
    expect(gap.length).toBeGreaterThan(8);
    expect(gap.at(-1)! - gap[0]! + 1).toBe(gap.length);
  });

  test('keeps the tones of several lines', () => {
    const raster = drawLineChart(
      {
        ...chart([10, 10]),
        series: [
          { values: [10, 10], tone: 'accent' },
          { values: [90, 90], tone: 'bad' },
        ],
      },
      SIZE,
    );
    expect(Math.max(...tonesOf(raster, 'bad'))).toBeLessThan(Math.min(...tonesOf(raster, 'accent')));
  });

  test.each([
    [0, 0],
    [1, 1],
    [23, 20],
    [80, 5],
    [25, 6],
    [220, 58],
    [61, 13],
  ])('has the right size at %ix%i and does not throw', (cols, rows) => {
    const raster = drawLineChart(chart([1, 2, 3]), { cols, rows });
    expect([raster.cols, raster.rows, raster.chars.length]).toEqual([cols, rows, cols * rows]);
  });

  test('is blank without data', () => {
    for (const values of [[], [5], [NaN, NaN]]) expect(tonesOf(drawLineChart(chart(values), SIZE), 'accent')).toEqual([]);
  });

  test('leaves no handlers in the process', () => {
    const before = ['exit', 'uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT'].map((event) => process.listenerCount(event));
    drawLineChart(chart([1, 2]), SIZE);
    expect(['exit', 'uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT'].map((event) => process.listenerCount(event))).toEqual(before);
  });
});

describe('the chart renderer', () => {
  const blank = { cols: 1, rows: 1, chars: [' '], tones: ['normal' as const] };

  test('is loaded once, when the first chart is requested, and notifies when it is ready', async () => {
    let loads = 0;
    const charts = new Charts(async () => {
      loads++;
      return () => blank;
    });
    const ready = new Promise<void>((resolve) => charts.onReady(resolve));
    expect([charts.draw(chart([1]), SIZE), charts.draw(chart([1]), SIZE), loads]).toEqual([undefined, undefined, 1]);
    await ready;
    expect([charts.draw(chart([1]), SIZE), loads]).toEqual([blank, 1]);
  });

  test('draws again when version, id or size changes, and caches the last eight', async () => {
    const drawn: string[] = [];
    const charts = new Charts(async () => ({ id, version }, { cols }) => {
      drawn.push(`${id} ${version} ${cols}`);
      return blank;
    });
    const ready = new Promise<void>((resolve) => charts.onReady(resolve));
    charts.draw(chart([1]), SIZE);
    await ready;
    for (const version of [1, 1, 2, 2, 1]) charts.draw(chart([1], { version }), SIZE);
    charts.draw(chart([1], { id: 'b' }), SIZE);
    charts.draw(chart([1], { id: 'b' }), { ...SIZE, cols: 9 });
    expect(drawn).toEqual(['a 1 60', 'a 2 60', 'b 1 60', 'b 1 9']);
    for (let version = 10; version < 18; version++) charts.draw(chart([1], { version }), SIZE);
    charts.draw(chart([1], { version: 10 }), SIZE);
    expect(drawn).toHaveLength(12);
    charts.draw(chart([1]), SIZE);
    expect(drawn).toHaveLength(13);
  });
});
