/** What the All tab shows. Pure. */
import {
  ago,
  clusterDerivation,
  count,
  counted,
  cut,
  gpuCells,
  gpuRowsDerivation,
  layoutTable,
  line,
  lines,
  position,
  span,
  unanswered,
  widest,
  type AppView,
  type GpuRows,
  type HostView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import type { AllUi } from './index.js';
import { columnsFor, orderOf } from './order.js';
import { totalLines } from './totals.js';

const LEAST_HOST_COLS = 9;
/** Below this the totals are one line, so that GPUs are seen. */
const ROOMY_ROWS = 14;

export function allView(ui: AllUi, app: AppView, size: Size): View {
  const rows = app.derive(gpuRowsDerivation);
  const totals = totalLines(app.derive(clusterDerivation), size.cols).slice(0, size.rows >= ROOMY_ROWS ? 2 : 1);
  if (rows.count === 0) return { blocks: [lines(...(rows.hosts.length > 0 ? totals : []), ...withoutGpus(app, rows, size))] };
  const order = orderOf(rows, ui.table.sort);
  const ages = rows.hosts.map((host) => (counted(host) ? '' : ` ~${ago(app.now - host.at)}`));
  const hostCols = widest(
    rows.hosts.map(({ label }, at) => `${label}${ages[at]!}`),
    LEAST_HOST_COLS,
    mostHostCols(size.cols),
  );
  const tableRows = Math.max(0, size.rows - totals.length - 1);
  const layout = layoutTable({
    columns: columnsFor(size.cols, hostCols),
    order,
    state: ui.table,
    cols: size.cols,
    rows: tableRows,
    cells: (at) => {
      const row = order.row(at);
      const host = rows.host(row);
      return { host: hostCell(host, ages[rows.hostAt[row]!]!, hostCols), ...gpuCells(host, rows.slot[row]!, rows.owners(row), size.cols) };
    },
    dim: (at) => !counted(rows.host(order.row(at))),
  });
  return {
    blocks: [lines(...totals, layout.header, ...layout.body)],
    crumb: line(span(` ${footer(app, rows, position(layout, rows.count))}`, 'dim')),
    pageRows: Math.max(1, tableRows - 1),
  };
}

/** A host that no longer counts has its age behind its name; the age is never cut. */
const hostCell = ({ label }: HostView, age: string, cols: number): string => `${cut(label, cols - age.length)}${age}`;

const mostHostCols = (cols: number): number => (cols >= 100 ? 20 : cols >= 60 ? 14 : 12);

function footer(app: AppView, rows: GpuRows, place: string): string {
  const parts = [`${place || count(rows.count)} ${rows.count === 1 ? 'GPU' : 'GPUs'}`];
  const silent = app.hosts.size - rows.hosts.length;
  if (silent > 0) parts.push(`${count(silent)} ${silent === 1 ? 'node has' : 'nodes have'} not answered yet`);
  return parts.join(' · ');
}

/** Nothing to list: a line per node says why. */
function withoutGpus(app: AppView, rows: GpuRows, { rows: room }: Size): readonly Line[] {
  const answering = rows.hosts.length;
  const waiting = [...app.hosts].some(({ status }) => status.phase === 'waiting');
  const said =
    answering > 0
      ? 'No node that answers has a GPU; the tab of a node shows what else it has.'
      : waiting
        ? 'Waiting for the first answer of'
        : 'No node answers:';
  return [line(''), line(`  ${said}`), ...unanswered(app.hosts, room - 3)];
}
