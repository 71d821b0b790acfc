/** The rows on screen as data, level by level, in the order shown. Rows that are not included in totals are not exported. */
import { included, tableSheet, usersDerivation, type AppView, type Sheet } from '../../lib/index.js';
import { current, type OwnedBy, type ProcessesLevel, type ProcessLevel, type UsersUi } from './drilldown.js';
import { rowsOf } from './level-rows.js';
import { NODE_COLUMNS, nodesOf } from './nodes-level.js';
import { NOT_REPORTING_COLUMNS, notReportingNodes } from './not-reporting.js';
import { GPU_COLUMNS, gpuRows, processOf } from './process-details.js';
import { PROCESS_COLUMNS, processesOf } from './processes-level.js';
import { GROUP_NAMES } from './table-page.js';
import { USAGE_COLUMNS, userRows } from './users-level.js';

/** A file name without time and extension, and the contents of the file. */
export interface Exported {
  readonly name: string;
  readonly sheet: Sheet;
}

export function exported(ui: UsersUi, app: AppView): Exported {
  const level = current(ui);
  const { sort } = level.table;
  switch (level.kind) {
    case 'users': {
      const shown = { system_accounts: ui.showSystem, processes_on_no_gpu: ui.countAll };
      const table = GROUP_NAMES[level.by].many;
      const head = about(app, table, { sorted_by: sort.key, descending: sort.descending, ...shown });
      return { name: table, sheet: tableSheet(USAGE_COLUMNS[level.by], positions(ui, app), userRows(ui, app, level.by), head) };
    }
    case 'hosts': {
      const { by, user } = level;
      const { rows } = nodesOf(app, level, sort, ui);
      const listed = shown(ui, app, rows).filter(({ node }) => included(node));
      const head = about(app, 'hosts', { [by]: user });
      return {
        name: fileName(level),
        sheet: tableSheet(NODE_COLUMNS[by], listed, { by, user, rows, countAll: ui.countAll, byUse: ui.byUse, app }, head),
      };
    }
    case 'processes': {
      const { by, user, nodeName } = level;
      const { rows } = processesOf(app, level, sort, ui.countAll);
      const listed = shown(ui, app, rows).filter(({ node }) => included(node));
      return {
        name: fileName(level, nodeName),
        sheet: tableSheet(PROCESS_COLUMNS, listed, { by, user, rows }, onNode(app, level, 'processes')),
      };
    }
    case 'process': {
      const { nodeName, pid } = level;
      const found = processOf(app, level);
      const listed = found && included(found.node) ? gpuRows(found) : [];
      return {
        name: fileName(level, nodeName, pid),
        sheet: tableSheet(GPU_COLUMNS, listed, { byUse: ui.byUse }, onNode(app, level, 'process')),
      };
    }
    case 'silent': {
      const { rows } = notReportingNodes(app, sort);
      const sheet = tableSheet(NOT_REPORTING_COLUMNS, shown(ui, app, rows), { rows, app }, about(app, 'silent nodes'));
      return { name: 'users-silent-nodes', sheet };
    }
  }
}

/** Rows in the order shown, without those that are gone and only keep their position. */
function positions(ui: UsersUi, app: AppView): readonly number[] {
  const order = rowsOf(ui, app);
  return Array.from({ length: order.count }, (_, position) => order.row(position)).filter((row) => row >= 0);
}

const shown = <Row>(ui: UsersUi, app: AppView, rows: readonly Row[]): readonly Row[] => positions(ui, app).map((row) => rows[row]!);

const fileName = ({ by, user }: OwnedBy, ...parts: readonly (string | number)[]): string =>
  [GROUP_NAMES[by].many, user || 'unattributed', ...parts].join('-');

function about(app: AppView, table: string, more: Sheet['about'] = {}): Sheet['about'] {
  const { reporting, nodes } = app.derive(usersDerivation).totals;
  const filter = app.filter ? { filter: app.filter.text } : {};
  return { table, at: new Date(app.now).toISOString(), nodes, reporting_nodes: reporting, ...filter, ...more };
}

const onNode = (app: AppView, { by, user, nodeName, nodeId }: ProcessesLevel | ProcessLevel, table: string): Sheet['about'] =>
  about(app, table, { [by]: user, host: nodeName, address: nodeId });
