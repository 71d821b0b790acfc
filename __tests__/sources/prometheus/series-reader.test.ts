import { describe, expect, test } from '@jest/globals';
import { SeriesReader, type Series } from '../../../lib/sources/prometheus/series-reader.js';

const vector = {
  status: 'success',
  isPartial: true,
  data: {
    resultType: 'vector',
    result: [
      { metric: { __name__: 'a', command: 'x "]} y' }, value: [1.5, '12'] },
      { metric: { command: '\\', user: 'ünï "]]} ✓' }, value: [1.5, 'NaN'] },
      { metric: {}, value: [1.5, '1e-9'] },
    ],
  },
  warnings: ['a replica does not answer'],
};
const matrix = {
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [
      {
        metric: { instance: 'n1"]}' },
        values: [
          [1, '1'],
          [2, '2'],
        ],
      },
      { metric: { instance: 'n2' }, values: [[2, '+Inf']] },
    ],
  },
};

function read(text: string, size: number): { series: Series[]; envelope: ReturnType<SeriesReader['end']> } {
  const series: Series[] = [];
  const reader = new SeriesReader((one) => series.push(one));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return { series, envelope: reader.end() };
}

describe('the answer of a query', () => {
  test.each([1, 2, 3, 7, 64, 100_000])('in chunks of %i bytes', (size) => {
    const { series, envelope } = read(JSON.stringify(vector), size);
    expect(series).toEqual(vector.data.result.map(({ metric, value }) => ({ labels: metric, points: [value] })));
    expect(envelope).toMatchObject({ status: 'success', partial: true, warnings: vector.warnings });
    const several = read(JSON.stringify(matrix), size);
    expect(several.series).toEqual(matrix.data.result.map(({ metric, values }) => ({ labels: metric, points: values })));
    expect(several.envelope).toMatchObject({ status: 'success', partial: false, warnings: [] });
  });

  test('without series', () => {
    expect(read('{"status":"success","data":{"resultType":"vector","result":[]}}', 9).series).toEqual([]);
  });

  test('a refusal', () => {
    const { envelope } = read('{"status":"error","errorType":"execution","error":"too many samples"}', 5);
    expect(envelope).toMatchObject({ status: 'error', errorType: 'execution', error: 'too many samples' });
  });

  test.each(['<html>no</html>', '', '[1]', '{"status":"success","data":{"result":[{"metric":{}', `${' '.repeat(70_000)}x`])(
    'another text is none: %#',
    (text) => {
      expect(() => read(text, 1000)).toThrow(SyntaxError);
    },
  );
});
