/** Whether the screen can be trusted: how each node is scraped, and how the viewer itself is doing. Pure. */
import {
  FROM_ROWS,
  bytes,
  copyText,
  count,
  duration,
  isFailing,
  jobSourceText,
  joinFitting,
  layoutTable,
  line,
  lines,
  matchesText,
  position,
  screenColumns,
  span,
  tableCells,
  wrap,
  type AppView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { millis, orderOf, SCRAPE_COLUMNS, scrapeRows, type DiagnosisUi } from './scrape-table.js';
import type { Scrapes } from './scrapes.js';

export function diagnosisView(ui: DiagnosisUi, app: AppView, size: Size): View {
  const data = scrapeRows(app);
  const { scrapes } = data;
  const whole = [
    scrapeLine(scrapes, size.cols),
    latencyLine(scrapes, size.cols),
    programLine(app, size.cols),
    ...app.sourceFacts.map(({ text, isProblem }) => line(span(` ${text}`, isProblem ? 'warn' : undefined))),
    ...jobLines(app, size.cols),
    ...noteLines(app),
  ];
  const head = size.rows < FROM_ROWS.summaries ? whole.slice(0, 1) : whole;
  const order = orderOf(data, ui.table.sort);
  const rows = Math.max(0, size.rows - head.length - 1);
  const layout = layoutTable({
    columns: screenColumns(SCRAPE_COLUMNS, data, size.cols),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => tableCells(SCRAPE_COLUMNS, order.scrape(at), data, size.cols),
    copy: (at) => copyText(SCRAPE_COLUMNS, order.scrape(at), data),
  });
  const unit = `${scrapes.several ? 'endpoint' : 'node'}${order.count === 1 ? '' : 's'}`;
  return {
    blocks: [lines(...head, layout.header, ...layout.body)],
    crumb: line(span(` ${position(layout, order.count) || count(order.count)} ${unit}`, 'dim')),
    pageRows: Math.max(1, rows - 1),
  };
}

/** ' 982 of 1,000 nodes up · 8 of them failing ~ · 10 down ✕'. */
function scrapeLine({ nodes, up, failing, down, drained, waiting, endpointsFailing: silent }: Scrapes, cols: number): Line {
  const parts = [`${count(up)} of ${count(nodes.length)} ${nodes.length === 1 ? 'node' : 'nodes'} up`];
  if (failing > 0) parts.push(`${count(failing)} of them failing ~`);
  if (down > 0) parts.push(`${count(down)} down ✕`);
  if (drained > 0) parts.push(`${count(drained)} drained`);
  if (waiting > 0) parts.push(`${count(waiting)} waiting …`);
  if (silent > 0) parts.push(`${count(silent)} ${silent === 1 ? 'endpoint' : 'endpoints'} failing ~`);
  return line(span(` ${joinFitting(parts, cols - 1)}`, 'strong'));
}

/** The quantile `part` of the sorted values. */
const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? NaN;

function latencyLine(scrapes: Scrapes, cols: number): Line {
  const { nodes, up, waiting, latencies, bytes: size, samples, collectionFails, skewed, withBadLines, capped } = scrapes;
  // Nodes that are down were scraped, but their figures are in no total.
  if (up === 0) return line(span(waiting === nodes.length ? ' no scrapes yet' : ' latency unknown: no node is up'));
  const parts =
    latencies.length === 0
      ? ['latency unknown']
      : [
          `latency p50 ${millis(quantile(latencies, 0.5))}, p95 ${millis(quantile(latencies, 0.95))}, max ${millis(quantile(latencies, 1))}`,
        ];
  parts.push(`${count(samples)} samples (${bytes(size)}) per scrape of all nodes`);
  if (collectionFails > 0) parts.push(`${count(collectionFails)} ${collectionFails === 1 ? 'node' : 'nodes'} with a failed collection`);
  if (skewed > 0) parts.push(`${count(skewed)} ${skewed === 1 ? 'clock' : 'clocks'} off by 5 s or more`);
  if (withBadLines > 0) parts.push(`${count(withBadLines)} ${withBadLines === 1 ? 'node' : 'nodes'} with bad lines`);
  if (capped > 0) parts.push(`${count(capped)} ${capped === 1 ? 'node' : 'nodes'} over a limit`);
  return line(span(` ${joinFitting(parts, cols - 1)}`));
}

/** The schedulers that are asked for jobs; under one that fails, what to do. */
function jobLines({ jobSources, jobMatches, now }: AppView, cols: number): readonly Line[] {
  const sources = jobSources.flatMap((source) => [
    line(span(` ${jobSourceText(source, now)}`, isFailing(source, now) || source.bad > 0 ? 'warn' : undefined)),
    ...(source.error === undefined ? [] : wrap(source.error.advice, Math.max(2, cols - 4)).map((text) => line(span(`   ${text}`, 'dim')))),
  ]);
  const matches = jobMatches === undefined ? '' : matchesText(jobMatches);
  return matches === '' ? sources : [...sources, line(span(` ${matches}`, jobMatches!.ambiguous > 0 ? 'warn' : undefined))];
}

const MOST_NOTES = 4;

/** Problems of the node lists: they were printed before the screen opened, where they can no longer be seen. */
function noteLines({ startNotes }: AppView): readonly Line[] {
  const shown = startNotes.length <= MOST_NOTES ? startNotes : startNotes.slice(0, MOST_NOTES - 1);
  const left = startNotes.length - shown.length;
  return [...shown, ...(left > 0 ? [`and ${count(left)} more notes on the lists of nodes`] : [])].map((note) =>
    line(span(` ${note}`, 'warn')),
  );
}

function programLine({ health }: AppView, cols: number): Line {
  if (!health) return line('');
  const { upMs, frames, framesHeld, lagMs, worstLagMs, bytesWritten, memoryBytes, parts, merges } = health;
  const said = [
    `viewer: event-loop lag ${millis(lagMs)} (max ${millis(worstLagMs)})`,
    `memory ${bytes(memoryBytes)}`,
    `${count(frames)} frames (${count(framesHeld)} delayed by the terminal), ${bytes(bytesWritten)} written`,
    `aggregation: ${count(parts)} parts, ${count(merges)} merges`,
    `up ${duration(upMs / 1000)}`,
  ];
  return line(span(` ${joinFitting(said, cols - 1)}`, 'dim'));
}
