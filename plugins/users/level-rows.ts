/** The rows of the current level: for keys, which need neither widths nor cells. */
import { selectedAt, type AppView } from '../../lib/index.js';
import { nodesOf } from './nodes-level.js';
import { current, put, type Level, type UsersUi } from './drilldown.js';
import { idsOf, inOrderOf, type RowOrder } from './row-order.js';
import { NO_ROWS, processesOf } from './processes-level.js';
import { notReportingNodes } from './not-reporting.js';
import { userOrder, userRows } from './users-level.js';

/** As shown. */
export const rowsOf = (ui: UsersUi, app: AppView): RowOrder => inOrderOf(sortedRows(ui, app), current(ui).frozen);

/** By their values. */
function sortedRows(ui: UsersUi, app: AppView): RowOrder {
  const level: Level = current(ui);
  const { sort } = level.table;
  switch (level.kind) {
    case 'users':
      return userOrder(userRows(ui, app, level.by), sort, ui, level.by);
    case 'hosts':
      return nodesOf(app, level, sort, ui).order;
    case 'processes':
      return processesOf(app, level, sort, ui.countAll).order;
    case 'silent':
      return notReportingNodes(app, sort).order;
    case 'process':
      return NO_ROWS;
  }
}

/** Freezes the current order of the rows. */
export const freeze = (ui: UsersUi, app: AppView): UsersUi => put(ui, { ...current(ui), frozen: idsOf(sortedRows(ui, app)) });
export const thaw = (ui: UsersUi): UsersUi => put(ui, { ...current(ui), frozen: undefined });

/** The selected row is kept by its name, even if it was never moved to: it is found again when its level is reopened. */
export function remembered(ui: UsersUi, app: AppView): UsersUi {
  const level = current(ui);
  const order = rowsOf(ui, app);
  const at = selectedAt(level.table, order);
  return at < 0 ? ui : put(ui, { ...level, table: { ...level.table, selected: order.id(at), at } });
}
