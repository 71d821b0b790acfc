import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { frameToText } from '../../lib/view/cells.js';
import { span, type Line, type Span } from '../../lib/view/frame.js';
import {
  cellText,
  firstFitting,
  fitColumns,
  headerLine,
  layoutTable,
  listOrder,
  moveTo,
  position,
  rowLine,
  selectedAt,
  sortBy,
  tableState,
  topRow,
  widest,
  type Column,
  type Order,
  type TableInput,
  type TableState,
} from '../../lib/view/table.js';
import { width } from '../../lib/text/format.js';

const COLUMNS: readonly Column[] = [
  { id: 'name', title: 'NAME', width: 8, sorts: 'ascending' },
  { id: 'size', title: 'SIZE', width: 5, align: 'right', drop: 1, sorts: 'descending' },
  { id: 'age', title: 'AGE', width: 4, align: 'right', drop: 2, sorts: 'descending' },
  { id: 'note', title: 'NOTE', width: 'rest', min: 6 },
];
const orderOf = (...ids: readonly string[]): Order => listOrder(ids, (id) => id);
const ABC = orderOf('a', 'b', 'c', 'd', 'e');
const text = (lines: readonly Line[], cols: number): string => frameToText({ size: { cols, rows: lines.length }, lines, rasters: [] });

function table(more: Partial<TableInput> = {}): string {
  const input: TableInput = {
    columns: COLUMNS,
    order: ABC,
    state: tableState('name'),
    cols: 40,
    rows: 4,
    cells: (at) => ({ name: `name-${ABC.id(at)}`, size: String(at * 10), age: span('7', 'dim'), note: [span('so '), span('what', 'bad')] }),
    ...more,
  };
  const { header, body } = layoutTable(input);
  return text([header, ...body], input.cols);
}

test('headers are above their text, numbers are right-aligned, and the sort arrow is at its header', () => {
  expect(table()).toBe(
    [
      //
      '  ▲NAME       SIZE   AGE  NOTE',
      ' ▌ name-a        0     7  so what',
      '   name-b       10     7  so what',
      '   name-c       20     7  so what',
    ].join('\n'),
  );
  expect(table({ state: tableState('size', true) })).toMatch(/^ {3}NAME {6}▼SIZE/);
});

test('columns are dropped in order, but never the sort column; the others shrink last', () => {
  const shown = (cols: number, key = 'name'): string =>
    fitColumns(COLUMNS, key, cols)
      .map(({ id, cols: wide }) => `${id} ${wide}`)
      .join(', ');
  expect(shown(40)).toBe('name 8, size 5, age 4, note 14');
  expect(shown(32)).toBe('name 8, size 5, age 4, note 6');
  expect(shown(31)).toBe('name 8, age 4, note 12');
  expect(shown(31, 'size')).toBe('name 8, size 5, note 11');
  expect(shown(24)).toBe('name 8, note 11');
  expect(shown(18)).toBe('name 8, note 5');
  expect(shown(16)).toBe('name 8');
  expect(shown(5)).toBe('name 8');
});

test('each line is as wide as the columns, whatever the cells', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('日本語の名前', '', 'e\u0301', '👍🏽👍'));
  fc.assert(
    fc.property(fc.array(cell, { minLength: 4, maxLength: 4 }), fc.integer({ min: 25, max: 90 }), ([name, size, age, note], cols) => {
      const columns = fitColumns(COLUMNS, 'name', cols);
      const cells = { name: name!, size: span(size!), age: age!, note: [span(note!), span('!'), span(note!)] };
      const forms = firstFitting([note!, [span(size!), span(name!, 'bad')], span(size!)]);
      const wide = (line: ReturnType<typeof rowLine>): number => line.spans.reduce((sum, part) => sum + width(part.text), 0);
      expect(wide(rowLine(columns, cells))).toBe(cols);
      // Measured once: each span carries its width, so that it is not measured again.
      const dim = rowLine(columns, cells, { dim: true, selected: true });
      const chosen = rowLine(columns, { name: forms, size: forms, note: forms });
      expect(wide(chosen)).toBe(cols);
      const measured: readonly Span[] = [rowLine(columns, cells), chosen, dim, headerLine(columns)].flatMap(({ spans }) => spans);
      for (const { text, cols: carried } of measured) expect(carried).toBe(width(text));
      expect(wide(headerLine(columns, { key: 'name', descending: false }))).toBe(cols);
    }),
  );
});

test('a cell with several forms shows the first that fits, is copied in full, and cuts the last one', () => {
  const forms = firstFitting(['so many words', [span('so '), span('many', 'bad')], 'so']);
  const shown = (cols: number): string =>
    rowLine([{ id: 'note', title: 'NOTE', width: cols, cols }], { note: forms })
      .spans.slice(2)
      .map((part) => part.text)
      .join('|');
  expect([13, 12, 7, 6, 2, 1].map(shown)).toEqual(['so many words', 'so |many|     ', 'so |many|', 'so    ', 'so', '…']);
  expect(cellText(forms)).toBe('so many words');
  expect(shown(0)).toBe('');
  expect(firstFitting([]).fit(3)).toEqual([]);
});

test.each([
  ['letters', 'eight-ab', 'six-ab', 'four'],
  ['wide characters', '日本語の', '日本語', '日本'],
])('each form is measured once, and the shown one is not measured again: %s', (_what, ...forms) => {
  const looks = jest.spyOn(RegExp.prototype, 'test');
  try {
    rowLine([{ id: 'note', title: 'NOTE', width: 6, cols: 6 }], { note: firstFitting([forms[0], span(forms[1]), forms[2]]) });
    const count = (form: string): number => looks.mock.calls.filter(([text]) => text === form).length;
    expect(forms.map(count)).toEqual([1, 1, 0]);
  } finally {
    looks.mockRestore();
  }
});

