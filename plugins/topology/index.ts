/** The Topology tab: how the GPUs of a node are connected, as far as that is exported. */
import { definePlugin, openTabLayer, type AppView, type Binding } from '../../lib/index.js';
import { topologyView } from './view.js';
import { type TopologyUi, nodeOf } from './topology-ui.js';

/** The next node in the order of the tabs that has a GPU matching the filter. */
function moved(ui: TopologyUi, app: AppView, by: number): TopologyUi {
  const hosts = app.tabs.flatMap(({ nodeId }) => nodeId ?? []);
  const from = hosts.indexOf(nodeOf(ui, app)?.nodeId ?? '');
  for (let step = 1; step <= hosts.length; step++) {
    const hostId = hosts[(from + by * step + hosts.length * 2) % hosts.length]!;
    if (hasKept(app, hostId)) return { ...ui, nodeId: hostId, top: 0 };
  }
  return ui;
}

function hasKept({ nodes, filter }: AppView, nodeId: string): boolean {
  const left = nodes.get(nodeId);
  if (!left || !filter) return left !== undefined;
  const node = filter.whole(left);
  for (let slot = 0; slot < node.gpus.count; slot++) if (filter.gpu(node, slot)) return true;
  return false;
}

const hasGpus = (ui: TopologyUi, app: AppView): boolean => (nodeOf(ui, app)?.gpus.slots ?? 0) > 0;

const scrolled = (id: string, keys: readonly string[], label: string, by: (page: number) => number): Binding<TopologyUi> => ({
  id: `topology.${id}`,
  keys,
  label,
  run: (ui, { frame }) => [{ ...ui, top: Math.max(0, ui.top + by(frame.pageRows)) }],
});

export default definePlugin<TopologyUi>({
  apiVersion: 1,
  id: 'topology',
  tabs: () => [{ plugin: 'topology', key: '', title: 'Topology', order: 20 }],
  init: () => ({ nodeId: '', matrix: false, top: 0 }),
  layers: [
    openTabLayer('topology', 'T', 'open the Topology tab, for the last opened node'),
    {
      scope: 'tab',
      title: 'Topology',
      bindings: [
        {
          id: 'topology.mode',
          keys: ['M', 'm'],
          label: 'switch between graph and matrix',
          short: 'matrix',
          hint: 1,
          when: hasGpus,
          run: (ui) => [{ ...ui, matrix: !ui.matrix, top: 0 }],
        },
        {
          id: 'topology.next',
          keys: ['n'],
          label: 'next node',
          short: 'next',
          hint: 2,
          run: (ui, { app }) => [moved(ui, app, 1)],
        },
        {
          id: 'topology.previous',
          keys: ['N'],
          label: 'previous node',
          short: 'previous',
          hint: 2,
          run: (ui, { app }) => [moved(ui, app, -1)],
        },
        {
          id: 'topology.open',
          keys: ['Enter'],
          label: 'open the node’s tab',
          short: 'node tab',
          hint: 3,
          when: (ui, app) => nodeOf(ui, app) !== undefined,
          run: (ui, { app }) => {
            const node = nodeOf(ui, app);
            return node ? [ui, { type: 'open', plugin: 'host', key: node.nodeId }] : [ui];
          },
        },
        scrolled('up', ['Up', 'k', 'WheelUp'], 'scroll up', () => -1),
        scrolled('down', ['Down', 'j', 'WheelDown'], 'scroll down', () => 1),
        scrolled('page-up', ['PageUp'], 'page up', (page) => -page),
        scrolled('page-down', ['PageDown'], 'page down', (page) => page),
      ],
    },
  ],
  notes: [
    'Topology: the exporter reports what is at the other end of an NVLink (a GPU or a switch), but not which one. PCIe switches are not exported.',
    'In the graph, 7+1 after a GPU means seven NVLinks to GPUs and one to a switch.',
  ],
  needs: (ui, app) => ({ nodes: [nodeOf(ui, app)].flatMap((node) => node?.nodeId ?? []) }),
  view: topologyView,
});
