/** A value of the cluster over time, with axes: the sparklines in large. */
import {
  clock,
  clusterDerivation,
  count,
  LIMITS,
  line,
  lines,
  peaks,
  percent,
  span,
  spark,
  watts,
  type AppView,
  type Chart,
  type ClusterFigure,
  type ClusterTotals,
  type Line,
  type Series,
  type Size,
  type View,
} from '../../lib/index.js';
import { powerScale } from './totals.js';

interface Figure {
  readonly title: string;
  /** Lines of the chart: the value, and related ones. */
  readonly figures: readonly ClusterFigure[];
  readonly unit: string;
  readonly text: (value: number) => string;
  scale(totals: ClusterTotals, app: AppView): readonly [min: number, max: number];
  /** The scope of the value. */
  over(totals: ClusterTotals): string;
}

const gpus = (reported: number): string => `${count(reported)} ${reported === 1 ? 'GPU' : 'GPUs'}`;

const FIGURES: Readonly<Record<string, Figure>> = {
  util: {
    title: 'Utilisation',
    figures: ['util'],
    unit: '%',
    text: percent,
    scale: () => [0, 100],
    over: ({ utilReported }) => `mean of ${gpus(utilReported)}`,
  },
  memory: {
    title: 'VRAM in use',
    figures: ['memory'],
    unit: '%',
    text: percent,
    scale: () => [0, 100],
    over: ({ memoryReported }) => `of ${gpus(memoryReported)}`,
  },
  temperature: {
    title: 'Temperature',
    figures: ['temperature', 'temperatureMax'],
    unit: '°C',
    text: (value) => `${Math.round(value)}°`,
    scale: () => [LIMITS.coldestCelsius, LIMITS.hottestCelsius],
    over: ({ temperatureReported }) => `mean of ${gpus(temperatureReported)}, and maximum`,
  },
  power: {
    title: 'Power',
    figures: ['power'],
    unit: 'W',
    text: watts,
    scale: (totals, app) => [0, powerScale(totals, app)],
    over: ({ powerReported }) => `of ${gpus(powerReported)}`,
  },
};
export const CHARTS: readonly string[] = Object.keys(FIGURES);

/** Time spans that can be selected, in minutes; the last is everything that is kept. */
export const SPANS: readonly number[] = [10, 30, Infinity];

/** Dots of a chart per column of the terminal. */
const DOTS = 2;
const SECONDS_BELOW_MS = 300_000;
/** Columns of the axis and its captions. */
const AXIS_COLS = 10;

/** Why a sum has a gap that no missing sample explains. */
const GAP_NOTE = ' · gap: nodes lost or back';

export function chartView(id: string, minutes: number, app: AppView, size: Size): View {
  const figure = FIGURES[id]!;
  const totals = app.derive(clusterDerivation);
  const rows = Math.max(0, size.rows - 2);
  const { chart, shown, unit } = chartOf(id, figure, minutes, totals, app, size.cols);
  const keys = 'c next chart · z time span · Esc close';
  return {
    blocks: [
      lines(
        line(
          span(` ${figure.title}`, 'strong'),
          span(said(figure, shown)),
          span(`   in ${unit}, ${figure.over(totals)}${shown.broken ? GAP_NOTE : ''}`, 'dim'),
        ),
      ),
      ...(chart.labels.length < 2
        ? [lines('', line(span('   Collecting data: one sample per interval.', 'dim')))]
        : rows < LEAST_CHART_ROWS
          ? [lines('', sparkOf(figure, minutes, totals, app, size.cols))]
          : [{ kind: 'chart' as const, chart, rows }]),
    ],
    crumb: line(span(` ${keys}`, 'dim')),
    copy: `${figure.title}${said(figure, shown)}`,
  };
}

/** Without space for axes: the value as a sparkline on the same scale. */
const LEAST_CHART_ROWS = 6;

function sparkOf(figure: Figure, minutes: number, totals: ClusterTotals, app: AppView, cols: number): Line {
  const series = lastOf(app.history.cluster(figure.figures[0]!), minutes);
  const room = Math.max(1, cols - 2);
  const values = peaks(series, room, Math.max(1, Math.ceil(series.values.length / room)));
  return line(span(' '), span(spark(values, room, ...figure.scale(totals, app)), 'accent'));
}

/** The captions of the axis are bare numbers: large powers are drawn in thousands of watts. */
const THOUSANDS_FROM = 10_000;
const divisorOf = ({ unit }: Figure, max: number): number => (unit === 'W' && max >= THOUSANDS_FROM ? 1000 : 1);

interface Shown {
  /** The value itself, in its own unit. */
  readonly now: number;
  readonly peak: number;
  readonly peakAt: number;
  readonly ms: number;
  /** Whether the sum is at some time one of clearly fewer or more GPUs. */
  readonly broken: boolean;
}

function chartOf(
  id: string,
  figure: Figure,
  minutes: number,
  totals: ClusterTotals,
  app: AppView,
  cols: number,
): { readonly chart: Chart; readonly shown: Shown; readonly unit: string } {
  const all = figure.figures.map((one) => lastOf(app.history.cluster(one), minutes));
  const [main] = all as [Series, ...Series[]];
  const { values, last, stepMs } = main;
  const points = Math.max(2, (cols - AXIS_COLS) * DOTS);
  const per = Math.max(1, Math.ceil(values.length / points));
  const bins = Math.ceil(values.length / per);
  const [min, max] = figure.scale(totals, app);
  const divide = divisorOf(figure, max);
  // Minutes are not enough if the whole span is only a few of them.
  const digits = values.length * stepMs < SECONDS_BELOW_MS ? 8 : 5;
  const labels = Array.from({ length: bins }, (_, nth) => clock((Math.floor(last / per) - bins + 1 + nth) * per * stepMs).slice(0, digits));
  const series = all.map((one, nth) => ({
    values: peaks(one, bins, per).map((value) => value / divide),
    tone: nth === 0 ? ('accent' as const) : ('bad' as const),
  }));
  return {
    chart: { id: `all ${id} ${minutes} ${max}`, version: last, series, labels, min: min / divide, max: max / divide },
    shown: shownOf(main),
    unit: divide === 1 ? figure.unit : `k${figure.unit}`,
  };
}

/** The samples of the last `minutes`. */
function lastOf(series: Series, minutes: number): Series {
  const most = Math.ceil((minutes * 60_000) / series.stepMs);
  const from = Math.max(0, series.values.length - most);
  return from === 0 ? series : { ...series, values: Array.from(series.values).slice(from) };
}

function shownOf({ values, last, stepMs, breaks = [] }: Series): Shown {
  let [peak, peakAt] = [NaN, NaN];
  for (let at = 0; at < values.length; at++) {
    if (!(values[at]! > peak) && !Number.isNaN(peak)) continue;
    if (Number.isNaN(values[at])) continue;
    peak = values[at]!;
    peakAt = (last - values.length + 1 + at) * stepMs;
  }
  return {
    now: values.length > 0 ? values[values.length - 1]! : NaN,
    peak,
    peakAt,
    ms: values.length * stepMs,
    broken: breaks.some((sample) => sample > last - values.length),
  };
}

function said({ text }: Figure, { now, peak, peakAt, ms }: Shown): string {
  if (Number.isNaN(peak)) return '';
  return `   now ${text(now)} · max ${text(peak)} at ${clock(peakAt).slice(0, 8)} · ${Math.max(1, Math.round(ms / 60_000))}m`;
}
