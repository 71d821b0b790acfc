/** `bjobs -u all -o "..." -json` of LSF: all values are texts, and only the columns that were asked for are there. Pure. */
import type { Ms } from '../../model/clock.js';
import type { Job, JobAllocation } from '../../model/jobs.js';
import type { Loose } from '../../model/loose.js';
import { BadRecord, byNode, jobOf } from './collected.js';
import { dateOf, numeralOf, textOf } from './job-fields.js';

const STATES: Readonly<Record<string, Job['state']>> = {
  RUN: 'running',
  UNKWN: 'running',
  PROV: 'running',
  USUSP: 'suspended',
  SSUSP: 'suspended',
  PEND: 'pending',
  PSUSP: 'pending',
  WAIT: 'pending',
};

/** Undefined: it has ended. `now`: START_TIME has no year. */
export function jobOfBjobs(job: Loose, now: Ms): Job | undefined {
  const id = cell(job.JOBID);
  if (id === '') throw new BadRecord('a job without an id');
  const status = cell(job.STAT);
  if (status === '') throw new BadRecord(`job ${id} has no STAT`);
  const state = STATES[status];
  if (state === undefined) return undefined;
  const index = cell(job.JOBINDEX);
  const gpus = 'GPU_NUM' in job ? (numeralOf(job.GPU_NUM) ?? 0) : NaN;
  return jobOf({
    scheduler: 'lsf',
    id: /^[1-9]\d*$/.test(index) && !id.includes('[') ? `${id}[${index}]` : id,
    name: cell(job.JOB_NAME),
    user: cell(job.USER),
    account: cell(job.PROJ_NAME) || cell(job.PROJECT),
    partition: cell(job.QUEUE),
    state,
    reason: state === 'pending' ? cell(job.PEND_REASON) : '',
    startedAt: state === 'pending' ? undefined : startOf(cell(job.START_TIME), now),
    requestedGpus: Number.isNaN(gpus) ? undefined : gpus,
    allocations: state === 'running' ? allocationsOf(typeof job.EXEC_HOST === 'string' ? job.EXEC_HOST : '', gpus) : [],
  });
}

/** '-' stands for nothing. */
function cell(value: unknown): string {
  const text = textOf(value);
  return text === '-' ? '' : text;
}

const DAY = 86_400_000;

/** 'Sep 21 07:09', in local time: the last such day. With `bsub_quiet` formats a year may follow. */
function startOf(text: string, now: Ms): Ms | undefined {
  const [, day, clock, year] = /^([A-Z][a-z]{2} +\d\d?) (\d\d:\d\d(?::\d\d)?)(?: (\d{4}))?/.exec(text) ?? [];
  if (day === undefined) return undefined;
  if (year !== undefined) return dateOf(`${day} ${year} ${clock}`);
  const thisYear = new Date(now).getFullYear();
  return [thisYear, thisYear - 1].map((one) => dateOf(`${day} ${one} ${clock}`)).find((at) => at !== undefined && at <= now + DAY);
}

/** '24*n1:8*n2': slots and hosts. GPU_NUM is of the whole job, so on several hosts it is not known how they are spread. */
function allocationsOf(hosts: string, gpus: number): readonly JobAllocation[] {
  if (gpus === 0) return [];
  const nodes = new Set(hosts.split(':').map((host) => textOf(host.replace(/^\d+\*/, ''))));
  nodes.delete('');
  nodes.delete('-');
  return byNode([...nodes].map((node) => ({ node, gpuCount: nodes.size === 1 ? gpus : NaN, gpus: [] })));
}
