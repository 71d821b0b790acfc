import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { KnownTexts, ReaderTexts } from '../../../lib/exposition/reader/known-texts.js';
import { TextReader, type Bounds } from '../../../lib/exposition/reader/text-reader.js';

const utf8 = new TextEncoder();

function read(
  text: string,
  wanted: readonly string[],
  { chunk = Infinity, ...bounds }: Partial<Bounds> & { chunk?: number } = {},
): TextReader {
  const reader = new TextReader((name) => (wanted.includes(name) ? name : undefined), bounds);
  const bytes = utf8.encode(text);
  for (let from = 0; from < bytes.length; from += chunk) reader.push(bytes.subarray(from, from + chunk));
  reader.end();
  return reader;
}

/** The rows as plain values. */
const rowsOf = ({ families }: TextReader): Record<string, readonly (readonly [Record<string, string>, number])[]> =>
  Object.fromEntries(
    [...families].map(([family, rows]) => [family, rows.map(({ labels, value }) => [Object.fromEntries(labels), value] as const)]),
  );

describe('samples', () => {
  const PROMETHEUS = `# HELP a_ratio A ratio.
# TYPE a_ratio gauge
a_ratio 0.5
a_ratio{x="1",y="two words"} 1.1811160064e+011
  a_ratio { x = "1" , } -3   1690000000000
a_ratio{x="quote \\" backslash \\\\ line\\nend"} NaN\r
b{x="1"} +Inf
c{x="1"} 7
`;
  const EXPECTED = {
    a_ratio: [
      [{}, 0.5],
      [{ x: '1', y: 'two words' }, 118111600640],
      [{ x: '1' }, -3],
      [{ x: 'quote " backslash \\ line\nend' }, NaN],
    ],
    b: [[{ x: '1' }, Infinity]],
  };

  test.each([Infinity, 1, 7, 64])('Prometheus text, in chunks of %s bytes', (chunk) => {
    const reader = read(PROMETHEUS, ['a_ratio', 'b'], { chunk });
    expect(rowsOf(reader)).toEqual(EXPECTED);
    expect([reader.samples, reader.badLines]).toEqual([6, 0]);
  });

  test('OpenMetrics: counters, creation times, exemplars, timestamps with an exponent, the end', () => {
    const text = `# TYPE jobs counter
jobs_total{q="a"} 17 1.69e9 # {trace_id="x"} 1.0 1.69e9
jobs_created{q="a"} 1.6e9
# TYPE load gauge
load 3
# EOF
load 4
`;
    const reader = read(text, ['jobs', 'load']);
    expect(rowsOf(reader)).toEqual({ jobs: [[{ q: 'a' }, 17]], load: [[{}, 3]] });
    expect([reader.badLines, reader.badSample]).toEqual([1, 'load 4']);
  });

  test('a family whose own name ends with _total keeps it', () => {
    expect(rowsOf(read('cpu_seconds_total 1\n', ['cpu_seconds_total']))).toEqual({ cpu_seconds_total: [[{}, 1]] });
  });

  test('quoted names of families and labels', () => {
    const reader = read('{"gpu.util", "k8s.pod"="p", x="1"} 2\n{"other.name"} 3\n{"gpu.util"} 4\n', ['gpu.util']);
    expect(rowsOf(reader)).toEqual({
      'gpu.util': [
        [{ 'k8s.pod': 'p', x: '1' }, 2],
        [{}, 4],
      ],
    });
  });

  test('the last line needs no newline', () => {
    expect(rowsOf(read('a 1', ['a']))).toEqual({ a: [[{}, 1]] });
  });
});

describe('text that is not as it should be', () => {
  test.each([
    ['a value that is a word', 'a{x="1"} ERROR - FAILED TO CONVERT TO STRING'],
    ['an open quote', 'a{x="1} 2'],
    ['a quote inside a value', 'a{x="page "fault""} 2'],
    ['no closing brace', 'a{x="1" 2'],
    ['no value', 'a{x="1"}'],
    ['a label without a value', 'a{x} 1'],
    ['a value without a name', 'a{="1"} 1'],
    ['a name that is not closed', '{"a 1'],
  ])('%s is a bad line, and the others count', (_, line) => {
    const reader = read(`a{x="0"} 1\n${line}\na{x="2"} 3\n`, ['a']);
    expect(rowsOf(reader)).toEqual({
      a: [
        [{ x: '0' }, 1],
        [{ x: '2' }, 3],
      ],
    });
    expect([reader.badLines, reader.badSample]).toEqual([1, line]);
  });

  test('labels of other families are not read: what is wrong with them does not matter', () => {
    expect(read('b{x="1} 2\nb{{{{\nb\na 1\n', ['a']).badLines).toBe(0);
  });

  test('a line that is too long is one bad line, in whatever chunks it comes', () => {
    for (const chunk of [Infinity, 10, 1000]) {
      const reader = read(`a{x="${'y'.repeat(500)}"} 1\na 2\n`, ['a'], { lineBytes: 100, chunk });
      expect(rowsOf(reader)).toEqual({ a: [[{}, 2]] });
      expect(reader.badLines).toBe(1);
    }
  });

  test('rows beyond the limit are dropped, and that is known', () => {
    const reader = read('a 1\na 2\na 3\n', ['a'], { rows: 2 });
    expect(rowsOf(reader)).toEqual({
      a: [
        [{}, 1],
        [{}, 2],
      ],
    });
    expect(reader.capped).toBe(true);
  });

  test('labels and values have a limit', () => {
    const labels = Array.from({ length: 200 }, (_, at) => `l${at}="${'v'.repeat(5000)}"`).join(',');
    const [row] = read(`a{${labels}} 1\n`, ['a'], { lineBytes: 2 ** 21 }).families.get('a')!;
    expect([row!.labels.size, row!.labels.get('l0')!.length]).toEqual([64, 4096]);
  });

  test('binary data, and control characters in what is shown of it', () => {
    const reader = new TextReader(() => 'a');
    reader.push(Uint8Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256));
    reader.end();
    expect(reader.badLines).toBeGreaterThan(0);
    expect(reader.badSample).not.toMatch(/[\x00-\x1f]/);
  });
});

