import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FilterError } from '../../lib/filter/lexer.js';
import { MAX_FILTER_LENGTH, parse, type Query } from '../../lib/filter/parser.js';
import { print } from '../../lib/filter/print.js';

/** A query with all its brackets, which shows the precedence. */
function shape(query: Query | undefined): string {
  if (!query) return 'everything';
  if (query.kind === 'compare') return `${query.field}${query.operator}${query.number ?? query.value}`;
  if (query.kind === 'not') return `!(${shape(query.of)})`;
  return `(${query.of.map(shape).join(query.kind === 'and' ? ' & ' : ' | ')})`;
}

const SHAPES: readonly (readonly [text: string, is: string])[] = [
  ['', 'everything'],
  ['   ', 'everything'],
  // Fields, in any case, by each of their names.
  ['temp>80', 'temp>80'],
  ['Temperature > 80', 'temp>80'],
  ['UTIL<=5', 'util<=5'],
  ['utilization<5', 'util<5'],
  ['mempct>=90 ', 'mem_pct>=90'],
  ['mem_percent>=90', 'mem_pct>=90'],
  ['memused>1B', 'mem_used>1'],
  ['memtotal>1B', 'mem_total>1'],
  ['pwr!=300', 'power!=300'],
  ['idx==3', 'index==3'],
  ['performance_state==0', 'pstate==0'],
  ['numa_node==1', 'numa==1'],
  ['hostname==a', 'host==a'],
  ['name==a', 'gpu_name==a'],
  ['type==NPU', 'device_type==NPU'],
  ['group.rack==r3', 'group.rack==r3'],
  // Operators.
  ['user=alice', 'user==alice'],
  ['user==alice', 'user==alice'],
  ['user!=alice', 'user!=alice'],
  ['user~=^al', 'user~=^al'],
  ['user=~^al', 'user~=^al'],
  // Values.
  ['host==10.0.0.7:9090', 'host==10.0.0.7:9090'],
  ['host==node-0001', 'host==node-0001'],
  ['driver==580.10', 'driver==580.10'],
  ['user==1000', 'user==1000'],
  ['user==alice@example.org', 'user==alice@example.org'],
  ['user=="a b"', 'user==a b'],
  ['user==\'say "hi"\'', 'user==say "hi"'],
  ['user==müller', 'user==müller'],
  ['user=="(&|)"', 'user==(&|)'],
  ['user==""', 'user=='],
  ['temp>"80"', 'temp>80'],
  ['index==-1', 'index==-1'],
  ['user==not', 'user==not'],
  // Units.
  ['mem_used > 40GiB', 'mem_used>42949672960'],
  ['mem_used > 40 GiB', 'mem_used>42949672960'],
  ['mem_used>1.5g', 'mem_used>1610612736'],
  ['mem_used>40GB', 'mem_used>40000000000'],
  ['mem_used>512MiB', 'mem_used>536870912'],
  ['mem_used>2ti', 'mem_used>2199023255552'],
  ['mem_used>0', 'mem_used>0'],
  ['power>1.2kW', 'power>1200'],
  ['util>50%', 'util>50'],
  ['temp>80°C', 'temp>80'],
  ['temp>80 c & util>1', '(temp>80 & util>1)'],
  ['clock<1.2GHz', 'clock<1200'],
  ['age>15m', 'age>900'],
  ['age>1h30m', 'age>5400'],
  ['age>2d', 'age>172800'],
  ['pstate==P0', 'pstate==0'],
  ['pstate==p8', 'pstate==8'],
  // Precedence.
  ['temp>1 & util>2 | power>3', '((temp>1 & util>2) | power>3)'],
  ['temp>1 | util>2 & power>3', '(temp>1 | (util>2 & power>3))'],
  ['(temp>1 | util>2) & power>3', '((temp>1 | util>2) & power>3)'],
  ['not temp>1 & util>2', '(!(temp>1) & util>2)'],
  ['not (temp>1 & util>2)', '!((temp>1 & util>2))'],
  ['!temp>1', '!(temp>1)'],
  ['!!temp>1', '!(!(temp>1))'],
  ['NOT temp>1 AND util>2 Or power>3', '((!(temp>1) & util>2) | power>3)'],
  ['temp>1 && util>2 || power>3', '((temp>1 & util>2) | power>3)'],
  ['((temp>1))', 'temp>1'],
  ['temp>1 & (util>2 & power>3)', '(temp>1 & util>2 & power>3)'],
  ['temp>80&util>2', '(temp>80 & util>2)'],
];

