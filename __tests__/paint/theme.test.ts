import { describe, expect, test } from '@jest/globals';
import { THEMES, lookOf, themeFor, type Look, type Theme } from '../../lib/paint/theme.js';
import { SELECTED } from '../../lib/view/cells.js';
import { TONES } from '../../lib/view/frame.js';

/** Red, green, blue of the palette's fixed part: a cube of six steps (16 to 231) and greys (232 to 255). */
function rgb(colour: number): number[] {
  if (colour >= 232) return [0, 0, 0].map(() => 8 + (colour - 232) * 10);
  const cube = colour - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => (step === 0 ? 0 : 55 + step * 40));
}
function luminance(colour: number): number {
  const [r, g, b] = rgb(colour).map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
/** WCAG 2 contrast: 1 (none) to 21. */
function contrast(a: number, b: number): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** What stands behind a tone that has no background of its own. */
const BACKGROUNDS: readonly [Theme, number][] = [
  [THEMES.dark, 16],
  [THEMES.dark, 234],
  [THEMES.light, 231],
  [THEMES.light, 230],
];

describe('themes', () => {
  test.each(BACKGROUNDS)('every tone of $name is readable, selected or not (background %#)', (theme, behind) => {
    const poor = TONES.flatMap((tone, index) =>
      [index, index | SELECTED].flatMap((style) => {
        const { fg, bg = behind }: Look = lookOf(theme, style);
        // WCAG asks 3 of large text and 4.5 of small; dim text is meant to stand back.
        const wanted = tone === 'dim' || tone === 'tab' ? 3.5 : 4.5;
        return fg !== undefined && contrast(fg, bg) < wanted ? [`${tone} ${style} ${contrast(fg, bg).toFixed(1)}`] : [];
      }),
    );
    expect(poor).toEqual([]);
  });

  test.each<Theme>(Object.values(THEMES))('$name: a selected line has one background, and text a colour on it', (theme) => {
    for (const [index, tone] of TONES.entries()) {
      const plain = theme.tones[tone];
      const selected = lookOf(theme, index | SELECTED);
      if (plain.bg !== undefined || plain.inverse === true) expect(selected).toEqual(plain);
      else
        expect(selected).toMatchObject(
          theme.selected.inverse === true ? { inverse: true } : { bg: theme.selected.bg, fg: expect.any(Number) },
        );
    }
  });

  test('no colours where none are wanted', () => {
    for (let style = 0; style < 256; style++) {
      const { fg, bg } = lookOf(THEMES.mono, style);
      expect([fg, bg]).toEqual([undefined, undefined]);
    }
  });

  test('a style that no tone has looks normal', () => {
    expect(lookOf(THEMES.dark, 100)).toEqual(THEMES.dark.tones.normal);
  });

  test.each([
    [{}, 'dark'],
    [{ NO_COLOR: '' }, 'dark'],
    [{ NO_COLOR: '1' }, 'mono'],
    [{ NO_COLOR: '1', COLORFGBG: '0;15' }, 'mono'],
    [{ COLORFGBG: '0;15' }, 'light'],
    [{ COLORFGBG: '0;default;7' }, 'light'],
    [{ COLORFGBG: '15;0' }, 'dark'],
  ])('%j asks for %s', (env, name) => {
    expect(themeFor(env).name).toBe(name);
  });
});
