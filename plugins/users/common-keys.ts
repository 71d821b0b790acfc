/** The keys of the Users tab on every level. */
import { included, selectedAt, tableBindings, usersDerivation, whileRows, type AppView } from '../../lib/index.js';
import { access, fromTheTop, keepFrozen, on, withRows, type Key } from './table-access.js';
import { nodesOf } from './nodes-level.js';
import { current, pop, push, notReportingLevel, type UsersUi } from './drilldown.js';
import { freeze, remembered, rowsOf, thaw } from './level-rows.js';
import { exported } from './export.js';

/** Whether there is, or may soon be, a user that `f` or `a` could show: also those that are hidden, and those of nodes that have not answered. */
export const anyUser = (app: AppView): boolean =>
  app.derive(usersDerivation, app.listed).countAll > 0 || [...app.nodes].some(({ version }) => version === 0);

export const COMMON_KEYS: readonly Key[] = [
  {
    id: 'users.back',
    keys: ['Esc', 'Backspace'],
    label: 'go back',
    short: 'back',
    hint: 1,
    when: ({ levels }) => levels.length > 1,
    run: (ui) => [pop(ui)],
  },
  ...on(
    ['users', 'hosts', 'processes'],
    [
      {
        id: 'users.all',
        keys: ['a'],
        label: 'include or exclude processes on no GPU',
        short: 'all processes',
        hint: 9,
        when: (ui, app) => current(ui).kind !== 'users' || anyUser(app),
        run: (ui, { app }) => [withRows({ ...ui, countAll: !ui.countAll }, app)],
      },
    ],
  ),
  ...on(
    ['users', 'hosts', 'process'],
    [
      {
        id: 'users.power',
        keys: ['P'],
        label: 'show power by memory (POWER*) or by SM share (POWER SM)',
        short: 'power by SM',
        hint: 11,
        run: (ui, { app }) => [withRows({ ...ui, byUse: !ui.byUse }, app)],
      },
    ],
  ),
  ...on(
    ['users', 'hosts', 'processes', 'silent'],
    [
      whileRows(access, {
        id: 'users.freeze',
        keys: ['F'],
        label: 'freeze or unfreeze the row order',
        short: 'freeze',
        hint: 10,
        run: (ui, { app }) => [current(ui).frozen ? thaw(ui) : freeze(ui, app)],
      }),
    ],
  ),
  exportKey('e', 'csv', 'export the table as CSV', 8),
  exportKey('E', 'json', 'export the table as JSON'),
  {
    id: 'users.node',
    keys: ['o'],
    label: 'open the node’s tab (on a user: the main node’s)',
    short: 'node tab',
    hint: 10,
    disabled: (ui, app) => (nodeOf(ui, app) === undefined ? 'no node to open' : undefined),
    run: (ui, { app }) => [remembered(ui, app), { type: 'open', plugin: 'host', key: nodeOf(ui, app) ?? '' }],
  },
  {
    id: 'users.silent',
    keys: ['i'],
    label: 'list nodes that do not report processes, with the reasons',
    disabled: (ui, app) => (current(ui).kind !== 'silent' && allReport(app) ? 'all nodes report processes' : undefined),
    run: (ui, { app }) => [current(ui).kind === 'silent' ? pop(ui) : push(remembered(ui, app), notReportingLevel())],
  },
  ...on(
    ['users', 'hosts', 'processes', 'silent'],
    tableBindings(access)
      .filter(({ id }) => id !== 'users.open')
      .map((key) => fromTheTop(keepFrozen(key))),
  ),
];

function allReport(app: AppView): boolean {
  const { reporting, nodes } = app.derive(usersDerivation).totals;
  return reporting === nodes;
}

/** The node that `o` opens; undefined: there is none. */
function nodeOf(ui: UsersUi, app: AppView): string | undefined {
  const level = current(ui);
  if (level.kind === 'processes' || level.kind === 'process') return level.nodeId;
  const order = rowsOf(ui, app);
  const at = selectedAt(level.table, order);
  if (at < 0) return undefined;
  if (level.kind !== 'users') return order.id(at);
  const { rows, order: hosts } = nodesOf(
    app,
    { by: level.by, user: order.id(at) },
    { key: 'vram', descending: true },
    { countAll: true, byUse: ui.byUse },
  );
  const sorted = Array.from({ length: hosts.count }, (_, position) => rows[hosts.row(position)]!.node);
  return (sorted.find(included) ?? sorted[0])?.nodeId;
}

function exportKey(key: string, format: 'csv' | 'json', label: string, hint?: number): Key {
  return {
    id: `users.export.${format}`,
    keys: [key],
    label,
    short: format,
    ...(hint === undefined ? {} : { hint }),
    run(ui, { app }) {
      const { name, sheet } = exported(ui, app);
      if (sheet.rows.length === 0) return [ui, { type: 'toast', text: 'nothing here to export', tone: 'warn' }];
      return [ui, { type: 'export', format, name, sheet }];
    },
  };
}
