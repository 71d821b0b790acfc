/** Tones as colours. Views never see this. Colours are numbers of the 256-colour palette. */
import { SELECTED, TONE_MASK } from '../view/cells.js';
import { TONES, type Tone } from '../view/frame.js';

export interface Look {
  readonly fg?: number;
  readonly bg?: number;
  readonly bold?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

export interface Theme {
  readonly name: string;
  /** Default colours for tones without their own. Absent: the terminal's. */
  readonly base?: Look;
  readonly tones: Readonly<Record<Tone, Look>>;
  /** Applied to tones without a background on a selected line; `fg` only if the tone has none. */
  readonly selected: Look;
  /** Tones whose own foreground would not be readable on the selection: the same hue, further from it. */
  readonly onSelected: Readonly<Partial<Record<Tone, Look>>>;
}

const DARK = {
  name: 'dark',
  tones: {
    normal: {},
    dim: { fg: 244 },
    strong: { bold: true },
    accent: { fg: 110 },
    good: { fg: 108 },
    warn: { fg: 179 },
    bad: { fg: 203 },
    header: { fg: 247, bg: 236 },
    chip: { fg: 252, bg: 238 },
    'chip-warn': { fg: 234, bg: 179 },
    'chip-bad': { fg: 231, bg: 124 },
    title: { fg: 252, bg: 236 },
    tab: { fg: 246 },
    'tab-active': { fg: 231, bg: 25, bold: true },
    key: { fg: 110, bold: true },
  },
  selected: { fg: 255, bg: 238 },
  onSelected: {
    dim: { fg: 250 },
    tab: { fg: 250 },
    accent: { fg: 117 },
    good: { fg: 150 },
    warn: { fg: 222 },
    bad: { fg: 217 },
    key: { fg: 117 },
  },
} as const satisfies Theme;

const LIGHT = {
  name: 'light',
  tones: {
    normal: {},
    dim: { fg: 243 },
    strong: { bold: true },
    accent: { fg: 25 },
    good: { fg: 28 },
    warn: { fg: 94 },
    bad: { fg: 160 },
    header: { fg: 238, bg: 254 },
    chip: { fg: 236, bg: 252 },
    'chip-warn': { fg: 234, bg: 222 },
    'chip-bad': { fg: 231, bg: 160 },
    title: { fg: 236, bg: 254 },
    tab: { fg: 242 },
    'tab-active': { fg: 231, bg: 25, bold: true },
    key: { fg: 25, bold: true },
  },
  selected: { fg: 232, bg: 253 },
  onSelected: {
    dim: { fg: 240 },
    tab: { fg: 239 },
    accent: { fg: 18 },
    good: { fg: 22 },
    warn: { fg: 58 },
    bad: { fg: 124 },
    key: { fg: 18 },
  },
} as const satisfies Theme;

/** Black and pure colours. It brings its own background, so that it is the same on every terminal. */
const HIGH_CONTRAST = {
  name: 'high-contrast',
  base: { fg: 231, bg: 16 },
  tones: {
    normal: {},
    dim: {},
    strong: { bold: true },
    accent: { fg: 51 },
    good: { fg: 46 },
    warn: { fg: 226, bold: true },
    bad: { fg: 217, bold: true, underline: true },
    header: { fg: 231, bg: 16, bold: true, underline: true },
    chip: { fg: 16, bg: 231 },
    'chip-warn': { fg: 16, bg: 226, bold: true },
    'chip-bad': { fg: 231, bg: 88, bold: true },
    title: { fg: 16, bg: 231, bold: true },
    tab: {},
    'tab-active': { fg: 16, bg: 226, bold: true },
    key: { fg: 226, bold: true },
  },
  selected: { fg: 231, bg: 18 },
  onSelected: {},
} as const satisfies Theme;

/**
 * For red-green colour blindness: blue is good, yellow is a warning, and bad is a dark orange, which also differs from yellow in
 * lightness.
 */
const COLOUR_BLIND = {
  name: 'colour-blind',
  tones: {
    ...DARK.tones,
    accent: { fg: 153 },
    good: { fg: 39 },
    warn: { fg: 228 },
    bad: { fg: 202, bold: true },
    'chip-warn': { fg: 234, bg: 228 },
    'chip-bad': { fg: 16, bg: 202, bold: true },
    'tab-active': { fg: 231, bg: 25, bold: true },
    key: { fg: 153, bold: true },
  },
  selected: { fg: 255, bg: 236 },
  onSelected: { dim: { fg: 250 }, tab: { fg: 250 }, good: { fg: 75 }, bad: { fg: 208 } },
} as const satisfies Theme;

/** No colours (NO_COLOR): bold and inverse instead. */
const MONO = {
  name: 'mono',
  tones: {
    normal: {},
    dim: {},
    strong: { bold: true },
    accent: {},
    good: {},
    warn: { bold: true },
    bad: { bold: true },
    header: { underline: true },
    chip: { inverse: true },
    'chip-warn': { inverse: true },
    'chip-bad': { inverse: true, bold: true },
    title: { inverse: true },
    tab: {},
    'tab-active': { inverse: true, bold: true },
    key: { bold: true },
  },
  selected: { inverse: true },
  onSelected: {},
} as const satisfies Theme;

/**
 * The same with 16 colours. The terminal defines what they look like, so only a few are used, and what must stand out is inverted.
 */
const FEW = {
  ...MONO.tones,
  warn: {},
  'chip-warn': { fg: 0, bg: 3 },
  'chip-bad': { fg: 7, bg: 1, bold: true },
  'tab-active': { fg: 7, bg: 4, bold: true },
} as const;
const few = (name: string, tones: Partial<Theme['tones']>, base?: Look): Theme => ({
  name,
  tones: { ...FEW, ...tones },
  selected: { inverse: true },
  onSelected: {},
  ...(base ? { base } : {}),
});

export const THEMES = { dark: DARK, light: LIGHT, 'high-contrast': HIGH_CONTRAST, 'colour-blind': COLOUR_BLIND, mono: MONO } as const;
export type ThemeName = keyof typeof THEMES;

export const THEMES_OF_16: Readonly<Record<ThemeName, Theme>> = {
  dark: few('dark', { accent: { fg: 6 }, good: { fg: 2 }, warn: { fg: 3 }, bad: { fg: 1, bold: true }, key: { fg: 6, bold: true } }),
  light: few('light', { accent: { fg: 4 }, good: { fg: 2 }, warn: { fg: 5 }, bad: { fg: 1, bold: true }, key: { fg: 4, bold: true } }),
  'high-contrast': few(
    'high-contrast',
    { accent: { fg: 14 }, good: { fg: 10 }, warn: { fg: 11, bold: true }, bad: { fg: 9, bold: true }, key: { fg: 11, bold: true } },
    { fg: 15, bg: 0 },
  ),
  'colour-blind': few('colour-blind', {
    accent: { fg: 6 },
    good: { fg: 4, bold: true },
    warn: { fg: 3 },
    bad: { fg: 5, bold: true },
    key: { fg: 6, bold: true },
  }),
  mono: MONO,
};

/** What a cell of this style looks like. */
export function lookOf(theme: Theme, style: number): Look {
  const { base, selected } = theme;
  const tone = TONES[style & TONE_MASK] ?? 'normal';
  const look = theme.tones[tone];
  if ((style & SELECTED) === 0) return { ...base, ...look };
  if (look.bg !== undefined || look.inverse === true) return { ...base, ...look };
  // Inverted, the tone's colour would be the background.
  if (selected.inverse === true) return { ...base, inverse: true, ...(look.bold === undefined ? {} : { bold: look.bold }) };
  return { ...base, ...selected, ...look, ...theme.onSelected[tone] };
}
