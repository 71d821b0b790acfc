import { describe, expect, test } from '@jest/globals';
import { THEMES, THEMES_OF_16, lookOf, type Look, type Theme } from '../../lib/paint/theme.js';
import { SELECTED } from '../../lib/view/cells.js';
import { TONES } from '../../lib/view/frame.js';

/** Red, green and blue of the fixed part of the palette: a cube of six steps (16 to 231) and greys (232 to 255). */
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

/** The background of a tone that has none of its own. */
const BACKGROUNDS: readonly [Theme, number][] = [
  [THEMES.dark, 16],
  [THEMES.dark, 234],
  [THEMES.light, 231],
  [THEMES.light, 230],
  [THEMES['colour-blind'], 16],
  [THEMES['colour-blind'], 234],
  [THEMES['high-contrast'], 16],
];

/** A colour as seen with one kind of cone missing: the matrices of Machado et al. (2009), for linear light. */
const EYES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The perceived colour in CIE L*a*b*. */
function lab(colour: number, eye: readonly (readonly number[])[]): number[] {
  const linear = rgb(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const times = (rows: readonly (readonly number[])[], of: readonly number[]): number[] =>
    rows.map((row) => row.reduce((sum, part, at) => sum + part * of[at]!, 0));
  const seen = times(eye, linear).map((part) => Math.min(1, Math.max(0, part)));
  const xyz = times(
    [
      [0.4124, 0.3576, 0.1805],
      [0.2126, 0.7152, 0.0722],
      [0.0193, 0.1192, 0.9505],
    ],
    seen,
  );
  const [x, y, z] = [xyz[0]! / 0.9505, xyz[1]!, xyz[2]! / 1.089].map((part) =>
    part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116,
  );
  return [116 * y! - 16, 500 * (x! - y!), 200 * (y! - z!)];
}

describe('themes', () => {
  test.each(BACKGROUNDS)('every tone of $name is readable, selected or not (background %#)', (theme, behind) => {
    const poor = TONES.flatMap((tone, index) =>
      [index, index | SELECTED].flatMap((style) => {
        const { fg, bg = behind }: Look = lookOf(theme, style);
        // WCAG requires 3 for large text and 4.5 for small text; dim text is meant to be less prominent.
        const wanted = tone === 'dim' || tone === 'tab' ? 3.5 : 4.5;
        return fg !== undefined && contrast(fg, bg) < wanted ? [`${tone} ${style} ${contrast(fg, bg).toFixed(1)}`] : [];
      }),
    );
    expect(poor).toEqual([]);
  });

  test.each(Object.entries(EYES))('colour-blind: good, warn and bad are distinct with %s, selected or not', (_name, eye) => {
    for (const selected of [0, SELECTED]) {
      const [good, warn, bad] = (['good', 'warn', 'bad'] as const).map((tone) =>
        lab(lookOf(THEMES['colour-blind'], TONES.indexOf(tone) | selected).fg!, eye),
      );
      for (const [a, b] of [
        [good, warn],
        [good, bad],
        [warn, bad],
      ] as const) {
        // 2 is just noticeable, 10 is obvious at a glance.
        expect(Math.hypot(...a!.map((part, at) => part - b![at]!))).toBeGreaterThan(20);
      }
    }
  });

  test.each<Theme>([...Object.values(THEMES), ...Object.values(THEMES_OF_16)])(
    '$name: a selected line has one background, with readable text colours on it',
    (theme) => {
      for (const [index, tone] of TONES.entries()) {
        const plain: Look = theme.tones[tone];
        const selected = lookOf(theme, index | SELECTED);
        if (plain.bg !== undefined || plain.inverse === true) expect(selected).toEqual({ ...theme.base, ...plain });
        else
          expect(selected).toMatchObject(
            theme.selected.inverse === true ? { inverse: true } : { bg: theme.selected.bg, fg: expect.any(Number) },
          );
      }
    },
  );

  test('there are no colours on request', () => {
    for (let style = 0; style < 256; style++) {
      const { fg, bg } = lookOf(THEMES.mono, style);
      expect([fg, bg]).toEqual([undefined, undefined]);
    }
  });

  test('a style that is not a tone looks normal', () => {
    expect(lookOf(THEMES.dark, 100)).toEqual(THEMES.dark.tones.normal);
  });

  test('16-colour themes use only the first 16', () => {
    for (const theme of Object.values(THEMES_OF_16))
      for (let style = 0; style < 256; style++) {
        const { fg = 0, bg = 0 } = lookOf(theme, style);
        expect(Math.max(fg, bg)).toBeLessThan(16);
      }
  });
});