const ERRORS: readonly (readonly [text: string, message: string])[] = [
  ['bogus==1', 'parse error: unknown field bogus at col 1'],
  ['tempo>1', 'parse error: unknown field tempo (did you mean temp?) at col 1'],
  ['temp', 'parse error: expected one of == != > >= < <= ~= at col 5'],
  ['temp>', 'parse error: expected a number of degrees at col 6'],
  ['temp>abc', 'parse error: expected a number of degrees at col 6'],
  ['temp>80GiB', 'parse error: expected a number of degrees at col 6'],
  ['util>1.2.3', 'parse error: expected a number of percent at col 6'],
  ['user==alice & mem_used > x', 'parse error: expected a size like 40GiB at col 26'],
  ['power>3k', 'parse error: expected a power like 300W at col 7'],
  ['age>soon', 'parse error: expected a time like 20s, 15m, 2d at col 5'],
  ['age>1m30', 'parse error: expected a time like 20s, 15m, 2d at col 5'],
  ['pstate==fast', 'parse error: expected a number like 0 or P0 at col 9'],
  ['temp>80 85', 'parse error: expected & or | at col 9'],
  ['user>alice', 'parse error: user is text: expected one of == != ~= at col 5'],
  ['host <= a', 'parse error: host is text: expected one of == != ~= at col 6'],
  ['temp~=8', 'parse error: temp is a number: ~= works only on text at col 5'],
  ['user==', 'parse error: expected a value at col 7'],
  ['user==&', 'parse error: expected a value at col 7'],
  ['user=="abc', 'parse error: the quote " is not closed at col 7'],
  ['user~alice', 'parse error: unexpected ~ at col 5'],
  ['(temp>1', 'parse error: expected & or | or ) at col 8'],
  ['temp>1)', 'parse error: unmatched ) at col 7'],
  ['temp>1 &', 'parse error: expected a field at col 9'],
  ['& temp>1', 'parse error: expected a field at col 1'],
  ['not', 'parse error: expected a field at col 4'],
  ['state == idle', 'parse error: state must be one of computing, held, free, unknown at col 10'],
  ['status!=nowhere', 'parse error: status must be one of up, failing, down, drained, waiting at col 9'],
  ['mem_used > 40', 'parse error: 40 bytes: write 40GiB, or 40B at col 12'],
  ['"temp">1', 'parse error: expected a field at col 1'],
  ['()', 'parse error: expected a field at col 2'],
  ['group.==1', 'parse error: unknown field group. at col 1'],
  // Columns count characters, not UTF-16 units.
  ['user==𝒶𝒷 & temp>x', 'parse error: expected a number of degrees at col 17'],
  ['日本==1', 'parse error: unknown field 日本 at col 1'],
];

describe('parsed', () => {
  test.each(SHAPES)('%s', (text, is) => {
    expect(shape(parse(text))).toBe(is);
  });

  test('nested up to the limit', () => {
    expect(shape(parse(`${'('.repeat(63)}temp>1${')'.repeat(63)}`))).toBe('temp>1');
    expect(parse(Array.from({ length: 1000 }, () => 'temp>1').join('|'))).toMatchObject({ kind: 'or' });
  });
});

