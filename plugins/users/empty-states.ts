/** Why there is nothing to see, and what to do about it. */
import {
  ago,
  included,
  line,
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

/** Above rows that are in no sum. */
export function notIncluded({ name, status, at }: NodeView, app: AppView): Line {
  const reason = status.error === undefined ? '' : ` (${status.error.text})`;
  return line(span(` ✕ ${name} has not answered for ${ago(app.now - at)}${reason}: what it said last, in no sum`, 'bad'));
}

/** Why the table of users is empty. */
export function emptyHint(app: AppView, { totals }: UsersTable, hidden: number, { cols, rows }: Size): readonly Line[] {
  const say = (...texts: readonly string[]): readonly Line[] =>
    ['', ...texts].flatMap((text) => wrap(text, cols - 3)).map((text) => line(`  ${text}`));
  const nodes = [...app.nodes];
  if (app.filter && !nodes.some(({ version }) => version === 0)) return say('No user that the filter keeps.');
  if (nodes.every(({ version }) => version === 0)) {
    const waiting = nodes.some(({ status }) => status.phase === 'waiting');
    return [...say(waiting ? 'Waiting for the first answer of' : 'No data from any node:'), ...unanswered(nodes, rows - 2)];
  }
  if (!nodes.some(included)) return say('No node sends data any more.', 'The tab of a node says since when, and why; i lists them.');
  if (totals.reporting === 0 && nodes.some((node) => whyNotReporting(node) === 'no process export'))
    return say(
      'The nodes answer, but none exports its processes. On each node run',
      '',
      '    all-smi api --processes',
      '',
      'and the users appear here.',
    );
  if (totals.reporting === 0 && nodes.some((node) => whyNotReporting(node) === 'not recorded'))
    return say('This recording leaves processes out, so nobody can be named.');
  if (hidden > 0) return say(`Only system accounts use a GPU (${hidden} hidden): f shows them.`);
  return say('Nobody uses a GPU right now.');
}
