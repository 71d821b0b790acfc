/** The keys of the Users tab: those of each level, then those of every level. */
import {
  commandOf,
  GROUPINGS,
  openTabLayer,
  selectedAt,
  usageDerivations,
  whileRows,
  width,
  type AppView,
  type Grouping,
  type KeyLayer,
  type Step,
} from '../../lib/index.js';
import { access, enter, on, sort, withRows, type Key } from './table-access.js';
import { detailLines, processOf } from './process-details.js';
import { anyUser, COMMON_KEYS } from './common-keys.js';
import { current, put, usersLevel, type ProcessesLevel, type UsersUi } from './drilldown.js';
import { processesOf } from './processes-level.js';
import { rowsOf } from './level-rows.js';

const groupingOf = (ui: UsersUi): Grouping | undefined => {
  const level = current(ui);
  return level.kind === 'users' ? level.by : undefined;
};

/** Only where the rows are users: their history is kept, that of other groups is not. */
const ofUsers = (key: Key): Key => ({ ...key, when: (ui, app) => groupingOf(ui) === 'user' && (key.when?.(ui, app) ?? true) });

const USERS = on(
  ['users'],
  [
    whileRows(access, enter('users', 'show the nodes of the user', 'open')),
    sort('users', 'u', 'user', 'user', 2),
    sort('users', 'm', 'vram', 'VRAM', 3),
    sort('users', 'p', 'power', 'power', 4),
    sort('users', 'n', 'nodes', 'nodes', 5),
    sort('users', 't', 'longest', 'longest', 6),
    {
      id: 'users.group',
      keys: ['G'],
      label: 'cycle groups: user, account, job, namespace, team (those that are known)',
      short: 'group',
      hint: 8,
      when: (_ui, app) => ownersKnown(app),
      run: (ui, { app }) => regrouped(ui, app),
    },
    {
      id: 'users.system',
      keys: ['f'],
      label: 'show or hide system accounts (root, 0 to 999)',
      short: 'system',
      hint: 7,
      when: (ui, app) => groupingOf(ui) === 'user' && anyUser(app),
      run: (ui, { app }) => [withRows({ ...ui, showSystem: !ui.showSystem }, app)],
    },
    ofUsers({
      id: 'users.usage',
      keys: ['W'],
      label: 'show or hide GPU-hours and energy since the start',
      short: 'GPU-hours',
      hint: 10,
      run: (ui) => [{ ...ui, showUsage: !ui.showUsage }],
    }),
    ofUsers(
      whileRows(access, {
        id: 'users.trend',
        keys: ['s'],
        label: 'show or hide the VRAM trend',
        short: 'trend',
        hint: 10,
        run: (ui) => [{ ...ui, showTrend: !ui.showTrend }],
      }),
    ),
  ],
);

const HOSTS = on(
  ['hosts'],
  [
    enter('users.hosts', 'show the processes of the user on the node', 'processes'),
    sort('users.hosts', 'u', 'host', 'node', 2),
    sort('users.hosts', 'm', 'vram', 'VRAM', 3),
    sort('users.hosts', 'p', 'power', 'power', 4),
    sort('users.hosts', 'n', 'procs', 'pids', 5),
    sort('users.hosts', 't', 'longest', 'longest', 6),
  ],
);

/** The next grouping of which something is known. */
function regrouped(ui: UsersUi, app: AppView): Step<UsersUi> {
  const by = groupingOf(ui) ?? 'user';
  const at = GROUPINGS.indexOf(by);
  const following = [...GROUPINGS.slice(at + 1), ...GROUPINGS.slice(0, at)];
  const next = following.find((one) => one === 'user' || isKnown(app, one));
  if (next === undefined || next === by) return [ui];
  return [put(ui, { ...usersLevel(next), table: { ...current(ui).table, selected: undefined, at: 0, top: 0 } })];
}

/** Whether a node knows more of its processes and GPUs than their users. */
function ownersKnown(app: AppView): boolean {
  for (const { procs, allocations } of app.nodes) if (procs.known !== undefined || allocations.count > 0) return true;
  return false;
}

function isKnown(app: AppView, by: Grouping): boolean {
  const owners = app.derive(usageDerivations[by], app.listed);
  for (let row = 0; row < owners.countAll; row++) if (owners.user(row) !== '') return true;
  return false;
}

