/** A process's job, pod, container and the like as lines of text: the same on every tab. Pure. */
import { identityOf, type JobIds } from '../aggregate/attribution.js';
import { allocatedUsers, isTrespassing } from '../aggregate/owner-columns.js';
import type { ProcessIdentity } from '../model/identity.js';
import type { Job } from '../model/jobs.js';
import type { NodeView } from '../model/node-view.js';
import type { AppView } from '../plugin/types.js';
import { duration } from '../text/format.js';
import { ranges } from '../text/number-ranges.js';

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

/** '02:00:00 left'; '' where the scheduler reports no end. */
function leftText(job: Job | undefined, now: number): string {
  if (job?.endsAt === undefined) return '';
  const left = (job.endsAt - now) / 1000;
  return left < 0 ? `${duration(-left)} past its limit` : `${duration(left)} left`;
}

/** '918273.batch  train · account physics · partition gpu · 17:55:50 left'. */
function jobText(id: string, step: string, account: string, job: Job | undefined, now: number): string {
  if (id === '') return '';
  const more = [
    job?.name ?? '',
    account === '' ? '' : `account ${account}`,
    job === undefined || job.partition === '' ? '' : `partition ${job.partition}`,
    leftText(job, now),
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

/**
 * What the scheduler has given away on a node, a text per job or pod: '918273  train · alice · account physics · GPU 0-3 · 02:00:00 left'. A
 * number of GPUs stands for those that are not known.
 */
export function allocationTexts(node: NodeView, app: AppView): readonly string[] {
  const { count: rows, gpu, gpuCount, owner } = node.allocations;
  const byJob = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = [owner.job[row], owner.namespace[row], owner.pod[row], owner.user[row]].join(' ');
    byJob.set(key, [...(byJob.get(key) ?? []), row]);
  }
  return [...byJob.values()].map((own) => {
    const name = (which: 'user' | 'account' | 'job' | 'namespace' | 'pod'): string => node.userName(owner[which][own[0]!]!);
    const job = app.jobOf({ job: name('job'), podUid: '', container: '' });
    const pod = [name('namespace'), name('pod')].filter((text) => text !== '').join('/');
    const slots = own.filter((row) => gpu[row]! >= 0).map((row) => node.gpus.index[gpu[row]!]!);
    const unplaced = own.filter((row) => gpu[row]! < 0).map((row) => gpuCount[row]!);
    const some = unplaced.reduce((sum, one) => sum + one, 0);
    const gpus = [
      slots.length === 0 ? '' : `GPU ${ranges([...slots].sort((a, b) => a - b))}`,
      unplaced.length === 0 ? '' : Number.isNaN(some) ? 'GPUs not named' : `${some} ${some === 1 ? 'GPU' : 'GPUs'}, not known which`,
    ];
    const more = [
      job?.name ?? '',
      name('user') || '?',
      name('account') === '' ? '' : `account ${name('account')}`,
      ...gpus,
      leftText(job, app.now),
    ];
    return [name('job') || pod || '?', more.filter((text) => text !== '').join(' · ')].join('  ');
  });
}
