import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hitTest, frameToText } from '../../lib/view/cells.js';
import { bodySize, composeFrame, type Chrome, type TabLabel } from '../../lib/view/chrome.js';
import { BLANK, line, lines, span, type Frame, type View } from '../../lib/view/frame.js';
import { fitLine } from '../../lib/view/fit.js';
import { width } from '../../lib/text/format.js';

const tab = (title: string, more: Partial<TabLabel> = {}): TabLabel => ({ title, region: `tab:${title}`, mark: '', host: false, ...more });
const host = (title: string, mark = ''): TabLabel => tab(title, { host: true, mark });
const HOSTS = Array.from({ length: 40 }, (_, at) => host(`node-${String(at + 1).padStart(4, '0')}`));

const CHROME: Chrome = {
  size: { cols: 60, rows: 8 },
  title: {
    left: ['the program  3 of 4 nodes · 12 kW', '3/4 nodes · 12 kW', '3/4 nodes'],
    right: ['hosts.csv', 'every 3s', '14:32:07 live'],
  },
  tabs: [tab('All'), tab('Users'), host('node-0001'), host('node-0002', '✕')],
  active: 1,
  chips: [],
  hints: [
    { keys: 'm', label: 'VRAM', priority: 3 },
    { keys: 'u', label: 'user', priority: 1 },
    { keys: '?', label: 'help', priority: 2 },
  ],
};
const VIEW: View = { blocks: [lines('one', 'two')], crumb: line('1-2 of 9') };
const compose = (chrome: Partial<Chrome> = {}, view: View = VIEW): Frame => composeFrame({ ...CHROME, ...chrome }, view);
const rows = (frame: Frame): string[] => frameToText(frame).split('\n');
const sized = (cols: number, height = 8): Partial<Chrome> => ({ size: { cols, rows: height } });

test('composes the frame of every tab: title, strip, chips, body, breadcrumb, hints', () => {
  const chrome = { chips: [line(' demo ')], tabNote: span('1 down ✕', 'bad') };
  expect(rows(compose(chrome, { ...VIEW, chips: [line(' partial ')] }))).toEqual([
    ' 3/4 nodes · 12 kW     hosts.csv · every 3s · 14:32:07 live',
    ' All │ Users │ node-0001  node-0002 ✕              1 down ✕',
    ' demo',
    ' partial',
    'one',
    'two',
    '1-2 of 9',
    ' m VRAM  u user  ? help',
  ]);
});

test('fills a short body and cuts a long one, so that breadcrumb and hints keep their position', () => {
  expect(rows(compose({}, { ...VIEW, blocks: [lines('one')] }))).toHaveLength(8);
  const long = rows(compose({}, { ...VIEW, blocks: [lines(...Array.from({ length: 50 }, (_, at) => `line ${at}`))] }));
  expect(long.slice(2)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', '1-2 of 9', ' m VRAM  u user  ? help']);
});

test('computes the space for a tab', () => {
  expect(bodySize({ cols: 80, rows: 24 }, 0)).toEqual({ cols: 80, rows: 21 });
  expect(bodySize({ cols: 80, rows: 24 }, 2)).toEqual({ cols: 80, rows: 19 });
  expect(bodySize({ cols: 80, rows: 2 }, 0)).toEqual({ cols: 80, rows: 0 });
});

describe('the title', () => {
  const title = (cols: number): string => rows(compose(sized(cols)))[0]!;

  test.each([
    [80, ' the program  3 of 4 nodes · 12 kW         hosts.csv · every 3s · 14:32:07 live'],
    [68, ' the program  3 of 4 nodes · 12 kW         every 3s · 14:32:07 live'],
    [58, ' 3/4 nodes · 12 kW   hosts.csv · every 3s · 14:32:07 live'],
    [50, ' 3/4 nodes · 12 kW       every 3s · 14:32:07 live'],
    [36, ' 3/4 nodes · 12 kW    14:32:07 live'],
    [28, ' 3/4 nodes    14:32:07 live'],
    [20, ' 3/4 nodes'],
    [6, ' 3/4 …'],
  ])('%i columns', (cols, expected) => {
    expect(title(cols)).toBe(expected);
  });
});

describe('the tab strip', () => {
  const strip = (cols: number, active: number, tabs = [tab('All'), tab('Users'), ...HOSTS], tabNote = ''): string =>
    rows(compose({ ...sized(cols), tabs, active, ...(tabNote === '' ? {} : { tabNote: span(tabNote, 'bad') }) }))[1]!;

  test('shows the first tabs if the open one is among them', () => {
    expect(strip(60, 0)).toBe(' All │ Users │ node-0001  node-0002  node-0003  node-0004 ▸');
    expect(strip(60, 3)).toBe(strip(60, 0));
  });

  test('else shows the open one, with the neighbours that fit', () => {
    expect(strip(60, 20)).toMatch(/^◂node-\d{4}(  node-\d{4})* .*▸$/);
    expect(strip(60, 20)).toContain('node-0019');
    expect(strip(60, 41)).toContain('node-0040');
    expect(strip(60, 41)).not.toContain('▸');
  });

  test('always shows the open one, in a single line', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 41 }), fc.integer({ min: 16, max: 200 }), fc.boolean(), (active, cols, note) => {
        const tabs = [tab('All'), tab('Users'), ...HOSTS];
        const shown = strip(cols, active, tabs, note && cols > 40 ? '3 down ✕' : '');
        expect(shown).toContain(tabs[active]!.title);
        expect(width(shown)).toBeLessThanOrEqual(cols);
      }),
    );
  });

  test('cuts a title longer than the strip', () => {
    expect(strip(14, 0, [tab('a-very-long-title')])).toMatch(/^ a-very-lo.*…$/);
  });

  test('each tab is a region, and the separators are not', () => {
    const frame = compose();
    expect(hitTest(frame, 1, 1)).toBe('tab:All');
    expect(hitTest(frame, 5, 1)).toBeUndefined();
    expect(hitTest(frame, 8, 1)).toBe('tab:Users');
  });

  test('is empty without tabs', () => {
    expect(strip(40, -1, [])).toBe('');
  });
});

