/** The jobs that the schedulers reported last, looked up by node and by the ids of processes. */
import type { NodeData } from '../model/columns.js';
import { NO_JOBS, type ClusterJobs, type Job, type JobsReceiver, type SchedulerNode } from '../model/jobs.js';
import type { JobIds, JobLookup, NodeJob } from './attribution.js';
import { gpusToJoin, JobJoin, type JoinNode, type NodeMatches } from './job-join.js';

type Named = Pick<JoinNode, 'nodeId' | 'name'>;

export class KnownJobs implements JobLookup, JobsReceiver {
  readonly #nodes: () => Iterable<Named>;
  #jobs = NO_JOBS;
  #join = new JobJoin(NO_JOBS);
  #version = 0;
  /** The names by which the nodes were joined. */
  readonly #names = new Map<string, string>();
  readonly #listeners: (() => void)[] = [];

  /** `nodes`: all that are watched. */
  constructor(nodes: () => Iterable<Named>) {
    this.#nodes = nodes;
  }

  get version(): number {
    return this.#version;
  }
  get jobs(): ClusterJobs {
    return this.#jobs;
  }

  /** How the watched nodes were joined to those of the schedulers. */
  get matches(): NodeMatches {
    return this.#join.matches;
  }

  /** Calls `listen` after each answer, those that listen first before the others. */
  onChanged(listen: () => void): void {
    this.#listeners.push(listen);
  }

  setJobs(jobs: ClusterJobs): void {
    this.#jobs = jobs;
    this.#join = new JobJoin(jobs);
    this.#version++;
    for (const { nodeId, name } of this.#nodes()) this.#join.see({ nodeId, name, instance: this.#names.get(nodeId) ?? '' });
    for (const listen of this.#listeners) listen();
  }

  find({ job, podUid, container }: JobIds): Job | undefined {
    for (const id of [job, podUid, container]) {
      const found = id === '' ? undefined : this.#join.find(id);
      if (found) return found;
    }
    return undefined;
  }

  on(node: Named, data: NodeData): readonly NodeJob[] {
    if (this.#version === 0) return [];
    const { instance } = data.facts;
    if (this.#names.get(node.nodeId) !== instance) {
      this.#names.set(node.nodeId, instance);
      this.#join.see({ nodeId: node.nodeId, name: node.name, instance });
    }
    return this.#join
      .rows(node.nodeId, gpusToJoin(data))
      .map(({ job, slot, gpuCount, schedulerIndex: index }) => ({ job, slot, gpuCount, index }));
  }

  /** How the scheduler sees a node; undefined: it has not said, or it is not known which of its nodes this is. */
  schedulerNode(nodeId: string): SchedulerNode | undefined {
    return this.#join.schedulerNode(nodeId);
  }
}
