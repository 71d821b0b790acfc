/** In a file of its own: in other tests the regex engine is already loaded. */
import { expect, test } from '@jest/globals';
import { FilterState } from '../../lib/filter/filter-state.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';

function typed(text: string): FilterState {
  const filtering = new FilterState();
  filtering.command('open');
  filtering.command({ insert: text });
  filtering.command('commit');
  return filtering;
}

test('Enter before the regex engine is loaded applies the filter once it is, unless another key is pressed', async () => {
  const kept = typed('user ~= ^a.$');
  const changed = typed('user ~= ^a.$');
  changed.command({ edit: 'left' });
  const wrong = typed('user ~= [');
  expect([kept, changed, wrong].map(({ problem }) => problem?.reason)).toEqual(
    Array<string>(3).fill('regular expressions are still being loaded'),
  );
  await loadRegexEngine();
  for (const filtering of [kept, changed, wrong]) filtering.refresh();
  expect([kept.committed, kept.edited]).toEqual(['user ~= ^a.$', undefined]);
  expect([changed.committed, changed.edited?.text, changed.problem]).toEqual(['', 'user ~= ^a.$', undefined]);
  expect([wrong.committed, wrong.edited?.text, wrong.problem?.column]).toEqual(['', 'user ~= [', 9]);
});
