/**
 * Text in cells: widths, cutting, and formatted numbers. A value that was not reported (undefined, NaN) is `–`; 0 is a reading. Units are
 * binary for bytes and decimal for watts, with three significant figures, so that a column keeps its width.
 */
import { forEachGlyph, glyphs, isNarrow } from './sanitize.js';

/** A value that may not have been reported. */
export type Reading = number | undefined;
export type Align = 'left' | 'right' | 'center';

export const NONE = '–';
const MORE = '…';

const missing = (n: Reading): n is undefined => n === undefined || !Number.isFinite(n);

/** The number of columns that `text` takes. */
export function width(text: string): number {
  if (isNarrow(text)) return text.length;
  let columns = 0;
  forEachGlyph(text, (_ch, wide) => {
    columns += wide;
  });
  return columns;
}

/** A text and the columns that it takes: measured where it was made, and carried along. */
export interface Measured {
  readonly text: string;
  readonly cols: number;
}

/** A text that may have been measured already. */
export type Sized = Pick<Measured, 'text'> & Partial<Measured>;

/**
 * `given` in at most `cols` columns, and how many it takes; cut text ends in `…`. One column less if a wide character would have been split.
 * What comes with its width and fits is not measured.
 */
export function cutMeasured(given: string | Sized, cols: number): Measured {
  if (cols <= 0) return { text: '', cols: 0 };
  const { text, cols: known } = typeof given === 'string' ? { text: given, cols: undefined } : given;
  if (known !== undefined && known <= cols) return { text, cols: known };
  if (isNarrow(text)) return text.length <= cols ? { text, cols: text.length } : { text: text.slice(0, cols - 1) + MORE, cols };
  let kept = '';
  let keptCols = 0;
  let fits = '';
  let fitsCols = 0;
  for (const { ch, width: wide } of glyphs(text)) {
    if (keptCols + wide > cols) return { text: fits + MORE, cols: fitsCols + 1 };
    kept += ch;
    keptCols += wide;
    if (keptCols > cols - 1) continue;
    fits = kept;
    fitsCols = keptCols;
  }
  return { text: kept, cols: keptCols };
}

/** `text` in at most `cols` columns; cut text ends in `…`. */
export const cut = (text: string, cols: number): string => cutMeasured(text, cols).text;

/** `text` in at most `cols` columns, its middle cut: names often differ at their ends, so more of the end is kept. */
export function cutMiddle(text: string, cols: number): string {
  const all = width(text);
  if (all <= cols) return text;
  if (cols < LEAST_MIDDLE_COLS) return cut(text, cols);
  const tail = Math.ceil((cols - 1) * TAIL_SHARE);
  const head = cut(text, cols - tail).slice(0, -MORE.length);
  return head + cutStart(text, all - tail);
}
/** A user name in at most `cols` columns: names often differ at their ends, except where those are their domain. */
export const cutName = (name: string, cols: number): string => (name.includes('@') ? cut(name, cols) : cutMiddle(name, cols));

const LEAST_MIDDLE_COLS = 5;
const TAIL_SHARE = 0.6;

/** `text` without its first `cols` columns; what was cut begins with `…`. */
export function cutStart(text: string, cols: number): string {
  if (cols <= 0 || text === '') return text;
  let columns = 0;
  let rest = MORE;
  forEachGlyph(text, (ch, wide) => {
    if (columns >= cols) rest += ch;
    columns += wide;
  });
  return rest;
}

/** `given` in exactly `cols` columns: cut, or padded with spaces on the side away from `align`. */
export function padMeasured(given: string | Sized, cols: number, align: Align = 'left'): Measured {
  const shown = cutMeasured(given, cols);
  const blanks = cols - shown.cols;
  if (blanks <= 0) return shown;
  const before = align === 'left' ? 0 : align === 'right' ? blanks : Math.floor(blanks / 2);
  return { text: ' '.repeat(before) + shown.text + ' '.repeat(blanks - before), cols };
}

/** `text` in exactly `cols` columns. */
export const pad = (text: string, cols: number, align: Align = 'left'): string => padMeasured(text, cols, align).text;

