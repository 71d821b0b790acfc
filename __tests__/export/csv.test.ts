import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import Papa from 'papaparse';
import { csvOf } from '../../lib/export/csv.js';
import { jsonOf } from '../../lib/export/json.js';
import type { Sheet, SheetCell } from '../../lib/model/sheet.js';

const USERS: Sheet['columns'] = [
  { name: 'user' },
  { name: 'is_system' },
  { name: 'nodes' },
  { name: 'gpus' },
  { name: 'procs' },
  { name: 'vram_bytes' },
  { name: 'power_watts', decimals: 3 },
  { name: 'longest_seconds' },
  { name: 'top_command' },
  { name: 'sm_gpus', jsonOnly: true },
];
const sheet = (rows: readonly (readonly SheetCell[])[], columns = USERS): Sheet => ({ about: { table: 'users' }, columns, rows });
/** The cell as written to a CSV with one column. */
const cell = (value: SheetCell): string => csvOf(sheet([[value]], [{ name: 'x' }])).slice(2, -1);

test('the columns of all-smi; unknown values are empty, not 0', () => {
  const text = csvOf(
    sheet([
      ['alice', false, 1, 2, 1, 68719476736, 739.65, 3600.9, 'python train.py --note="run 7"', 1.5],
      ['(unattributed)', false, 1, 1, 2, 0, 0, NaN, '', undefined],
      ['root', true, 2, 3, 3, 1, undefined, 7, 'gpu_burn -i 0', undefined],
    ]),
  );
  expect(text).toBe(`user,is_system,nodes,gpus,procs,vram_bytes,power_watts,longest_seconds,top_command
alice,false,1,2,1,68719476736,739.650,3600,"python train.py --note=""run 7"""
(unattributed),false,1,1,2,0,0.000,,
root,true,2,3,3,1,,7,gpu_burn -i 0
`);
});

test('an empty table is its header', () => {
  expect(csvOf(sheet([], [{ name: 'a' }, { name: 'b' }]))).toBe('a,b\n');
});

describe('cells', () => {
  test.each([
    ['=cmd|calc', `"'=cmd|calc"`],
    ['+1', `"'+1"`],
    ['-v', `"'-v"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['  =1', `"'  =1"`],
    ['\u00a0\u3000=1', `"'\u00a0\u3000=1"`],
    ['＝1', `"'＝1"`],
    ["='a", `"'='a"`],
    ['a=1', 'a=1'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['="x"', `"'=""x"""`],
    ['日本語 名前', '日本語 名前'],
    ["o'neil", "o'neil"],
  ])('%j is written as %s', (text, expected) => {
    expect(cell(text)).toBe(expected);
  });

  test('control characters are removed before the formula guard, which then sees the text they hid', () => {
    expect(cell('\x1b\u202e=1')).toBe(`"'=1"`);
    expect(cell('\t=1')).toBe(`"'=1"`);
    expect(cell('a\nb\rc')).toBe('abc');
  });

  test.each([
    [0, '0'],
    [2 ** 53, '9007199254740992'],
    [2 ** 64, '18446744073709551615'],
    [1e300, '18446744073709551615'],
    [1.8e19, '18000000000000000000'],
    [NaN, ''],
    [Infinity, ''],
  ])('%s is written as the integer %s', (value, expected) => {
    expect(cell(value)).toBe(expected);
  });
});

const COLUMNS = [{ name: 'a' }, { name: 'b' }, { name: '__proto__' }];
const texts = fc.array(
  fc.tuple(...COLUMNS.map(() => fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', "'", '=', '+', '-', '@', ' ', ';', 'é', '日') }))),
);

test('any text reads back unchanged, and no cell starts like a formula', () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const read = Papa.parse<string[]>(csvOf(sheet(rows, COLUMNS)).slice(0, -1)).data.slice(1);
      expect(read).toHaveLength(rows.length);
      read.forEach((row, nth) =>
        row.forEach((text, at) => {
          const written = rows[nth]![at]!;
          expect(text).toBe(/^\s*[=+\-@]/.test(written) ? `'${written}` : written);
        }),
      );
    }),
  );
});

describe('JSON', () => {
  test('raw values, null for unreported, one row per line', () => {
    const text = jsonOf(sheet([['al "x"', false, 1, 2, 1, 5, 739.6504, NaN, '=1', undefined]]));
    expect(text.split('\n')).toHaveLength(7);
    expect(JSON.parse(text)).toEqual({
      table: 'users',
      rows: [
        {
          user: 'al "x"',
          is_system: false,
          nodes: 1,
          gpus: 2,
          procs: 1,
          vram_bytes: 5,
          power_watts: 739.6504,
          longest_seconds: null,
          top_command: '=1',
          sm_gpus: null,
        },
      ],
    });
    expect(JSON.parse(jsonOf(sheet([])))).toEqual({ table: 'users', rows: [] });
  });

  test('any column names and cells make a valid file', () => {
    const cells = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.boolean(), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(fc.tuple(cells, cells, cells)), (rows) => {
        const read = JSON.parse(jsonOf(sheet(rows, COLUMNS))) as { rows: object[] };
        expect(read.rows).toHaveLength(rows.length);
        for (const row of read.rows) expect(Object.keys(row)).toEqual(['a', 'b', '__proto__']);
      }),
    );
  });
});
