/** What the Users tab shows. Pure. */
import {
  bytes,
  count,
  counted,
  duration,
  joinFitting,
  layoutTable,
  line,
  lines,
  NONE,
  position,
  silence,
  span,
  unanswered,
  usersDerivation,
  watts,
  width,
  type AppView,
  type Cells,
  type Line,
  type Size,
  type UsersTable,
  type View,
} from '../../lib/index.js';
import type { UsersUi } from './index.js';
import { columnsFor, orderOf, type UsersOrder } from './table.js';

/** How a user without a name is shown. */
export const NOBODY = '?';

export function usersView(ui: UsersUi, app: AppView, size: Size): View {
  const users = app.derive(usersDerivation);
  const order = orderOf(users, ui.table, ui.showSystem);
  const answered = [...app.hosts].some(({ version }) => version > 0);
  const chips = answered ? coverageChip(users) : [];
  const head = users.totals.reporting > 0 ? summary(users, order, size.cols) : [];
  const rows = Math.max(0, size.rows - chips.length - head.length - 1);
  if (order.count === 0) return { chips, blocks: [lines(...head, ...emptyHint(app, users, order, rows))] };
  const layout = layoutTable({
    columns: columnsFor(size.cols, anySm(users)),
    order,
    state: ui.table,
    cols: size.cols,
    rows,
    cells: (at) => cells(users, order.row(at)),
  });
  return {
    chips,
    blocks: [lines(...head, layout.header, ...layout.body)],
    crumb: footer(order, position(layout, order.count), ui),
    pageRows: Math.max(1, rows - 1),
  };
}

function anySm({ sm, count }: UsersTable): boolean {
  for (let row = 0; row < count; row++) if (!Number.isNaN(sm[row])) return true;
  return false;
}

function cells(users: UsersTable, row: number): Cells {
  const name = users.user(row);
  const power = users.powerWatts[row]!;
  return {
    user: name === '' ? span(NOBODY, 'dim') : span(name, users.system(row) ? 'dim' : 'strong'),
    nodes: String(users.nodes[row]),
    gpus: String(users.gpus[row]),
    procs: String(users.procs[row]),
    vram: bytes(users.vramBytes[row]),
    power: users.powerPartial[row] ? (power > 0 ? `≥${watts(power)}` : NONE) : watts(power),
    sm: Number.isNaN(users.sm[row]) ? NONE : users.sm[row]!.toFixed(1),
    longest: duration(users.longestSeconds[row]),
    cmd: span(users.command(row) || NONE, 'dim'),
  };
}

/** Users, GPUs in use, memory owned and not, power attributed and not: what is in brackets goes first, then whole parts from the end. */
function summary(users: UsersTable, order: UsersOrder, cols: number): readonly Line[] {
  const { totals } = users;
  const system = totals.systemBytes > 0 ? ` (system ${bytes(totals.systemBytes)})` : '';
  const unowned = totals.unownedBytes > 0 ? `, ${bytes(totals.unownedBytes)} no process's` : '';
  const anyPower = totals.attributedWatts + totals.unattributedWatts > 0;
  const parts = (long: boolean): readonly string[] => [
    `${order.count} ${order.count === 1 ? 'user' : 'users'}`,
    `${totals.gpusInUse} ${totals.gpusInUse === 1 ? 'GPU' : 'GPUs'} in use`,
    `${bytes(totals.ownedBytes)} owned${long ? system + unowned : ''}`,
    ...(anyPower ? [`${watts(totals.attributedWatts)}* attributed${long ? `, ${watts(totals.unattributedWatts)} not` : ''}`] : []),
  ];
  const long = parts(true).join(' · ');
  return [line(` ${width(long) < cols ? long : joinFitting(parts(false), cols - 1)}`)];
}

function coverageChip({ totals }: UsersTable): readonly Line[] {
  if (totals.reporting >= totals.hosts) return [];
  return [
    line(
      span(
        ` ⚠ partial coverage: ${count(totals.reporting)} of ${count(totals.hosts)} ${totals.hosts === 1 ? 'node' : 'nodes'} reporting process data `,
        'chip-warn',
      ),
    ),
  ];
}

function footer({ count: shown, hidden }: UsersOrder, place: string, ui: UsersUi): Line {
  const parts = [place || `${shown} of ${shown}`];
  if (hidden > 0) parts.push(`${hidden} system ${hidden === 1 ? 'account' : 'accounts'} hidden (f)`);
  else if (ui.showSystem) parts.push('system accounts shown (f)');
  return line(span(` ${parts.join(' · ')}`, 'dim'));
}

/** Why the table is empty, and what to do about it. */
function emptyHint(app: AppView, { totals }: UsersTable, { hidden }: UsersOrder, rows: number): readonly Line[] {
  const say = (...texts: readonly string[]): readonly Line[] => ['', ...texts].map((text) => line(`  ${text}`));
  const hosts = [...app.hosts];
  if (hosts.every(({ version }) => version === 0)) {
    const waiting = hosts.some(({ status }) => status.phase === 'waiting');
    return [...say(waiting ? 'Waiting for the first answer of' : 'No node answers:'), ...unanswered(hosts, rows - 2)];
  }
  if (!hosts.some(counted)) return say('No node answers any more.', 'The tab of a node says since when, and why.');
  if (totals.reporting === 0 && hosts.some((host) => silence(host) === 'no process export'))
    return say(
      'The nodes answer, but none exports its processes. On each node run',
      '',
      '    all-smi api --processes',
      '',
      'and the users appear here.',
    );
  if (hidden > 0) return say(`Only system accounts use a GPU (${hidden} hidden): f shows them.`);
  return say('Nobody uses a GPU right now.');
}
