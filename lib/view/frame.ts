/**
 * What a tab shows, described: spans with tone names, lines, rasters, region ids for the mouse. Nothing here knows colours, widgets or
 * GPUs. A plugin returns a `View`, chrome frames it into a `Frame`, a painter turns the frame into cells.
 */
import { width, type Measured } from '../text/format.js';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** Meanings, not colours; a theme maps them. The order is the number a cell carries. */
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

/** Names a place on screen for the mouse: 'tab:users', 'row:alice', 'sort:vram'. Plugins choose their own. */
export type RegionId = string;

export interface Span {
  /** Text of our own or cleaned text from outside; the painter still passes it through `glyphs()`. */
  readonly text: string;
  readonly tone?: Tone;
  readonly region?: RegionId;
  /** Columns that `text` takes, where it was measured already (a cell of a table); absent: it is measured when the line is fitted. */
  readonly cols?: number;
}

export interface Line {
  readonly spans: readonly Span[];
  /** Region of what no span names. */
  readonly region?: RegionId;
  /** The whole line is the selected row: its tones stay, the background tells. */
  readonly selected?: boolean;
  /** What is copied of a selected line, cells between tabs; absent: its text. */
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
  /** As wide as there is room, `rows` high; blank while it is not drawn. */
  | { readonly kind: 'chart'; readonly chart: Chart; readonly rows: number }
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'raster'; readonly raster: Raster; readonly region?: RegionId };

export interface View {
  /** Under the tab strip, one line each, only when there is something to say. */
  readonly chips?: readonly Line[];
  /** The body, top down; what does not fit into the size given is cut. */
  readonly blocks: readonly Block[];
  /** The line above the key hints: breadcrumb, position. */
  readonly crumb?: Line;
  /** What `y` copies where no row is selected. */
  readonly copy?: string;
  /** Rows that a page key moves by; handed back to the key bindings. */
  readonly pageRows?: number;
}

/** A picture of the whole terminal. Lines beyond `size.rows` do not exist; shorter ones are padded with blanks. */
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
/** A span whose width is known: its text was padded or cut to `cols` columns. */
export const measuredSpan = ({ text, cols }: Measured, tone?: Tone, region?: RegionId): Span => ({ ...span(text, tone, region), cols });
/** Columns that a span takes. */
export const spanCols = ({ text, cols }: Span): number => cols ?? width(text);
export const line = (...spans: (Span | string)[]): Line => ({
  spans: spans.map((part) => (typeof part === 'string' ? { text: part } : part)),
});
export const lines = (...all: (Line | string)[]): Block => ({
  kind: 'lines',
  lines: all.map((one) => (typeof one === 'string' ? line(one) : one)),
});
export const BLANK: Line = { spans: [] };

/** Lines over a common axis. What it looks like is a painter's business; it hangs on `id`, `version` and the size alone. */
export interface Chart {
  readonly id: string;
  /** Another number where anything below is different. */
  readonly version: number;
  readonly series: readonly { readonly values: ArrayLike<number>; readonly tone: Tone }[];
  /** What stands under the values, one each: as many are shown as there is room for. */
  readonly labels: readonly string[];
  readonly min: number;
  readonly max: number;
}
