/** How keys reach the table of the current level. */
import { selectedAt, sortBinding, type AppView, type Binding, sortableColumns, type Step, type TableAccess } from '../../lib/index.js';
import { current, nodesLevel, processesLevel, processLevel, push, put, type Level, type UsersUi } from './drilldown.js';
import { freeze, remembered, rowsOf } from './level-rows.js';
import { NODE_COLUMNS } from './nodes-level.js';
import { NOT_REPORTING_COLUMNS } from './not-reporting.js';
import { PROCESS_COLUMNS } from './processes-level.js';
import { perGrouping } from './table-page.js';
import { USAGE_COLUMNS } from './users-level.js';
import { topProcess } from './view.js';

type Kind = Level['kind'];
export type Key = Binding<UsersUi>;

const USER_SORTS = perGrouping((by) => sortableColumns(USAGE_COLUMNS[by]));

/** The table of each level below; a process is a text. */
const COLUMNS = {
  hosts: sortableColumns(NODE_COLUMNS.user),
  processes: sortableColumns(PROCESS_COLUMNS),
  process: [],
  silent: sortableColumns(NOT_REPORTING_COLUMNS),
} as const satisfies Readonly<Record<Exclude<Kind, 'users'>, TableAccess<UsersUi>['columns']>>;

export const access: TableAccess<UsersUi> = {
  id: 'users',
  columns(ui) {
    const level = current(ui);
    return level.kind === 'users' ? USER_SORTS[level.by] : COLUMNS[level.kind];
  },
  state: (ui) => current(ui).table,
  put(ui, table) {
    const level = current(ui);
    // A new sort is a new order: the frozen one is dropped.
    return put(ui, { ...level, table, frozen: table.sort === level.table.sort ? level.frozen : undefined });
  },
  order: rowsOf,
  open: { label: 'open the row', short: 'open', run: (ui, app, id) => lookInto(ui, app, id) },
  user: (_app, ui, id) => {
    const level = current(ui);
    return level.kind === 'silent' || level.by !== 'user' ? undefined : level.kind === 'users' ? id : level.user;
  },
};

function lookInto(ui: UsersUi, app: AppView, id: string): Step<UsersUi> {
  const level = current(ui);
  switch (level.kind) {
    case 'users':
      return [push(remembered(ui, app), nodesLevel(level.by, id))];
    case 'hosts':
      return [push(remembered(ui, app), processesLevel(level, id, app.nodes.get(id)?.name ?? id))];
    case 'processes':
      return [push(remembered(ui, app), processLevel(level, Number(id)))];
    case 'silent':
      return [remembered(ui, app), { type: 'open', plugin: 'host', key: id }];
    case 'process':
      return [ui];
  }
}

/** Only while a level of these kinds is on screen. */
export const on = (kinds: readonly Kind[], keys: readonly Key[]): readonly Key[] =>
  keys.map((key) => ({ ...key, when: (ui, app) => kinds.includes(current(ui).kind) && (key.when?.(ui, app) ?? true) }));

/** Sorting while the order is frozen freezes the new one. */
export const keepFrozen = (key: Key): Key => ({
  ...key,
  run(ui, context) {
    const [next, ...effects] = key.run(ui, context);
    const lost = next.levels.length === ui.levels.length && current(ui).frozen && !current(next).frozen;
    return [lost ? freeze(next, context.app) : next, ...effects];
  },
});

/** Rows of several lines: a move starts from the row that is really on top. */
export const fromTheTop = (key: Key): Key => ({
  ...key,
  run(ui, context) {
    const level = current(ui);
    if (level.kind !== 'processes') return key.run(ui, context);
    const top = topProcess(level, ui, context.app, context.frame.size);
    return key.run(put(ui, { ...level, table: { ...level.table, top } }), context);
  },
});

export const sort = (level: string, key: string, column: string, name: string, hint: number): Key =>
  keepFrozen(sortBinding({ ...access, id: level }, key, column, name, hint));

export const enter = (level: string, label: string, short: string): Key => ({
  id: `${level}.open`,
  keys: ['Enter'],
  label,
  short,
  hint: 1,
  run(ui, { app }) {
    const order = rowsOf(ui, app);
    const at = selectedAt(current(ui).table, order);
    return at < 0 ? [ui] : lookInto(ui, app, order.id(at));
  },
});

/** The set of rows has changed: a frozen order is taken from the new rows. */
export const withRows = (ui: UsersUi, app: AppView): UsersUi => (current(ui).frozen ? freeze(ui, app) : ui);
