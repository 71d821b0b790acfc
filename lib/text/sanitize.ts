/**
 * Strings from outside. `clean` is applied wherever text enters (scrape, host file, plugin, error message), `glyphs` where it is painted. Between
 * the two a string is harmless but complete: combining marks stay, so that names in any script survive exports and recordings.
 */
import { eastAsianWidth } from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;

/** Controls, formats (bidi overrides, joiners, soft hyphens), lone surrogates, private use, unassigned, line and paragraph separators. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Characters whose width differs between terminals: marks (including variation selectors), skin tones, regional indicators, conjoining vowels and
 * finals outside a syllable, fillers.
 */
const UNSTABLE =
  /[\p{M}\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{1F3FB}-\u{1F3FF}\u{1F1E6}-\u{1F1FF}\u1160-\u11FF\uD7B0-\uD7FF]/gu;

/**
 * Wide in current tables, narrow in older terminals, or the other way round: symbols that became wide late, and scripts and emoji added after
 * Unicode 11. A wrong guess would shift the rest of the row, so they are shown as U+FFFD.
 */
const DISPUTED =
  /[\u2630-\u2637\u268A-\u268F\u2FFC-\u2FFF\u31BB-\u31BF\u31E4-\u31EF\u4DC0-\u4DFF\u{16FE2}-\u{16FFF}\u{187F2}-\u{187FF}\u{18AF3}-\u{18DFF}\u{1AFF0}-\u{1AFFF}\u{1B11F}-\u{1B122}\u{1B132}\u{1B155}\u{1D300}-\u{1D376}\u{1F6D5}-\u{1F6DF}\u{1F6FB}-\u{1F6FF}\u{1F7E0}-\u{1F7FF}\u{1F90C}-\u{1F90F}\u{1F93B}\u{1F946}\u{1F971}-\u{1F972}\u{1F977}-\u{1F97B}\u{1F9A3}-\u{1F9AF}\u{1F9BA}-\u{1F9BF}\u{1F9C3}-\u{1F9CF}\u{1FA70}-\u{1FAFF}]/gu;

/**
 * First and last of the characters that always take one column and are already composed: printable ASCII, Latin-1, dashes and dots, arrows, ≤
 * and ≥, boxes, blocks and other shapes, ⚠, ✕, braille. Most of the screen consists of these. None of them composes with another one.
 */
const NARROW_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x20, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
  [0x2010, 0x2027],
  [0x2190, 0x21ff],
  [0x2264, 0x2265],
  [0x2500, 0x25fc],
  [0x26a0, 0x26a0],
  [0x2715, 0x2715],
  [0x2800, 0x28ff],
];
const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
const NARROW_END = 0x2900;
/** 1 where a UTF-16 unit is such a character. */
const NARROW = new Uint8Array(NARROW_END);
for (const [first, last] of NARROW_RANGES) NARROW.fill(1, first, last + 1);

/** The same for a whole text: for long texts several times as fast as checking each unit. */
const ALL_NARROW = new RegExp(`^[${NARROW_RANGES.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('')}]*$`);

const isNarrowAt = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit < NARROW_END && NARROW[unit] === 1;
};

/** Whether each UTF-16 unit of `text` is a character of one column. A fast check that may return false for such a text. */
export const isNarrow = (text: string): boolean => ALL_NARROW.test(text);

/** Nothing below this code point is wide. */
const FIRST_WIDE = 0x1100;

const utf8Bytes = (codePoint: number): number => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4);

/** The longest prefix of `text` that has at most `maxBytes` bytes in UTF-8 and ends between two characters. */
function capBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const codePoint = text.codePointAt(end)!;
    bytes += utf8Bytes(codePoint);
    if (bytes > maxBytes) return text.slice(0, end);
    end += codePoint > 0xffff ? 2 : 1;
  }
  return text;
}

/**
 * `text` without anything that could control a terminal, a log or a file name: categories Cc, Cf, Cs, Co, Cn, Zl and Zp are removed. Marks and
 * spaces stay. At most `maxBytes` of UTF-8, cut between characters. Clean text is returned unchanged.
 */
export function clean(text: string, maxBytes = 1024): string {
  if (PLAIN.test(text)) return text.length <= maxBytes ? text : text.slice(0, maxBytes);
  return capBytes(text.replace(UNSAFE, ''), maxBytes);
}

/** Blank, or not visible at all. */
const BLANK = '[\\s\\p{Default_Ignorable_Code_Point}\\u2800]';
const BLANK_ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, 'gu');

/** A clean name without blanks at its ends: they would show as an empty name, or as two users of the same name. */
export const withoutBlankEnds = (name: string): string =>
  isVisibleAt(name, 0) && isVisibleAt(name, name.length - 1) ? name : name.replace(BLANK_ENDS, '');
const isVisibleAt = (text: string, at: number): boolean => text.charCodeAt(at) > 0x20 && text.charCodeAt(at) < 0x7f;

/** One character as a terminal shows it: one code point, 1 or 2 columns wide. */
export interface Glyph {
  readonly ch: string;
  readonly width: 1 | 2;
}

/**
 * Calls `visit` for each glyph of `text`: composed (NFC), without characters that terminals disagree about, ambiguous widths narrow. Nothing that
 * could control the terminal gets through, whether or not `text` is clean.
 */
export function forEachGlyph(text: string, visit: (ch: string, width: 1 | 2) => void): void {
  const { length } = text;
  let at = 0;
  // One unit behind: a mark that follows would compose with it.
  for (let narrow = length > 0 && isNarrowAt(text, 0); narrow; at++) {
    narrow = at + 1 < length && isNarrowAt(text, at + 1);
    if (narrow || at + 1 === length) visit(text[at]!, 1);
    else break;
  }
  if (at === length) return;
  for (const ch of text.slice(at).normalize('NFC').replace(UNSTABLE, '').replace(DISPUTED, '\uFFFD')) {
    const codePoint = ch.codePointAt(0)!;
    visit(ch, codePoint >= FIRST_WIDE && eastAsianWidth(codePoint) === 2 ? 2 : 1);
  }
}

/** The same as a list, for code that is not hot. */
export function glyphs(text: string): Glyph[] {
  const all: Glyph[] = [];
  forEachGlyph(text, (ch, width) => all.push({ ch, width }));
  return all;
}
