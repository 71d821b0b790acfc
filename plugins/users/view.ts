/** What the Users tab shows, level by level. Pure. */
import {
  copyText,
  count,
  included,
  layoutTable,
  line,
  lines,
  position,
  selectedAt,
  span,
  usageDerivations,
  whyNotReporting,
  wrap,
  type AppView,
  type Block,
  type Grouping,
  type NodeView,
  type Line,
  type Size,
  type UsersTable,
  type View,
} from '../../lib/index.js';
import { detailsCrumb, nodesCrumb, processesCrumb, notReportingCrumb, usersCrumb } from './breadcrumb.js';
import { detailLines, processOf } from './process-details.js';
import { emptyHint, notIncluded } from './empty-states.js';
import { chipLines, summaryLines } from './summary.js';
import { nodesOf, nodesPage } from './nodes-level.js';
import {
  current,
  type NodesLevel,
  type Level,
  type ProcessesLevel,
  type ProcessLevel,
  type NotReportingLevel,
  type UsersLevel,
  type UsersUi,
} from './drilldown.js';
import { shownUser, type Page } from './table-page.js';
import { PROCESS_COLUMNS, processesOf, processesPage, type ProcessesPage } from './processes-level.js';
import { notReportingNodes, notReportingPage, whatIsKnown } from './not-reporting.js';
import { layoutWrappedTable, type WrappedTableLayout } from './wrapped-table.js';
import { userOrder, userRows, usersPage } from './users-level.js';

/** The size left for a level below the chips, including the breadcrumb. */
interface Room {
  readonly ui: UsersUi;
  readonly app: AppView;
  readonly size: Size;
  /** The users that match the filter. */
  readonly matching: UsersTable;
}

export function usersView(ui: UsersUi, app: AppView, size: Size): View {
  const level = current(ui);
  const answered = [...app.nodes].some(({ version }) => version > 0);
  const matching = app.derive(usageDerivations[byOf(level)]);
  const chips = answered ? chipLines(matching, level, size.cols) : [];
  const room: Room = { ui, app, matching, size: { cols: size.cols, rows: Math.max(0, size.rows - chips.length) } };
  return { chips, ...levelView(level, room) };
}

const byOf = (level: Level): Grouping => (level.kind === 'silent' ? 'user' : level.by);

function levelView(level: Level, room: Room): View {
  switch (level.kind) {
    case 'users':
      return topView(level, room);
    case 'hosts':
      return hostsView(level, room);
    case 'processes':
      return processesView(level, room);
    case 'process':
      return processView(level, room);
    case 'silent':
      return silentView(level, room);
  }
}

function topView(level: UsersLevel, { ui, app, size, matching }: Room): View {
  const data = userRows(ui, app, level.by);
  const { users } = data;
  const order = userOrder(data, level.table.sort, ui, level.by);
  const head =
    matching.totals.reporting > 0
      ? summaryLines(matching, userOrder({ users: matching }, level.table.sort, ui, level.by).present, ui, level.by, size)
      : [];
  const rows = Math.max(0, size.rows - head.length - 1);
  if (order.present === 0) return { blocks: [lines(...head, ...emptyHint(app, users, ui, { cols: size.cols, rows }))] };
  return tableView(
    level,
    usersPage(level, data, order, app.filter?.mode === 'dim' ? matching : undefined, size.cols),
    { cols: size.cols, rows },
    head,
    (place) => usersCrumb(order, place, ui, level.by, data.usage ? app : undefined, size.cols),
  );
}

function hostsView(level: NodesLevel, { ui, app, size }: Room): View {
  const found = nodesOf(app, level, level.table.sort, ui);
  const page = nodesPage(level, ui, app, size.cols);
  const crumb = (place: string): Line => nodesCrumb(ui, level, found, place, app, size.cols);
  if (page.order.count > 0) return tableView(level, page, { ...size, rows: size.rows - 1 }, [], crumb);
  return { blocks: [gone(...wrapped(nowhereText(level, ui, app), size.cols))], crumb: crumb('') };
}

/** A user without rows: nodes that do not report, or a filter, do not mean that the user is gone. */
function nowhereText({ user }: NodesLevel, { countAll }: UsersUi, app: AppView): string {
  const { reporting, nodes } = app.derive(usageDerivations.user).totals;
  const partly = reporting < nodes ? ` on the ${count(reporting)} of ${count(nodes)} nodes that report processes` : '';
  if (app.filter) return `No processes of ${shownUser(user)} match the filter.`;
  return `${shownUser(user)} no longer has a process${countAll ? '' : ' on a GPU'}${partly}.`;
}

const wrapped = (text: string, cols: number): readonly string[] => wrap(text, Math.max(2, cols - 4));

function silentView(level: NotReportingLevel, { ui, app, size }: Room): View {
  const { rows } = notReportingNodes(app, level.table.sort);
  const crumb = (place: string): Line => notReportingCrumb(ui, rows.length, place, app, size.cols);
  const page = notReportingPage(level, app, size.cols);
  if (page.order.count > 0) return tableView(level, page, { ...size, rows: size.rows - 1 }, [], crumb);
  return { blocks: [gone('All nodes report processes now.')], crumb: crumb('') };
}

