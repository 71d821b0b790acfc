/**
 * Describes what a tab shows: spans with tone names, lines, rasters, region ids for the mouse. Nothing here depends on colours, widgets or
 * GPUs. A plugin returns a `View`, the chrome turns it into a `Frame`, and a painter turns the frame into cells.
 */
import { width, type Measured } from '../text/format.js';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** Meanings, not colours; a theme maps them. The order is the number stored in a cell. */
export const TONES = [
  'normal',
  'dim',
  'strong',
  'accent',
  'good',
  'warn',
  'bad',
  'header',
  'chip',
  'chip-warn',
  'chip-bad',
  'title',
  'tab',
  'tab-active',
  'key',
] as const;
export type Tone = (typeof TONES)[number];

/** Identifies a place on screen for the mouse: 'tab:users', 'row:alice', 'sort:vram'. Plugins choose their own. */
export type RegionId = string;

export interface Span {
  /** Our own text, or cleaned text from outside; the painter still passes it through `glyphs()`. */
  readonly text: string;
  readonly tone?: Tone;
  readonly region?: RegionId;
  /** Columns of `text`, if it was measured already (a cell of a table); absent: it is measured when the line is fitted. */
  readonly cols?: number;
}

export interface Line {
  readonly spans: readonly Span[];
  /** Region of everything without a region of its own. */
  readonly region?: RegionId;
  /** The whole line is the selected row: tones stay, the background shows it. */
  readonly selected?: boolean;
  /** The text to copy from a selected line, cells separated by tabs; absent: its text. */
  readonly copy?: string;
  /** Tone that fills the line to its right end. */
  readonly fill?: Tone;
}

/** Finished cells. `chars[i]` is one column wide; rows of `cols` cells. */
export interface Raster {
  readonly cols: number;
  readonly rows: number;
  readonly chars: readonly string[];
  readonly tones: readonly Tone[];
}

export type Block =
  /** As wide as possible, `rows` high; blank until it is drawn. */
  | { readonly kind: 'chart'; readonly chart: Chart; readonly rows: number }
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'raster'; readonly raster: Raster; readonly region?: RegionId };

export interface View {
  /** Under the tab strip, one line each; empty if there is nothing to report. */
  readonly chips?: readonly Line[];
  /** The body, from top to bottom; anything beyond the given size is cut. */
  readonly blocks: readonly Block[];
  /** The line above the key hints: breadcrumb, position. */
  readonly crumb?: Line;
  /** The text that `y` copies if no row is selected. */
  readonly copy?: string;
  /** Rows that a page key moves by; passed back to the key bindings. */
  readonly pageRows?: number;
}

/** The whole terminal. Lines beyond `size.rows` do not exist; shorter ones are padded with spaces. */
export interface Frame {
  readonly size: Size;
  readonly lines: readonly Line[];
  readonly rasters: readonly { readonly x: number; readonly y: number; readonly raster: Raster; readonly region?: RegionId }[];
}

export const span = (text: string, tone?: Tone, region?: RegionId): Span => ({
  text,
  ...(tone === undefined ? {} : { tone }),
  ...(region === undefined ? {} : { region }),
});
/** A span of known width: its text was padded or cut to `cols` columns. */
export const measuredSpan = ({ text, cols }: Measured, tone?: Tone, region?: RegionId): Span => ({ ...span(text, tone, region), cols });
/** The width of a span in columns. */
export const spanCols = ({ text, cols }: Span): number => cols ?? width(text);
export const line = (...spans: (Span | string)[]): Line => ({
  spans: spans.map((part) => (typeof part === 'string' ? { text: part } : part)),
});
export const lines = (...all: (Line | string)[]): Block => ({
  kind: 'lines',
  lines: all.map((one) => (typeof one === 'string' ? line(one) : one)),
});
export const BLANK: Line = { spans: [] };

/** Lines over a common axis. The painter decides how it looks, from `id`, `version` and the size alone. */
export interface Chart {
  readonly id: string;
  /** Must change whenever anything below changes. */
  readonly version: number;
  readonly series: readonly { readonly values: ArrayLike<number>; readonly tone: Tone }[];
  /** Captions below the values, one each: as many are shown as fit. */
  readonly labels: readonly string[];
  readonly min: number;
  readonly max: number;
}
