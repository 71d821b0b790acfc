/** The nodes that do not report processes, and why. */
import {
  FROM_COLS,
  bytes,
  clock,
  copyText,
  lastSeen,
  mayLack,
  whyNotReporting,
  sourcesOf,
  span,
  screenColumns,
  tableCells,
  shortName,
  troubles,
  widest,
  withoutDomain,
  type AppView,
  type Cells,
  type NodeView,
  type NotReporting,
  type Sort,
  type TableColumns,
} from '../../lib/index.js';
import type { NotReportingLevel } from './drilldown.js';
import { compareNodes, inOrderOf, sortedOrder, type RowOrder } from './row-order.js';
import { dimmed, goneCells, type Page } from './table-page.js';

interface NotReportingNode {
  readonly node: NodeView;
  readonly why: NotReporting;
}

/** The data of the rows. */
interface Rows {
  readonly rows: readonly NotReportingNode[];
  readonly app: AppView;
}

const LEAST_NODE_COLS = 9;
const mostNodeCols = (cols: number): number => (cols >= FROM_COLS.wide ? 32 : cols >= FROM_COLS.standard ? 24 : 14);
const nodeCols = ({ rows, app }: Rows, cols: number): number =>
  widest(
    rows.map(({ node }) => withoutDomain(node.name, app.domain)),
    LEAST_NODE_COLS,
    mostNodeCols(cols),
  );

export const NOT_REPORTING_COLUMNS: TableColumns<Rows, NotReportingNode> = [
  {
    id: 'host',
    value: ({ node }) => node.name,
    screen: {
      title: 'NODE',
      width: LEAST_NODE_COLS,
      fit: (cols, rows) => ({ width: nodeCols(rows, cols) }),
      sorts: 'ascending',
      cell: ({ node }, rows, cols) => span(shortName(node.name, rows.app.domain, nodeCols(rows, cols)), 'strong'),
    },
    export: { name: 'host' },
  },
  { id: 'address', value: ({ node }) => node.nodeId, export: { name: 'address' } },
  {
    id: 'why',
    value: ({ why }) => why,
    screen: { title: 'WHY', width: 17, drop: 2, sorts: 'ascending', cell: ({ why }) => span(why, 'warn') },
    export: { name: 'why' },
  },
  {
    id: 'age',
    unit: 'seconds',
    value: ({ node }, { app }) => lastAnswer(node, app) / 1000,
    screen: {
      title: 'LAST SEEN',
      width: 11,
      drop: 1,
      sorts: 'descending',
      cell: ({ node }, { app }) => lastSeen(node, app.now),
    },
    export: { name: 'last_answer_seconds_ago' },
  },
  {
    id: 'cmd',
    value: ({ node, why }) => whatIsKnown(node, why),
    screen: {
      title: 'DETAILS',
      width: 'rest',
      fit: (cols) => ({ min: cols >= FROM_COLS.wide ? 47 : 25 }),
      cell: ({ node, why }) => dimmed(whatIsKnown(node, why)),
    },
    export: { name: 'known' },
  },
];

export interface NotReportingNodes {
  readonly rows: readonly NotReportingNode[];
  readonly order: RowOrder;
}

/** Cheap enough to be computed for each frame. */
export function notReportingNodes(app: AppView, sort: Sort): NotReportingNodes {
  const rows: NotReportingNode[] = [];
  for (const node of app.nodes) {
    const why = whyNotReporting(node);
    if (why !== undefined) rows.push({ node, why });
  }
  rows.sort((a, b) => compareNodes(a.node, b.node));
  return { rows, order: sortedOrder(NOT_REPORTING_COLUMNS, rows, { rows, app }, sort, ({ node }) => node.nodeId) };
}

/** How long ago, in ms; NaN: never. */
export const lastAnswer = ({ status }: NodeView, app: AppView): number => (status.okAt === undefined ? NaN : app.now - status.okAt);

export function notReportingPage(level: NotReportingLevel, app: AppView, cols: number): Page {
  const { rows, order } = notReportingNodes(app, level.table.sort);
  const shown = inOrderOf(order, level.frozen);
  const columns = screenColumns(NOT_REPORTING_COLUMNS, { rows, app }, cols);
  return {
    order: shown,
    columns,
    cells(position): Cells {
      const row = rows[shown.row(position)];
      const id = shown.id(position);
      if (!row) return goneCells(columns, { host: app.nodes.get(id)?.name ?? id, cmd: 'reports now, or is no longer watched' });
      return tableCells(NOT_REPORTING_COLUMNS, row, { rows, app }, cols);
    },
    copy(position) {
      const row = rows[shown.row(position)];
      return row && copyText(NOT_REPORTING_COLUMNS, row, { rows, app });
    },
    dim: (position) => shown.row(position) < 0,
  };
}

export function whatIsKnown(node: NodeView, why: NotReporting): string {
  const { status, gpus } = node;
  if (why === 'collection failed') return troubles(sourcesOf(node)).join(' · ');
  if (why === 'not collected yet') return 'the first collection of its exporter has not ended';
  if (why === 'no process export') {
    let used = 0;
    for (let slot = 0; slot < gpus.count; slot++) used += gpus.field.memoryUsedBytes[slot]! > 0 ? gpus.field.memoryUsedBytes[slot]! : 0;
    const other = mayLack(node);
    return `exporter runs without --processes${other ? ` or without ${other}` : ''}, ${bytes(used)} in use`;
  }
  if (why === 'cannot list processes') return 'its exporter cannot list the processes of its accelerators';
  if (why === 'not recorded') return 'the recording does not include processes';
  const since = status.failingSince === undefined ? '' : ` since ${clock(status.failingSince)}`;
  return `${status.error?.text ?? 'not answered yet'}${since}`;
}
