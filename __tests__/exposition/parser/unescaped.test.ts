/** Exporters that do not escape label values: what is unambiguous is read, everything else costs only its own row. */
import { describe, expect, test } from '@jest/globals';
import { Parsers, type ScrapeParser } from '../../../lib/exposition/parser/index.js';
import { modelOf } from '../../helpers/scrape-model.js';
import { readScrape } from '../../helpers/scrape-oracle.js';

const AT = 1_786_000_500_000;

/** `chunk`: the number of bytes that arrive at once. */
function scraped(text: string, { chunk = 1_000_000, parser = new Parsers().newParser() } = {}): ScrapeParser {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
  parser.commit(AT, 0);
  expect(modelOf(parser.data)).toEqual(readScrape(text, AT / 1000));
  return parser;
}

const row = (pid: number, command: string, value = pid * 1000): string =>
  `all_smi_process_memory_used_bytes{pid="${pid}", name="python", user="u${pid}", gpu_index="0", device_uuid="GPU-1", command="${command}"} ${value}\n`;
const commandsOf = ({ data }: ScrapeParser): [pid: number, command: string, bytes: number][] =>
  Array.from({ length: data.procs.count }, (_, at) => [data.procs.pid[at]!, data.text(data.procs.command[at]!), data.procs.vramBytes[at]!]);

const MESS = [
  `all_smi_gpu_utilization{gpu="A100", instance="n", gpu_uuid="GPU-1", gpu_index="0"} 87\n`,
  row(1, 'python -c "print(1)" --x'),
  row(2, 'awk\nBEGIN{x=1} 5\n'),
  row(3, 'ok'),
  `all_smi_process_memory_used_bytes{pid="4", user="u4", gpu_index="0", device_uuid="GPU-1", command="x", extra="14" rack"} 4000\n`,
].join('');

test.each([1, 7, 100, 1_000_000])(
  'reads unescaped quotes and line ends where they can only be part of a value; %i bytes at once',
  (chunk) => {
    const parser = scraped(MESS, { chunk });
    expect(commandsOf(parser)).toEqual([
      [1, 'python -c "print(1)" --x', 1000],
      [2, 'awkBEGIN{x=1} 5', 2000],
      [3, 'ok', 3000],
      [4, 'x', 4000],
    ]);
    expect([parser.data.facts.badLines, parser.data.userName(parser.data.procs.user[1]!)]).toEqual([0, 'u2']);
  },
);

test('the same text again changes values only, and a changed row is read again', () => {
  const parser = scraped(MESS);
  parser.push(new TextEncoder().encode(MESS.replace(' 1000\n', ' 1111\n').replace(' 2000\n', ' 2222\n')));
  expect(parser.commit(AT, 0)).toBe('values');
  expect(commandsOf(parser).map(([, , bytes]) => bytes)).toEqual([1111, 2222, 3000, 4000]);
  scraped(MESS.replace('print(1)', 'print(2)'), { parser });
  expect(commandsOf(parser)[0]).toEqual([1, 'python -c "print(2)" --x', 1000]);
});

test.each([
  ['reads a backslash before the closing quote', 'C:\\tools\\', 'C:\\tools\\'],
  ['reads a quote at the end', 'echo "', 'echo "'],
  ['reads text that looks like the end of the line', 'a"} 5 b', 'a"} 5 b'],
  ['stops at text that looks like the end of the line, with more lines after it', 'a"} 5\nb', 'a"} 5b'],
  ['reads an assignment', 'FOO="bar" run', 'FOO="bar" run'],
  ['reads a complete sample in the middle', 'one\nfoo{a="b"} 4\nlast "one"', 'onefoo{a="b"} 4last "one"'],
])('%s', (name, command, shown) => {
  const parser = scraped(row(1, command) + row(2, 'ok'));
  // A line that is well-formed so far is taken as complete: there is no way to know that more belongs to it.
  const isCut = name.includes('with more lines');
  expect(commandsOf(parser)[0]).toEqual(isCut ? [1, 'a', 5] : [1, shown, 1000]);
  expect(commandsOf(parser).at(-1)).toEqual([2, 'ok', 2000]);
});

describe('ambiguous text costs only its own row, and is counted', () => {
  test.each([
    ['a value that never ends', `all_smi_process_memory_used_bytes{pid="1", command="x\n`],
    [
      'a value that never ends, before samples of others',
      `all_smi_process_memory_used_bytes{pid="1", command="x\ngo_goroutines 12\nfoo{c="d"} 5\n`,
    ],
    ['no comma between two labels', 'all_smi_process_memory_used_bytes{pid="1", user="bob" command="x"} 5\n'],
    ['text that could be another label', 'all_smi_process_memory_used_bytes{pid="1", command="a, b="c"} 5\n'],
    ['a duplicate label', 'all_smi_process_memory_used_bytes{pid="1", command="a "b" c", command="d"} 5\n'],
    ['no sample value', 'all_smi_process_memory_used_bytes{pid="1", command="a "b" c"}\n'],
  ])('%s', (_, line) => {
    for (const text of [line + row(2, 'ok'), row(2, 'ok') + line]) {
      const parser = scraped(text, { chunk: 50 });
      expect(commandsOf(parser)).toEqual([[2, 'ok', 2000]]);
      expect(parser.data.facts.badLines).toBe(1);
    }
  });

  test('skips an endless value, and reads the rest', () => {
    const text = `all_smi_process_memory_used_bytes{pid="1", command="x\n${`${'y '.repeat(40)}\n`.repeat(2000)}${row(2, 'ok')}`;
    for (const chunk of [1000, 1_000_000]) {
      const parser = new Parsers().newParser();
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
      parser.commit(AT, 0);
      expect(commandsOf(parser)).toEqual([[2, 'ok', 2000]]);
      expect(parser.data.facts.badLines).toBe(2001);
    }
  });
});

test('reads timestamps with an exponent, as Go writes them for OpenMetrics, and exemplars after them', () => {
  const { data } = scraped(
    '# TYPE all_smi_gpu_utilization gauge\n' +
      'all_smi_gpu_utilization{gpu="A",instance="n",gpu_uuid="U",gpu_index="0"} 42 1.786113123e+09\n' +
      'all_smi_gpu_memory_used_bytes{gpu="A",instance="n",gpu_uuid="U",gpu_index="0"} 4e+09 1.786113123e+09 # {trace_id="x"} 1\n# EOF\n',
  );
  expect([data.facts.badLines, data.gpus.count, data.gpus.field.utilPercent[0], data.gpus.field.memoryUsedBytes[0]]).toEqual([
    0, 1, 42, 4e9,
  ]);
});

test('a line without labels has no instance, whatever the previous line', () => {
  expect(scraped('other{instance="somebody"} 1\nall_smi_up 1\n').data.facts.instance).toBe('');
});
