import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { Parsers, type ScrapeParser } from '../../../lib/exposition/parser/index.js';
import { modelOf } from '../../helpers/scrape-model.js';

const AT = 1_700_000_000_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parser = (): ScrapeParser => new Parsers().newParser();
const push = (to: ScrapeParser, body: string | Uint8Array, size = Infinity): void => {
  const all = typeof body === 'string' ? bytes(body) : body;
  for (let from = 0; from < all.length; from += size) to.push(all.subarray(from, from + size));
};
const refusal = (body: string | Uint8Array, to = parser(), size = Infinity): string | undefined => {
  push(to, body, size);
  return to.refusal()?.message;
};
const foreign = (what: string): string => `answered with ${what}, not with all-smi metrics`;

const GOOD = `all_smi_up{instance="n1"} 1
all_smi_gpu_utilization{gpu="X", instance="n1", gpu_uuid="G", gpu_index="0"} 97
all_smi_process_memory_used_bytes{pid="1", user="alice", gpu_index="0", device_uuid="G", command="c"} 8
`;
const WAITING = 'all_smi_up{instance="n1"} 0\nall_smi_build_info{instance="n1", version="0.25.0"} 1\n';

const PROMETHEUS = `# HELP go_gc_duration_seconds A summary of the wall-time pause.
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 1.8e-05
prometheus_build_info{version="3.1.0"} 1
`;
const LOOKS: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['an empty body', '', 'an empty body'],
  ['line ends only', '\r\n\n', 'an empty body'],
  ['a login page', '<!doctype html>\n<html><head><title>\n Sign in </title></head></html>', 'an HTML page ("Sign in")'],
  ['a page without a title', '<html><body><form></form></body></html>\n', 'an HTML page'],
  ['a page after blank lines and a byte order mark', '\uFEFF\n\n  <HTML>', 'an HTML page'],
  ['a title with terminal escapes', '<title>a\x1b[2Jb</title>', 'an HTML page ("a[2Jb")'],
  ['an XML error', '<?xml version="1.0"?><Error/>', 'XML'],
  ['a JSON error', '{"error": "unauthorized"}', 'JSON'],
  ['a JSON list', '[]', 'JSON'],
  ["Prometheus' own metrics", PROMETHEUS, 'other metrics (first: go_gc_duration_seconds)'],
  ['metrics without comments', 'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1"} 42\n', 'other metrics (first: DCGM_FI_DEV_GPU_TEMP)'],
  ['metrics with similar names', 'all_smith{a="b"} 1\nxall_smi_up 1\n', 'other metrics (first: all_smith)'],
  ['nothing but an end mark', '# EOF\n', 'comments only'],
  ['a word', 'OK', 'text that is not in the Prometheus format'],
  ['InfluxDB lines', 'cpu,host=a usage=1 1700000000\n', 'text that is not in the Prometheus format'],
  ['all-smi lines without values', 'all_smi_up{instance="n1"}\n', 'text that is not in the Prometheus format'],
  ['gzip', gzipSync(GOOD), 'gzip data that is not declared as such'],
  ['UTF-16', Buffer.from(`\uFEFF${GOOD}`, 'utf16le'), 'UTF-16 text'],
  ['a binary', Uint8Array.of(127, 69, 76, 70, 0, 0, 1), 'binary data'],
];

describe('a body without all-smi metrics is rejected', () => {
  test.each(LOOKS)('%s', (_, body, look) => {
    expect(refusal(body)).toBe(foreign(look));
    expect(refusal(body, parser(), 1)).toBe(foreign(look));
  });

  test('after any other body; data is unchanged, and the next good body is read', () => {
    const one = parser();
    push(one, GOOD);
    expect(one.refusal()).toBeUndefined();
    one.commit(AT, 0);
    const before = modelOf(one.data);
    for (const [, body, look] of LOOKS) {
      expect(refusal(body, one)).toBe(foreign(look));
      one.abort();
      expect(modelOf(one.data)).toEqual(before);
    }
    expect(refusal(GOOD.replace(' 97', ' 12'), one)).toBeUndefined();
    one.commit(AT, 0);
    expect(one.data.gpus.field.utilPercent[0]).toBe(12);
  });

  test('when it is the start of a truncated body and shows no all-smi metrics', () => {
    const one = parser();
    push(one, `node_load1 1\n${GOOD}`);
    one.commit(AT, 0);
    expect(refusal('node_load1 1\n', one)).toBe(foreign('other metrics (first: node_load1)'));
  });

  test('when its exporter has not collected yet', () => {
    const one = parser();
    expect(refusal(WAITING, one)).toBe('the exporter has not collected any data yet');
    one.abort();
    push(one, WAITING.replace('} 0', '} 1'));
    expect(one.refusal()).toBeUndefined();
    one.commit(AT, 0);
    // The same lines with another value.
    expect(refusal(WAITING, one)).toBe('the exporter has not collected any data yet');
  });
});

describe('a body with all-smi metrics is accepted', () => {
  test.each([
    ['a complete body', GOOD],
    ['from a node without a GPU', 'all_smi_memory_used_bytes{instance="n"} 1\n'],
    ['with unknown families', 'all_smi_of_tomorrow 1\n'],
    ['after other metrics', `${PROMETHEUS}${GOOD}`],
    ['after a byte order mark', `\uFEFF${GOOD}`],
    ['after a long comment', `# ${'x'.repeat(5000)}\nall_smi_of_tomorrow 1\n`],
    ['after a bad line', `garbage\n${GOOD}`],
    ['with Windows line ends', GOOD.replaceAll('\n', '\r\n')],
    ['without a final line end', GOOD.trimEnd()],
    ['with up 0 and data', GOOD.replace('} 1\n', '} 0\n')],
  ])('%s', (_, body) => {
    for (const size of [1, 7, Infinity]) expect(refusal(body, parser(), size)).toBeUndefined();
  });

  test('a byte order mark costs no line', () => {
    const one = parser();
    push(one, `\uFEFF${GOOD}`);
    one.commit(AT, 0);
    expect([one.data.facts.badLines, one.data.facts.up]).toEqual([0, true]);
  });
});

test('a random mix of lines is rejected only if it has no all-smi sample, whatever was committed before', () => {
  const line = fc.constantFrom(
    'all_smi_gpu_utilization{gpu="X", instance="n1", gpu_uuid="G", gpu_index="0"} 1',
    'all_smi_memory_used_bytes{instance="n1"} 5',
    'all_smi_of_tomorrow{a="b"} 1',
    'all_smi_broken{a="b" 1',
    '# TYPE all_smi_up gauge',
    '# HELP node_load1 x',
    'node_load1 0.5',
    'go_goroutines{a="b"} 7',
    '<p>hello</p>',
    '',
  );
  const body = fc.array(line, { maxLength: 6 }).map((lines) => lines.map((one) => `${one}\n`).join(''));
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), (bodies) => {
      const one = parser();
      for (const text of bodies) {
        const isOurs = /^all_smi_(?!broken)\w+(\{[^}]*\})? \S+$/m.test(text);
        const refused = refusal(text, one, 11) !== undefined;
        expect(refused).toBe(!isOurs);
        if (refused) one.abort();
        else one.commit(AT, 0);
      }
    }),
  );
});
