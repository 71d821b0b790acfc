import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decimalText, escapeLabel, labelBlock, writeFamilies, type Family } from '../../../lib/exposition/write/families-text.js';
import { readExposition } from '../../helpers/exposition-reader.js';
import { hasPromtool, promtoolComplaints } from '../../helpers/promtool.js';

const gauge = (name: string, samples: Family['samples'], decimals?: number): Family => ({
  name,
  help: `help of ${name}`,
  type: 'gauge',
  samples,
  ...(decimals === undefined ? {} : { decimals }),
});

describe('labels', () => {
  test.each([
    ['plain', 'python train.py --bs=128', 'python train.py --bs=128'],
    ['quotes and backslashes', 'say "hi" \\ bye', 'say \\"hi\\" \\\\ bye'],
    ['a backslash before an n, which is not a line feed', '\\n', '\\\\n'],
    ['line feeds', 'a\nb', 'a\\nb'],
    ['braces and commas, which are kept', '{"lr": 2e-4}, x=1', '{\\"lr\\": 2e-4}, x=1'],
    ['carriage returns and other control characters, which are removed', 'a\rb\u0000c\u001b[31md\u007f\u0085e', 'abc[31mde'],
    ['other scripts, which are kept', '日本語 naïve 👍', '日本語 naïve 👍'],
  ])('%s', (_, value, escaped) => {
    expect(escapeLabel(value)).toBe(escaped);
  });

  test('keep their order in a block, separated by a comma and a space', () => {
    expect(labelBlock({ pid: 12, user: 'al"ice', host: '' })).toBe('{pid="12", user="al\\"ice", host=""}');
    expect(labelBlock({})).toBe('');
  });
});

describe('numbers', () => {
  test.each([
    [97, undefined, '97'],
    [3.5, undefined, '3.5'],
    [-0, undefined, '0'],
    [1e21, undefined, '1000000000000000000000'],
    [1.25e23, undefined, '125000000000000000000000'],
    [1.25e-7, undefined, '0.000000125'],
    [-2.5e-9, undefined, '-0.0000000025'],
    [9007199254740991, undefined, '9007199254740991'],
    [5, 2, '5.00'],
    [8.456, 2, '8.46'],
    [1e22, 2, '10000000000000000000000'],
    [Infinity, undefined, '+Inf'],
    [-Infinity, 2, '-Inf'],
    [NaN, undefined, 'NaN'],
  ])('%p with %p decimals', (value, decimals, text) => {
    expect(decimalText(value, decimals)).toBe(text);
  });

  test('read back unchanged, and have no exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = decimalText(value);
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(text)).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

describe('families', () => {
  test('have one HELP and TYPE each, followed by the samples', () => {
    const cpu = labelBlock({ pid: 1 });
    const text = writeFamilies([
      gauge('all_smi_up', [{ labels: '', value: 1 }]),
      { name: 'all_smi_joules_total', help: 'a \\ in\ntwo lines', type: 'counter', samples: [{ labels: '', value: 2.5 }] },
      gauge('all_smi_process_cpu_percent', [{ labels: cpu, value: 5 }, { labels: cpu, value: 8.5 }], 2), // prettier-ignore
    ]);
    expect(text).toBe(
      [
        '# HELP all_smi_up help of all_smi_up',
        '# TYPE all_smi_up gauge',
        'all_smi_up 1',
        '# HELP all_smi_joules_total a \\\\ in\\ntwo lines',
        '# TYPE all_smi_joules_total counter',
        'all_smi_joules_total 2.5',
        '# HELP all_smi_process_cpu_percent help of all_smi_process_cpu_percent',
        '# TYPE all_smi_process_cpu_percent gauge',
        'all_smi_process_cpu_percent{pid="1"} 5.00',
        'all_smi_process_cpu_percent{pid="1"} 8.50',
        '',
      ].join('\n'),
    );
  });

  test('omit unreported values', () => {
    const none = labelBlock({ gpu: 'a' });
    expect(writeFamilies([gauge('a', []), gauge('b', [{ labels: none, value: NaN }])])).toBe('');
    expect(writeFamilies([gauge('c', [{ labels: none, value: NaN }, { labels: none, value: 0 }])])).toContain('\nc{gpu="a"} 0\n'); // prettier-ignore
  });

  test('accept samples from a generator', () => {
    function* rows(): Generator<{ labels: ''; value: number }> {
      yield { labels: '', value: 1 };
      yield { labels: '', value: 2 };
    }
    expect(
      readExposition(writeFamilies([gauge('a', rows())]))
        .get('a')
        ?.samples.map(({ value }) => value),
    ).toEqual([1, 2]);
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\r', '{', '}', ',', '=', ' ', '#', 'n', '\u0085', '日') }),
);
const anyLabels = fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), anyText, { maxKeys: 5, noNullPrototype: true });
const anyFamilies = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^all_smi_[a-z]{1,8}$/),
    help: anyText,
    rows: fc.array(fc.record({ labels: anyLabels, value: fc.double({ noNaN: true }) }), { maxLength: 5 }),
  }),
  { selector: (family) => family.name, maxLength: 6 },
);

test('read the same in another reader, whatever the labels contain', () => {
  fc.assert(
    fc.property(anyFamilies, (input) => {
      const text = writeFamilies(
        input.map(({ name, help, rows }) => ({
          name,
          help,
          type: 'gauge',
          samples: rows.map(({ labels, value }) => ({ labels: labelBlock(labels), value })),
        })),
      );
      const read = [...readExposition(text).values()].map(({ name, samples }) => ({
        name,
        rows: samples.map(({ labels, value }) => ({ labels: { ...labels }, value })),
      }));
      const harmless = (value: string): string => value.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '');
      const expected = input
        .filter(({ rows }) => rows.length > 0)
        .map(({ name, rows }) => ({
          name,
          rows: rows.map(({ labels, value }) => ({
            labels: Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, harmless(text)])),
            value: value === 0 ? 0 : value,
          })),
        }));
      expect(read).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

(hasPromtool ? test : test.skip)('promtool accepts hostile labels (skipped where promtool, Debian package prometheus, is missing)', () => {
  const values = ['"', '\\', '\\n', 'a\nb', 'a\rb', '\u001b]0;x\u0007', '}', '{,=', '日本語', '# HELP', '\ud800'];
  const samples = values.map((value, nth) => ({ labels: labelBlock({ nth, value }), value: nth * 1e-9 }));
  expect(promtoolComplaints(writeFamilies([gauge('all_smi_test', samples)]))).toEqual([]);
});
