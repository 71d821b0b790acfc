/** One tab per node: its GPUs, CPU, memory, disks, processes and connection. */
import {
  definePlugin,
  GPU_NOTES,
  listOrder,
  sortableColumns,
  sortBinding,
  tableBindings,
  tableState,
  type AppView,
  type Binding,
  type TableAccess,
} from '../../lib/index.js';
import { detailLines, pageTop } from './node-details.js';
import { orderOf, PROCESS_COLUMNS, PROCESSES_TABLE, rowOf, rowsOf } from './process-list.js';
import { nodeView } from './view.js';
import { type NodeTabUi, nodeOf, showsAll } from './host-ui.js';

const NO_ROWS = listOrder<string>([], String);

const access: TableAccess<NodeTabUi> = {
  id: 'host',
  columns: sortableColumns(PROCESS_COLUMNS),
  state: (ui) => ui.table,
  put: (ui, table) => ({ ...ui, table }),
  order: (ui, app) => {
    const node = nodeOf(ui, app);
    return node ? orderOf(node, ui.table, showsAll(ui, node)) : NO_ROWS;
  },
  open: {
    label: 'show process details, on the Users tab',
    short: 'open',
    run: (ui, app, id) => {
      const node = nodeOf(ui, app);
      const row = node ? rowOf(node, id) : -1;
      if (!node || row < 0) return [ui];
      const { pid, user, gpu } = node.procs;
      const onGpu = rowsOf(node, id).some((each) => gpu[each]! >= 0);
      const { nodeId, name: nodeName } = node;
      const show = { kind: 'process', user: node.userName(user[row]!), nodeId, nodeName, pid: pid[row]!, onGpu } as const;
      return [ui, { type: 'open', plugin: 'users', show }];
    },
  },
  user: (app, ui, id) => {
    const node = nodeOf(ui, app);
    const row = node ? rowOf(node, id) : -1;
    return node && row >= 0 ? node.userName(node.procs.user[row]!) : undefined;
  },
};

const detailed = (ui: NodeTabUi): boolean => ui.details;
/** A node that never answered has nothing to sort or to show. */
const hasAnswered = (ui: NodeTabUi, app: AppView): boolean => (nodeOf(ui, app)?.version ?? 0) > 0;

/** Only while the processes are on screen. */
const ofProcesses = (binding: Binding<NodeTabUi>): Binding<NodeTabUi> => ({
  ...binding,
  when: (ui, app) => !ui.details && hasAnswered(ui, app) && (binding.when?.(ui, app) ?? true),
});

type Step = (top: number, page: number) => number;
const SCROLLS: readonly (readonly [id: string, keys: readonly string[], label: string, to: Step])[] = [
  ['up', ['Up', 'k'], 'up', (top) => top - 1],
  ['down', ['Down', 'j'], 'down', (top) => top + 1],
  ['page-up', ['PageUp', 'C-b'], 'page up', (top, page) => top - page],
  ['page-down', ['PageDown', 'C-f'], 'page down', (top, page) => top + page],
  ['home', ['Home'], 'go to the start', () => 0],
  ['end', ['End'], 'go to the end', () => Infinity],
  ['wheel-up', ['WheelUp'], 'scroll up', (top) => top - WHEEL_ROWS],
  ['wheel-down', ['WheelDown'], 'scroll down', (top) => top + WHEEL_ROWS],
];
const WHEEL_ROWS = 3;

/** Scrolls through the details, starting from the line that the view shows. */
const scrolls = SCROLLS.map(([id, keys, label, to]): Binding<NodeTabUi> => ({
  id: `host.details.${id}`,
  keys,
  label: `details: ${label}`,
  when: detailed,
  run: (ui, { app, frame }) => {
    const node = nodeOf(ui, app);
    if (!node) return [ui];
    const all = detailLines(node, app, frame.size.cols).length;
    const page = frame.pageRows;
    return [{ ...ui, top: pageTop(to(pageTop(ui.top, all, page), page), all, page) }];
  },
}));

export default definePlugin<NodeTabUi>({
  apiVersion: 1,
  id: 'host',
  tabs: (nodes) => [...nodes].map((node) => ({ plugin: 'host', key: node.nodeId, title: node.name, nodeId: node.nodeId, order: 100 })),
  init: (tab) => ({ nodeId: tab.key, table: tableState('vram', true), showAll: false, details: false, top: 0 }),
  layers: [
    {
      scope: 'tab',
      title: 'Node',
      bindings: [
        ...scrolls,
        {
          id: 'host.details',
          keys: ['z'],
          label: 'switch between node details and processes',
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
            label: 'show or hide processes on no GPU',
            short: 'all processes',
            hint: 7,
            run: (ui: NodeTabUi): readonly [NodeTabUi] => [{ ...ui, showAll: !ui.showAll }],
          },
          ...tableBindings(access),
        ].map(ofProcesses),
      ],
    },
  ],
  tables: [PROCESSES_TABLE],
  notes: [...GPU_NOTES, "SM%: share of a GPU's multiprocessors, summed over the GPUs of the process; 100% is one GPU."],
  view: nodeView,
});
