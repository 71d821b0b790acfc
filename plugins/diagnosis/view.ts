/** Whether what is on screen can be trusted: how each host is scraped, and how the program itself does. Pure. */
import {
  FROM_ROWS,
  bytes,
  copyText,
  count,
  duration,
  joinFitting,
  layoutTable,
  line,
  lines,
  position,
  screenColumns,
  span,
  tableCells,
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
  const head = [scrapeLine(scrapes, size.cols), latencyLine(scrapes, size.cols), programLine(app, size.cols)].slice(
    0,
    size.rows < FROM_ROWS.summaries ? 1 : 3,
  );
  const order = orderOf(data, ui.table.sort);
  const rows = Math.max(0, size.rows - head.length - 1);
  const layout = layoutTable({
    columns: screenColumns(SCRAPE_COLUMNS, data, size.cols),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => tableCells(SCRAPE_COLUMNS, order.node(at), data, size.cols),
    copy: (at) => copyText(SCRAPE_COLUMNS, order.node(at), data),
  });
  return {
    blocks: [lines(...head, layout.header, ...layout.body)],
    crumb: line(span(` ${position(layout, order.count) || count(order.count)} ${order.count === 1 ? 'node' : 'nodes'}`, 'dim')),
    pageRows: Math.max(1, rows - 1),
  };
}

/** ' 982 of 1,000 nodes up · 8 failing ~ · 10 down ✕'. */
function scrapeLine({ nodes, live, failing, down, waiting }: Scrapes, cols: number): Line {
  const parts = [`${count(live)} of ${count(nodes.length)} ${nodes.length === 1 ? 'node' : 'nodes'} up`];
  if (failing > 0) parts.push(`${count(failing)} failing ~`);
  if (down > 0) parts.push(`${count(down)} down ✕`);
  if (waiting > 0) parts.push(`${count(waiting)} waiting …`);
  return line(span(` ${joinFitting(parts, cols - 1)}`, 'strong'));
}

/** The value that `part` of the sorted values do not exceed. */
const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? NaN;

function latencyLine({ latencies, bytes: size, samples, skewed, withBadLines, capped }: Scrapes, cols: number): Line {
  const parts =
    latencies.length === 0
      ? [samples === 0 ? 'no answer yet' : 'how long answers took is not known']
      : [
          `answers take ${millis(quantile(latencies, 0.5))}, 95% at most ${millis(quantile(latencies, 0.95))}, all ${millis(quantile(latencies, 1))}`,
        ];
  parts.push(`a round is ${bytes(size)}, ${count(samples)} samples`);
  if (skewed > 0) parts.push(`${count(skewed)} ${skewed === 1 ? 'clock is' : 'clocks are'} off by 5 s or more`);
  if (withBadLines > 0) parts.push(`${count(withBadLines)} ${withBadLines === 1 ? 'node sends' : 'nodes send'} lines that cannot be read`);
  if (capped > 0) parts.push(`${count(capped)} beyond a limit`);
  return line(span(` ${joinFitting(parts, cols - 1)}`));
}

function programLine({ health }: AppView, cols: number): Line {
  if (!health) return line('');
  const { upMs, frames, framesHeld, lagMs, worstLagMs, bytesWritten, memoryBytes, parts, merges } = health;
  const said = [
    `this program: ${millis(lagMs)} late at its last beat, at worst ${millis(worstLagMs)}`,
    `${bytes(memoryBytes)} of memory`,
    `${count(frames)} frames, ${count(framesHeld)} held back by the terminal, ${bytes(bytesWritten)}`,
    `${count(parts)} parts, ${count(merges)} merges`,
    `for ${duration(upMs / 1000)}`,
  ];
  return line(span(` ${joinFitting(said, cols - 1)}`, 'dim'));
}
