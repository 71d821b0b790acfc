/** Why there is nothing to see, and what to do about it. */
import {
  ago,
  counted,
  line,
  silence,
  span,
  unanswered,
  type AppView,
  type HostView,
  type Line,
  type Size,
  type UsersTable,
  wrap,
} from '../../lib/index.js';

/** Above rows that are in no sum. */
export function notCounted({ label, status, at }: HostView, app: AppView): Line {
  const reason = status.error === undefined ? '' : ` (${status.error.text})`;
  return line(span(` ✕ ${label} has not answered for ${ago(app.now - at)}${reason}: what it said last, in no sum`, 'bad'));
}

/** Why the table of users is empty. */
export function emptyHint(app: AppView, { totals }: UsersTable, hidden: number, { cols, rows }: Size): readonly Line[] {
  const say = (...texts: readonly string[]): readonly Line[] =>
    ['', ...texts].flatMap((text) => wrap(text, cols - 3)).map((text) => line(`  ${text}`));
  const hosts = [...app.hosts];
  if (app.filter && !hosts.some(({ version }) => version === 0)) return say('No user that the filter keeps.');
  if (hosts.every(({ version }) => version === 0)) {
    const waiting = hosts.some(({ status }) => status.phase === 'waiting');
    return [...say(waiting ? 'Waiting for the first answer of' : 'No node answers:'), ...unanswered(hosts, rows - 2)];
  }
  if (!hosts.some(counted)) return say('No node answers any more.', 'The tab of a node says since when, and why; i lists them.');
  if (totals.reporting === 0 && hosts.some((host) => silence(host) === 'no process export'))
    return say(
      'The nodes answer, but none exports its processes. On each node run',
      '',
      '    all-smi api --processes',
      '',
      'and the users appear here.',
    );
  if (totals.reporting === 0 && hosts.some((host) => silence(host) === 'not recorded'))
    return say('This recording leaves processes out, so nobody can be named.');
  if (hidden > 0) return say(`Only system accounts use a GPU (${hidden} hidden): f shows them.`);
  return say('Nobody uses a GPU right now.');
}