test('a dimmed row keeps its marks and loses its tones; rows and sortable headers are regions', () => {
  const columns = fitColumns(COLUMNS, 'name', 40);
  const line = rowLine(columns, { note: [span('a', 'bad')], size: span('3', 'good') }, { region: 'row:x', dim: true });
  expect(line.region).toBe('row:x');
  expect(new Set(line.spans.filter((part) => part.text.trim() !== '').map((part) => part.tone))).toEqual(new Set(['dim']));
  const regions = (sort?: TableState['sort']): unknown[] => headerLine(columns, sort).spans.flatMap(({ region }) => region ?? []);
  expect(regions({ key: 'name', descending: false })).toEqual(['sort:name', 'sort:size', 'sort:age']);
  expect(regions()).toEqual([]);
});

test('the order of a list maps positions to ids and back', () => {
  const order = listOrder([{ name: 'x' }, { name: 'y' }], ({ name }) => name);
  expect([order.count, order.id(1), order.find('y'), order.find('z')]).toEqual([2, 'y', 1, -1]);
});

describe('selection', () => {
  test('is the first row until one is selected, then that row wherever it moves', () => {
    expect(selectedAt(tableState('name'), ABC)).toBe(0);
    expect(selectedAt({ ...tableState('name'), selected: 'd', at: 1 }, ABC)).toBe(3);
  });

  test('is the row in its position when its row disappears, or the last one', () => {
    const gone = { ...tableState('name'), selected: 'x', at: 2 };
    expect(selectedAt(gone, ABC)).toBe(2);
    expect(selectedAt(gone, orderOf('a', 'b'))).toBe(1);
    expect(selectedAt(gone, orderOf())).toBe(-1);
  });

  test('stops at both ends', () => {
    const state = tableState('name');
    expect(moveTo(state, ABC, 2, 3)).toMatchObject({ selected: 'c', at: 2, top: 0 });
    expect(moveTo(state, ABC, 99, 3)).toMatchObject({ selected: 'e', at: 4, top: 2 });
    expect(moveTo(state, ABC, -5, 3)).toMatchObject({ selected: 'a', at: 0, top: 0 });
    expect(moveTo(state, orderOf(), 3, 3)).toBe(state);
  });

  test('is always on the page, which is as full as possible', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(20), fc.nat(60), (count, selected, page, top) => {
        const at = Math.min(selected, count - 1);
        const first = topRow({ ...tableState('name'), top }, at, count, page);
        expect(first).toBeGreaterThanOrEqual(0);
        if (count <= page) expect(first).toBe(0);
        else expect(first).toBeLessThanOrEqual(count - page);
        if (at >= 0 && page > 0) {
          expect(at).toBeGreaterThanOrEqual(first);
          expect(at).toBeLessThan(first + page);
        }
      }),
    );
  });
});

describe('sorting', () => {
  test('when all rows disappear, the selected one is selected again on return', () => {
    const nothing = listOrder<string>([], String);
    const state = { ...tableState('name'), selected: 'b', at: 1 };
    expect(sortBy(state, COLUMNS, 'size', nothing)).toEqual({ ...state, sort: { key: 'size', descending: true } });
  });

  test('another column starts in its own direction, the same one reverses it, an unsortable one does nothing', () => {
    const state = tableState('name');
    const bySize = sortBy(state, COLUMNS, 'size', ABC);
    expect(bySize.sort).toEqual({ key: 'size', descending: true });
    expect(sortBy(bySize, COLUMNS, 'size', ABC).sort).toEqual({ key: 'size', descending: false });
    expect(sortBy(bySize, COLUMNS, 'name', ABC).sort).toEqual({ key: 'name', descending: false });
    expect(sortBy(state, COLUMNS, 'note', ABC)).toBe(state);
    expect(sortBy(state, COLUMNS, 'nothing', ABC)).toBe(state);
  });

  test('a selected row stays selected; without one the cursor stays at the top', () => {
    expect(sortBy(tableState('name'), COLUMNS, 'size', ABC).selected).toBeUndefined();
    expect(sortBy(moveTo(tableState('name'), ABC, 3, 2), COLUMNS, 'size', ABC)).toMatchObject({ selected: 'd', at: 3 });
  });
});

test('shows the position if not all rows are on screen', () => {
  const layout = (rows: number, top = 0) =>
    layoutTable({
      columns: COLUMNS,
      order: ABC,
      state: { ...tableState('name'), top, selected: ABC.id(top) },
      cols: 40,
      rows,
      cells: () => ({}),
    });
  expect(position(layout(6), 5)).toBe('');
  expect(position(layout(3), 5)).toBe('1-2 of 5');
  expect(position(layout(3, 3), 5)).toBe('4-5 of 5');
  expect(position(layout(1), 5)).toBe('');
});

test('only visible rows are read', () => {
  const asked: number[] = [];
  const many: Order = { count: 8000, id: String, find: Number };
  const state = { ...tableState('name'), selected: '4000', top: 3990 };
  const cells = (at: number): Record<string, string> => {
    asked.push(at);
    return {};
  };
  expect(layoutTable({ columns: COLUMNS, order: many, state, cols: 40, rows: 21, cells })).toMatchObject({ top: 3990, selected: 4000 });
  expect(asked).toEqual(Array.from({ length: 20 }, (_, nth) => 3990 + nth));
});

test('the width of the widest cell, within limits', () => {
  expect(widest(['a', '日本', 'abc'], 1, 9)).toBe(4);
  expect(widest(['a'], 3, 9)).toBe(3);
  expect(widest(['abcdefghijkl'], 3, 9)).toBe(9);
});