const SHIFT_COLS = 20;

const PROCESSES = on(
  ['processes'],
  [
    enter('users.processes', 'show process details', 'details'),
    sort('users.processes', 'm', 'vram', 'VRAM', 2),
    sort('users.processes', 'u', 'sm', 'SM', 3),
    sort('users.processes', 'c', 'cpu', 'CPU', 4),
    sort('users.processes', 'p', 'pid', 'pid', 5),
    sort('users.processes', 't', 'running', 'running', 6),
    sort('users.processes', 'n', 'gpu', 'GPUs', 7),
    {
      id: 'users.processes.left',
      keys: ['S-Left'],
      label: 'scroll commands left',
      run: (ui, { app }) => [shifted(ui, app, -SHIFT_COLS)],
    },
    {
      id: 'users.processes.right',
      keys: ['S-Right'],
      label: 'scroll commands right',
      run: (ui, { app }) => [shifted(ui, app, SHIFT_COLS)],
    },
  ],
);

const SILENT = on(
  ['silent'],
  [
    enter('users.silent', 'open the node’s tab', 'open'),
    sort('users.silent', 'u', 'host', 'node', 2),
    sort('users.silent', 't', 'age', 'last seen', 3),
  ],
);

/** A process is a text: it is scrolled, and nothing in it is selected. */
const PROCESS = on(
  ['process'],
  [
    scroll('up', ['Up', 'k', 'WheelUp'], 'scroll up', (top) => top - 1),
    scroll('down', ['Down', 'j', 'WheelDown'], 'scroll down', (top) => top + 1),
    scroll('page-up', ['PageUp', 'C-b'], 'page up', (top, page) => top - page),
    scroll('page-down', ['PageDown', 'C-f'], 'page down', (top, page) => top + page),
    scroll('home', ['Home'], 'go to the start', () => 0),
    scroll('end', ['End'], 'go to the end', (_top, _page, all) => all),
  ],
);

function scroll(id: string, keys: readonly string[], label: string, to: (top: number, page: number, all: number) => number): Key {
  return {
    id: `users.process.${id}`,
    keys,
    label,
    run(ui, { app, frame }) {
      const level = current(ui);
      const found = level.kind === 'process' ? processOf(app, level) : undefined;
      if (!found) return [ui];
      const all = detailLines(found, app, frame.size.cols, ui.byUse).length + 1;
      const last = Math.max(0, all - frame.pageRows);
      const top = Math.max(0, Math.min(to(Math.min(level.table.top, last), frame.pageRows, all), last));
      return [put(ui, { ...level, table: { ...level.table, top } })];
    },
  };
}

/** Scrolls the commands, at most by the length of the selected one. */
function shifted(ui: UsersUi, app: AppView, by: number): UsersUi {
  const level = current(ui);
  if (level.kind !== 'processes') return ui;
  const most = Math.max(level.shift, selectedCols(level, ui, app) - 1);
  return put(ui, { ...level, shift: Math.max(0, Math.min(level.shift + by, most)) });
}

function selectedCols(level: ProcessesLevel, ui: UsersUi, app: AppView): number {
  const order = rowsOf(ui, app);
  const row = order.row(selectedAt(level.table, order));
  const node = app.nodes.get(level.nodeId);
  const { rows } = processesOf(app, level, level.table.sort, ui.countAll);
  return node && rows[row] ? width(commandOf(node, rows[row].rows[0]!)) : 0;
}

export const LAYERS: readonly KeyLayer<UsersUi>[] = [
  { scope: 'tab', title: 'Users', bindings: USERS },
  { scope: 'tab', title: 'Users: the nodes of a user', bindings: HOSTS },
  { scope: 'tab', title: 'Users: the processes on a node', bindings: PROCESSES },
  { scope: 'tab', title: 'Users: a process', bindings: PROCESS },
  { scope: 'tab', title: 'Users: nodes that do not report processes', bindings: SILENT },
  { scope: 'tab', title: 'Users, at every level', bindings: COMMON_KEYS },
  openTabLayer('users', 'V', 'open the Users tab', { hint: 12, short: 'users' }),
];
