/** What the All tab shows. Pure. */
import {
  FROM_COLS,
  FROM_ROWS,
  ago,
  clusterDerivation,
  copyText,
  count,
  conditionOf,
  included,
  cutMiddle,
  firstFitting,
  gpuRowsDerivation,
  gpuTableRows,
  layoutTable,
  line,
  lines,
  memoryCell,
  nodeStatesDerivation,
  position,
  screenColumns,
  span,
  tableCells,
  unanswered,
  utilCell,
  watts,
  widest,
  width,
  withoutDomain,
  type AppView,
  type Cells,
  type GpuRows,
  type NodeView,
  type Line,
  type NodeStates,
  type Size,
  type TableLayout,
  type View,
} from '../../lib/index.js';
import { gpuDetailLine } from './gpu-details.js';
import { chartView, SPANS } from './history-chart.js';
import { BY_NODE, groupsOf, type Group } from './groups.js';
import { gridOf, nodeGridLines, legend, type Grid } from './node-grid.js';
import { COLUMNS, placesOf, type AllRows, type GpuOrder, type NodeNames } from './gpu-order.js';
import { totalLines } from './totals.js';
import { groupingOf, orderFor, type AllUi } from './ui-state.js';

const LEAST_HOST_COLS = 9;
/** At most one line in this many is a row of signs. */
const LED_SHARE = 6;

export function allView(ui: AllUi, app: AppView, size: Size): View {
  if (ui.chart !== '') return chartView(ui.chart, SPANS[ui.span]!, app, size);
  const rows = app.derive(gpuRowsDerivation, app.listed);
  if (rows.count === 0) return { blocks: [lines(...(rows.nodes.length > 0 ? headLines(app, size) : []), ...withoutGpus(app, rows, size))] };
  const order = orderFor(ui, app);
  const head = headLines(app, size);
  const names = hostNames(ui, app, rows, size.cols);
  const data: AllRows = { ...gpuTableRows(rows, app.history, app.now), place: (row) => placesOf(rows).of[row]!, names: () => names };
  // Heads of groups have one line; if all groups are closed there is nothing else.
  const tall = ui.cards && (ui.by === '' || ui.open || ui.flipped.size > 0) ? 2 : 1;
  const room = Math.max(0, size.rows - head.length - 1);
  const page = Math.max(1, Math.floor((room - 1) / tall));
  const layout = layoutTable({
    columns: screenColumns(COLUMNS, data, size.cols),
    order,
    state: ui.table,
    cols: size.cols,
    rows: room === 0 ? 0 : page + 1,
    cells: (at) => cellsAt(order, at, { data, cols: size.cols, names }),
    dim: (at) => isDim(order, at, rows),
    out: (at) => isOut(order, at, rows, app),
    alert: (at) => hasAlert(order, at, rows, app),
    copy: (at) => (order.row(at) < 0 ? undefined : copyText(COLUMNS, order.row(at), data)),
  });
  return {
    blocks: [lines(...head, layout.header, ...(ui.cards ? withCards(layout, order, rows, app, size.cols) : layout.body))],
    crumb: line(span(` ${footer(ui, app, rows, position(layout, order.count))}`, 'dim')),
    pageRows: page,
  };
}

/** The part above the GPUs. */
function headLines(app: AppView, size: Size): readonly Line[] {
  const totals = totalLines(app.derive(clusterDerivation), app, size.cols);
  if (size.rows < FROM_ROWS.nodeSigns) return totals.slice(0, 1);
  return [...totals, ...nodeLines(app.derive(nodeStatesDerivation), size, app.filter !== undefined)];
}

const ledRows = ({ rows }: Size): number => (rows < FROM_ROWS.nodeSigns ? 0 : Math.max(1, Math.floor(rows / LED_SHARE)));

export const nodeGrid = (nodes: NodeStates, size: Size): Grid => gridOf(nodes.nodes.length, size.cols, ledRows(size));

/** The signs of the nodes, with the legend next to them, or below if there is a line to spare. */
function nodeLines(nodes: NodeStates, size: Size, filtered: boolean): readonly Line[] {
  const leds = nodeGridLines(nodes, size.cols, ledRows(size));
  const [first] = leds;
  if (!first) return [];
  const meaning = legend(nodes, nodeGrid(nodes, size), filtered);
  const beside = { ...first, spans: [...first.spans, span('  '), ...meaning.spans] };
  if (leds.length === 1 && beside.spans.reduce((sum, { text }) => sum + width(text), 0) <= size.cols) return [beside];
  return size.rows >= FROM_ROWS.nodeLegend ? [...leds, meaning] : leds;
}

interface HostNames extends NodeNames {
  readonly head: (group: Group) => string;
}

/** By GPU rows: the widest name, and the nodes whose age is shown. Neither changes between two deliveries. */
interface Labels {
  readonly cols: number;
  readonly aged: readonly NodeView[];
}
const labels = new WeakMap<GpuRows, Labels>();

