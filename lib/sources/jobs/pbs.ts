/** `qstat -f -F json` of PBS Professional and OpenPBS. It counts GPUs by node, and names none. Pure. */
import type { Job, JobAllocation } from '../../model/jobs.js';
import type { Loose } from '../../model/loose.js';
import { BadRecord, byNode, jobOf } from './collected.js';
import { dateOf, durationOf, numeralOf, recordOf, textOf } from './job-fields.js';

const STATES: Readonly<Record<string, Job['state']>> = {
  R: 'running',
  E: 'running',
  S: 'suspended',
  U: 'suspended',
  Q: 'pending',
  H: 'pending',
  W: 'pending',
  T: 'pending',
};

/** Undefined: it has ended, was moved, or is an array, whose tasks are jobs of their own. */
export function jobOfQstat(id: string, job: Loose): Job | undefined {
  const letter = textOf(job.job_state);
  const written = textOf(id);
  if (written === '') throw new BadRecord('a job without an id');
  if (letter === '') throw new BadRecord(`job ${written} has no state`);
  const state = STATES[letter];
  if (state === undefined) return undefined;
  const asked = recordOf(job.Resource_List);
  const owner = textOf(job.Job_Owner).replace(/@.*$/, '');
  const startedAt = state === 'pending' ? undefined : dateOf(textOf(job.stime));
  const limit = durationOf(textOf(asked.walltime));
  const project = textOf(job.project);
  return jobOf({
    scheduler: 'pbs',
    id: written,
    otherIds: [written.replace(/\..*$/, '')].filter((short) => short !== written),
    name: textOf(job.Job_Name),
    user: textOf(job.euser) || owner,
    account: textOf(job.Account_Name) || (project === '_pbs_project_default' ? '' : project),
    partition: textOf(job.queue),
    state,
    reason: state === 'pending' ? textOf(job.comment) : '',
    startedAt,
    endsAt: state === 'running' && startedAt !== undefined && limit !== undefined ? startedAt + limit : undefined,
    requestedGpus: numeralOf(asked.ngpus),
    allocations: state === 'running' ? allocationsOf(typeof job.exec_vnode === 'string' ? job.exec_vnode : '') : [],
  });
}

const MAX_CHUNKS = 20_000;

/** '(n1:ncpus=24:ngpus=1)+(n2[0]:ngpus=1+n2[1]:ngpus=1)': a part of a host, n2[0], is counted as the host. */
function allocationsOf(vnodes: string): readonly JobAllocation[] {
  const chunks = vnodes.replace(/[()\s]/g, '').split('+');
  if (chunks.length > MAX_CHUNKS) throw new BadRecord(`a job with more than ${MAX_CHUNKS} chunks`);
  return byNode(
    chunks.flatMap((chunk) => {
      const [vnode = '', ...resources] = chunk.split(':');
      const gpus = resources.map((resource) => /^ngpus=(\d+)$/.exec(resource)?.[1]).find((number) => number !== undefined);
      const node = textOf(vnode.replace(/\[\d+\]$/, ''));
      return node === '' || gpus === undefined || Number(gpus) === 0 ? [] : [{ node, gpuCount: Number(gpus), gpus: [] }];
    }),
  );
}
