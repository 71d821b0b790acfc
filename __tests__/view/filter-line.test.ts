/** The line of the filter: the end of a long text stays visible while it is edited. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { filterLine } from '../../lib/view/filter-line.js';
import { typed } from '../../lib/filter/line-editor.js';
import { width } from '../../lib/text/format.js';

const edited = (text: string, cols: number): string => {
  const shown = filterLine({ edited: typed(text), committed: '', mode: 'hide' }, cols);
  return shown!.spans
    .map((part) => part.text)
    .join('')
    .trimEnd();
};

describe('the filter line', () => {
  test.each([
    ['fits', 'user == mei', 30, ' / user == mei▏'],
    ['is cut at the start', 'user == mei & model ~= H100', 20, ' / …& model ~= H100▏'],
    ['is cut before a wide character', 'user == 日本語', 9, ' / …本語▏'],
    ['is cut within a wide character', 'user == 日本語', 10, ' / …本語▏'],
  ])('shows the end of a text that %s', (_title, text, cols, expected) => {
    expect(edited(text, cols)).toBe(expected);
    expect(width(expected)).toBeLessThanOrEqual(cols);
  });

  // Work that grows with the square of the length takes minutes here: the limit ends it, and the test fails.
  test('opens a long filter of the config file without stopping the screen', () => {
    const text = Array.from({ length: 20_000 }, () => 'pid == 1').join(' | ');
    const shown: unknown = runInNewContext('open()', { open: () => edited(text, 40) }, { timeout: 20_000 });
    expect(shown).toBe(` / …${text.slice(-35)}▏`);
  });
});
