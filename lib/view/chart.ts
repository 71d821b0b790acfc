/** Descriptions of charts, and downsampling of series that keeps what matters visible. Pure. */
import type { Raster, Size, Chart } from './frame.js';
import type { Series } from '../model/series.js';

/** Draws charts. Undefined: it is still being loaded; `onReady` is called when it is ready. */
export interface ChartDrawer {
  draw(chart: Chart, size: Size): Raster | undefined;
  onReady(run: () => void): void;
}

/**
 * The maximum of each of `cols` bins of `per` samples, newest bin last: a peak of one sample is visible at any width. Bins start at
 * multiples of `per`, so the chart moves by whole columns and does not flicker. NaN if a bin has no sample, or a break: a gap
 * between values that do not compare.
 */
export function peaks({ values, last, breaks = [] }: Series, cols: number, per: number): Float64Array {
  const bins = new Float64Array(cols).fill(NaN);
  const newest = Math.floor(last / per);
  for (let at = values.length - 1, sample = last; at >= 0; at--, sample--) {
    const bin = cols - 1 - (newest - Math.floor(sample / per));
    if (bin < 0) break;
    // `!(a >= b)` is also true if there is none yet.
    if (!(bins[bin]! >= values[at]!) && !Number.isNaN(values[at])) bins[bin] = values[at]!;
  }
  for (const sample of breaks) {
    const bin = cols - 1 - (newest - Math.floor(sample / per));
    if (bin >= 0) bins[bin] = NaN;
  }
  return bins;
}

/** Samples per column if `cols` columns show `windowMs`; at least one. */
export const samplesPerColumn = ({ stepMs }: Pick<Series, 'stepMs'>, cols: number, windowMs: number): number =>
  Math.max(1, Math.ceil(windowMs / stepMs / Math.max(1, cols)));

const STEPS_OF_TEN = [1, 2, 2.5, 5, 10];

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `value`: the end of an automatic scale. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return ten * STEPS_OF_TEN.find((step) => step * ten >= value * (1 - 1e-12))!;
}
