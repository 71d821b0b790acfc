import { describe, expect, test } from '@jest/globals';
import { frameToText } from '../../lib/view/cells.js';
import type { View } from '../../lib/view/frame.js';
import { helpLimit, helpSections, helpView, keyText, type HelpSection } from '../../lib/view/help-overlay.js';
import type { ActiveBinding } from '../../lib/keys/router.js';

test.each([
  ['q', 'q'],
  ['C-c', 'Ctrl-C'],
  ['S-Tab', 'Shift-Tab'],
  ['C-A-S-Up', 'Ctrl-Alt-Shift-↑'],
  ['PageDown', 'PgDn'],
  ['-', '-'],
  ['C--', 'Ctrl--'],
  ['WheelUp', 'wheel up'],
  ['Left', '←'],
])('%s is written %s', (key, text) => {
  expect(keyText(key)).toBe(text);
});

test('sections are layers, in their order', () => {
  const offer = (title: string, label: string, ...keys: string[]): ActiveBinding => ({
    layer: { scope: 'tab', title, bindings: [] },
    binding: { id: 'x.y', keys, label, run: (ui) => [ui] },
    keys,
  });
  expect(helpSections([offer('Users', 'sort', 'm'), offer('Everywhere', 'quit', 'q', 'C-c'), offer('Users', 'up', 'Up', 'k')])).toEqual([
    {
      title: 'Users',
      rows: [
        { keys: 'm', label: 'sort' },
        { keys: '↑, k', label: 'up' },
      ],
    },
    { title: 'Everywhere', rows: [{ keys: 'q, Ctrl-C', label: 'quit' }] },
  ]);
});

const SECTIONS: readonly HelpSection[] = ['One', 'Two', 'Three'].map((title, nth) => ({
  title,
  rows: Array.from({ length: 3 + nth }, (_, at) => ({ keys: `${at}`, label: `${title} ${at} ${'and so on '.repeat(9)}` })),
}));
const NOTES = ['The first note has quite some words in it, so that it has to go on in the next line.', 'Short.'];
const shown = ({ blocks, crumb }: View, cols: number, rows: number): string[] => {
  const [block] = blocks;
  const body = block?.kind === 'lines' ? block.lines : [];
  return frameToText({ size: { cols, rows }, lines: [...body.slice(0, rows - 1), ...(crumb ? [crumb] : [])], rasters: [] }).split('\n');
};

describe('the help', () => {
  test('has two columns when wide, with undivided sections and no overlap', () => {
    const [first, ...others] = shown(helpView(SECTIONS, NOTES, 0, { cols: 120, rows: 30 }), 120, 30);
    expect(first).toMatch(/^ One +Three$/);
    expect(others[0]).toMatch(/^ 0 +One 0 .* +0 +Three 0/);
    expect(others.join('\n')).not.toContain('…');
    expect(others.join('\n')).toContain('The first note');
  });

  test('has one column when narrow, and scrolls to its end', () => {
    const size = { cols: 60, rows: 9 };
    const limit = helpLimit(SECTIONS, NOTES, size);
    const at = (top: number): string[] => shown(helpView(SECTIONS, NOTES, top, size), 60, 9);
    // 3 + 4 + 5 labels of three lines, 3 titles, 3 blank lines, 2 + 1 lines of notes; 8 fit.
    expect(limit).toBe(3 * (3 + 4 + 5) + 6 + 3 - 8);
    expect(at(0)[0]).toBe(' One');
    expect(at(0).at(-1)).toBe(' 1-8 of 45 lines · ↑↓ PgUp PgDn');
    expect(at(limit).join('\n')).toContain('Short.');
    expect(at(limit + 99)).toEqual(at(limit));
    expect(at(limit).at(-1)).toBe(' 38-45 of 45 lines · ↑↓ PgUp PgDn');
  });

  test('wraps notes at spaces', () => {
    const text = shown(helpView([], NOTES, 0, { cols: 40, rows: 9 }), 40, 9);
    expect(text.slice(0, 4)).toEqual([
      ' The first note has quite some words in',
      '   it, so that it has to go on in the',
      '   next line.',
      ' Short.',
    ]);
  });

  test('works without space', () => {
    for (const rows of [0, 1, 2]) for (const cols of [0, 1, 5]) expect(() => helpView(SECTIONS, NOTES, 3, { cols, rows })).not.toThrow();
    expect(helpView([], [], 0, { cols: 80, rows: 5 }).blocks).toEqual([{ kind: 'lines', lines: [] }]);
  });
});
