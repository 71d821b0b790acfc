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
  readonly tones: Readonly<Record<Tone, Look>>;
  /** Laid over a tone of a selected line that has no background of its own; `fg` only where the tone has none. */
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

/** No colours at all (NO_COLOR): weight and inversion tell. */
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

export const THEMES = { dark: DARK, light: LIGHT, mono: MONO } as const;

/**
 * The theme an environment asks for: `mono` when NO_COLOR is set and not empty; `light` when COLORFGBG, which some terminals set, ends in
 * a light background (7 or 15); else `dark`.
 */
export function themeFor(env: Readonly<Record<string, string | undefined>>): Theme {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return MONO;
  return /;(7|15)$/.test(env.COLORFGBG ?? '') ? LIGHT : DARK;
}

/** What a cell of this style looks like. */
export function lookOf(theme: Theme, style: number): Look {
  const tone = TONES[style & TONE_MASK] ?? 'normal';
  const look = theme.tones[tone];
  if ((style & SELECTED) === 0) return look;
  const { selected } = theme;
  if (look.bg !== undefined || look.inverse === true) return look;
  return { ...selected, ...look, ...theme.onSelected[tone] };
}
