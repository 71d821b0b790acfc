/** What the readers of records put their jobs and nodes into, within limits. Pure. */
import type { GpuName, Job, JobAllocation, SchedulerNode } from '../../model/jobs.js';
import { clean } from '../../text/sanitize.js';
import { count } from '../../text/format.js';

export const MAX_JOBS = 50_000;
/** They are counted up to here. */
const MAX_COUNTED = 1_000_000;
const MAX_NODES = 50_000;
/** Of all jobs: a job is on many nodes, a node has several jobs. */
const MAX_ALLOCATIONS = 500_000;
const MAX_REASON_BYTES = 120;

/** One answer, read. */
export interface Answer {
  readonly jobs: readonly Job[];
  readonly nodes: readonly SchedulerNode[];
  /** Records that could not be used, and why the first could not. */
  readonly bad: number;
  readonly badReason: string;
  /** Why none of it can be used. */
  readonly problem: string | undefined;
}

export const NO_ANSWER: Answer = { jobs: [], nodes: [], bad: 0, badReason: '', problem: undefined };

/** A job with what most schedulers do not report left out. */
export const jobOf = (job: Pick<Job, 'scheduler' | 'id' | 'state'> & Partial<Job>): Job => ({
  otherIds: [],
  name: '',
  user: '',
  userSource: '',
  uid: undefined,
  account: '',
  partition: '',
  namespace: '',
  pod: '',
  containers: NO_CONTAINERS,
  reason: '',
  startedAt: undefined,
  endsAt: undefined,
  requestedGpus: undefined,
  allocations: [],
  ...job,
});
const NO_CONTAINERS: ReadonlyMap<string, string> = new Map();

export const nodeOf = (node: Pick<SchedulerNode, 'name'> & Partial<SchedulerNode>): SchedulerNode => ({
  addresses: [],
  state: 'unknown',
  reason: '',
  minors: NO_MINORS,
  ...node,
});
const NO_MINORS: ReadonlyMap<number, number> = new Map();

/** A record that is not used. Its message is a noun phrase: 'a job without an id'. */
export class BadRecord extends Error {}

export class Collected {
  readonly #jobs: Job[] = [];
  readonly #nodes = new Map<string, SchedulerNode>();
  readonly #late: (() => void)[] = [];
  #seen = 0;
  #allocations = 0;
  #bad = 0;
  #badReason = '';
  #problem: string | undefined;

  /** Counts a record of a job, used or not; false: there are too many, and only their number matters. */
  expectJob(): boolean {
    this.#seen++;
    return this.#seen <= MAX_JOBS;
  }

  /** There are so many that counting them is pointless too. */
  get hopeless(): string | undefined {
    return this.#seen > MAX_COUNTED ? `it lists more than ${count(MAX_COUNTED)} jobs` : undefined;
  }

  addJob(job: Job): void {
    this.#allocations += job.allocations.length;
    if (this.#allocations > MAX_ALLOCATIONS) this.#problem = `the jobs are on more than ${count(MAX_ALLOCATIONS)} nodes in all`;
    else this.#jobs.push(job);
  }

  /** A node may be described several times. */
  addNode(node: SchedulerNode): void {
    const known = this.#nodes.get(node.name);
    if (known === undefined && this.#nodes.size >= MAX_NODES) this.#problem = `it lists more than ${count(MAX_NODES)} nodes`;
    else this.#nodes.set(node.name, known === undefined ? node : sameNode(known, node));
  }

  /** Runs `reader`; a record that it throws at is counted. */
  try(reader: () => void): void {
    try {
      reader();
    } catch (error) {
      this.addBad(error instanceof Error ? error.message : String(error));
    }
  }

  addBad(reason: string): void {
    this.#bad++;
    this.#badReason ||= clean(reason, MAX_REASON_BYTES);
  }

  /** The scheduler's own error, or what keeps the text from being read. */
  refuse(reason: string): void {
    this.#problem ??= clean(reason, MAX_REASON_BYTES);
  }

  /** Called at the end: for records that refer to others. */
  later(run: () => void): void {
    this.#late.push(run);
  }

  /** The jobs so far, for what is run later: an element may be replaced. */
  get jobs(): Job[] {
    return this.#jobs;
  }

  answer(): Answer {
    for (const run of this.#late.splice(0)) run();
    if (this.hopeless !== undefined) this.#problem = this.hopeless;
    else if (this.#seen > MAX_JOBS) this.#problem = `it lists ${count(this.#seen)} jobs; at most ${count(MAX_JOBS)} are read`;
    const read = { jobs: this.#jobs, nodes: [...this.#nodes.values()], bad: this.#bad, badReason: this.#badReason };
    return this.#problem === undefined ? { ...read, problem: undefined } : { ...NO_ANSWER, problem: this.#problem };
  }
}

/** What is known of a node from two descriptions; the first one that says anything is right. */
export function sameNode(a: SchedulerNode, b: SchedulerNode): SchedulerNode {
  const { state, reason } = a.state === 'unknown' ? b : a;
  return {
    name: a.name,
    addresses: [...new Set([...a.addresses, ...b.addresses])],
    state,
    reason,
    minors: a.minors.size > 0 ? a.minors : b.minors,
  };
}

/** Allocations on one node as one. */
export function byNode(allocations: readonly JobAllocation[]): readonly JobAllocation[] {
  const nodes = new Map<string, { gpuCount: number; gpus: GpuName[] }>();
  for (const { node, gpuCount, gpus } of allocations) {
    const known = nodes.get(node);
    if (known === undefined) nodes.set(node, { gpuCount, gpus: [...gpus] });
    else {
      known.gpuCount += gpuCount;
      known.gpus.push(...gpus);
    }
  }
  return [...nodes].map(([node, { gpuCount, gpus }]) => ({ node, gpuCount, gpus }));
}
