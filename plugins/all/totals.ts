/** The cluster in two lines: its current and recent activity, and the totals of its GPUs and machines. Each value is a total of what was reported. */
import {
  FROM_COLS,
  bar,
  bytes,
  count,
  LIMITS,
  line,
  niceCeiling,
  peaks,
  percent,
  samplesPerColumn,
  span,
  spark,
  watts,
  width,
  type AppView,
  type ClusterFigure,
  type ClusterTotals,
  type Line,
  type Span,
} from '../../lib/index.js';

const GAP = '    ';
const MOST_GRAPH_COLS = 24;
/** Fewer columns show nothing useful. */
const LEAST_GRAPH_COLS = 6;
/** The time span shown: the shortest that contains all known samples, else the longest. */
const WINDOWS_MINUTES = [1, 2, 5, 10];
const WINDOW_COLS = '10m'.length;
/** With fewer samples, a bar of the current value is shown instead. */
const LEAST_SAMPLES = 3;

type Part = readonly Span[];

/** Lines in order of importance. */
export function totalLines(totals: ClusterTotals, app: AppView, cols: number): readonly Line[] {
  return [meters(totals, app, cols), fitting(gpuParts(totals, cols), cols)].filter((made) => made !== undefined);
}

/** A value, its scale, and its current position on it. */
interface Meter {
  readonly label: string;
  readonly figure: ClusterFigure;
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

function metersOf(totals: ClusterTotals, app: AppView, cols: number): readonly Meter[] {
  const found: Meter[] = [];
  const add = (figure: ClusterFigure, label: string, text: string, now: number, [from, to]: readonly [number, number]): void => {
    found.push({ figure, label, text, from, to, share: (now - from) / (to - from) });
  };
  const memory = (totals.memoryUsedBytes / totals.memoryTotalBytes) * 100;
  if (totals.utilReported > 0) add('util', 'util', percent(totals.utilPercent), totals.utilPercent, [0, 100]);
  if (totals.memoryReported > 0) add('memory', 'VRAM', percent(memory), memory, [0, 100]);
  if (totals.temperatureReported > 0)
    add('temperature', 'temp', temperature(totals), totals.temperatureCelsius, [LIMITS.coldestCelsius, LIMITS.hottestCelsius]);
  if (totals.powerReported > 0) add('power', 'power', power(totals, cols), totals.powerWatts, [0, powerScale(totals, app)]);
  return found;
}

function temperature({ temperatureCelsius, temperatureDeviation, temperatureMax, temperatureReported }: ClusterTotals): string {
  const [mean, deviation, max] = [temperatureCelsius, temperatureDeviation, temperatureMax].map(Math.round);
  return temperatureReported > 1 ? `${mean} ±${deviation}° max ${max}°` : `${mean}°`;
}

function power({ powerWatts, powerReported }: ClusterTotals, cols: number): string {
  return cols >= FROM_COLS.totalsInFull && powerReported > 1
    ? `${watts(powerWatts)} · ${watts(powerWatts / powerReported)}/GPU`
    : watts(powerWatts);
}

/**
 * The maximum power of all GPUs, with unknown limits taken as the mean of the others; if no limit is known, a round value. Never less than
 * the power drawn: if a cluster has lost nodes, the past must remain visible.
 */
export function powerScale({ powerLimitReported, powerLimitWatts, powerReported, powerWatts }: ClusterTotals, app: AppView): number {
  const { values } = app.history.cluster('power');
  let most = powerWatts;
  for (let at = 0; at < values.length; at++) if (values[at]! > most) most = values[at]!;
  const allowed = powerLimitReported > 0 ? (powerLimitWatts / powerLimitReported) * Math.max(powerLimitReported, powerReported) : 0;
  return allowed >= most && allowed > 0 ? allowed : niceCeiling(most);
}

function windowMinutes(app: AppView): number {
  const { values, stepMs } = app.history.cluster('util');
  return WINDOWS_MINUTES.find((minutes) => values.length * stepMs <= minutes * 60_000) ?? WINDOWS_MINUTES.at(-1)!;
}

/** The values with as much of the last minutes as fits: for all of them, or for the first. */
function meters(totals: ClusterTotals, app: AppView, cols: number): Line | undefined {
  const found = metersOf(totals, app, cols);
  if (found.length === 0) return undefined;
  const known = app.history.cluster('util').values.length >= LEAST_SAMPLES;
  const texts = found.reduce((sum, { label, text }) => sum + label.length + 1 + width(text), 0) + (found.length - 1) * GAP.length;
  const left = cols - 2 - texts - found.length - (known ? GAP.length + WINDOW_COLS : 0);
  const drawn = found.map((_, nth) => found.length - nth).find((number) => Math.floor(left / number) >= LEAST_GRAPH_COLS) ?? 0;
  const graphs = Math.min(MOST_GRAPH_COLS, Math.floor(left / drawn));
  const minutes = windowMinutes(app);
  const graph = (meter: Meter): string => (known ? past(meter, app, graphs, minutes) : bar(meter.share, graphs));
  const parts = found.map((meter, nth): Part => [
    span(`${meter.label} `, 'dim'),
    ...(nth < drawn ? [span(`${graph(meter)} `, 'accent')] : []),
    span(meter.text),
  ]);
  return fitting(known && drawn > 0 ? [...parts, [span(`${minutes}m`, 'dim')]] : parts, cols);
}

function past({ figure, from, to }: Meter, app: AppView, cols: number, minutes: number): string {
  const series = app.history.cluster(figure);
  return spark(peaks(series, cols, samplesPerColumn(series, cols, minutes * 60_000)), cols, from, to);
}

/** 'GPUs 20 computing · 3 held idle · 9 free · 1 unknown', then the machines. */
function gpuParts(totals: ClusterTotals, cols: number): readonly Part[] {
  const { gpus, computing, heldIdle, free, unknown, ramReported, ramUsedBytes, ramTotalBytes, cpuUtilPercent, cpuCores } = totals;
  const parts: Part[] = [];
  if (gpus > 0) {
    const held = span(`${count(heldIdle)} held idle`, heldIdle > 0 ? 'bad' : undefined);
    const rest = ` · ${count(free)} free${unknown > 0 ? ` · ${count(unknown)} unknown` : ''}`;
    parts.push([span('GPUs', 'dim'), span(` ${count(computing)} computing · `), held, span(rest)]);
  }
  if (ramReported > 0) {
    const sizes = cols >= FROM_COLS.totalsInFull ? ` ${bytes(ramUsedBytes)} of ${bytes(ramTotalBytes)}` : '';
    parts.push([span('RAM', 'dim'), span(` ${percent((ramUsedBytes / ramTotalBytes) * 100)}${sizes}`)]);
  }
  if (!Number.isNaN(cpuUtilPercent))
    parts.push([span('CPU', 'dim'), span(` ${percent(cpuUtilPercent)}${cpuCores > 0 ? ` of ${count(cpuCores)} cores` : ''}`)]);
  return parts;
}

/** Complete parts, as many as fit. */
function fitting(parts: readonly Part[], cols: number): Line | undefined {
  if (parts.length === 0) return undefined;
  const spans: Span[] = [span(' ')];
  let used = 1;
  for (const [nth, part] of parts.entries()) {
    used += part.reduce((sum, { text }) => sum + width(text), 0) + (nth > 0 ? GAP.length : 0);
    if (used > cols && nth > 0) break;
    if (nth > 0) spans.push(span(GAP));
    spans.push(...part);
  }
  return line(...spans);
}