/** Three significant figures below 1000: 4.00, 64.0, 256. Decimals are chosen after rounding: 9.999 is 10.0. */
function figures(n: number): string {
  const decimals = n < 9.995 ? 2 : n < 99.95 ? 1 : 0;
  return n.toFixed(decimals);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Beyond the largest unit: no such amount exists, and its digits would push a column out of line. */
const beyond = (n: number, unit: string): string => `${n < 0 ? '<-' : '>'}999${unit}`;

/** `0 B`, `4.00 GiB`, `64.0 GiB`, `256 GiB`, `1023 GiB`, `1.00 TiB`: at most 8 columns. */
export function bytes(n: Reading): string {
  if (missing(n)) return NONE;
  let size = Math.abs(n);
  let unit = 0;
  // 1023.5 would round to 1024 of the smaller unit.
  while (size >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  if (size >= 1023.5) return beyond(n, ' EiB');
  return `${n < 0 ? '-' : ''}${unit === 0 ? size.toFixed(0) : figures(size)} ${BYTE_UNITS[unit]}`;
}

/** Memory of which a part may not be known: then the figure is the least that it can be. In eight columns. */
export const vramText = (vram: number, partial: boolean): string =>
  partial && vram > 0 ? `≥${bytes(vram).replace(' ', '')}` : bytes(vram);

const WATT_UNITS = ['W', 'kW', 'MW', 'GW'];

/** `0.0 W`, `41.0 W`, `611 W`, `5.21 kW`, `388 kW`: at most 7 columns. */
export function watts(n: Reading): string {
  if (missing(n)) return NONE;
  let power = Math.abs(n);
  let unit = 0;
  while (power >= 999.5 && unit < WATT_UNITS.length - 1) {
    power /= 1000;
    unit++;
  }
  if (power >= 999.5) return beyond(n, ' GW');
  const shown = unit === 0 && power < 99.95 ? power.toFixed(1) : figures(power);
  return `${n < 0 ? '-' : ''}${shown} ${WATT_UNITS[unit]}`;
}

/** 0..100 (or more, for CPUs): `97%`. */
export function percent(n: Reading): string {
  return missing(n) ? NONE : `${Math.round(n)}%`;
}

/**
 * `text` in pieces of at most `cols` columns, broken after a space unless that would leave a short piece. Nothing is lost: joined, the pieces
 * are the text.
 */
export function wrap(text: string, cols: number): string[] {
  if (cols < 2) return [cut(text, cols)];
  const pieces: string[] = [];
  let piece = '';
  let columns = 0;
  forEachGlyph(text, (ch, wide) => {
    while (columns + wide > cols) {
      const blank = piece.lastIndexOf(' ') + 1;
      const end = blank * 3 > piece.length ? blank : piece.length;
      pieces.push(piece.slice(0, end));
      piece = piece.slice(end);
      columns = width(piece);
    }
    piece += ch;
    columns += wide;
  });
  return [...pieces, piece];
}

/** Parts joined by `gap`; parts at the end that do not fit in `cols` are dropped whole, never the first. */
export function joinFitting(parts: readonly string[], cols: number, gap = ' · '): string {
  let joined = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    const longer = joined + gap + part;
    if (width(longer) > cols) break;
    joined = longer;
  }
  return joined;
}

const COMPACT: readonly (readonly [from: number, sign: string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A number in at most 5 columns, rounded: `853`, `12.8k`, `3M`. */
export function compact(n: Reading): string {
  if (missing(n)) return NONE;
  const [size, sign] = COMPACT.find(([from]) => Math.abs(n) >= from) ?? [1, ''];
  const shown = n / size;
  if (Math.abs(shown) >= 999.5 && sign === 'G') return beyond(n, sign);
  return `${sign === '' || Math.abs(shown) >= 99.95 ? shown.toFixed(0) : shown.toFixed(1)}${sign}`;
}

/** `07`: hours, minutes and days; fractions are cut off. */
export const twoDigits = (n: number): string => String(Math.floor(n)).padStart(2, '0');

/** Whole seconds, rounded down: `00:00:31`, `2d 03:11:09`. `–` for a negative duration. */
export function duration(seconds: Reading): string {
  if (missing(seconds) || seconds < 0) return NONE;
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const clock = `${twoDigits(Math.floor(whole / 3600) % 24)}:${twoDigits(Math.floor(whole / 60) % 60)}:${twoDigits(whole % 60)}`;
  return days === 0 ? clock : `${days}d ${clock}`;
}

/** `9,140`. */
export function count(n: Reading): string {
  return missing(n) ? NONE : String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const AGES: readonly (readonly [limitMs: number, unitMs: number, sign: string])[] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'm'],
  [86_400_000, 3_600_000, 'h'],
  [Infinity, 86_400_000, 'd'],
];

/** An age in its largest unit, rounded down: `12s`, `3m`, `2h`, `4d`. A time in the future is `0s`. */
export function ago(ms: Reading): string {
  if (missing(ms)) return NONE;
  const age = Math.max(0, ms);
  const [, unit, sign] = AGES.find(([limit]) => age < limit)!;
  return `${Math.floor(age / unit)}${sign}`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of exactly `cols` columns, filled to `fraction` (0..1) in eighths of a column. Only 0 is empty, and only 1 is full. */
export function bar(fraction: Reading, cols: number): string {
  if (cols <= 0) return '';
  if (missing(fraction)) return pad(NONE, cols);
  const all = cols * 8;
  const filled = fraction <= 0 ? 0 : fraction >= 1 ? all : Math.min(all - 1, Math.max(1, Math.floor(fraction * all)));
  const shown = '█'.repeat(filled >> 3) + EIGHTHS[filled & 7]!;
  return shown + '░'.repeat(cols - shown.length);
}

const STEPS = '▁▂▃▄▅▆▇█';

/**
 * The last `cols` of `values` as blocks on the fixed scale `min`..`max`, newest at the right. Blank for values that were not reported, and
 * before the first value.
 */
export function spark(values: ArrayLike<number>, cols: number, min: number, max: number): string {
  if (cols <= 0) return '';
  const from = Math.max(0, values.length - cols);
  const perStep = max > min ? STEPS.length / (max - min) : 0;
  let shown = ' '.repeat(cols - (values.length - from));
  for (let at = from; at < values.length; at++) {
    const value = values[at]!;
    shown += Number.isNaN(value) ? ' ' : STEPS[Math.max(0, Math.min(STEPS.length - 1, Math.floor((value - min) * perStep)))]!;
  }
  return shown;
}
