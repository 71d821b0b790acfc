/** The cluster in two lines. Each figure is of what was reported; what nobody reports is left out. */
import { bar, count, line, percent, span, watts, type ClusterTotals, type Line, type Span } from '../../lib/index.js';

const METER_COLS = 12;
const GAP = '    ';

export function totalLines(totals: ClusterTotals, cols: number): readonly Line[] {
  return [gpuParts(totals), meters(totals, cols)].filter((parts) => parts.length > 0).map((parts) => fitting(parts, cols));
}

type Part = readonly Span[];

/** 'GPUs 20 computing · 3 held idle · 9 free · 1 unknown', then the machines. */
function gpuParts(totals: ClusterTotals): readonly Part[] {
  const { gpus, computing, heldIdle, free, unknown, ramReported, ramUsedBytes, ramTotalBytes, cpuUtilPercent, cpuCores } = totals;
  const kinds = [`${count(computing)} computing`, `${count(heldIdle)} held idle`, `${count(free)} free`];
  if (unknown > 0) kinds.push(`${count(unknown)} unknown`);
  const parts: Part[] = gpus > 0 ? [[span('GPUs', 'dim'), span(` ${kinds.join(' · ')}`)]] : [];
  if (ramReported > 0) parts.push([span('RAM', 'dim'), span(` ${percent((ramUsedBytes / ramTotalBytes) * 100)}`)]);
  if (!Number.isNaN(cpuUtilPercent))
    parts.push([span('CPU', 'dim'), span(` ${percent(cpuUtilPercent)}${cpuCores > 0 ? ` of ${count(cpuCores)} cores` : ''}`)]);
  return parts;
}

function meters(totals: ClusterTotals, cols: number): readonly Part[] {
  const parts: Part[] = [];
  const bars = cols >= 100 ? METER_COLS : 6;
  const meter = (label: string, share: number): Part => [
    span(`${label} `, 'dim'),
    span(bar(share / 100, bars), 'accent'),
    span(` ${percent(share).padStart(4)}`),
  ];
  if (totals.utilReported > 0) parts.push(meter('util', totals.utilPercent));
  if (totals.memoryReported > 0) parts.push(meter('VRAM', (totals.memoryUsedBytes / totals.memoryTotalBytes) * 100));
  if (totals.temperatureReported > 0) {
    const [mean, deviation, max] = [totals.temperatureCelsius, totals.temperatureDeviation, totals.temperatureMax].map(Math.round);
    const spread = totals.temperatureReported > 1 ? `${mean} ±${deviation}° max ${max}°` : `${mean}°`;
    parts.push([span('temp', 'dim'), span(` ${spread}`)]);
  }
  if (totals.powerReported > 0) parts.push([span('power', 'dim'), span(` ${watts(totals.powerWatts)}`)]);
  return parts;
}

/** Whole parts, as many as there is room for. */
function fitting(parts: readonly Part[], cols: number): Line {
  const spans: Span[] = [span(' ')];
  let used = 1;
  for (const [nth, part] of parts.entries()) {
    const text = part.map((one) => one.text).join('');
    used += text.length + (nth > 0 ? GAP.length : 0);
    if (used > cols && nth > 0) break;
    if (nth > 0) spans.push(span(GAP));
    spans.push(...part);
  }
  return line(...spans);
}
