/** What the Free tab shows. Pure. */
import {
  CAPACITY_COLUMNS,
  capacities,
  copyText,
  count,
  joinFitting,
  LabelOrder,
  layoutTable,
  line,
  lines,
  listOrder,
  modelName,
  position,
  screenColumns,
  sortedPositions,
  span,
  tableCells,
  type AppView,
  type Capacity,
  type CapacityRows,
  type Line,
  type Order,
  type Size,
  type TableState,
  type View,
} from '../../lib/index.js';

export interface FreeUi {
  readonly table: TableState;
  /** GPUs that are needed on one node. */
  readonly need: number;
}

export interface FreeOrder extends Order {
  /** By the id of a row. */
  row(id: string): Capacity | undefined;
}

const idOf = ({ node, model }: Capacity): string => `${node.nodeId} ${model}`;

function rowsOf(app: AppView): CapacityRows {
  const nodes = [...app.nodes].filter(({ version }) => version > 0);
  const rows = capacities(
    app.history,
    Array.from(new LabelOrder().of(nodes), (at) => nodes[at]!),
  );
  return { rows, history: app.history, domain: app.domain };
}

function sorted(data: CapacityRows, { table }: FreeUi): readonly Capacity[] {
  return Array.from(sortedPositions(CAPACITY_COLUMNS, data.rows, data, table.sort), (at) => data.rows[at]!);
}

export function orderOf(ui: FreeUi, app: AppView): FreeOrder {
  const rows = sorted(rowsOf(app), ui);
  return { ...listOrder(rows, idOf), row: (id) => rows.find((row) => idOf(row) === id) };
}

export function freeView(ui: FreeUi, app: AppView, size: Size): View {
  const data = rowsOf(app);
  const rows = sorted(data, ui);
  const head = [needLine(rows, ui, size.cols), modelLine(rows, size.cols)];
  if (rows.length === 0) return { blocks: [lines('', '  No node has reported a GPU yet.')], crumb: line('') };
  const room = Math.max(0, size.rows - head.length - 1);
  const layout = layoutTable({
    columns: screenColumns(CAPACITY_COLUMNS, data, size.cols),
    order: listOrder(rows, idOf),
    state: ui.table,
    cols: size.cols,
    rows: room,
    cells: (at) => tableCells(CAPACITY_COLUMNS, rows[at]!, data, size.cols),
    dim: (at) => rows[at]!.of.free.length < ui.need,
    copy: (at) => copyText(CAPACITY_COLUMNS, rows[at]!, data),
  });
  return {
    blocks: [lines(...head, layout.header, ...layout.body)],
    crumb: line(span(` ${position(layout, rows.length) || count(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`, 'dim')),
    pageRows: Math.max(1, room - 1),
  };
}

/** ' Nodes with at least 4 free GPUs: 3 of 97 · < > changes how many you need'. */
function needLine(rows: readonly Capacity[], { need }: FreeUi, cols: number): Line {
  const nodes = new Set(rows.map(({ node }) => node.nodeId));
  const fitting = new Set(rows.filter(({ of }) => of.free.length >= need).map(({ node }) => node.nodeId));
  const found = `Nodes with at least ${need} free ${need === 1 ? 'GPU' : 'GPUs'}: ${count(fitting.size)} of ${count(nodes.size)}`;
  return line(span(` ${joinFitting([found, '< > changes how many you need'], cols - 1)}`, fitting.size > 0 ? 'strong' : 'warn'));
}

/** ' free now: 12 H100 80GB · 4 A100-80GB · 3 more for less than 60 s · 8 unknown'. */
function modelLine(rows: readonly Capacity[], cols: number): Line {
  const byModel = new Map<string, number>();
  let [settling, unknown] = [0, 0];
  for (const { model, of } of rows) {
    byModel.set(model, (byModel.get(model) ?? 0) + of.free.length);
    settling += of.settling.length;
    unknown += of.unknown.length;
  }
  const free = [...byModel].filter(([, gpus]) => gpus > 0).sort(([, a], [, b]) => b - a);
  const parts = free.map(([model, gpus]) => `${count(gpus)} ${modelName(model) || 'of an unknown model'}`);
  const [first = 'none', ...others] = parts;
  const more = [
    ...(settling > 0 ? [`${count(settling)} free for less than 60 s`] : []),
    ...(unknown > 0 ? [`${count(unknown)} unknown`] : []),
  ];
  return line(span(` ${joinFitting([`free now: ${first}`, ...others, ...more], cols - 1)}`));
}
