/** One tab per host: its GPUs, CPU, memory, disks, processes and connection. */
import {
  definePlugin,
  GPU_NOTES,
  listOrder,
  sortBinding,
  tableBindings,
  tableState,
  type AppView,
  type HostView,
  type TableAccess,
  type TableState,
} from '../../lib/index.js';
import { COLUMNS, orderOf, rowOf } from './processes.js';
import { hostView } from './view.js';

export interface HostUi {
  readonly hostId: string;
  readonly table: TableState;
  /** Also the processes that are on no GPU. */
  readonly showAll: boolean;
}

export const hostOf = (ui: HostUi, app: AppView): HostView | undefined => app.hosts.get(ui.hostId);

/** Where there is no GPU the others are all there is. */
export const showsAll = (ui: HostUi, host: HostView): boolean => ui.showAll || host.gpus.slots === 0;

const NO_ROWS = listOrder<string>([], String);

const access: TableAccess<HostUi> = {
  id: 'host',
  columns: COLUMNS,
  state: (ui) => ui.table,
  put: (ui, table) => ({ ...ui, table }),
  order: (ui, app) => {
    const host = hostOf(ui, app);
    return host ? orderOf(host, ui.table, showsAll(ui, host)) : NO_ROWS;
  },
  user: (app, ui, id) => {
    const host = hostOf(ui, app);
    const row = host ? rowOf(host, id) : -1;
    return host && row >= 0 ? host.userName(host.procs.user[row]!) : undefined;
  },
};

export default definePlugin<HostUi>({
  apiVersion: 1,
  id: 'host',
  tabs: (hosts) => [...hosts].map((host) => ({ plugin: 'host', key: host.hostId, title: host.label, hostId: host.hostId, order: 100 })),
  init: (tab) => ({ hostId: tab.key, table: tableState('vram', true), showAll: false }),
  layers: [
    {
      rung: 'tab',
      title: 'Host',
      bindings: [
        sortBinding(access, 'm', 'vram', 'VRAM', 2),
        sortBinding(access, 'u', 'user', 'user', 3),
        sortBinding(access, 'c', 'cpu', 'CPU', 4),
        sortBinding(access, 'p', 'pid', 'pid', 5),
        sortBinding(access, 't', 'running', 'running', 6),
        {
          id: 'host.all',
          keys: ['a'],
          label: 'processes on no GPU too',
          short: 'all processes',
          hint: 7,
          run: (ui) => [{ ...ui, showAll: !ui.showAll }],
        },
        ...tableBindings(access),
      ],
    },
  ],
  notes: GPU_NOTES,
  view: hostView,
});
