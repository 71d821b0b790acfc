/**
 * The jobs that the environment of a process names (/proc/PID/environ): their ids and their users. Nothing else of it is kept. The process
 * may have written anything there: see `located`. Pure.
 */
import { clean } from '../../text/sanitize.js';

export interface EnvironmentJob {
  readonly scheduler: string;
  /** As the commands of the scheduler write it: '918300_4' for the task of an array. */
  readonly job: string;
  /** As the cgroup has it: '918304' for that task. */
  readonly raw: string;
  /** '': not reported. */
  readonly step: string;
  /** '': not reported. */
  readonly user: string;
  readonly uid: number | undefined;
}

/** Bytes that are read of an environment. */
export const MAX_ENVIRONMENT_BYTES = 128 * 1024;
const MAX_VALUE_LENGTH = 256;

interface Scheduler {
  readonly scheduler: string;
  /** Variables that a job has. */
  readonly id: string;
  /** What an id looks like. */
  readonly valid: RegExp;
  /** The id of an array and the index in it, and how the two are written. */
  readonly task?: readonly [array: string, index: string, write: (array: string, index: string) => string];
  readonly step?: string;
  readonly user?: string;
  readonly uid?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  {
    scheduler: 'slurm',
    id: 'SLURM_JOB_ID',
    valid: /^\d{1,10}$/,
    task: ['SLURM_ARRAY_JOB_ID', 'SLURM_ARRAY_TASK_ID', (array, index) => `${array}_${index}`],
    step: 'SLURM_STEP_ID',
    user: 'SLURM_JOB_USER',
    uid: 'SLURM_JOB_UID',
  },
  // The index of an array's task is part of the id.
  { scheduler: 'pbs', id: 'PBS_JOBID', valid: /^\d{1,10}(?:\[\d*\])?(?:\.[\w.-]{1,128})?$/, user: 'PBS_O_LOGNAME' },
  // A job that is no task of an array has the index 0.
  {
    scheduler: 'lsf',
    id: 'LSB_JOBID',
    valid: /^\d{1,10}$/,
    task: ['LSB_JOBID', 'LSB_JOBINDEX', (array, index) => (Number(index) === 0 ? array : `${array}[${index}]`)],
  },
  { scheduler: 'flux', id: 'FLUX_JOB_ID', valid: /^[\wƒ.]{1,64}$/u },
];

/** All that is read of an environment. */
export const ENVIRONMENT_VARIABLES: ReadonlySet<string> = new Set(
  SCHEDULERS.flatMap(({ id, task, step, user, uid }) => [id, task?.[0], task?.[1], step, user, uid].filter((name) => name !== undefined)),
);

const NUMBER = /^\d{1,10}$/;
const STEP = /^[\w.+-]{1,32}$/;
/** Names of accounts, those of a directory included. */
const USER = /^[^\s:/]{1,128}$/u;
const matching = (text: string | undefined, pattern: RegExp): string => (text !== undefined && pattern.test(text) ? text : '');

/** At most one job of each scheduler. A variable that was cut at the limit, or is not what its scheduler writes, is not there. */
export function readEnvironment(bytes: Uint8Array): readonly EnvironmentJob[] {
  const env = variables(bytes);
  return SCHEDULERS.flatMap(({ scheduler, id, valid, task, step = '', user = '', uid = '' }): EnvironmentJob[] => {
    const raw = matching(env.get(id), valid);
    if (raw === '') return [];
    const [array, index] = [matching(env.get(task?.[0] ?? ''), NUMBER), matching(env.get(task?.[1] ?? ''), NUMBER)];
    return [
      {
        scheduler,
        job: task !== undefined && array !== '' && index !== '' ? task[2](array, index) : raw,
        raw,
        step: matching(env.get(step), STEP),
        user: matching(env.get(user), USER),
        uid: NUMBER.test(env.get(uid) ?? '') ? Number(env.get(uid)) : undefined,
      },
    ];
  });
}

/** Those that matter; the first of a name counts, as for the C library. */
function variables(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const all = bytes.subarray(0, MAX_ENVIRONMENT_BYTES);
  let from = 0;
  for (let end = all.indexOf(0); end >= 0; from = end + 1, end = all.indexOf(0, from)) {
    if (end - from > MAX_VALUE_LENGTH) continue;
    const text = new TextDecoder().decode(all.subarray(from, end));
    const equals = text.indexOf('=');
    const name = text.slice(0, Math.max(0, equals));
    if (ENVIRONMENT_VARIABLES.has(name) && !found.has(name)) found.set(name, clean(text.slice(equals + 1), MAX_VALUE_LENGTH));
  }
  return found;
}
