import { describe, expect, test } from '@jest/globals';
import unicode11 from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import { clean, forEachGlyph, glyphs, isNarrow } from '../../lib/text/sanitize.js';

const show = (text: string): string =>
  glyphs(text)
    .map((glyph) => glyph.ch)
    .join('');
const columns = (text: string): number => glyphs(text).reduce((sum, glyph) => sum + glyph.width, 0);
/** Every code point except surrogates. */
function* codePoints(): Generator<number> {
  for (let codePoint = 0; codePoint < 0x110000; codePoint++) if (codePoint < 0xd800 || codePoint > 0xdfff) yield codePoint;
}

describe('clean', () => {
  test.each([
    ['plain text is kept', 'python train.py --bs=128', 'python train.py --bs=128'],
    ['SGR loses its ESC', 'a\x1b[31mb', 'a[31mb'],
    ['C1: a single-byte OSC', 'x\u009d0;PWN\u009cy', 'x0;PWNy'],
    ['tabs, newlines, DEL', 'a\tb\nc\r\x7fd', 'abcd'],
    ['bidi overrides and isolates', 'evil\u202Egnp.exe\u2066x\u2069', 'evilgnp.exex'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['lone surrogates', 'a\uD800b\uDC00c', 'abc'],
    ['private use and noncharacters', 'a\uE000b\uFFFFc\u{10FFFF}d', 'abcd'],
    ['joiners, soft hyphen, BOM, tags', 'a\u200Db\u00ADc\uFEFFd\u{E0041}e', 'abcde'],
    ['marks are kept', 'e\u0301 नमस्ते', 'e\u0301 नमस्ते'],
    ['other spaces are kept', 'a\u00A0b\u3000c', 'a\u00A0b\u3000c'],
    ['emoji and CJK are kept', '深度🚀', '深度🚀'],
  ])('%s', (_what, given, wanted) => {
    expect(clean(given)).toBe(wanted);
  });

  test('limits the number of UTF-8 bytes, between characters', () => {
    expect(clean('abcdef', 4)).toBe('abcd');
    expect(clean('aéb', 2)).toBe('a'); // a = 1, é = 2: the second would end at 3
    expect(clean('aéb', 3)).toBe('aé');
    expect(clean('🚀🚀', 7)).toBe('🚀'); // 4 bytes each
    expect(clean('深'.repeat(1000))).toHaveLength(341); // 3 bytes each: 341 * 3 = 1023
    expect(clean('x'.repeat(2000))).toHaveLength(1024);
    expect(clean('é', 0)).toBe('');
  });

  test('any text becomes harmless, limited and valid, and stays the same on a second pass', () => {
    const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.integer({ min: 0, max: 60 }), (text, cap) => {
        const cleaned = clean(text, cap);
        expect(unsafe.test(cleaned)).toBe(false);
        expect(new TextEncoder().encode(cleaned).length).toBeLessThanOrEqual(cap);
        expect(clean(cleaned, cap)).toBe(cleaned);
      }),
    );
  });
});

describe('glyphs', () => {
  test.each([
    ['ASCII', 'abc', 'abc', 3],
    ['composed', 'e\u0301', 'é', 1],
    ['marks that do not compose are dropped', 'x\u0301\u0302', 'x', 1],
    ['CJK is two columns wide', '深a', '深a', 3],
    ['fullwidth', 'Ａ', 'Ａ', 2],
    ['ambiguous width is narrow', '…±°█', '…±°█', 4],
    ['a ZWJ family falls apart', '👩\u200D💻', '👩💻', 4],
    ['skin tones are dropped', '👍🏽', '👍', 2],
    ['flags are dropped', 'a🇰🇷b', 'ab', 2],
    ['VS16 is dropped', '☎\uFE0F', '☎', 1],
    ['jamo make a syllable', '\u1112\u1161\u11AB', '한', 2],
    ['a vowel that is not part of a syllable is dropped', 'a\u1161', 'a', 1],
    ['emoji newer than many terminals are replaced', 'a🫠b', 'a\uFFFDb', 3],
    ['control characters are dropped', 'a\x1b]0;t\x07\u009bb', 'a]0;tb', 6],
  ])('%s', (_what, given, wanted, width) => {
    expect(show(given)).toBe(wanted);
    expect(columns(given)).toBe(width);
  });

  test('every code point has the width that a terminal uses, or is dropped', () => {
    const terminal = new xterm.Terminal({ allowProposedApi: true });
    terminal.loadAddon(new unicode11.Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    const { unicodeService } = (terminal as unknown as { _core: { unicodeService: { wcwidth(codePoint: number): number } } })._core;
    const wrong: string[] = [];
    for (const codePoint of codePoints()) {
      forEachGlyph(String.fromCodePoint(codePoint), (ch, width) => {
        if (unicodeService.wcwidth(ch.codePointAt(0)!) !== width) wrong.push(codePoint.toString(16));
      });
    }
    terminal.dispose();
    expect(wrong).toEqual([]);
  });

  test('a text that passes the quick narrow check needs no other', () => {
    const quick = [...codePoints()].map((codePoint) => String.fromCodePoint(codePoint)).filter(isNarrow);
    expect(quick).toHaveLength(95 + 94 + 24 + 112 + 2 + 253 + 2 + 256);
    // None of them composes with its neighbours, and none is a mark, a format character or ignorable.
    expect(quick.join('').normalize('NFC')).toBe(quick.join(''));
    expect(quick.filter((ch) => ch.length !== 1 || /[\p{M}\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(ch))).toEqual([]);
    expect(isNarrow('a深')).toBe(false);
  });

  test('a text with plain parts gives the same result as normalized as a whole', () => {
    const whole = (text: string): string => text.normalize('NFC').replace(/[\p{M}\p{C}]/gu, '');
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'e', '█', '<') }),
      fc.constantFrom('\u0301', '\u0338', '深', 'é', '\x1b'),
    );
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), (parts) => expect(show(parts.join(''))).toBe(whole(parts.join('')))));
  });

  test('decomposed text is composed, glyph by glyph', () => {
    expect(glyphs('a\u0308深')).toEqual([
      { ch: 'ä', width: 1 },
      { ch: '深', width: 2 },
    ]);
  });
});
