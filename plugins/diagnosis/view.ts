/** Whether what is on screen can be trusted: how each host is scraped, and how the program itself does. Pure. */
import {
  ago,
  bytes,
  count,
  included,
  duration,
  nodeMark,
  joinFitting,
  layoutTable,
  line,
  lines,
  NONE,
  position,
  span,
  type AppView,
  type Cells,
  type NodeView,
  type Line,
  type Size,
  type Span,
  type View,
} from '../../lib/index.js';
import { columnsFor, orderOf, type DiagnosisUi } from './scrape-order.js';
import { scrapesDerivation, type Scrapes } from './scrapes.js';

const LEAST_HOST_COLS = 9;
const MOST_HOST_COLS = 24;
/** Below this one line says it all. */
const ROOMY_ROWS = 10;
/** A clock that is off by this much makes ages wrong. */
const SKEW_MS = 5000;

export function diagnosisView(ui: DiagnosisUi, app: AppView, size: Size): View {
  const scrapes = app.derive(scrapesDerivation, app.listed);
  const head = [scrapeLine(scrapes, size.cols), latencyLine(scrapes, size.cols), programLine(app, size.cols)].slice(
    0,
    size.rows < ROOMY_ROWS ? 1 : 3,
  );
  const order = orderOf(scrapes, ui.table.sort);
  const rows = Math.max(0, size.rows - head.length - 1);
  const nodeCols = Math.max(LEAST_HOST_COLS, Math.min(MOST_HOST_COLS, scrapes.labelCols));
  const layout = layoutTable({
    columns: columnsFor(nodeCols),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => cellsOf(scrapes.nodes[order.node(at)]!, app),
  });
  return {
    blocks: [lines(...head, layout.header, ...layout.body)],
    crumb: line(span(` ${position(layout, order.count) || count(order.count)} ${order.count === 1 ? 'node' : 'nodes'}`, 'dim')),
    pageRows: Math.max(1, rows - 1),
  };
}

/** ' 1,000 nodes: 982 answer · 8 failing ~ · 10 down ✕'. */
function scrapeLine({ nodes, live, failing, down, waiting }: Scrapes, cols: number): Line {
  const parts = [`${count(nodes.length)} ${nodes.length === 1 ? 'node' : 'nodes'}: ${count(live)} answer`];
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

/** '14 ms', '1.24 s'. */
function millis(ms: number): string {
  if (Number.isNaN(ms)) return NONE;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function cellsOf(node: NodeView, { now }: AppView): Cells {
  const { status, facts, version } = node;
  const { skewMs } = status;
  const next = status.nextTryAt === undefined ? NaN : Math.ceil((status.nextTryAt - now) / 1000);
  return {
    host: node.name,
    state: stateCell(node),
    age: status.okAt === undefined ? span('never', 'warn') : ago(now - status.okAt),
    latency: millis(status.latencyMs ?? NaN),
    bytes: version === 0 ? NONE : bytes(facts.bytes),
    samples: version === 0 ? NONE : count(facts.samples),
    skew: skewCell(skewMs),
    bad: version === 0 ? NONE : span(count(facts.badLines), facts.badLines > 0 ? 'warn' : undefined),
    fails: span(count(status.failures), status.failures > 0 ? 'warn' : undefined),
    next: Number.isNaN(next) ? NONE : next <= 0 ? 'now' : `${count(next)}s`,
    said: saidCell(node),
  };
}

function stateCell(node: NodeView): Span {
  const mark = nodeMark(node);
  if (mark === '') return span('answers', 'good');
  if (mark === '…') return span('… waiting', 'warn');
  return mark === '✕' ? span('✕ down', 'bad') : span('~ failing', 'warn');
}

/** How far the host's clock is ahead of ours, '-' behind. */
function skewCell(skewMs: number | undefined): Span {
  if (skewMs === undefined) return span(NONE);
  const off = Math.abs(skewMs) >= SKEW_MS;
  return span(off ? `${skewMs < 0 ? '-' : '+'}${ago(Math.abs(skewMs))}` : 'ok', off ? 'warn' : undefined);
}

/** Error, limits, the first line that could not be read. */
function saidCell(node: NodeView): Span {
  const { status, facts, version } = node;
  const parts = [
    status.error?.text ?? '',
    version > 0 && facts.up === false ? 'its exporter has not collected yet' : '',
    facts.capsHit.length > 0 ? `limits reached: ${facts.capsHit.join(', ')}` : '',
    facts.badSample === '' ? '' : `cannot be read: ${facts.badSample}`,
  ].filter((text) => text !== '');
  return span(parts.join(' · '), included(node) ? 'warn' : 'bad');
}
