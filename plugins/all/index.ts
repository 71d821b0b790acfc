/** The All tab: what the cluster is doing, and who uses each GPU. */
import {
  definePlugin,
  GPU_NOTES,
  gpuRowsDerivation,
  nodeStatesDerivation,
  selectedAt,
  sortableColumns,
  sortBinding,
  tableBindings,
  tableState,
  type AppView,
  type Binding,
  type KeyContext,
  type Step,
  type TableAccess,
} from '../../lib/index.js';
import { CHARTS, SPANS } from './history-chart.js';
import { NODE_GRID_NOTE, nodeAt } from './node-grid.js';
import { COLUMNS, GPUS_TABLE, nodeOfRow } from './gpu-order.js';
import { orderFor, regroup, toggleAll, toggleGroup, type AllUi } from './ui-state.js';
import { allView, nodeGrid } from './view.js';

const access: TableAccess<AllUi> = {
  id: 'all',
  columns: sortableColumns(COLUMNS),
  state: (ui) => ui.table,
  put: (ui, table) => ({ ...ui, table }),
  order: orderFor,
  open: { label: 'open the node’s tab; fold or unfold a group', short: 'node tab', run: opened },
  user: ownerOf,
};

/** The user with the most memory on the GPU. */
function ownerOf(app: AppView, ui: AllUi, id: string): string | undefined {
  const order = orderFor(ui, app);
  const row = order.row(order.find(id));
  return row < 0 ? undefined : app.derive(gpuRowsDerivation, app.listed).owners(row)[0]?.user;
}

function opened(ui: AllUi, app: AppView, id: string): Step<AllUi> {
  if (!id.startsWith(' ')) return [ui, { type: 'open', plugin: 'host', key: nodeOfRow(id) }];
  const at = orderFor(ui, app).find(id);
  const node = orderFor(ui, app).group(at)?.node;
  return node ? [ui, { type: 'open', plugin: 'host', key: node.nodeId }] : [toggleGroup(ui, app, at)];
}

/** Whether GPUs are listed; else there is nothing to group. */
const hasGpus = (_ui: AllUi, app: AppView): boolean => app.derive(gpuRowsDerivation, app.listed).count > 0;
const charted = ({ chart }: AllUi): boolean => chart !== '';
const grouped = ({ by, chart }: AllUi): boolean => by !== '' && chart === '';
const selected = (ui: AllUi, app: AppView): number => selectedAt(ui.table, orderFor(ui, app));

const own: readonly Binding<AllUi>[] = [
  {
    id: 'all.chart',
    keys: ['c'],
    label: 'cycle charts: utilisation, VRAM, temperature, power, none',
    short: 'chart',
    hint: 9,
    // A filter hides rows, and not what a chart shows.
    when: (ui, app) => charted(ui) || app.filter !== undefined || hasGpus(ui, app),
    run: (ui) => [{ ...ui, chart: [...CHARTS, ''][CHARTS.indexOf(ui.chart) + 1]! }],
  },
  {
    id: 'all.chart.close',
    keys: ['Esc'],
    label: 'close the chart',
    when: charted,
    run: (ui) => [{ ...ui, chart: '' }],
  },
  {
    id: 'all.chart.span',
    keys: ['z'],
    label: 'time range of the chart: 10 minutes, 30 minutes, all',
    short: 'span',
    hint: 2,
    when: charted,
    run: (ui) => [{ ...ui, span: (ui.span + 1) % SPANS.length }],
  },
  {
    id: 'all.density',
    keys: ['z'],
    label: 'switch between one and two lines per GPU (history, details)',
    short: 'details',
    hint: 7,
    when: hasGpus,
    run: (ui) => [{ ...ui, cards: !ui.cards }],
  },
  {
    id: 'all.group',
    keys: ['G'],
    label: 'cycle groups: by node, by each label of the host file, none',
    short: 'group',
    hint: 8,
    when: (ui, app) => !charted(ui) && hasGpus(ui, app),
    run: (ui, { app }) => [regroup(ui, app)],
  },
  {
    id: 'all.toggle',
    keys: ['x'],
    label: 'fold or unfold the group',
    short: 'fold',
    hint: 9,
    when: grouped,
    run: (ui, { app }) => [toggleGroup(ui, app, selected(ui, app))],
  },
  {
    id: 'all.toggle-all',
    keys: ['X'],
    label: 'fold or unfold all groups',
    when: grouped,
    run: (ui, { app }) => [toggleAll(ui, app, selected(ui, app))],
  },
];

/** Only while the GPUs are on screen. */
const ofGpus = (binding: Binding<AllUi>): Binding<AllUi> => ({
  ...binding,
  when: (ui, app) => !charted(ui) && (binding.when?.(ui, app) ?? true),
});

/** A click on the sign of a node opens its tab; all other clicks belong to the table. */
function withNodes(bindings: readonly Binding<AllUi>[]): readonly Binding<AllUi>[] {
  return bindings.map((binding) =>
    binding.id !== 'all.click'
      ? binding
      : {
          ...binding,
          label: 'select a row, sort by a column header, open a node’s tab',
          run: (ui, context) => clickedNode(ui, context) ?? binding.run(ui, context),
        },
  );
}

function clickedNode(ui: AllUi, { app, event, frame }: KeyContext): Step<AllUi> | undefined {
  const row = /^led:(\d+)$/.exec(frame.hit ?? '')?.[1];
  if (row === undefined || event.type !== 'mouse') return undefined;
  const nodes = app.derive(nodeStatesDerivation);
  const node = nodeAt(nodes, nodeGrid(nodes, frame.size), Number(row), event.x);
  return node ? [ui, { type: 'open', plugin: 'host', key: node.nodeId }] : [ui];
}

export default definePlugin<AllUi>({
  apiVersion: 1,
  id: 'all',
  tabs: () => [{ plugin: 'all', key: '', title: 'All', order: 0 }],
  init: () => ({ table: tableState('host'), cards: false, by: '', open: false, flipped: new Set(), chart: '', span: 0 }),
  layers: [
    {
      scope: 'tab',
      title: 'All',
      bindings: [
        ...own,
        ...[
          sortBinding(access, 'd', 'host', 'node', 2),
          sortBinding(access, 'u', 'util', 'util', 3),
          // Also bound to g, as in all-smi; while a recording is loaded, g goes to a time.
          { ...sortBinding(access, 'm', 'vram', 'VRAM', 4), keys: ['m', 'g'] },
          sortBinding(access, 'p', 'power', 'power', 5),
          sortBinding(access, 't', 'temp', 'temperature', 6),
          ...withNodes(tableBindings(access)),
        ].map(ofGpus),
      ],
    },
  ],
  tables: [GPUS_TABLE],
  notes: [...GPU_NOTES, NODE_GRID_NOTE],
  view: allView,
});