function tableView(
  { table, frozen }: Level,
  page: Page,
  { cols, rows }: Size,
  head: readonly Line[],
  crumb: (place: string) => Line,
): View {
  const layout = layoutTable({
    columns: page.columns,
    order: page.order,
    state: table,
    cols,
    rows: Math.max(0, rows),
    cells: (at) => page.cells(at),
    dim: (at) => page.dim(at),
    out: (at) => page.out?.(at) ?? false,
    copy: (at) => page.copy(at),
  });
  return {
    blocks: [lines(...head, frozen ? keptSign(layout.header) : layout.header, ...layout.body)],
    crumb: crumb(position(layout, page.order.count)),
    pageRows: Math.max(1, rows - 1),
  };
}

/** While the order is frozen no arrow would be true: a sign of its own marks the column that was sorted by. */
const keptSign = (header: Line): Line => ({
  ...header,
  spans: header.spans.map((part) => ({ ...part, text: part.text.replace(/[▲▼]/, '=') })),
});

function processesView(level: ProcessesLevel, room: Room): View {
  const { ui, app, size } = room;
  const crumb = (place: string): Line => processesCrumb(ui, processesOf(app, level, level.table.sort, ui.countAll), place, size.cols);
  const page = processesPage(level, ui, app, size.cols);
  const node = app.nodes.get(level.nodeId);
  const head = noteOf(node, app);
  const { count } = page.order;
  if (count === 0) return { blocks: [gone(...head, ...wrapped(goneText(node, level, room), size.cols))], crumb: crumb('') };
  const { header, body, top, shown } = tallOf(level, page, head.length, size);
  const place = shown < count && shown > 0 ? `${top + 1}-${top + shown} of ${count}` : '';
  return { blocks: [lines(...head, level.frozen ? keptSign(header) : header, ...body)], crumb: crumb(place), pageRows: Math.max(1, shown) };
}

const tallOf = (level: ProcessesLevel, page: ProcessesPage, headRows: number, { cols, rows }: Size): WrappedTableLayout =>
  layoutWrappedTable(
    { page, state: level.table, shift: level.shift, cols, rows: Math.max(0, rows - 1 - headRows) },
    selectedAt(level.table, page.order),
  );

/** The first process on screen, when the tab has `size`: with rows of several lines, it is not the table's own count. */
export function topProcess(level: ProcessesLevel, ui: UsersUi, app: AppView, size: Size): number {
  const chips = chipLines(app.derive(usageDerivations.user), level, size.cols).length;
  const head = noteOf(app.nodes.get(level.nodeId), app).length;
  return tallOf(level, processesPage(level, ui, app, size.cols), head, { ...size, rows: Math.max(0, size.rows - chips) }).top;
}

/** A line above rows that are not counted in totals. */
const noteOf = (node: NodeView | undefined, app: AppView): readonly Line[] => (node && !included(node) ? [notIncluded(node, app)] : []);

function processView(level: ProcessLevel, room: Room): View {
  const { ui, app, size } = room;
  const found = processOf(app, level);
  const node = app.nodes.get(level.nodeId);
  const note = noteOf(node, app);
  if (!found) {
    const ended = node && included(node) && !app.filter && whyNotReporting(node) === undefined;
    const text = ended
      ? `Process ${level.pid} of ${shownUser(level.user)} is no longer on ${level.nodeName}.`
      : goneText(node, level, room);
    return { blocks: [gone(...note, ...wrapped(text, size.cols))], crumb: detailsCrumb(ui, '', size.cols) };
  }
  const all = [...note, ...detailLines(found, app, size.cols, ui.byUse)];
  const page = Math.max(1, size.rows - 1);
  const top = Math.max(0, Math.min(level.table.top, all.length - page));
  const place = all.length > page ? `${top + 1}-${top + page} of ${all.length}` : '';
  return {
    blocks: [lines(...all.slice(top, top + page))],
    crumb: detailsCrumb(ui, place, size.cols),
    pageRows: page,
    copy: copyText(PROCESS_COLUMNS, found.process, { by: level.by, user: level.user, rows: [found.process] }),
  };
}

function goneText(node: NodeView | undefined, { user, nodeName: label }: ProcessesLevel | ProcessLevel, { app, ui }: Room): string {
  if (!node) return app.filter ? `The filter excludes ${label}.` : `${label} is no longer watched.`;
  const why = whyNotReporting(node);
  if (why !== undefined) return `${label} reports no processes: ${whatIsKnown(node, why)}.`;
  if (app.filter) return `No processes of ${shownUser(user)} on ${label} match the filter.`;
  return `${shownUser(user)} no longer has a process ${ui.countAll ? '' : 'on a GPU '}on ${label}.`;
}

/** What was opened no longer exists. */
function gone(...said: readonly (Line | string)[]): Block {
  return lines('', ...said.map((one) => (typeof one === 'string' ? `  ${one}` : one)), '', line(span('  Esc goes back.', 'dim')));
}
