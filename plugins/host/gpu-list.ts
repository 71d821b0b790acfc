/** The GPUs of a host, a line each under one line of captions. */
import {
  counted,
  fitColumns,
  gpuCells,
  gpuColumns,
  gpuRowsDerivation,
  gpuSeen,
  headerLine,
  rowLine,
  type AppView,
  type HostView,
  type Line,
  type RowLook,
} from '../../lib/index.js';

/** Captions first. */
export function gpuLines(host: HostView, app: AppView, cols: number): readonly Line[] {
  const { slots } = host.gpus;
  const columns = fitColumns(gpuColumns(cols), '', cols);
  const rows = app.derive(gpuRowsDerivation, app.listed);
  const first = rows.hostAt.indexOf(rows.hosts.indexOf(host));
  const owners = Array.from({ length: slots }, (_, slot) => rows.owners(first + slot));
  const { filter } = app;
  const look = (slot: number): RowLook => ({
    dim: !counted(host),
    out: filter?.mode === 'dim' && !filter.gpu(host, slot),
    alert: app.alertLevel(host, slot) !== 'ok',
  });
  return [
    headerLine(columns),
    ...owners.map((own, slot) => rowLine(columns, gpuCells(host, slot, own, cols, gpuSeen(app.history, host, slot, app.now)), look(slot))),
  ];
}
