/** The long form of a node's tab: everything that it reports, with scrolling. */
import {
  count,
  included,
  gpuRowsDerivation,
  gpuSeen,
  line,
  lines,
  span,
  type AppView,
  type NodeView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { cardLines } from './gpu-card.js';
import { chassisLines } from './chassis.js';
import { connectionLines, jobLines, nodeCopy } from './connection.js';
import { coreLines } from './cores.js';
import { machineLines } from './machine-panel.js';

const ALL_ROWS = Infinity;
const BLANK = line('');

export function detailLines(node: NodeView, app: AppView, cols: number): readonly Line[] {
  const rows = app.derive(gpuRowsDerivation, app.listed);
  const first = rows.nodeAt.indexOf(rows.nodes.indexOf(node));
  const cards = Array.from({ length: node.gpus.slots }, (_, slot) => [
    BLANK,
    ...cardLines({
      app,
      node,
      slot,
      owners: first < 0 ? [] : rows.owners(first + slot),
      seen: gpuSeen(app.history, node, slot, app.now),
      cols,
    }),
  ]).flat();
  const machine = [...machineLines(node, cols), ...coreLines(node, cols, ALL_ROWS), ...chassisLines(node, app, cols)];
  return [
    ...connectionLines(node, app, { cols, rows: ALL_ROWS }),
    ...jobLines(node, app, { cols, rows: ALL_ROWS }),
    ...cards,
    BLANK,
    ...machine,
  ];
}

/** The first line shown, limited to the text. */
export const pageTop = (top: number, all: number, page: number): number => Math.max(0, Math.min(top, all - page));

export function detailView(node: NodeView, app: AppView, top: number, size: Size): View {
  const all = detailLines(node, app, size.cols);
  const page = Math.max(0, size.rows - 1);
  const from = pageTop(top, all.length, page);
  const shown = all.slice(from, from + page);
  const place = all.length > page ? `lines ${count(from + 1)}-${count(from + shown.length)} of ${count(all.length)} · ` : '';
  return {
    blocks: [lines(...(included(node) ? shown : shown.map(dimmed)))],
    crumb: line(span(` ${place}z processes`, 'dim')),
    pageRows: Math.max(1, page),
    copy: nodeCopy(node),
  };
}

/** Of a node that is down; what shows that keeps its tone. */
const dimmed = (one: Line): Line => ({ ...one, spans: one.spans.map((part) => (part.tone === 'bad' ? part : span(part.text, 'dim'))) });