describe('rejected, with the position', () => {
  test.each(ERRORS)('%s', (text, message) => {
    expect(() => parse(text)).toThrow(FilterError);
    expect(() => parse(text)).toThrow(message);
  });

  test('too deep, too long', () => {
    expect(() => parse(`${'('.repeat(65)}temp>1`)).toThrow('more than 64 nested brackets at col 65');
    expect(() => parse(`${'not '.repeat(100)}temp>1`)).toThrow('more than 64 nested brackets at col 257');
    expect(() => parse(`user==${'x'.repeat(MAX_FILTER_LENGTH)}`)).toThrow('longer than 16384 characters at col 16385');
  });
});

/** The query without the positions of its values. */
function meaning(query: Query): unknown {
  if (query.kind === 'compare') return { ...query, column: 0 };
  return { ...query, of: query.kind === 'not' ? meaning(query.of) : query.of.map(meaning) };
}

describe('print', () => {
  test.each([
    ['user=alice&mem_used>40 GiB', 'user == alice & mem_used > 40GiB'],
    ['not(temp>1|util<2)&power>3', 'not (temp > 1 | util < 2) & power > 3'],
    ['temp>1|(util>2|power>3)', 'temp > 1 | util > 2 | power > 3'],
    [`user=="a b"|user=='"'|user==""`, `user == "a b" | user == '"' | user == ""`],
    ['(not (not temp>1))', 'not not temp > 1'],
  ])('%s', (text, printed) => {
    expect(print(parse(text)!)).toBe(printed);
  });

  test('every query parses to the same query when printed', () => {
    const value = fc.oneof(
      fc.stringMatching(/^[^"]{0,12}$/u),
      fc.stringMatching(/^[^']{0,12}$/u),
      fc.constantFrom('not', 'and', 'or', 'alice', '10.0.0.7:9090', '-1', '(', '&'),
    );
    const text = fc.tuple(fc.constantFrom('user', 'host', 'gpu_name', 'command', 'group.rack'), fc.constantFrom('==', '!=', '~='), value);
    const figure = fc.constantFrom('80', '-3', '1.5', '0');
    const number = fc.tuple(fc.constantFrom('temp', 'util', 'index', 'power'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), figure);
    const bytes = fc.tuple(fc.constant('mem_used'), fc.constantFrom('<', '>'), fc.constantFrom('40GiB', '1.5 g', '2TB'));
    const quoted = (given: string): string => (given.includes('"') ? `'${given}'` : `"${given}"`);
    const comparison = fc.oneof(
      text.map(([field, operator, given]) => `${field}${operator}${quoted(given)}`),
      fc.oneof(number, bytes).map((parts) => parts.join(' ')),
    );
    const { query } = fc.letrec<{ query: string }>((tie) => ({
      query: fc.oneof(
        { depthSize: 'medium' },
        comparison,
        fc.tuple(tie('query'), fc.constantFrom('&', '|', ' and ', ' or '), tie('query')).map((parts) => parts.join('')),
        tie('query').map((inner) => `not ${inner}`),
        tie('query').map((inner) => `(${inner})`),
      ),
    }));
    fc.assert(
      fc.property(query, (typed) => {
        const parsed = parse(typed)!;
        const printed = print(parsed);
        expect(meaning(parse(printed)!)).toEqual(meaning(parsed));
        expect(print(parse(printed)!)).toBe(printed);
      }),
      { numRuns: 400 },
    );
  });
});

test('any text is a query or an error at a position in the text', () => {
  const pieces = [
    'user',
    'temp',
    '==',
    '~=',
    '(',
    ')',
    '&',
    '|',
    '!',
    '"',
    "'",
    ' ',
    'not',
    '40GiB',
    '80',
    '~',
    '𝒶',
    'group.',
    '\u0000',
    '\u202e',
  ];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          const query = parse(text);
          expect(query === undefined).toBe(text.trim() === '');
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          const { column } = error as FilterError;
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual(Array.from(text).length + 1);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
