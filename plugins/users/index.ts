/** The Users tab: who is using the cluster, how much, where, since when. */
import {
  definePlugin,
  sortBinding,
  tableBindings,
  tableState,
  usersDerivation,
  type TableAccess,
  type TableState,
} from '../../lib/index.js';
import { COLUMNS, orderOf } from './table.js';
import { usersView } from './view.js';

export interface UsersUi {
  readonly table: TableState;
  readonly showSystem: boolean;
}

const access: TableAccess<UsersUi> = {
  id: 'users',
  columns: COLUMNS,
  state: (ui) => ui.table,
  put: (ui, table) => ({ ...ui, table }),
  order: (ui, app) => orderOf(app.derive(usersDerivation), ui.table, ui.showSystem),
};

export default definePlugin<UsersUi>({
  apiVersion: 1,
  id: 'users',
  tabs: () => [{ plugin: 'users', key: '', title: 'Users', order: 10 }],
  init: () => ({ table: tableState('user'), showSystem: false }),
  layers: [
    {
      rung: 'tab',
      title: 'Users',
      bindings: [
        sortBinding(access, 'u', 'user', 'user', 2),
        sortBinding(access, 'm', 'vram', 'VRAM', 3),
        sortBinding(access, 'p', 'power', 'power', 4),
        sortBinding(access, 'n', 'nodes', 'nodes', 5),
        sortBinding(access, 't', 'longest', 'longest', 6),
        {
          id: 'users.system',
          keys: ['f'],
          label: 'system accounts too (root, 0 to 999)',
          short: 'system',
          hint: 7,
          run: (ui) => [{ ...ui, showSystem: !ui.showSystem }],
        },
        ...tableBindings(access),
      ],
    },
  ],
  notes: [
    "POWER* is an estimate: each GPU's power is shared out by the bytes its processes hold, so an idle process with much memory gets much of it.",
    "A figure with ≥ leaves out GPUs that report no power. SM: how many GPUs' worth a user computes. ?: processes of no known user.",
  ],
  view: usersView,
});
