/** What a scheduler reports about the whole cluster: its jobs or pods, and the nodes it has taken out of service. */
import type { Ms } from './clock.js';

/** A GPU as schedulers name it. `minor`: the number of /dev/nvidiaN. `index`: the scheduler's own, which is only a name until a minor map joins it. */
export type GpuName =
  | { readonly by: 'uuid'; readonly uuid: string }
  | { readonly by: 'pci'; readonly bus: string }
  | { readonly by: 'minor' | 'index'; readonly number: number };

/** What a job has of one node. */
export interface JobAllocation {
  /** The node as the scheduler names it. */
  readonly node: string;
  /** GPUs of the job on it: a fraction for a share of a GPU; NaN: not reported. */
  readonly gpuCount: number;
  /** Those of them that are named; may be fewer than `gpuCount`. */
  readonly gpus: readonly GpuName[];
}

/** A job of Slurm, PBS, LSF or Flux, or a pod of Kubernetes. '' and undefined: not reported. */
export interface Job {
  readonly scheduler: 'slurm' | 'kubernetes' | 'pbs' | 'lsf' | 'flux';
  /** As the commands of the scheduler write it; '918300_4' for the task of an array. For a pod, its uid. */
  readonly id: string;
  /** Other ids by which processes may name it: the SLUID, the raw id of an array's task. */
  readonly otherIds: readonly string[];
  readonly name: string;
  readonly user: string;
  /** Where `user` was learnt if it is not the scheduler's own field: 'label hub.jupyter.org/username'. */
  readonly userSource: string;
  readonly uid: number | undefined;
  readonly account: string;
  readonly partition: string;
  readonly namespace: string;
  readonly pod: string;
  /** Ids of its containers, where the scheduler has them, by name. */
  readonly containers: ReadonlyMap<string, string>;
  readonly state: 'running' | 'suspended' | 'pending';
  /** The scheduler's reason for waiting. */
  readonly reason: string;
  readonly startedAt: Ms | undefined;
  /** When its time limit ends it. */
  readonly endsAt: Ms | undefined;
  /** GPUs it asked for, in all. */
  readonly requestedGpus: number | undefined;
  /** Empty unless it is running. */
  readonly allocations: readonly JobAllocation[];
}

/** A node as the scheduler sees it. */
export interface SchedulerNode {
  readonly name: string;
  /** Other names and addresses of the machine. */
  readonly addresses: readonly string[];
  /** 'down' and 'drained' are out of service; 'draining' still runs jobs. 'unknown': the scheduler was not asked for the state of its nodes. */
  readonly state: 'in service' | 'draining' | 'drained' | 'down' | 'unknown';
  /** Why it is out of service; '' when it is not. */
  readonly reason: string;
  /** GPUs by index, where the scheduler maps its index to something else. */
  readonly minors: ReadonlyMap<number, number>;
}

/** One answer of a scheduler, or of several. */
export interface ClusterJobs {
  /** When it was read, by our clock. */
  readonly at: Ms;
  readonly jobs: readonly Job[];
  readonly nodes: readonly SchedulerNode[];
}

export const NO_JOBS: ClusterJobs = { at: 0, jobs: [], nodes: [] };

/** Who is told of the jobs of the cluster: all of them, each time a scheduler has answered. */
export interface JobsReceiver {
  setJobs(jobs: ClusterJobs): void;
}

/** How the answers of one `--jobs` are doing. */
export interface JobSourceState {
  /** What is asked: 'squeue', 'kubectl', the name of a file. */
  readonly name: string;
  /** Jobs of its last good answer. */
  readonly jobs: number;
  /** When that was given; for a file, when it was written. Undefined: never. */
  readonly okAt: Ms | undefined;
  /** Why the last attempt failed, and what to do; undefined when it did not. The last good answer stays. */
  readonly error: { readonly code: string; readonly text: string; readonly advice: string } | undefined;
  /** Records of the last good answer that could not be used, and why the first could not. */
  readonly bad: number;
  readonly badReason: string;
}
