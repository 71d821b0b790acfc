/** The line above the key hints: the current level, the rows on screen, their totals. */
import {
  FROM_COLS,
  clock,
  count,
  held,
  included,
  cut,
  joinFitting,
  line,
  NONE,
  observedSeconds,
  percent,
  span,
  usageDerivations,
  vramText,
  windowSeconds,
  type AppView,
  type Grouping,
  type Line,
} from '../../lib/index.js';
import type { SortedNodes } from './nodes-level.js';
import type { NodesLevel, Level, UsersUi } from './drilldown.js';
import { GROUP_NAMES, shownPower, shownUser } from './table-page.js';
import type { SortedProcesses } from './processes-level.js';
import { powerOf, type UsersOrder } from './users-level.js';

/** `place`: '1-20 of 40', or '' if all rows are on screen; `app`: what was used is shown. */
export function usersCrumb(
  { present, hidden }: UsersOrder,
  place: string,
  ui: UsersUi,
  by: Grouping,
  app: AppView | undefined,
  cols: number,
): Line {
  const parts = [place || `${count(present)} of ${count(present)}`];
  if (by !== 'user') parts.unshift(`by ${by} (G)`);
  if (hidden > 0) parts.push(`${count(hidden)} system ${hidden === 1 ? 'account' : 'accounts'} hidden (f)`);
  else if (ui.showSystem) parts.push('system accounts shown (f)');
  if (ui.countAll) parts.push('processes on no GPU counted too (a)');
  if (app) parts.push(...usageParts(app));
  return crumb(parts, cols);
}

/** Since when GPU-hours are counted, and how much of that was observed. */
function usageParts({ usage, now }: AppView): readonly string[] {
  const totals = usage.totals(now);
  const [window, observed] = [windowSeconds(totals), observedSeconds(totals)];
  if (!(window > 0)) return ['GPU-hours: from the second sample on (W)'];
  const { computing, heldIdle, from, nobody } = totals;
  const hours = (seconds: number): string => (seconds / 3600).toFixed(2);
  return [
    `GPU-hours since ${clock(from)}: ${hours(computing)} used, ${hours(heldIdle)} held idle (W)`,
    `${percent((observed / window) * 100)} observed`,
    ...(nobody.usedSeconds > 0 ? [`${hours(nobody.usedSeconds)} used by unknown users`] : []),
  ];
}

export function nodesCrumb(ui: UsersUi, { by, user }: NodesLevel, { rows }: SortedNodes, place: string, app: AppView, cols: number): Line {
  const users = app.derive(usageDerivations[by], app.listed);
  const row = users.find(user);
  const down = rows.filter(({ node }) => !included(node)).length;
  const parts = [`${trail(ui.levels, cols)} ▸ ${place || count(rows.length)} ${rows.length === 1 ? 'node' : 'nodes'}`];
  if (down > 0) parts.push(`${count(down)} of them not counted ✕`);
  if (row >= 0) {
    const gpus = users.gpus[row]!;
    const vram = vramText(users.vramBytes[row]!, users.vramPartial[row] === 1);
    const power = shownPower(powerOf(users, row), ui.byUse);
    if (gpus === 0) parts.push('on no GPU');
    else
      parts.push(
        `${count(gpus)} ${gpus === 1 ? 'GPU' : 'GPUs'}`,
        vram,
        power === NONE ? `power ${NONE}` : `${power}${ui.byUse ? ' by SM' : '*'}`,
      );
  }
  return crumb(parts, cols);
}

export function processesCrumb({ levels }: UsersUi, { rows }: SortedProcesses, place: string, cols: number): Line {
  const onGpu = rows.filter(({ slots }) => slots.length > 0);
  const [bytes, partial] = [onGpu.map(({ vramBytes }) => vramBytes), onGpu.some(({ vramPartial }) => vramPartial)];
  const parts = [`${trail(levels, cols)} ▸ ${place || count(rows.length)} ${rows.length === 1 ? 'process' : 'processes'}`];
  if (onGpu.length > 0) parts.push(vramText(held(bytes), partial));
  return crumb(parts, cols);
}

export function notReportingCrumb({ levels }: UsersUi, silent: number, place: string, app: AppView, cols: number): Line {
  const nodes = app.nodes.size;
  const of = `${count(nodes)} ${nodes === 1 ? 'node' : 'nodes'}`;
  return crumb([`${trail(levels.slice(0, -1), cols)} ▸ ${place || count(silent)} of ${of} not reporting processes`], cols);
}

export const detailsCrumb = ({ levels }: UsersUi, place: string, cols: number): Line =>
  crumb([trail(levels, cols), ...(place === '' ? [] : [`lines ${place}`])], cols);

const mostNameCols = (cols: number): number => (cols >= FROM_COLS.wide ? 40 : cols >= FROM_COLS.standard ? 24 : 14);

/** 'Users ▸ alice ▸ node-0001'. */
const trail = (levels: readonly Level[], cols: number): string => levels.map((level) => cut(nameOf(level), mostNameCols(cols))).join(' ▸ ');

function nameOf(level: Level): string {
  switch (level.kind) {
    case 'users':
      return capitalized(GROUP_NAMES[level.by].many);
    case 'hosts':
      return shownUser(level.user);
    case 'processes':
      return level.nodeName;
    case 'process':
      return String(level.pid);
    case 'silent':
      return 'nodes not reporting processes';
  }
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const crumb = (parts: readonly string[], cols: number): Line => line(span(` ${joinFitting(parts, cols - 1)}`, 'dim'));
