/** The state of the All tab, and how its keys change it. */
import { compareLabels, gpuRowsDerivation, type AppView, type NodeView, type TableState } from '../../lib/index.js';
import { BY_NODE, type Grouping } from './groups.js';
import { groupId, orderOf, type GpuOrder } from './gpu-order.js';

export interface AllUi {
  readonly table: TableState;
  /** Two lines per GPU. */
  readonly cards: boolean;
  /** '' for none, BY_NODE, or a label of the nodes. */
  readonly by: string;
  /** Whether groups are open, except those in `flipped`. */
  readonly open: boolean;
  readonly flipped: ReadonlySet<string>;
  /** The value shown as a chart instead of the GPUs; '' for none. */
  readonly chart: string;
  /** Index of the chart's time span. */
  readonly span: number;
}

export function groupingOf({ by, open, flipped }: AllUi, app: AppView): Grouping {
  return {
    by,
    key: `${open} ${[...flipped].join('\0')}`,
    isOpen: (group) => flipped.has(group) !== open,
    // Matches of a filter are known only for nodes that have answered.
    silent: () => (hidesRows(app) ? [] : [...app.nodes].filter(({ version }) => version === 0)),
    onlyKept: hidesRows(app),
  };
}

/** In dim mode the list has every row, matching or not. */
const hidesRows = ({ filter }: AppView): boolean => filter?.mode === 'hide';

export const orderFor = (ui: AllUi, app: AppView): GpuOrder =>
  orderOf(app.derive(gpuRowsDerivation, app.listed), ui.table.sort, groupingOf(ui, app));

const NONE_FLIPPED: ReadonlySet<string> = new Set();

/** Closed at first: groups are for their totals. The selected row stays selected if it is still a row. */
export function regroup(ui: AllUi, app: AppView): AllUi {
  const ways = ['', BY_NODE, ...labelsOf(app.nodes)];
  const next = { ...ui, by: ways[(ways.indexOf(ui.by) + 1) % ways.length]!, open: false, flipped: NONE_FLIPPED };
  const found = ui.table.selected !== undefined && orderFor(next, app).find(ui.table.selected) >= 0;
  return found ? next : { ...next, table: { ...ui.table, selected: undefined, at: 0, top: 0 } };
}

/** Labels that nodes are grouped by, in alphabetical order. */
function labelsOf(nodes: Iterable<NodeView>): readonly string[] {
  const found = new Set<string>();
  for (const { groups } of nodes) for (const label of groups.keys()) found.add(label);
  return [...found].sort(compareLabels);
}

/** Opens or closes the group of the row at a position, and selects its head. */
export function toggleGroup(ui: AllUi, app: AppView, position: number): AllUi {
  const group = orderFor(ui, app).group(position);
  if (!group) return ui;
  const flipped = new Set(ui.flipped);
  if (!flipped.delete(group.key)) flipped.add(group.key);
  return chosen({ ...ui, flipped }, app, group);
}

/** Opens or closes all groups; when they close, selects the head of the current one. */
export function toggleAll(ui: AllUi, app: AppView, position: number): AllUi {
  const group = orderFor(ui, app).group(position);
  const next = { ...ui, open: !ui.open, flipped: NONE_FLIPPED };
  return group ? chosen(next, app, group) : next;
}

function chosen(ui: AllUi, app: AppView, group: NonNullable<ReturnType<GpuOrder['group']>>): AllUi {
  return { ...ui, table: { ...ui.table, selected: groupId(group), at: orderFor(ui, app).head(group) } };
}
