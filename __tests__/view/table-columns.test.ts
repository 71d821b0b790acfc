import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  screenColumns,
  sortableColumns,
  sortedPositions,
  tableCells,
  tableSheet,
  type TableColumns,
} from '../../lib/view/table-columns.js';
import type { FittingCell } from '../../lib/view/table.js';

interface Row {
  readonly name: string;
  readonly bytes: number | undefined;
}
const column = (id: string, more: Partial<TableColumns<readonly Row[], Row>[number]> = {}) => ({ id, value: () => id, ...more });

const COLUMNS: TableColumns<readonly Row[], Row> = [
  {
    id: 'name',
    value: ({ name }) => name,
    screen: { title: 'NAME', width: 8, fit: (cols) => (cols < 80 ? { title: 'N', width: 4 } : {}), sorts: 'ascending' },
    export: { name: 'name' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: ({ bytes }) => bytes,
    screen: { title: 'VRAM', width: 8, drop: 1, sorts: 'descending', when: (rows) => rows.some(({ bytes }) => bytes !== undefined) },
    export: { name: 'vram_bytes' },
  },
  { id: 'length', unit: 'count', value: ({ name }) => name.length, export: { name: 'length', jsonOnly: true } },
  { id: 'note', value: () => '', screen: { title: 'NOTE', width: 'rest', min: 9, cell: ({ name }) => `<${name}>` } },
];
const ROWS: readonly Row[] = [
  { name: 'gpu-10', bytes: 2 ** 30 },
  { name: 'gpu-9', bytes: undefined },
  { name: 'gpu-2', bytes: 2 ** 31 },
];

describe('on screen', () => {
  test('columns have a title, and fit the terminal and the rows; numbers are right-aligned', () => {
    expect(screenColumns(COLUMNS, ROWS, 120)).toEqual([
      { id: 'name', title: 'NAME', width: 8, align: 'left', sorts: 'ascending' },
      { id: 'vram', title: 'VRAM', width: 8, align: 'right', drop: 1, sorts: 'descending' },
      { id: 'note', title: 'NOTE', width: 'rest', align: 'left', min: 9 },
    ]);
    expect(screenColumns(COLUMNS, [], 60).map(({ id, title, width }) => [id, title, width])).toEqual([
      ['name', 'N', 4],
      ['note', 'NOTE', 'rest'],
    ]);
  });

  test('a cell is the value in its unit, or the text of the column; unreported is a dash', () => {
    expect(tableCells(COLUMNS, ROWS[0]!, ROWS, 120)).toEqual({ name: 'gpu-10', vram: '1.00 GiB', note: '<gpu-10>' });
    expect(tableCells(COLUMNS, ROWS[1]!, ROWS, 120)).toEqual({ name: 'gpu-9', vram: '–', note: '<gpu-9>' });
    expect(tableCells([column('nan', { value: () => NaN, screen: { title: 'X', width: 1 } })], ROWS[0]!, ROWS, 80)).toEqual({ nan: '–' });
  });
});

describe('sorting', () => {
  const sorted = (key: string, descending: boolean): readonly string[] =>
    Array.from(sortedPositions(COLUMNS, ROWS, ROWS, { key, descending }), (at) => ROWS[at]!.name);

  test('lists sortable columns', () => {
    expect(sortableColumns(COLUMNS)).toEqual([
      { id: 'name', sorts: 'ascending' },
      { id: 'vram', sorts: 'descending' },
    ]);
  });

  test('sorts text in natural order; unreported values come last in both directions; an unknown key keeps the order', () => {
    expect(sorted('name', false)).toEqual(['gpu-2', 'gpu-9', 'gpu-10']);
    expect(sorted('name', true)).toEqual(['gpu-10', 'gpu-9', 'gpu-2']);
    expect(sorted('vram', true)).toEqual(['gpu-2', 'gpu-10', 'gpu-9']);
    expect(sorted('vram', false)).toEqual(['gpu-10', 'gpu-2', 'gpu-9']);
    expect(sorted('length', true)).toEqual(['gpu-10', 'gpu-9', 'gpu-2']);
  });

  test('a count has thousands separators if they fit, and is never cut', () => {
    const columns: TableColumns<undefined, number> = [{ id: 'n', unit: 'count', value: (n) => n, screen: { title: 'N', width: 5 } }];
    const shown = (n: number, cols: number): unknown => (tableCells(columns, n, undefined, 80).n as FittingCell).fit(cols);
    expect([shown(999, 5), shown(1234, 5), shown(1_234_567, 9), shown(1_234_567, 5)]).toMatchObject(
      ['999', '1,234', '1,234,567', '1.2M'].map((text) => ({ text })),
    );
  });

  test('equals a plain stable sort', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(undefined, NaN, -0, 0.5));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.boolean(), (values, descending) => {
        const columns: TableColumns<undefined, number> = [
          { id: 'v', unit: 'count', value: (row) => values[row], screen: { title: 'V', width: 1, sorts: 'ascending' } },
        ];
        const rows = values.map((_, row) => row);
        const known = (row: number): boolean => values[row] !== undefined && !Number.isNaN(values[row]);
        const plain = [
          ...rows.filter(known).sort((a, b) => (descending ? values[b]! - values[a]! : values[a]! - values[b]!)),
          ...rows.filter((row) => !known(row)),
        ];
        expect([...sortedPositions(columns, rows, undefined, { key: 'v', descending })]).toEqual(plain);
      }),
    );
  });
});

describe('in exported files', () => {
  test('columns have raw values, with JSON-only columns last', () => {
    expect(tableSheet(COLUMNS, ROWS.slice(0, 2), ROWS, { table: 'rows' })).toEqual({
      about: { table: 'rows' },
      columns: [{ name: 'name' }, { name: 'vram_bytes' }, { name: 'length', jsonOnly: true }],
      rows: [
        ['gpu-10', 2 ** 30, 6],
        ['gpu-9', undefined, 5],
      ],
    });
  });

  test('a column may follow another one, and a third may follow that', () => {
    const columns = [
      column('last', { export: { name: 'last', after: 'second' } }),
      column('first', { export: { name: 'first' } }),
      column('second', { export: { name: 'second', after: 'first' } }),
      column('end', { export: { name: 'end' } }),
    ];
    expect(tableSheet(columns, [], ROWS, {}).columns.map(({ name }) => name)).toEqual(['first', 'second', 'last', 'end']);
  });
});