describe('hints and toasts', () => {
  const foot = (cols: number, toast?: string): string =>
    rows(compose({ ...sized(cols), ...(toast === undefined ? {} : { toast: span(toast, 'warn') }) })).at(-1)!;

  test('hints are shown in full, and the least important are dropped first, in the same order', () => {
    expect(foot(60)).toBe(' m VRAM  u user  ? help');
    expect(foot(20)).toBe(' u user  ? help');
    expect(foot(10)).toBe(' u user');
    expect(foot(5)).toBe('');
  });

  test('a toast is above the hints, and hides none of them', () => {
    const above = (cols: number, toast: string): string =>
      rows(compose({ ...sized(cols), toast: span(toast, 'warn') }, { blocks: [], crumb: line('a crumb') })).at(-2)!;
    expect(above(60, 'no rows')).toMatch(/^a crumb +no rows$/);
    expect(width(above(60, 'no rows'))).toBe(59);
    expect(above(12, 'a long story')).toBe(' a long st…');
    for (const cols of [60, 20, 10]) expect(foot(cols, 'a toast of some length')).toBe(foot(cols));
  });
});

describe('lines that are too long', () => {
  const body = (one: Parameters<typeof lines>[0], cols = 10): string => rows(compose(sized(cols), { blocks: [lines(one)] }))[2]!;

  test('end with a mark', () => {
    expect(body('0123456789')).toBe('0123456789');
    expect(body('0123456789a')).toBe('012345678…');
    expect(body(line(span('01234'), span('56789'), span('ab')))).toBe('012345678…');
    expect(body(line(span('0123456789'), span('ab')))).toBe('012345678…');
    expect(body(line('日本語日本語'))).toBe('日本語日…');
  });

  test('are measured in columns, not characters', () => {
    const carried = (cols: number): string => fitLine({ spans: [{ text: 'abcdef', cols }] }, 4).spans[0]!.text;
    expect(carried(6)).toBe('abc…');
    expect(carried(4)).toBe('abcdef');
    const wrong: unknown = 'six';
    expect(() => fitLine({ spans: [Object.assign(span('a'), { cols: wrong })] }, 4)).toThrow(TypeError);
  });

  test('may have trailing spaces beyond the edge', () => {
    expect(body(line('01234567', '        '))).toBe('01234567');
    expect(body(line('0123456789', ' ', ''))).toBe('0123456789');
  });

  test('never make a frame wider than its terminal, whatever a view returns', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('日本語', '…', '│'));
    const view = fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(view, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9 }), (given, cols, height) => {
        const frame = compose(sized(cols, height), { blocks: [lines(...given.map((parts) => line(...parts)))], crumb: BLANK });
        expect(frame.lines).toHaveLength(height);
        for (const row of rows(frame)) expect(width(row)).toBeLessThanOrEqual(cols);
      }),
    );
  });
});

describe('rasters', () => {
  const raster = (cols: number, height: number) => ({
    cols,
    rows: height,
    chars: Array<string>(cols * height).fill('#'),
    tones: Array<'accent'>(cols * height).fill('accent'),
  });
  const frameOf = (...blocks: View['blocks']): Frame => compose(sized(12, 9), { blocks });

  test('are drawn over blank cells of their block', () => {
    const frame = frameOf(lines('over'), { kind: 'raster', raster: raster(3, 2), region: 'chart' }, lines('under'));
    expect(rows(frame).slice(2, 6)).toEqual(['over', '###', '###', 'under']);
    expect(hitTest(frame, 1, 4)).toBe('chart');
  });

  test('are left blank if they do not fit', () => {
    expect(rows(frameOf({ kind: 'raster', raster: raster(13, 2) }, lines('under')))[4]).toBe('under');
    expect(frameOf({ kind: 'raster', raster: raster(3, 99) }).rasters).toEqual([]);
    expect(rows(frameOf({ kind: 'raster', raster: raster(3, 99) }))).toHaveLength(9);
  });
});
