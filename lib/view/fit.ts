/** Checks and fits what a view returns. A tab may come from anywhere: an invalid line or raster throws here, where only that tab is affected. */
import { measuredSpan, spanCols, type Line, type Raster, type Span } from './frame.js';
import { cutMeasured } from '../text/format.js';

/** The line in at most `cols` columns; if words are lost it ends in `…`. Throws TypeError. */
export function fitLine(one: Line, cols: number): Line {
  checkLine(one);
  const columns = one.spans.map(spanCols);
  const all = columns.reduce((sum, wide) => sum + wide, 0);
  if (all <= cols || all - trailing(one.spans) <= cols) return one;
  const spans: Span[] = [];
  let room = cols;
  for (const [nth, part] of one.spans.entries()) {
    if (columns[nth]! < room) {
      spans.push(part);
      room -= columns[nth]!;
      continue;
    }
    // The space makes a text that just fits one that does not.
    spans.push(measuredSpan(cutMeasured(`${part.text} `, room), part.tone, part.region));
    break;
  }
  return { ...one, spans };
}

/** Trailing spaces. */
function trailing(spans: readonly Span[]): number {
  let blanks = 0;
  for (const { text } of [...spans].reverse()) {
    const kept = text.trimEnd();
    blanks += text.length - kept.length;
    if (kept !== '') break;
  }
  return blanks;
}

function checkLine(one: unknown): asserts one is Line {
  const { spans, region, copy } = Object(one) as Partial<Record<keyof Line, unknown>>;
  if (!Array.isArray(spans)) throw new TypeError('a line without spans');
  if (copy !== undefined && typeof copy !== 'string') throw new TypeError('what is copied of a line is not a text');
  if (!isRegion(region)) throw new TypeError('the region of a line is not a text');
  for (const part of spans as unknown[]) {
    const given = Object(part) as Partial<Record<keyof Span, unknown>>;
    if (typeof given.text !== 'string') throw new TypeError('a span without text');
    if (given.cols !== undefined && !Number.isInteger(given.cols)) throw new TypeError('the columns of a span are not a whole number');
    if (!isRegion(given.region)) throw new TypeError('the region of a span is not a text');
  }
}

const isRegion = (region: unknown): boolean => region === undefined || typeof region === 'string';

/** Throws TypeError if a raster is inconsistent. */
export function checkRaster({ cols, rows, chars, tones }: Raster): void {
  if (!Number.isInteger(cols) || !Number.isInteger(rows) || cols < 0 || rows < 0) throw new TypeError('a raster without a size');
  if (chars.length !== cols * rows || tones.length !== cols * rows) throw new TypeError('the cells of a raster do not match its size');
  if (!chars.every((ch: unknown) => typeof ch === 'string')) throw new TypeError('a raster of something else than characters');
}
