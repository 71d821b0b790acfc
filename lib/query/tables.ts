/** Every table by its name: those of the plugins, and those that no tab lists. */
import type { AlertChange } from '../alerts/alerts.js';
import { alertText } from '../alerts/alert-text.js';
import { AppError } from '../errors.js';
import type { Table, TabPlugin } from '../plugin/types.js';
import { isoTime } from '../text/timecode.js';
import type { TableColumns } from '../view/table-columns.js';
import { freeTable, type FreeQuery } from './free-table.js';
import { IDLE_TABLE } from './idle-table.js';
import { NODES_TABLE } from './node-tables.js';

/** All tables, those of the plugins first. */
export function tablesOf(plugins: readonly TabPlugin[], free: FreeQuery = {}): readonly Table[] {
  const listed = plugins.flatMap(({ tables = [] }) => tables);
  return [...listed, NODES_TABLE, freeTable(free), IDLE_TABLE, ALERTS_TABLE];
}

/** Throws `E_OPTION_BAD` for a table that does not exist. */
export function tableNamed(name: string | undefined, tables: readonly Table[]): Table {
  const found = tables.find(({ id }) => id === name);
  if (found) return found;
  const names = tables.map(({ id }) => id).join(', ');
  throw new AppError('E_OPTION_BAD', {
    option: 'get',
    reason: name === undefined ? `needs the name of a table: ${names}` : `there is no table "${name}"; there are ${names}`,
  });
}

const ALERT_COLUMNS: TableColumns<undefined, AlertChange> = [
  { id: 'at', value: ({ at }) => isoTime(at), export: { name: 'at', title: 'SINCE' } },
  { id: 'level', value: ({ to }) => (to === 'crit' ? 'critical' : 'warning'), export: { name: 'level', title: 'LEVEL' } },
  { id: 'node', value: ({ node }) => node, export: { name: 'node', title: 'NODE' } },
  { id: 'node_id', value: ({ nodeId }) => nodeId, export: { name: 'node_id' } },
  { id: 'gpu', unit: 'count', value: ({ gpu }) => gpu, export: { name: 'gpu', title: 'GPU' } },
  { id: 'rule', value: ({ rule }) => rule, export: { name: 'rule', title: 'RULE' } },
  { id: 'value', unit: 'decimal', value: ({ value }) => value, export: { name: 'value', decimals: 3 } },
  { id: 'threshold', unit: 'decimal', value: ({ threshold }) => threshold, export: { name: 'threshold', decimals: 3 } },
  { id: 'users', value: ({ users }) => users.map((user) => user || '?'), export: { name: 'users' } },
  { id: 'message', value: alertText, export: { name: 'message', title: 'MESSAGE' } },
];

/** The active alerts, node by node. */
const ALERTS_TABLE: Table<undefined, AlertChange> = {
  id: 'alerts',
  columns: ALERT_COLUMNS,
  rows: (app) => ({ data: undefined, rows: app.alerts }),
  nameOf: ({ node, gpu, rule }) => `${node}${gpu === undefined ? '' : `/gpu${gpu}`}/${rule}`,
};
