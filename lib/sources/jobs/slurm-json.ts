/** `squeue --json`, `scontrol show jobs --json`, `sacct --json`, `scontrol show nodes --json`, `sinfo --json`, from Slurm 21.08 on. Pure. */
import { isRecord, type Loose } from '../../model/loose.js';
import type { Job, SchedulerNode } from '../../model/jobs.js';
import { BadRecord } from './collected.js';
import { listOf, nodesOf, numberOf, recordOf, recordsOf, textOf, timeOf } from './job-fields.js';
import { slurmJob, slurmNode } from './slurm-job.js';

/** A text up to 23.02, a list from 23.11 on. */
const statesOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? listOf(value) : [value]).map((state) => textOf(state).toUpperCase()).filter((state) => state !== '');

/** A job of squeue or scontrol. */
export const jobOfSqueue = (job: Loose): Job | undefined => {
  const states = statesOf(job.job_state);
  const limit = numberOf(job.time_limit);
  const isEndless = isRecord(job.time_limit) && job.time_limit.infinite === true;
  const startedAt = timeOf(numberOf(job.start_time));
  return slurmJob({
    id: textOf(numberOf(job.job_id) ?? job.job_id),
    sluid: textOf(job.sluid),
    arrayId: numberOf(job.array_job_id),
    taskId: numberOf(job.array_task_id),
    tasks: textOf(job.array_task_string),
    hetId: numberOf(job.het_job_id),
    hetOffset: numberOf(job.het_job_offset),
    name: textOf(job.name),
    user: textOf(job.user_name),
    uid: numberOf(job.user_id),
    account: textOf(job.account),
    partition: textOf(job.partition),
    states,
    reason: textOf(job.state_reason),
    startedAt,
    endsAt: isEndless
      ? undefined
      : (timeOf(numberOf(job.end_time)) ?? (startedAt !== undefined && limit !== undefined ? startedAt + limit * 60_000 : undefined)),
    nodes: nodesOf(typeof job.nodes === 'string' ? job.nodes : ''),
    nodeCount: numberOf(job.node_count),
    gres: listOf(job.gres_detail).map((text) => (typeof text === 'string' ? text : '')),
    allocated: typeof job.tres_alloc_str === 'string' ? job.tres_alloc_str : undefined,
    requested: longText(job.tres_req_str),
    perJob: longText(job.tres_per_job),
    perNode: longText(job.tres_per_node),
  });
};

const longText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A job of sacct: it counts GPUs, and names none. */
export const jobOfSacct = (job: Loose): Job | undefined => {
  const { current, reason } = recordOf(job.state);
  const time = recordOf(job.time);
  const array = recordOf(job.array);
  const tresOf = (list: unknown): string =>
    recordsOf(list)
      .filter(({ type }) => textOf(type) === 'gres')
      .map(({ name, count }) => `gres/${textOf(name)}=${numberOf(count) ?? 0}`)
      .join(',');
  const { allocated, requested } = recordOf(job.tres);
  const limit = numberOf(time.limit);
  const startedAt = timeOf(numberOf(time.start));
  return slurmJob({
    id: textOf(numberOf(job.job_id) ?? job.job_id),
    sluid: textOf(job.sluid),
    arrayId: numberOf(array.job_id),
    taskId: numberOf(array.task_id),
    tasks: textOf(array.task),
    hetId: undefined,
    hetOffset: undefined,
    name: textOf(job.name),
    user: textOf(job.user) || textOf(recordOf(job.association).user),
    uid: undefined,
    account: textOf(job.account) || textOf(recordOf(job.association).account),
    partition: textOf(job.partition),
    states: statesOf(current),
    reason: textOf(reason),
    startedAt,
    endsAt: timeOf(numberOf(time.end)) ?? (startedAt !== undefined && limit !== undefined ? startedAt + limit * 60_000 : undefined),
    nodes: nodesOf(typeof job.nodes === 'string' ? job.nodes : ''),
    nodeCount: undefined,
    gres: [],
    allocated: Array.isArray(allocated) ? tresOf(allocated) : undefined,
    requested: tresOf(requested),
    perJob: '',
    perNode: '',
  });
};

/** A node of scontrol, and of sinfo up to 23.02. */
export const nodeOfScontrol = (node: Loose): SchedulerNode =>
  slurmNode({
    name: textOf(node.name),
    addresses: [textOf(node.hostname), textOf(node.address)],
    states: [...statesOf(node.state), ...statesOf(node.state_flags)],
    reason: textOf(node.reason),
  });

/** A group of sinfo: nodes of the same state. */
export function nodesOfSinfo(group: Loose): readonly SchedulerNode[] {
  const { nodes, addresses } = recordOf(group.nodes);
  const names = listOf(nodes).flatMap((name) => nodesOf(typeof name === 'string' ? name : ''));
  if (names.length === 0) throw new BadRecord('a group of sinfo without nodes');
  const places = listOf(addresses).map(textOf);
  const reason = isRecord(group.reason) ? textOf(group.reason.description) : textOf(group.reason);
  return names.map((name, at) =>
    slurmNode({
      name,
      addresses: places.length === names.length ? [places[at]!] : [],
      states: statesOf(recordOf(group.node).state),
      reason,
    }),
  );
}
