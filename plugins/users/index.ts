/** The Users tab: who is using the cluster, how much, where, since when. */
import { definePlugin } from '../../lib/index.js';
import { LAYERS } from './keys.js';
import { shownProcess, START, type UsersUi } from './drilldown.js';
import { USERS_TABLE } from './users-level.js';
import { usersView } from './view.js';

export default definePlugin<UsersUi>({
  apiVersion: 1,
  id: 'users',
  tabs: () => [{ plugin: 'users', key: '', title: 'Users', order: 10 }],
  init: () => START,
  layers: LAYERS,
  tables: [USERS_TABLE],
  notes: [
    "POWER* is an estimate: each GPU's power is shared out by the bytes its processes hold, so an idle process with much memory gets much of it.",
    "A figure with ≥ leaves out GPUs that report no power. SM: how many GPUs' worth a user computes. ?: processes of no known user.",
    '= before a caption, in place of ▲ or ▼: rows keep the places that they had when F was pressed; – in all columns: a row that is gone.',
    "SM%: share of a GPU's multiprocessors, summed over the GPUs of a process: 100% is one GPU.",
    "TREND: VRAM over the last samples, one an interval, the newest at the right; the full height is the user's own highest.",
  ],
  on: (ui, message) => [message.type === 'show' ? shownProcess(ui, message.show) : ui],
  view: usersView,
});
