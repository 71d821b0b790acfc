/** Why a table is empty, and what to do about it. */
import {
  ago,
  conditionOf,
  conditionSign,
  count,
  included,
  line,
  mayLack,
  whyNotReporting,
  span,
  unanswered,
  type AppView,
  type NodeView,
  type Line,
  type Size,
  type UsersTable,
  wrap,
} from '../../lib/index.js';
import type { UsersUi } from './drilldown.js';
import { whatIsKnown } from './not-reporting.js';

/** Above rows that are not counted in totals. */
export function notIncluded(node: NodeView, app: AppView): Line {
  const { name, status, at } = node;
  const reason = status.error === undefined ? '' : ` (${status.error.text})`;
  const { mark, tone } = conditionSign(node);
  return line(span(` ${mark} ${name}: no good scrape for ${ago(app.now - at)}${reason}. Last known values, not counted in totals`, tone));
}

/** Why the table of users is empty: nothing is claimed about nodes that do not report processes. */
export function emptyHint(app: AppView, users: UsersTable, ui: UsersUi, { cols, rows }: Size): readonly Line[] {
  const say = (...texts: readonly string[]): readonly Line[] =>
    ['', ...texts].flatMap((text) => wrap(text, cols - 3)).map((text) => line(`  ${text}`));
  const { totals } = users;
  const nodes = [...app.nodes];
  if (nodes.every(({ version }) => version === 0)) {
    if (app.filter && nodes.length === 0) return say('No users match the filter.');
    if (nodes.length === 0) return say('There are no nodes yet.');
    const waiting = nodes.some((node) => conditionOf(node) === 'waiting');
    return [...say(waiting ? 'Waiting for the first response from' : 'No data from any node:'), ...unanswered(nodes, rows - 2)];
  }
  if (!nodes.some(included)) return say('No node is up.', 'The tab of each node shows since when, and why; i lists the nodes.');
  const failed = totals.reporting === 0 ? nodes.filter((node) => whyNotReporting(node) === 'collection failed') : [];
  if (failed.length > 0)
    return [
      ...say('Users are unknown: the collection fails on', ''),
      ...failed.slice(0, Math.max(1, rows - 5)).map((node) => line(`    ${node.name}  ${whatIsKnown(node, 'collection failed')}`)),
      ...say('i lists all nodes that report no processes, and why.'),
    ];
  if (totals.reporting === 0 && nodes.some((node) => whyNotReporting(node) === 'not collected yet'))
    return say('Waiting for the first collection on the nodes: i lists them.');
  const silent = totals.reporting === 0 ? nodes.filter((node) => whyNotReporting(node) === 'no process export') : [];
  const others = [...new Set(silent.flatMap((node) => mayLack(node) ?? []))];
  if (silent.length > 0)
    return say(
      'The nodes are up, but none of them exports processes. On each node, run',
      '',
      '    all-smi api --processes',
      '',
      others.length === 0 ? 'and users appear here.' : `with ${others.join(', ')} on AMD nodes, and users appear here.`,
    );
  if (totals.reporting === 0 && nodes.some((node) => whyNotReporting(node) === 'cannot list processes'))
    return say('Users are unknown: the exporters cannot list the processes of these accelerators.');
  if (totals.reporting === 0 && nodes.some((node) => whyNotReporting(node) === 'not recorded'))
    return say('This recording does not include processes, so users are unknown.');
  return say(...nobody(users, nodes, app, ui));
}

/** No users, although nodes report processes: on how many nodes, and which keys show more. */
function nobody(users: UsersTable, nodes: readonly NodeView[], { filter }: AppView, { showSystem, countAll }: UsersUi): readonly string[] {
  const { reporting, nodes: all } = users.totals;
  const [onGpus, elsewhere] = [systemAccounts(users, 0, users.count), systemAccounts(users, users.count, users.countAll)];
  const others = users.countAll - users.count;
  const more = !countAll && others > 0 ? ['a shows the processes that are on no GPU.'] : [];
  const partly = reporting < all ? ` on the ${count(reporting)} of ${count(all)} nodes that report processes; i shows which do not` : '';
  if (!showSystem && onGpus > 0) return [`Only system accounts use a GPU (${count(onGpus)} hidden)${partly}: f shows them.`, ...more];
  const keeps = filter ? 'No users match the filter.' : undefined;
  if (!showSystem && countAll && elsewhere > 0)
    return [keeps ?? `Nobody uses a GPU${partly}.`, `Only system accounts have processes (${count(elsewhere)} hidden): f shows them.`];
  if (keeps !== undefined) return [keeps, ...more];
  const anyGpu = nodes.some((node) => included(node) && node.gpus.slots > 0);
  return [
    anyGpu || partly !== '' ? `Nobody uses a GPU${partly === '' ? ' right now' : partly}.` : 'No node that is up has a GPU.',
    ...more,
  ];
}

function systemAccounts(users: UsersTable, from: number, to: number): number {
  let found = 0;
  for (let row = from; row < to; row++) found += Number(users.system(row));
  return found;
}
