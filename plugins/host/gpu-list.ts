/** The GPUs of a node, one line each under column headers. */
import {
  included,
  fitColumns,
  GPU_COLUMNS,
  gpuRowsDerivation,
  gpuTableRows,
  headerLine,
  rowLine,
  screenColumns,
  tableCells,
  type AppView,
  type NodeView,
  type Line,
  type RowLook,
} from '../../lib/index.js';

/** Headers first. */
export function gpuLines(node: NodeView, app: AppView, cols: number): readonly Line[] {
  const { slots } = node.gpus;
  const rows = app.derive(gpuRowsDerivation, app.listed);
  const data = gpuTableRows(rows, app.history, app.now);
  const columns = fitColumns(screenColumns(GPU_COLUMNS, data, cols), '', cols);
  const first = rows.nodeAt.indexOf(rows.nodes.indexOf(node));
  const { filter } = app;
  const look = (slot: number): RowLook => ({
    dim: !included(node),
    out: filter?.mode === 'dim' && !filter.gpu(node, slot),
    alert: app.alertLevel(node, slot) !== 'ok',
  });
  return [
    headerLine(columns),
    ...Array.from({ length: slots }, (_, slot) => rowLine(columns, tableCells(GPU_COLUMNS, first + slot, data, cols), look(slot))),
  ];
}
