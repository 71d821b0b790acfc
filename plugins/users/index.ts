/** The Users tab: who is using the cluster, how much, where, since when. */
import { definePlugin, type Needs } from '../../lib/index.js';
import { LAYERS } from './keys.js';
import { current, shownProcess, START, type UsersUi } from './drilldown.js';
import { USAGE_TABLES } from './users-level.js';
import { usersView } from './view.js';

export default definePlugin<UsersUi>({
  apiVersion: 1,
  id: 'users',
  tabs: () => [{ plugin: 'users', key: '', title: 'Users', order: 10 }],
  init: () => START,
  layers: LAYERS,
  tables: Object.values(USAGE_TABLES),
  notes: [
    "POWER* is an estimate: each GPU's power is divided by the memory that its processes hold, so an idle process with much memory gets a large share.",
    'POWER SM (P): the power that a GPU draws when nothing computes is divided by memory, the rest by SM share. *: where SM shares or the idle power are not known.',
    '≥: some GPUs do not report power. SM: GPUs in use by computing (sum of SM percent / 100). ?: the user is not known.',
    'ALLOC: GPUs that a scheduler has given to the row, used or not. IDLE: GPUs that the row holds, by processes or by an allocation, and on which it computes nothing now.',
    'GPUs 1a: one GPU, by allocation, on nodes that do not report processes.',
    '= in front of a column header, instead of ▲ or ▼: the row order is frozen (F). – in all columns: the row is gone.',
    'W: GPU·h (GPUs that the user computed on), IDLE·h (held idle; a GPU that several hold counts for each) and kWh, by use, since the start. Time that nobody observed counts for nobody.',
    "SM%: share of a GPU's multiprocessors, summed over the GPUs of the process; 100% is one GPU.",
    "TREND: VRAM over the last samples, one per interval, newest at the right, scaled to the user's own maximum.",
  ],
  on: (ui, message) => [message.type === 'show' ? shownProcess(ui, message.show) : ui],
  needs: needsOf,
  view: usersView,
});

/** The command of the largest process is shown for each row. */
function needsOf(ui: UsersUi): Needs {
  const level = current(ui);
  switch (level.kind) {
    case 'processes':
    case 'process':
      return { nodes: [level.nodeId] };
    case 'hosts':
      return level.by === 'user' ? { users: [level.user] } : { processes: true };
    case 'users':
      return { processes: level.by !== 'user' };
    case 'silent':
      return {};
  }
}
