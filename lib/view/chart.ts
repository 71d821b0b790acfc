/** Charts described, and series of samples made ready for few columns so that what mattered is still seen. Pure. */
import type { Raster, Size, Tone } from './frame.js';

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

/** Draws charts. Undefined: it is still being made ready; `onReady` tells when. */
export interface ChartDrawer {
  draw(chart: Chart, size: Size): Raster | undefined;
  onReady(run: () => void): void;
}

/** Samples at a fixed step, the newest last. NaN: nothing known at that time. */
export interface Series {
  readonly values: ArrayLike<number>;
  /** Number of the newest sample, counted from the epoch in steps: bins hang on it, so that a sample stays in its bin. */
  readonly last: number;
  readonly stepMs: number;
}

/**
 * The highest sample of each of `cols` bins of `per` samples, newest bin last: a peak of one sample is seen at any width. Bins begin at
 * multiples of `per`, so the picture moves on by whole columns and never flickers. NaN where a bin knows nothing.
 */
export function peaks({ values, last }: Series, cols: number, per: number): Float64Array {
  const bins = new Float64Array(cols).fill(NaN);
  const newest = Math.floor(last / per);
  for (let at = values.length - 1, sample = last; at >= 0; at--, sample--) {
    const bin = cols - 1 - (newest - Math.floor(sample / per));
    if (bin < 0) break;
    // `!(a >= b)` also where there is none yet.
    if (!(bins[bin]! >= values[at]!) && !Number.isNaN(values[at])) bins[bin] = values[at]!;
  }
  return bins;
}

/** Samples per column when `cols` columns are to show `windowMs`; at least one. */
export const samplesPerColumn = ({ stepMs }: Pick<Series, 'stepMs'>, cols: number, windowMs: number): number =>
  Math.max(1, Math.ceil(windowMs / stepMs / Math.max(1, cols)));

const STEPS_OF_TEN = [1, 2, 2.5, 5, 10];

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `value`: where a scale ends that nobody gives. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return ten * STEPS_OF_TEN.find((step) => step * ten >= value * (1 - 1e-12))!;
}
