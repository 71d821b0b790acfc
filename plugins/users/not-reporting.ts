/** Which nodes report no process data, and why. */
import {
  ago,
  bytes,
  clock,
  whyNotReporting,
  span,
  widest,
  type AppView,
  type Cells,
  type Column,
  type NodeView,
  type NotReporting,
  type Sort,
} from '../../lib/index.js';
import type { NotReportingLevel } from './drilldown.js';
import { compareNodes, inOrderOf, sortedList, type RowOrder, type SortKey } from './row-order.js';
import { dimmed, goneCells, NARROW, WIDE, type Page } from './table-page.js';

interface SilentHost {
  readonly node: NodeView;
  readonly why: NotReporting;
}

const LEAST_HOST_COLS = 9;
const mostHostCols = (cols: number): number => (cols >= WIDE ? 24 : 14);

const silentColumns = (cols: number, nodeCols: number): readonly Column[] => [
  { id: 'host', title: 'NODE', width: nodeCols, sorts: 'ascending' },
  { id: 'why', title: 'WHY', width: 17, drop: 2, sorts: 'ascending' },
  { id: 'age', title: 'LAST ANSWER', width: 11, align: 'right', drop: 1, sorts: 'descending' },
  { id: 'cmd', title: 'WHAT IS KNOWN', width: 'rest', min: cols >= NARROW ? 47 : 25 },
];

export interface NotReportingNodes {
  readonly rows: readonly SilentHost[];
  readonly order: RowOrder;
}

/** Cheap enough to be made for each frame: what a host tells of itself. */
export function notReportingNodes(app: AppView, sort: Sort): NotReportingNodes {
  const rows: SilentHost[] = [];
  for (const node of app.nodes) {
    const why = whyNotReporting(node);
    if (why !== undefined) rows.push({ node, why });
  }
  const keys: Readonly<Record<string, SortKey<SilentHost>>> = {
    host: ({ node }) => node.name,
    why: ({ why }) => why,
    age: ({ node }) => lastAnswer(node, app),
  };
  return {
    rows,
    order: sortedList(
      rows,
      sort,
      keys,
      (a, b) => compareNodes(a.node, b.node),
      ({ node }) => node.nodeId,
    ),
  };
}

/** How long ago, in ms; NaN: never. */
export const lastAnswer = ({ status }: NodeView, app: AppView): number => (status.okAt === undefined ? NaN : app.now - status.okAt);

export function notReportingPage(level: NotReportingLevel, app: AppView, cols: number): Page {
  const { rows, order } = notReportingNodes(app, level.table.sort);
  const shown = inOrderOf(order, level.frozen);
  const columns = silentColumns(
    cols,
    widest(
      rows.map(({ node }) => node.name),
      LEAST_HOST_COLS,
      mostHostCols(cols),
    ),
  );
  return {
    order: shown,
    columns,
    cells(position): Cells {
      const row = rows[shown.row(position)];
      const id = shown.id(position);
      if (!row) return goneCells(columns, { host: app.nodes.get(id)?.name ?? id, cmd: 'reports now, or is watched no longer' });
      const { node, why } = row;
      return {
        host: span(node.name, 'strong'),
        why: span(why, 'warn'),
        age: ago(lastAnswer(node, app)),
        cmd: dimmed(whatIsKnown(node, why)),
      };
    },
    dim: (position) => shown.row(position) < 0,
  };
}

export function whatIsKnown({ status, gpus }: NodeView, why: NotReporting): string {
  if (why === 'no process export') {
    let used = 0;
    for (let slot = 0; slot < gpus.count; slot++) used += gpus.field.memoryUsedBytes[slot]! > 0 ? gpus.field.memoryUsedBytes[slot]! : 0;
    return `exporter runs without --processes, ${bytes(used)} in use`;
  }
  if (why === 'not recorded') return 'the recording leaves processes out';
  const since = status.failingSince === undefined ? '' : ` since ${clock(status.failingSince)}`;
  return `${status.error?.text ?? 'no answer yet'}${since}`;
}
