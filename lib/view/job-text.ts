/** A process's job, pod, container and the like as lines of text: the same on every tab. Pure. */
import { identityOf, type JobIds } from '../aggregate/attribution.js';
import { allocatedUsers, isTrespassing } from '../aggregate/owner-columns.js';
import type { ProcessIdentity } from '../model/identity.js';
import type { Job } from '../model/jobs.js';
import type { NodeView } from '../model/node-view.js';
import type { AppView } from '../plugin/types.js';
import { duration } from '../text/format.js';

export type OwnerFact = readonly [label: string, text: string];

/** What is known of a process row besides its user: a label and a text each, only of what is known. */
export function ownerFacts(node: NodeView, row: number, app: AppView): readonly OwnerFact[] {
  const identity = identityOf(node, row);
  const known = (which: 'account' | 'job' | 'namespace' | 'pod' | 'team'): string =>
    node.userName(node.procs.known?.owners[which][row] ?? 0);
  const job = app.jobOf(idsOf(identity, known('job')));
  const pod = [known('namespace'), known('pod')].filter((text) => text !== '').join('/');
  const facts: readonly OwnerFact[] = [
    ['job', jobText(known('job'), identity?.step ?? '', known('account'), job, app.now)],
    ['pod', pod || identity?.podUid || ''],
    ['container', [identity?.container.slice(0, 12) ?? '', identity?.runtime ?? ''].filter((text) => text !== '').join('  ')],
    ['service', identity?.unit ?? ''],
    ['session', identity?.session ?? ''],
    ['team', known('team')],
    ['allocated', isTrespassing(node, row) ? `its GPU, to ${allocatedUsers(node, node.procs.gpu[row]!).join(', ')}` : ''],
    ['user from', userSource(node, row, identity, job)],
  ];
  return facts.filter(([, text]) => text !== '');
}

const idsOf = (identity: ProcessIdentity | undefined, job: string): JobIds => ({
  job: identity?.job || job,
  podUid: identity?.podUid ?? '',
  container: identity?.container ?? '',
});

/** '918273.batch  train · account physics · partition gpu · 17:55:50 left'. */
function jobText(id: string, step: string, account: string, job: Job | undefined, now: number): string {
  if (id === '') return '';
  const left = job?.endsAt === undefined ? NaN : (job.endsAt - now) / 1000;
  const more = [
    job?.name ?? '',
    account === '' ? '' : `account ${account}`,
    job === undefined || job.partition === '' ? '' : `partition ${job.partition}`,
    Number.isNaN(left) ? '' : left < 0 ? `${duration(-left)} past its limit` : `${duration(left)} left`,
  ].filter((text) => text !== '');
  return [`${id}${step === '' ? '' : `.${step}`}`, more.join(' · ')].filter((text) => text !== '').join('  ');
}

/** Where the person behind a process was learnt; '' where the process runs as its user. */
function userSource(node: NodeView, row: number, identity: ProcessIdentity | undefined, job: Job | undefined): string {
  if ((node.procs.known?.runsAs[row] ?? 0) === 0) return '';
  const user = node.userName(node.procs.user[row]!);
  if (job?.user === user) return job.userSource || 'the scheduler';
  return identity?.owner === user ? identity.ownerSource : '';
}
