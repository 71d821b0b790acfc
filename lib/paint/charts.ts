/** Draws charts. The chart library is loaded for the first chart; recent charts are cached. */
import type { ChartDrawer } from '../view/chart.js';
import type { Raster, Size, Chart } from '../view/frame.js';

const MOST_KEPT = 8;

export type Draw = (chart: Chart, size: Size) => Raster;

export class Charts implements ChartDrawer {
  readonly #load: () => Promise<Draw>;
  readonly #kept = new Map<string, Raster>();
  #draw: Draw | undefined;
  #loading = false;
  #ready: () => void = () => undefined;

  constructor(load: () => Promise<Draw>) {
    this.#load = load;
  }

  draw(chart: Chart, size: Size): Raster | undefined {
    const key = `${chart.id}\0${chart.version}\0${size.cols}x${size.rows}`;
    const known = this.#kept.get(key);
    if (known) return known;
    if (!this.#draw) {
      this.#begin();
      return undefined;
    }
    const raster = this.#draw(chart, size);
    this.#kept.set(key, raster);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(old);
    }
    return raster;
  }

  onReady(run: () => void): void {
    this.#ready = run;
  }

  #begin(): void {
    if (this.#loading) return;
    this.#loading = true;
    this.#load().then(
      (draw) => {
        this.#draw = draw;
        this.#ready();
      },
      // It stays blank: Node.js never tries again to read a module that it could not open.
      () => undefined,
    );
  }
}

export const createCharts = (): ChartDrawer => new Charts(async () => (await import('./line-chart.js')).drawLineChart);