function labelsOf(rows: GpuRows, domain: string): Labels {
  let known = labels.get(rows);
  if (!known) {
    const names = rows.nodes.map(({ name }) => withoutDomain(name, domain));
    const aged = rows.nodes.filter((node) => !included(node));
    labels.set(rows, (known = { cols: widest(names, LEAST_HOST_COLS, Infinity), aged }));
  }
  return known;
}

/** A node that is not counted has its age after its name; the age is never cut. */
function hostNames(ui: AllUi, app: AppView, rows: GpuRows, cols: number): HostNames {
  const indent = ui.by === '' ? '' : '  ';
  const age = (node: NodeView): string => (included(node) ? '' : ` ~${ago(app.now - node.at)}`);
  const { domain } = app;
  const { cols: label, aged } = labelsOf(rows, domain);
  const short = ({ name }: NodeView): string => withoutDomain(name, domain);
  const most = mostHostCols(cols) + indent.length;
  const head = headColsOf(ui, app, rows);
  const wide = widest(
    aged.map((node) => `${indent}${short(node)}${age(node)}`),
    Math.max(label + indent.length, Math.min(most, cols >= FROM_COLS.spacious ? head.title : head.short)),
    most,
  );
  const shown = Math.min(wide, mostHostCols(cols) + indent.length);
  return {
    cols: shown,
    of: (node) => `${indent}${cutMiddle(short(node), shown - indent.length - age(node).length)}${age(node)}`,
    head: (group) => cutMiddle(withoutDomain(head.title <= shown ? group.title : group.short, domain), shown - HEAD_SIGN.length),
  };
}

interface HeadCols {
  readonly title: number;
  readonly short: number;
}
const NO_HEADS: HeadCols = { title: 0, short: 0 };
const headCols = new WeakMap<readonly Group[], HeadCols>();

/** The width of the heads of groups. */
function headColsOf(ui: AllUi, app: AppView, rows: GpuRows): HeadCols {
  if (ui.by === '') return NO_HEADS;
  const { groups } = groupsOf(rows, groupingOf(ui, app), ui.table.sort);
  let known = headCols.get(groups);
  if (!known) {
    const most = (texts: readonly string[]): number => HEAD_SIGN.length + widest(texts, 0, Infinity);
    known = { title: most(groups.map(({ title }) => title)), short: most(groups.map(({ short }) => short)) };
    headCols.set(groups, known);
  }
  return known;
}
const HEAD_SIGN = '▸ ';

/** Names get space before owners do: a name that is cut may be that of another node. */
const mostHostCols = (cols: number): number =>
  cols >= FROM_COLS.spacious ? 36 : cols >= FROM_COLS.wide ? 24 : cols >= FROM_COLS.standard ? 20 : cols >= FROM_COLS.small ? 14 : 12;

interface CellInput {
  readonly data: AllRows;
  readonly cols: number;
  readonly names: HostNames;
}

function cellsAt(order: GpuOrder, at: number, { data, cols, names }: CellInput): Cells {
  const row = order.row(at);
  if (row >= 0) return tableCells(COLUMNS, row, data, cols);
  return groupCells(order.group(at)!, order.row(at + 1) >= 0 && order.group(at + 1) === order.group(at), cols, names);
}

/** Why there is no GPU in a group; nodes that are merely silent, or have none, are not down. */
function withoutGpu({ nodes, included: answering, waiting, drained, node }: Group): string {
  if (answering > 0) return 'no GPU';
  const states = [
    [nodes - waiting - drained, 'down'],
    [waiting, 'waiting'],
    [drained, 'drained'],
  ] as const;
  const present = states.filter(([number]) => number > 0);
  if (node !== undefined || present.length === 1) return present[0]?.[1] ?? 'down';
  return present.map(([number, word]) => `${count(number)} ${word}`).join(' · ');
}

/**
 * What a group's GPUs do, from the longest form to the shortest: busy, held, free, and the number of nodes. Free GPUs matter most, so they
 * are in each form; missing nodes stay as long as they fit.
 */
function groupWords(group: Group): readonly string[] {
  const { gpus, computing, heldIdle, free, nodes, node, included: answering } = group;
  const some = (number: number, word: string): readonly string[] => (number > 0 ? [`${count(number)} ${word}`] : []);
  const joined = (...parts: readonly (readonly string[])[]): string => parts.flat().join(' · ');
  const unknown = gpus - computing - heldIdle - free;
  const missing = node === undefined && answering > 0 && answering < nodes;
  const all = node === undefined && answering === nodes ? [`${count(nodes)} ${nodes === 1 ? 'node' : 'nodes'}`] : [];
  const ofNodes = missing ? [`${count(answering)} of ${count(nodes)} nodes`] : [];
  const shortOfNodes = missing ? [`${count(answering)}/${count(nodes)} nodes`] : [];
  if (gpus === 0) return [joined([withoutGpu(group)], ofNodes, answering > 0 ? all : []), withoutGpu(group)];
  const nothing = unknown === gpus ? ['activity unknown'] : undefined;
  const rest = [...some(free, 'free'), ...(nothing ? [] : some(unknown, 'unknown'))];
  const busy = nothing ?? [`${count(computing)} of ${count(gpus)} busy`];
  const shortBusy = nothing ?? [`${count(computing)}/${count(gpus)} busy`];
  return [
    joined(busy, ofNodes, some(heldIdle, 'held idle'), rest, all),
    joined(busy, shortOfNodes, some(heldIdle, 'held idle'), rest),
    joined(shortBusy, shortOfNodes, some(heldIdle, 'held'), rest),
    joined(nothing ?? some(heldIdle, 'held'), shortOfNodes, rest),
    joined(nothing ?? some(heldIdle, 'held'), rest) || shortBusy[0]!,
    joined(rest) || joined(shortBusy),
  ];
}

