/** `flux jobs --json`, and the R of each job (`flux job info ID R`), which names its GPUs but not the job. Pure. */
import type { GpuName, Job, JobAllocation } from '../../model/jobs.js';
import type { Loose } from '../../model/loose.js';
import { BadRecord, byNode, jobOf } from './collected.js';
import { listOf, MAX_NODES, nodesOf, numberOf, numbersOf, recordOf, recordsOf, textOf, timeOf } from './job-fields.js';

const STATES: Readonly<Record<string, Job['state']>> = {
  RUN: 'running',
  CLEANUP: 'running',
  DEPEND: 'pending',
  PRIORITY: 'pending',
  SCHED: 'pending',
};

/** Undefined: it has ended. Its GPUs are in its R, so here their number is not reported. */
export function jobOfFlux(job: Loose): Job | undefined {
  const id = textOf(job.jobid) || textOf(job.id);
  if (id === '') throw new BadRecord('a job without an id');
  const state = STATES[textOf(job.state)];
  if (state === undefined) return undefined;
  const project = textOf(job.project);
  return jobOf({
    scheduler: 'flux',
    id,
    otherIds: [textOf(job.id)].filter((other) => other !== '' && other !== id),
    name: textOf(job.name),
    user: textOf(job.username),
    uid: numberOf(job.userid),
    account: textOf(job.bank) || (project === '*' ? '' : project),
    partition: textOf(job.queue),
    state,
    startedAt: timeOf(numberOf(job.t_run)),
    endsAt: state === 'running' ? timeOf(numberOf(job.expiration)) : undefined,
    requestedGpus: numberOf(job.ngpus),
    allocations:
      state === 'running'
        ? byNode(nodesOf(typeof job.nodelist === 'string' ? job.nodelist : '').map((node) => ({ node, gpuCount: NaN, gpus: [] })))
        : [],
  });
}

/** The GPUs in an R, node by node. Ranks count through its list of nodes. */
export function allocationsOfR(resources: Loose): readonly JobAllocation[] {
  const { R_lite, nodelist } = recordOf(resources.execution);
  const nodes = listOf(nodelist).flatMap((list) => nodesOf(typeof list === 'string' ? list : ''));
  const groups = recordsOf(R_lite).map(({ rank, children }) => ({
    ranks: numbersOf(typeof rank === 'string' ? rank : textOf(rank), MAX_NODES) ?? [],
    gpus: numbersOf(textOf(recordOf(children).gpu)) ?? [],
  }));
  // The list of nodes is in the order of the ranks, whatever their numbers are.
  const ranks = groups.flatMap((group) => group.ranks).sort((a, b) => a - b);
  if (ranks.length !== nodes.length) throw new BadRecord('an R whose ranks and nodes differ in number');
  const nodeOf = new Map(ranks.map((rank, at) => [rank, nodes[at]!]));
  return byNode(
    groups.flatMap((group) => {
      const gpus = group.gpus.map((number): GpuName => ({ by: 'index', number }));
      return group.ranks.map((rank) => ({ node: nodeOf.get(rank)!, gpuCount: gpus.length, gpus }));
    }),
  ).filter(({ gpuCount }) => gpuCount > 0);
}
