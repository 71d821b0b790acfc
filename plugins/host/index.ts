/** One tab per host: its GPUs, CPU, memory, disks, processes and connection. */
import {
  definePlugin,
  GPU_NOTES,
  listOrder,
  sortBinding,
  tableBindings,
  tableState,
  type AppView,
  type Binding,
  type TableAccess,
} from '../../lib/index.js';
import { detailLines, pageTop } from './node-details.js';
import { COLUMNS, orderOf, rowOf } from './process-list.js';
import { hostView } from './view.js';
import { type HostUi, hostOf, showsAll } from './host-ui.js';

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

const detailed = (ui: HostUi): boolean => ui.details;
/** Of a node that never has there is nothing to sort or to tell. */
const hasAnswered = (ui: HostUi, app: AppView): boolean => (hostOf(ui, app)?.version ?? 0) > 0;

/** Only where the processes are on screen. */
const ofProcesses = (binding: Binding<HostUi>): Binding<HostUi> => ({
  ...binding,
  when: (ui, app) => !ui.details && hasAnswered(ui, app) && (binding.when?.(ui, app) ?? true),
});

type Step = (top: number, page: number) => number;
const SCROLLS: readonly (readonly [id: string, keys: readonly string[], label: string, to: Step])[] = [
  ['up', ['Up', 'k'], 'up', (top) => top - 1],
  ['down', ['Down', 'j'], 'down', (top) => top + 1],
  ['page-up', ['PageUp', 'C-b'], 'a page up', (top, page) => top - page],
  ['page-down', ['PageDown', 'C-f'], 'a page down', (top, page) => top + page],
  ['home', ['Home'], 'to the start', () => 0],
  ['end', ['End'], 'to the end', () => Infinity],
  ['wheel-up', ['WheelUp'], 'scroll up', (top) => top - WHEEL_ROWS],
  ['wheel-down', ['WheelDown'], 'scroll down', (top) => top + WHEEL_ROWS],
];
const WHEEL_ROWS = 3;

/** Scrolling through the details; from where the view shows them. */
const scrolls = SCROLLS.map(([id, keys, label, to]): Binding<HostUi> => ({
  id: `host.details.${id}`,
  keys,
  label: `details: ${label}`,
  when: detailed,
  run: (ui, { app, frame }) => {
    const host = hostOf(ui, app);
    if (!host) return [ui];
    const all = detailLines(host, app, frame.size.cols).length;
    const page = frame.pageRows;
    return [{ ...ui, top: pageTop(to(pageTop(ui.top, all, page), page), all, page) }];
  },
}));

export default definePlugin<HostUi>({
  apiVersion: 1,
  id: 'host',
  tabs: (hosts) => [...hosts].map((host) => ({ plugin: 'host', key: host.hostId, title: host.label, hostId: host.hostId, order: 100 })),
  init: (tab) => ({ hostId: tab.key, table: tableState('vram', true), showAll: false, details: false, top: 0 }),
  layers: [
    {
      rung: 'tab',
      title: 'Host',
      bindings: [
        ...scrolls,
        {
          id: 'host.details',
          keys: ['z'],
          label: 'all that is known of the node, or its processes',
          short: 'details',
          hint: 2,
          when: hasAnswered,
          run: (ui) => [{ ...ui, details: !ui.details, top: 0 }],
        },
        ...[
          sortBinding(access, 'm', 'vram', 'VRAM', 2),
          sortBinding(access, 'u', 'user', 'user', 3),
          sortBinding(access, 'c', 'cpu', 'CPU', 4),
          sortBinding(access, 'p', 'pid', 'pid', 5),
          sortBinding(access, 't', 'running', 'running', 6),
          sortBinding(access, 'n', 'gpu', 'GPU', 20),
          sortBinding(access, 's', 'sm', 'SM', 21),
          {
            id: 'host.all',
            keys: ['a'],
            label: 'processes on no GPU too',
            short: 'all processes',
            hint: 7,
            run: (ui: HostUi): readonly [HostUi] => [{ ...ui, showAll: !ui.showAll }],
          },
          ...tableBindings(access),
        ].map(ofProcesses),
      ],
    },
  ],
  notes: GPU_NOTES,
  view: hostView,
});