/** The head of a group: its totals in the columns of its GPUs. */
function groupCells(group: Group, open: boolean, cols: number, names: HostNames): Cells {
  const { heldIdle, temperatureMax, powerWatts } = group;
  return {
    host: span(`${open ? '▾' : '▸'} ${names.head(group)}`, 'strong'),
    gpu: '',
    model: '',
    util: utilCell(group.utilPercent, cols),
    vram: memoryCell(group.memoryUsedBytes, group.memoryTotalBytes, cols),
    temp: Number.isNaN(temperatureMax) ? '–' : `${Math.round(temperatureMax)}°`,
    power: watts(powerWatts),
    clock: '',
    who: firstFitting(groupWords(group).map((text) => span(text, heldIdle > 0 ? 'bad' : 'dim'))),
  };
}

function isDim(order: GpuOrder, at: number, rows: GpuRows): boolean {
  const row = order.row(at);
  return row < 0 ? order.group(at)!.included === 0 : !included(rows.node(row));
}

/** Shown although it does not match the filter. */
function isOut(order: GpuOrder, at: number, rows: GpuRows, { filter }: AppView): boolean {
  const row = order.row(at);
  return filter?.mode === 'dim' && row >= 0 && !filter.gpu(rows.node(row), rows.slot[row]!);
}

function hasAlert(order: GpuOrder, at: number, rows: GpuRows, app: AppView): boolean {
  const row = order.row(at);
  return row >= 0 && app.alertLevel(rows.node(row), rows.slot[row]!) !== 'ok';
}

/** Adds the second lines of the GPUs. */
function withCards(layout: TableLayout, order: GpuOrder, rows: GpuRows, app: AppView, cols: number): readonly Line[] {
  return layout.body.flatMap((first, nth) => {
    const row = order.row(layout.top + nth);
    if (row < 0) return [first];
    const node = rows.node(row);
    const second = gpuDetailLine(node, rows.slot[row]!, app, cols, !included(node));
    const { region, selected } = first;
    return [first, { ...second, ...(region === undefined ? {} : { region }), ...(selected ? { selected } : {}) }];
  });
}

/** Nodes whose GPUs are on screen and in no total. */
const NOT_COUNTED = [
  ['down', 'are down'],
  ['drained', 'are drained'],
  ['waiting', 'could not be scraped in time'],
] as const;

function footer({ by }: AllUi, app: AppView, rows: GpuRows, place: string): string {
  const gpus = rows.count === 1 ? 'GPU' : 'GPUs';
  const parts =
    by === '' ? [`${place || count(rows.count)} ${gpus}`] : [`by ${by === BY_NODE ? 'node' : by}`, `${count(rows.count)} ${gpus}`];
  if (by !== '' && place !== '') parts.splice(1, 0, `lines ${place}`);
  // Not counted in totals: without these it is the number in the title.
  for (const [condition, words] of NOT_COUNTED) {
    const gpusOfThem = rows.nodes.reduce((all, node) => all + (conditionOf(node) === condition ? node.gpus.slots : 0), 0);
    if (gpusOfThem > 0) parts.push(`${count(gpusOfThem)} on nodes that ${words}`);
  }
  const silent = app.nodes.size - rows.nodes.length;
  if (silent > 0) parts.push(`${count(silent)} ${silent === 1 ? 'node has' : 'nodes have'} never answered`);
  return parts.join(' · ');
}

/** There are no GPUs: a line per node shows why. */
function withoutGpus(app: AppView, rows: GpuRows, { rows: room }: Size): readonly Line[] {
  const answering = [...app.nodes].some(included);
  const answered = rows.nodes.length > 0;
  const waiting = [...app.nodes].some((node) => conditionOf(node) === 'waiting');
  if (app.filter && (answered || app.nodes.size === 0)) return [line(''), line('  No GPUs match the filter.')];
  const why = answering
    ? 'No node that is up has a GPU. A node’s tab shows what else it has.'
    : answered
      ? 'No node is up, and none had a GPU. A node’s tab shows since when, and why.'
      : waiting
        ? 'Waiting for the first response from'
        : app.nodes.size === 0
          ? 'There are no nodes yet.'
          : 'No data from any node:';
  return [line(''), line(`  ${why}`), ...unanswered(app.nodes, room - 3)];
}