describe('texts that are known', () => {
  const FIXTURES = new URL('../../fixtures/exporters/', import.meta.url);
  const texts = readdirSync(FIXTURES).map((file) => readFileSync(new URL(file, FIXTURES)));
  const all = (name: string): string => name;
  const readAll = (body: Uint8Array, known: ReaderTexts | undefined, chunk: number): TextReader => {
    const reader = new TextReader(all, {}, known);
    for (let from = 0; from < body.length; from += chunk) reader.push(body.subarray(from, from + chunk));
    reader.end();
    return reader;
  };
  const result = (reader: TextReader): unknown => [rowsOf(reader), reader.samples, reader.badLines, reader.badSample];

  test.each([Infinity, 1000, 61])('are read as if they were not, in chunks of %s bytes', (chunk) => {
    const known = new ReaderTexts();
    for (let round = 0; round < 3; round++)
      for (const body of texts) expect(result(readAll(body, known, chunk))).toEqual(result(readAll(body, undefined, chunk)));
  });

  test('a name or labels that only begin like known ones', () => {
    const known = new ReaderTexts();
    const body = (text: string): Uint8Array => utf8.encode(text);
    readAll(body('a{x="1"} 1\nab{x="1"} 2\na 3\n'), known, Infinity);
    const reader = readAll(body('ab{x="1"} 1\na{x="1",y="2"} 2\na{x="1"}3\nabc{x="1"} 4\na 5\na{x="1" } 6\n'), known, Infinity);
    expect(rowsOf(reader)).toEqual({
      ab: [[{ x: '1' }, 1]],
      a: [
        [{ x: '1', y: '2' }, 2],
        [{ x: '1' }, 3],
        [{}, 5],
        [{ x: '1' }, 6],
      ],
      abc: [[{ x: '1' }, 4]],
    });
  });

  test('labels that are not ASCII', () => {
    const known = new ReaderTexts();
    const broken = Uint8Array.from([...utf8.encode('a{x="'), 0xe4, 0xc3, ...utf8.encode('"} 12345\n')]);
    for (let round = 0; round < 2; round++) {
      expect(rowsOf(readAll(utf8.encode('a{x="naïve"} 1\n'), known, Infinity))).toEqual({ a: [[{ x: 'naïve' }, 1]] });
      expect(readAll(broken, known, Infinity).families.get('a')![0]!.value).toBe(12345);
    }
  });

  test('with too many, all are forgotten, and learnt again', () => {
    const known = new KnownTexts<string>(10);
    const bytes = utf8.encode(Array.from({ length: 100 }, (_, at) => String(at).padStart(4, '0')).join(''));
    const view = new DataView(bytes.buffer);
    let last = 0;
    for (let at = 0; at < 100; at++) {
      const [from, to] = [4 * at, 4 * at + 4];
      expect(known.find(view, from, to, last)).toBe(0);
      last = known.add(view, from, to, last, `text ${at}`);
      expect(last).toBeLessThanOrEqual(10);
      expect(known.value(known.find(view, from, to, 0))).toBe(`text ${at}`);
    }
    expect(known.find(view, 0, 4, 0)).toBe(0);
  });

  test('what another reader makes them forget is not taken for a name that has its number now', () => {
    const texts = new ReaderTexts(3);
    const [one, other] = ['a', 'none'].map((wanted) => new TextReader((name) => (name === wanted ? name : undefined), {}, texts)) as [
      TextReader,
      TextReader,
    ];
    one.push(utf8.encode('a 1\n'));
    other.push(utf8.encode('b 1\nc 1\nd 1\n'));
    one.push(utf8.encode('d 2\na 3\n'));
    one.end();
    expect(rowsOf(one)).toEqual({
      a: [
        [{}, 1],
        [{}, 3],
      ],
    });
  });

  test('many are found again', () => {
    const known = new KnownTexts<number>();
    const bytes = utf8.encode(Array.from({ length: 5000 }, (_, at) => String(at).padStart(4, '0')).join(''));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < 5000; at++) known.add(view, 4 * at, 4 * at + 4, at, at);
    for (let at = 0; at < 5000; at++) expect(known.value(known.find(view, 4 * at, 4 * at + 4, 0))).toBe(at);
  });
});
