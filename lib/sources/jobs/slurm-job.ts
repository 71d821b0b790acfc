/** Jobs and nodes of Slurm, whatever form they were printed in. Pure. */
import type { Ms } from '../../model/clock.js';
import type { Job, JobAllocation, SchedulerNode } from '../../model/jobs.js';
import { BadRecord, byNode, jobOf, nodeOf } from './collected.js';
import { gpusInTres, gresOf, NO_GRES } from './slurm-gres.js';

/** A job in the terms of all forms; '' and undefined: not reported. */
export interface SlurmJob {
  readonly id: string;
  readonly sluid: string;
  readonly arrayId: number | undefined;
  readonly taskId: number | undefined;
  /** The tasks of an array that wait together: '5-10%2'. */
  readonly tasks: string;
  readonly hetId: number | undefined;
  readonly hetOffset: number | undefined;
  readonly name: string;
  readonly user: string;
  readonly uid: number | undefined;
  readonly account: string;
  readonly partition: string;
  /** The state and its flags, in upper case. */
  readonly states: readonly string[];
  readonly reason: string;
  readonly startedAt: Ms | undefined;
  readonly endsAt: Ms | undefined;
  readonly nodes: readonly string[];
  readonly nodeCount: number | undefined;
  /** By node, in the order of `nodes`. */
  readonly gres: readonly string[];
  readonly allocated: string | undefined;
  /** What it asked for: in all, for the job as a whole, for each node. */
  readonly requested: string;
  readonly perJob: string;
  readonly perNode: string;
}

const STATES: Readonly<Record<string, Job['state']>> = {
  RUNNING: 'running',
  CONFIGURING: 'running',
  COMPLETING: 'running',
  STAGE_OUT: 'running',
  SIGNALING: 'running',
  RESIZING: 'running',
  SUSPENDED: 'suspended',
  STOPPED: 'suspended',
  PENDING: 'pending',
  REQUEUED: 'pending',
  REQUEUE_HOLD: 'pending',
  REQUEUE_FED: 'pending',
  SPECIAL_EXIT: 'pending',
};

/** Undefined: it has ended. While it is completing, its nodes are still its own. Throws BadRecord. */
export function slurmJob(job: SlurmJob): Job | undefined {
  const { states, nodes, nodeCount, requested, perJob, perNode } = job;
  if (job.id === '') throw new BadRecord('a job without an id');
  if (states.length === 0) throw new BadRecord(`job ${job.id} has no state`);
  const state = states.includes('COMPLETING') ? 'running' : STATES[states[0]!];
  if (state === undefined) return undefined;
  const allocations = state === 'running' ? allocationsOf(job) : [];
  const { id, otherIds } = idsOf(job);
  return jobOf({
    scheduler: 'slurm',
    id,
    otherIds,
    name: job.name,
    user: job.user,
    uid: job.uid,
    account: job.account,
    partition: job.partition,
    state,
    reason: state === 'running' ? '' : named(job.reason),
    startedAt: state === 'pending' ? undefined : job.startedAt,
    endsAt: state === 'running' ? job.endsAt : undefined,
    requestedGpus: requestedGpus(),
    allocations,
  });

  function requestedGpus(): number | undefined {
    const totals = [job.allocated ?? '', requested, perJob].filter((text) => text !== '').map(gpusInTres);
    if (totals.some(Number.isNaN)) return undefined;
    const total = totals.find((gpus) => gpus > 0);
    if (total !== undefined) return total;
    // TRES count GPUs only where Slurm is configured to account for them.
    const held = allocations.reduce((sum, { gpuCount }) => sum + gpuCount, 0);
    if (held > 0) return held;
    if (perNode !== '') return gpusInTres(perNode) * Math.max(nodes.length, nodeCount ?? 1) || undefined;
    return totals.length > 0 ? 0 : undefined;
  }
}

/** Slurm writes None and (null) where there is nothing. */
export const named = (text: string): string => (/^(?:None|N\/A|\(null\))$/i.test(text) ? '' : text);

function idsOf({ id, sluid, arrayId, taskId, tasks, hetId, hetOffset }: SlurmJob): Pick<Job, 'id' | 'otherIds'> {
  const isArray = arrayId !== undefined && arrayId > 0 && (taskId !== undefined || tasks !== '');
  const isPart = hetId !== undefined && hetId > 0 && hetOffset !== undefined;
  const written = isArray ? `${arrayId}_${taskId ?? `[${tasks}]`}` : isPart ? `${hetId}+${hetOffset}` : id;
  return { id: written, otherIds: [written === id ? '' : id, sluid].filter((one) => one !== '') };
}

/** Its GPUs, node by node. A node on which it has none is left out. */
function allocationsOf({ nodes, gres, allocated }: SlurmJob): readonly JobAllocation[] {
  if (gres.length > 0 && gres.length === nodes.length)
    return byNode(nodes.map((node, at) => ({ node, ...gresOf(gres[at]!) }))).filter(({ gpuCount }) => gpuCount !== 0);
  const isHeld = gres.some((text) => gresOf(text).gpuCount !== 0);
  const total = allocated === undefined || isHeld ? NaN : gpusInTres(allocated);
  if (total === 0) return [];
  // How the GPUs are spread over several nodes is not known.
  return byNode(nodes.map((node) => ({ node, ...NO_GRES, gpuCount: nodes.length === 1 ? total : NaN })));
}

/** A node in the terms of all forms. */
export interface SlurmNode {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The state and its flags, in any case, long or short. */
  readonly states: readonly string[];
  readonly reason: string;
}

const DOWN = /^(?:DOWN|ERROR|NOT_RESPONDING|NO_RESPOND)/;
const DRAINED = /^(?:DRAINED|FAIL)$/;
const DRAINING = /^(?:DRAINING|DRNG|FAILING|FAILG)$/;
const DRAIN = /^(?:DRAIN|MAINT)/;
const BUSY = /^(?:ALLOC|MIX|COMP)/;

/** In maintenance, it takes no other jobs, like one that is drained. */
export function slurmNode({ name, addresses, states, reason }: SlurmNode): SchedulerNode {
  if (name === '') throw new BadRecord('a node without a name');
  const flags = states.flatMap((state) => state.toUpperCase().split('+')).map((state) => state.replace(/[*~#!%$@^-]+$/, '').trim());
  const has = (pattern: RegExp): boolean => flags.some((flag) => pattern.test(flag));
  const state: SchedulerNode['state'] = flags.every((flag) => flag === '')
    ? 'unknown'
    : has(DOWN)
      ? 'down'
      : has(DRAINED)
        ? 'drained'
        : has(DRAINING)
          ? 'draining'
          : has(DRAIN)
            ? has(BUSY)
              ? 'draining'
              : 'drained'
            : 'in service';
  const isOut = state !== 'in service' && state !== 'unknown';
  const why =
    named(reason) || (flags.find((flag) => /^(?:MAINT|NOT_RESP|NO_RESP|FAIL)/.test(flag)) ?? '').toLowerCase().replaceAll('_', ' ');
  return nodeOf({
    name,
    addresses: [...new Set(addresses)].filter((address) => address !== '' && address !== name),
    state,
    reason: isOut ? why : '',
  });
}
