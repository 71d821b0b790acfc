/** The Free tab: which nodes have GPUs that could be used now. */
import {
  definePlugin,
  openTabLayer,
  sortableColumns,
  sortBinding,
  tableBindings,
  tableState,
  CAPACITY_COLUMNS,
  type Binding,
  type TableAccess,
} from '../../lib/index.js';
import { freeView, orderOf, type FreeUi } from './view.js';

const access: TableAccess<FreeUi> = {
  id: 'free',
  columns: sortableColumns(CAPACITY_COLUMNS),
  state: ({ table }) => table,
  put: (ui, table) => ({ ...ui, table }),
  order: orderOf,
  open: {
    label: 'open the node’s tab',
    short: 'node tab',
    run: (ui, app, id) => [ui, { type: 'open', plugin: 'host', key: orderOf(ui, app).row(id)?.node.nodeId ?? '' }],
  },
};

/** GPUs of one node that somebody may need: no job asks for more. */
const MOST_NEEDED = 64;

const needs = (key: string, by: number, label: string, hint?: number): Binding<FreeUi> => ({
  id: `free.need.${by > 0 ? 'more' : 'fewer'}`,
  keys: [key],
  label,
  ...(hint === undefined ? {} : { hint, short: 'GPUs needed' }),
  run: (ui) => [{ ...ui, need: Math.max(1, Math.min(MOST_NEEDED, ui.need + by)) }],
});

export default definePlugin<FreeUi>({
  apiVersion: 1,
  id: 'free',
  tabs: () => [{ plugin: 'free', key: '', title: 'Free', order: 20 }],
  init: () => ({ table: tableState('free', true), need: 1 }),
  layers: [
    openTabLayer('free', 'O', 'open the Free tab: nodes by free GPUs'),
    {
      scope: 'tab',
      title: 'Free',
      bindings: [
        needs('<', -1, 'need fewer GPUs on one node'),
        needs('>', 1, 'need more GPUs on one node', 2),
        sortBinding(access, 'f', 'free', 'free', 3),
        sortBinding(access, 'u', 'model', 'model', 4),
        sortBinding(access, 'b', 'group', 'group', 5),
        sortBinding(access, 'm', 'vram', 'VRAM', 6),
        sortBinding(access, 't', 'ram', 'RAM', 7),
        sortBinding(access, 'c', 'cpu', 'CPU', 8),
        sortBinding(access, 'd', 'node', 'node', 9),
        ...tableBindings(access),
      ],
    },
  ],
  notes: [
    'FREE: the node reports its processes, none of them holds more than 64 MiB, at most 1 GiB is in use, nothing computes, and nobody has the GPU allocated, all for 60 seconds.',
    '<60s: free, but not for that long yet. IDLE: held idle. ?: the node does not report enough; that is not free.',
    'Rows are dim where fewer GPUs are free than are needed (< >). VRAM: of the largest free GPU. THE REST: who has the other GPUs, and how many.',
  ],
  view: freeView,
});
