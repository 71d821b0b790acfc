/** The tables that tabs offer to commands without a screen: the same rows and values as on the tabs. */
import { describe, expect, test } from '@jest/globals';
import { AppState } from '../../lib/app/state.js';
import { included } from '../../lib/model/node-view.js';
import type { Table } from '../../lib/plugin/types.js';
import { exportColumns, screenColumns, sortedPositions, tableCells, tableSheet } from '../../lib/view/table-columns.js';
import { NOW } from '../helpers/driver.js';
import { CLUSTER } from '../helpers/cluster.js';
import { buildNodes } from '../helpers/hosts.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import topology from '../../plugins/topology/index.js';
import users from '../../plugins/users/index.js';
import { exported } from '../../plugins/users/export.js';
import { START } from '../../plugins/users/drilldown.js';

const PLUGINS = [all, users, topology, host, diagnosis];
const TABLES = PLUGINS.flatMap(({ tables = [] }) => tables);
const app = new AppState(PLUGINS, 3000, buildNodes(CLUSTER));
app.now = NOW;

const named = (id: string): Table => TABLES.find((table) => table.id === id)!;
const records = (table: Table): readonly Record<string, unknown>[] => {
  const { data, rows } = table.rows(app);
  const sorted = Array.from(sortedPositions(table.columns, rows, data, { key: 'user', descending: false }), (at) => rows[at]!);
  const sheet = tableSheet(table.columns, sorted, data, {});
  return sheet.rows.map((row) => Object.fromEntries(sheet.columns.map(({ name }, at) => [name, row[at]])));
};

test('lists the tables', () => {
  expect(TABLES.map(({ id }) => id).sort()).toEqual(['accounts', 'gpus', 'jobs', 'namespaces', 'processes', 'scrapes', 'teams', 'users']);
});

describe.each(TABLES.map((table) => [table.id, table] as const))('%s', (_id, table) => {
  const { data, rows } = table.rows(app);

  test('has rows here, and column ids and keys that are unique', () => {
    expect(rows.length).toBeGreaterThan(0);
    for (const names of [table.columns.map(({ id }) => id), exportColumns(table.columns).map((column) => column.export!.name)])
      expect(names).toEqual([...new Set(names)]);
  });

  test('every visible column has a cell, and every sortable one sorts', () => {
    for (const cols of [200, 80]) {
      const shown = screenColumns(table.columns, data, cols);
      for (const row of Array.from(rows))
        expect(Object.keys(tableCells(table.columns, row, data, cols))).toEqual(expect.arrayContaining(shown.map(({ id }) => id)));
    }
    for (const { id, screen } of table.columns) {
      if (screen?.sorts === undefined) continue;
      const order = sortedPositions(table.columns, rows, data, { key: id, descending: true });
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from(rows, (_, at) => at));
    }
  });

  test('every visible column is exported too, or is for display only', () => {
    const alone = table.columns.filter((column) => !column.export).map(({ id }) => id);
    expect(alone).toEqual(table.id === 'users' ? ['trend'] : []);
  });
});

test('users: matches the export of the tab, by user', () => {
  const { columns, rows } = exported({ ...START, showSystem: true }, app).sheet;
  expect(records(named('users'))).toEqual(rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]]))));
});

test('processes: those on GPUs of nodes included in totals; their bytes add up to the memory of the users', () => {
  const listed = records(named('processes'));
  const owned = records(named('users')).reduce((sum, { vram_bytes: bytes }) => sum + Number(bytes), 0);
  expect(listed.reduce((sum, { vram_bytes: bytes }) => sum + Number(bytes), 0)).toBe(owned);
  expect(listed.map(({ user }) => user)).toEqual(expect.arrayContaining(['inureyes', 'mira']));
  expect(new Set(listed.map(({ node_id: id }) => id)).size).toBeGreaterThan(1);
});

test('gpus: as many as the nodes that are up have', () => {
  const slots = [...app.nodes].filter(included).reduce((sum, { gpus }) => sum + gpus.slots, 0);
  expect(records(named('gpus'))).toHaveLength(slots);
});
