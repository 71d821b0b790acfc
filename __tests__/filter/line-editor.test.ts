import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EDITS, insert, MAX_TYPED_BYTES, typed, type Edit, type EditedText } from '../../lib/filter/line-editor.js';

/** 'us|er' is a text with the cursor in it. */
const at = (shown: string): EditedText => ({ text: shown.replace('|', ''), at: shown.indexOf('|') });
const shown = ({ text, at: cursor }: EditedText): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

describe('typing', () => {
  test.each([
    ['|', 'q', 'q|'],
    ['us|er', 'x', 'usx|er'],
    ['us|er', '日本', 'us日本|er'],
    ['a|', ' b\n\tc ', 'a b c |'],
    ['a|', '\u001b[31m\u202ex\u0000', 'a[31mx|'],
    ['a|', '', 'a|'],
  ])('%s and %j', (before, text, after) => {
    expect(shown(insert(at(before), text))).toBe(after);
  });

  test('a paste of 1 MiB is cut to what fits, between characters', () => {
    const all = insert(typed('user=='), '𝒶'.repeat(2 ** 18));
    expect(all.text).toBe(`user==${'𝒶'.repeat(126)}`);
    expect(new TextEncoder().encode(all.text).length).toBeLessThanOrEqual(MAX_TYPED_BYTES);
    expect(insert(insert(all, 'xx'), 'y').text).toBe(`${all.text}xx`);
  });
});

describe('editing', () => {
  test.each([
    ['erase', 'ab|c', 'a|c'],
    ['erase', '|abc', '|abc'],
    ['erase', 'a𝒶|b', 'a|b'],
    ['delete', 'a|bc', 'a|c'],
    ['delete', 'a|𝒶b', 'a|b'],
    ['delete', 'abc|', 'abc|'],
    ['erase-word', 'user == alice|', 'user == |'],
    ['erase-word', 'user == alice  |x', 'user == |x'],
    ['erase-word', '|x', '|x'],
    ['clear', 'ab|c', '|'],
    ['left', 'a𝒶|b', 'a|𝒶b'],
    ['left', '|ab', '|ab'],
    ['right', 'a|𝒶b', 'a𝒶|b'],
    ['right', 'ab|', 'ab|'],
    ['start', 'ab|c', '|abc'],
    ['end', 'a|bc', 'abc|'],
  ] as const)('%s: %s', (edit, before, after) => {
    expect(shown(EDITS[edit](at(before)))).toBe(after);
  });

  test('after any edits the cursor is between characters and the text within its limit', () => {
    const steps = fc.array(
      fc.oneof(
        fc.constantFrom(...(Object.keys(EDITS) as Edit[])),
        fc.string({ unit: 'binary' }).map((text) => ({ text })),
      ),
    );
    fc.assert(
      fc.property(steps, (all) => {
        let edited = typed('');
        for (const step of all) edited = typeof step === 'string' ? EDITS[step](edited) : insert(edited, step.text);
        expect(edited.at).toBeGreaterThanOrEqual(0);
        expect(edited.at).toBeLessThanOrEqual(edited.text.length);
        expect(`${edited.text.slice(0, edited.at)}|${edited.text.slice(edited.at)}`).not.toMatch(/\p{Cs}/u);
        expect(new TextEncoder().encode(edited.text).length).toBeLessThanOrEqual(MAX_TYPED_BYTES);
      }),
      { numRuns: 500 },
    );
  });
});
