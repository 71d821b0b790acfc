/** A frame as a grid of characters and tones: what every painter draws, what goldens show, and what mouse events refer to. Pure. */
import { forEachGlyph, glyphs, isNarrow } from '../text/sanitize.js';
import { spanCols, TONES, type Frame, type Line, type Raster, type RegionId, type Size, type Tone } from './frame.js';

/** Bit of a cell's style: it belongs to a selected line. The lower bits are the index in TONES. */
export const SELECTED = 0x80;
export const TONE_MASK = 0x7f;

/** Row-major: the cell at (x, y) is element `y * cols + x`. */
export interface Cells extends Size {
  /** One character; '' is the second half of the wide character to its left. */
  readonly ch: string[];
  readonly style: Uint8Array;
}

type RasterPlace = Frame['rasters'][number];

const TONE_INDEX: ReadonlyMap<Tone | undefined, number> = new Map(TONES.map((tone, index) => [tone, index]));
const styleOf = (tone: Tone | undefined): number => TONE_INDEX.get(tone) ?? 0;

/** The character of a raster's cell: exactly one column wide, whatever a plugin supplies. */
function rasterGlyph(text: string): string {
  // Nearly all are braille and box characters.
  if (text.length === 1 && isNarrow(text)) return text;
  const [first] = glyphs(text);
  return first?.width === 1 ? first.ch : ' ';
}

function composeLine(line: Line, start: number, cols: number, cells: Cells): void {
  const { ch, style } = cells;
  const selected = line.selected === true ? SELECTED : 0;
  const rest = styleOf(line.fill) | selected;
  let x = 0;
  for (const span of line.spans) {
    if (x >= cols) return;
    const own = span.tone === undefined ? rest : styleOf(span.tone) | selected;
    forEachGlyph(span.text, (glyph, wide) => {
      if (x >= cols) return;
      const fits = x + wide <= cols;
      ch[start + x] = fits ? glyph : ' ';
      style[start + x] = own;
      if (fits && wide === 2) {
        ch[start + x + 1] = '';
        style[start + x + 1] = own;
      }
      x += wide;
    });
  }
  for (; x < cols; x++) {
    ch[start + x] = ' ';
    style[start + x] = rest;
  }
}

function blit({ x: left, y: top, raster }: RasterPlace, cells: Cells): void {
  const { cols, rows, ch, style } = cells;
  const from = Math.max(0, left);
  const to = Math.min(cols, left + raster.cols);
  if (from >= to) return;
  for (let y = Math.max(0, top); y < Math.min(rows, top + raster.rows); y++) {
    const start = y * cols;
    // A wide character that is cut by the edge of the raster leaves no half behind.
    if (ch[start + from] === '') ch[start + from - 1] = ' ';
    if (to < cols && ch[start + to] === '') ch[start + to] = ' ';
    for (let x = from; x < to; x++) {
      const at = (y - top) * raster.cols + (x - left);
      ch[start + x] = rasterGlyph(raster.chars[at] ?? ' ');
      style[start + x] = styleOf(raster.tones[at]);
    }
  }
}

/** Draws a frame. Spans without a tone take the line's `fill`; everything outside is clipped. `into` is reused if it has the right size. */
export function composeCells(frame: Frame, into?: Cells): Cells {
  const { cols, rows } = frame.size;
  const cells =
    into?.cols === cols && into.rows === rows
      ? into
      : { cols, rows, ch: new Array<string>(cols * rows).fill(' '), style: new Uint8Array(cols * rows) };
  for (let y = 0; y < rows; y++) {
    const line = frame.lines[y];
    if (line !== undefined) composeLine(line, y * cols, cols, cells);
    else {
      cells.ch.fill(' ', y * cols, (y + 1) * cols);
      cells.style.fill(0, y * cols, (y + 1) * cols);
    }
  }
  for (const place of frame.rasters) blit(place, cells);
  return cells;
}

const covers = (raster: Raster, x: number, y: number): boolean => x >= 0 && y >= 0 && x < raster.cols && y < raster.rows;

/** The region of the cell (x, y), 0-based: of the topmost raster, else of the span, else of the line. */
export function hitTest(frame: Frame, x: number, y: number): RegionId | undefined {
  if (x < 0 || y < 0 || x >= frame.size.cols || y >= frame.size.rows) return undefined;
  const line = frame.lines[y];
  const place = frame.rasters.findLast((one) => covers(one.raster, x - one.x, y - one.y));
  if (place !== undefined) return place.region ?? line?.region;
  let right = 0;
  for (const span of line?.spans ?? []) {
    right += spanCols(span);
    if (x < right) return span.region ?? line?.region;
  }
  return line?.region;
}

/** Rows of the grid as text, without trailing spaces. */
export function cellsToText({ cols, rows, ch }: Cells): string {
  return Array.from({ length: rows }, (_row, y) =>
    ch
      .slice(y * cols, (y + 1) * cols)
      .join('')
      .trimEnd(),
  ).join('\n');
}

/** What a person would see, without tones: for goldens. */
export const frameToText = (frame: Frame): string => cellsToText(composeCells(frame));
