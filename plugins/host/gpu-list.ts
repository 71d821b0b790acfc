/** The GPUs of a host, a line each under one line of captions. */
import {
  included,
  fitColumns,
  gpuCells,
  gpuColumns,
  gpuRowsDerivation,
  gpuSeen,
  headerLine,
  rowLine,
  type AppView,
  type NodeView,
  type Line,
  type RowLook,
} from '../../lib/index.js';

/** Captions first. */
export function gpuLines(node: NodeView, app: AppView, cols: number): readonly Line[] {
  const { slots } = node.gpus;
  const columns = fitColumns(gpuColumns(cols), '', cols);
  const rows = app.derive(gpuRowsDerivation, app.listed);
  const first = rows.nodeAt.indexOf(rows.nodes.indexOf(node));
  const owners = Array.from({ length: slots }, (_, slot) => rows.owners(first + slot));
  const { filter } = app;
  const look = (slot: number): RowLook => ({
    dim: !included(node),
    out: filter?.mode === 'dim' && !filter.gpu(node, slot),
    alert: app.alertLevel(node, slot) !== 'ok',
  });
  return [
    headerLine(columns),
    ...owners.map((own, slot) => rowLine(columns, gpuCells(node, slot, own, cols, gpuSeen(app.history, node, slot, app.now)), look(slot))),
  ];
}
