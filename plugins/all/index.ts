/** The All tab: what the cluster is doing, and whose every GPU is. */
import {
  definePlugin,
  GPU_NOTES,
  gpuRowsDerivation,
  sortBinding,
  tableBindings,
  tableState,
  type TableAccess,
  type TableState,
} from '../../lib/index.js';
import { COLUMNS, hostOfRow, orderOf } from './order.js';
import { allView } from './view.js';

export interface AllUi {
  readonly table: TableState;
}

const access: TableAccess<AllUi> = {
  id: 'all',
  columns: COLUMNS,
  state: (ui) => ui.table,
  put: (_ui, table) => ({ table }),
  order: (ui, app) => orderOf(app.derive(gpuRowsDerivation), ui.table.sort),
  open: {
    label: "the tab of the GPU's node",
    short: 'node',
    run: (ui, _app, id) => [ui, { type: 'open', plugin: 'host', key: hostOfRow(id) }],
  },
};

export default definePlugin<AllUi>({
  apiVersion: 1,
  id: 'all',
  tabs: () => [{ plugin: 'all', key: '', title: 'All', order: 0 }],
  init: () => ({ table: tableState('host') }),
  layers: [
    {
      rung: 'tab',
      title: 'All',
      bindings: [
        sortBinding(access, 'd', 'host', 'host', 2),
        sortBinding(access, 'u', 'util', 'util', 3),
        sortBinding(access, 'm', 'vram', 'VRAM', 4),
        sortBinding(access, 'p', 'power', 'power', 5),
        sortBinding(access, 't', 'temp', 'temperature', 6),
        ...tableBindings(access),
      ],
    },
  ],
  notes: GPU_NOTES,
  view: allView,
});
