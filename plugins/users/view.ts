/** What the Users tab shows, level by level. Pure. */
import {
  counted,
  layoutTable,
  line,
  lines,
  position,
  selectedAt,
  span,
  usersDerivation,
  type AppView,
  type Block,
  type HostView,
  type Line,
  type Size,
  type View,
} from '../../lib/index.js';
import { detailsCrumb, hostsCrumb, processesCrumb, silentCrumb, usersCrumb } from './breadcrumb.js';
import { detailLines, processOf } from './process-details.js';
import { emptyHint, notCounted } from './empty-states.js';
import { chipLines, headLines } from './summary.js';
import { hostsOf, hostsPage } from './nodes-level.js';
import {
  current,
  type HostsLevel,
  type Level,
  type ProcessesLevel,
  type ProcessLevel,
  type SilentLevel,
  type UsersLevel,
  type UsersUi,
} from './drilldown.js';
import { shownUser, type Page } from './table-page.js';
import { processesOf, processesPage, type ProcessesPage } from './processes-level.js';
import { silentHosts, silentPage } from './not-reporting.js';
import { layoutTall, type TallLayout } from './wrapped-table.js';
import { userOrder, usersPage } from './users-level.js';

/** What is left for a level below the chips, the crumb's line included. */
interface Room {
  readonly ui: UsersUi;
  readonly app: AppView;
  readonly size: Size;
}

export function usersView(ui: UsersUi, app: AppView, size: Size): View {
  const level = current(ui);
  const answered = [...app.hosts].some(({ version }) => version > 0);
  const chips = answered ? chipLines(app.derive(usersDerivation), level, size.cols) : [];
  const room: Room = { ui, app, size: { cols: size.cols, rows: Math.max(0, size.rows - chips.length) } };
  return { chips, ...levelView(level, room) };
}

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

function topView(level: UsersLevel, { ui, app, size }: Room): View {
  const users = app.derive(usersDerivation, app.listed);
  const order = userOrder(users, level.table.sort, ui);
  const kept = app.derive(usersDerivation);
  const head = kept.totals.reporting > 0 ? headLines(kept, userOrder(kept, level.table.sort, ui).present, ui.showSystem, size) : [];
  const rows = Math.max(0, size.rows - head.length - 1);
  if (order.present === 0) return { blocks: [lines(...head, ...emptyHint(app, users, order.hidden, { cols: size.cols, rows }))] };
  return tableView(level, usersPage(level, ui, app, size.cols), { cols: size.cols, rows }, head, (place) =>
    usersCrumb(order, place, ui, size.cols),
  );
}

function hostsView(level: HostsLevel, { ui, app, size }: Room): View {
  const found = hostsOf(app, level.user, level.table.sort, ui.countAll);
  const page = hostsPage(level, ui, app, size.cols);
  const crumb = (place: string): Line => hostsCrumb(ui, level, found, place, app, size.cols);
  if (page.order.count > 0) return tableView(level, page, { ...size, rows: size.rows - 1 }, [], crumb);
  return { blocks: [gone(`${shownUser(level.user)} has no process on a GPU any more.`)], crumb: crumb('') };
}

function silentView(level: SilentLevel, { ui, app, size }: Room): View {
  const { rows } = silentHosts(app, level.table.sort);
  const crumb = (place: string): Line => silentCrumb(ui, rows.length, place, app, size.cols);
  const page = silentPage(level, app, size.cols);
  if (page.order.count > 0) return tableView(level, page, { ...size, rows: size.rows - 1 }, [], crumb);
  return { blocks: [gone('All nodes report process data now.')], crumb: crumb('') };
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
  });
  return {
    blocks: [lines(...head, frozen ? keptSign(layout.header) : layout.header, ...layout.body)],
    crumb: crumb(position(layout, page.order.count)),
    pageRows: Math.max(1, rows - 1),
  };
}

/** While rows keep their places no arrow is true: a sign of its own stands where they were sorted by. */
const keptSign = (header: Line): Line => ({
  ...header,
  spans: header.spans.map((part) => ({ ...part, text: part.text.replace(/[▲▼]/, '=') })),
});

function processesView(level: ProcessesLevel, { ui, app, size }: Room): View {
  const crumb = (place: string): Line => processesCrumb(ui, processesOf(app, level, level.table.sort, ui.countAll), place, size.cols);
  const page = processesPage(level, ui, app, size.cols);
  const host = app.hosts.get(level.hostId);
  const head = noteOf(host, app);
  const { count } = page.order;
  if (count === 0) return { blocks: [gone(...head, goneText(host, level))], crumb: crumb('') };
  const { header, body, top, shown } = tallOf(level, page, head.length, size);
  const place = shown < count && shown > 0 ? `${top + 1}-${top + shown} of ${count}` : '';
  return { blocks: [lines(...head, level.frozen ? keptSign(header) : header, ...body)], crumb: crumb(place), pageRows: Math.max(1, shown) };
}

const tallOf = (level: ProcessesLevel, page: ProcessesPage, headRows: number, { cols, rows }: Size): TallLayout =>
  layoutTall(
    { page, state: level.table, shift: level.shift, cols, rows: Math.max(0, rows - 1 - headRows) },
    selectedAt(level.table, page.order),
  );

/** The first process on screen, when the tab has `size`: rows of several lines make that another than the table's own count says. */
export function topProcess(level: ProcessesLevel, ui: UsersUi, app: AppView, size: Size): number {
  const chips = chipLines(app.derive(usersDerivation), level, size.cols).length;
  const head = noteOf(app.hosts.get(level.hostId), app).length;
  return tallOf(level, processesPage(level, ui, app, size.cols), head, { ...size, rows: Math.max(0, size.rows - chips) }).top;
}

/** A line above rows that are in no sum. */
const noteOf = (host: HostView | undefined, app: AppView): readonly Line[] => (host && !counted(host) ? [notCounted(host, app)] : []);

function processView(level: ProcessLevel, { ui, app, size }: Room): View {
  const found = processOf(app, level);
  const host = app.hosts.get(level.hostId);
  const note = noteOf(host, app);
  if (!found) {
    const text = host ? `Process ${level.pid} of ${shownUser(level.user)} is gone from ${level.label}.` : goneText(host, level);
    return { blocks: [gone(...note, text)], crumb: detailsCrumb(ui, '', size.cols) };
  }
  const all = [...note, ...detailLines(found, level.user, size.cols)];
  const page = Math.max(1, size.rows - 1);
  const top = Math.max(0, Math.min(level.table.top, all.length - page));
  const place = all.length > page ? `${top + 1}-${top + page} of ${all.length}` : '';
  return { blocks: [lines(...all.slice(top, top + page))], crumb: detailsCrumb(ui, place, size.cols), pageRows: page };
}

function goneText(host: HostView | undefined, { user, label }: ProcessesLevel | ProcessLevel): string {
  if (!host) return `${label} is watched no longer.`;
  return counted(host)
    ? `${shownUser(user)} has no process on a GPU of ${label} any more.`
    : `Nothing of ${shownUser(user)} is known from there.`;
}

/** What was looked into is no longer there. */
function gone(...said: readonly (Line | string)[]): Block {
  return lines('', ...said.map((one) => (typeof one === 'string' ? `  ${one}` : one)), '', line(span('  Esc goes back.', 'dim')));
}
