/** The jobs of the cluster, from everything that --jobs names: asked again and again, merged, and handed on. */
import type { Clock, Ms } from '../../model/clock.js';
import type { ClusterJobs, Job, JobSourceState, JobsReceiver, SchedulerNode } from '../../model/jobs.js';
import { AskedKubernetes, AskedSlurm } from './asked-schedulers.js';
import type { Attempt, JobReader } from './attempt.js';
import { sameNode, type Answer } from './collected.js';
import { JobFile } from './job-file.js';

export interface JobSourceOptions {
  /** 'slurm', 'kube', or the path of a file. */
  readonly asked: readonly string[];
  readonly clock: Clock;
  /** Told after each answer. */
  readonly receiver: JobsReceiver;
  /** Called after each attempt, good or bad. */
  readonly onStates: (states: readonly JobSourceState[]) => void;
}

const READERS: Readonly<Record<string, new (clock: Clock) => JobReader>> = { slurm: AskedSlurm, kube: AskedKubernetes };

const readerOf = (asked: string, clock: Clock): JobReader =>
  Object.hasOwn(READERS, asked) ? new READERS[asked]!(clock) : new JobFile(asked, clock);

interface Source {
  readonly reader: JobReader;
  state: JobSourceState;
  /** The last good one. */
  last: { readonly answer: Answer; readonly at: Ms } | undefined;
  isSettled: boolean;
}

export class JobSources {
  /** Resolves when each has answered or failed. */
  readonly settled: Promise<void>;
  readonly #sources: readonly Source[];
  readonly #options: JobSourceOptions;
  #settle: () => void = () => undefined;

  constructor(options: JobSourceOptions) {
    this.#options = options;
    this.#sources = [...new Set(options.asked)].map((asked) => {
      const reader = readerOf(asked, options.clock);
      const state = { name: reader.name, jobs: 0, okAt: undefined, error: undefined, bad: 0, badReason: '' };
      return { reader, state, last: undefined, isSettled: false };
    });
    this.settled = new Promise((resolve) => (this.#settle = resolve));
  }

  get states(): readonly JobSourceState[] {
    return this.#sources.map(({ state }) => state);
  }

  start(): void {
    for (const source of this.#sources) source.reader.start((attempt) => this.#take(source, attempt));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sources.map(({ reader }) => reader.stop()));
  }

  #take(source: Source, attempt: Attempt): void {
    const { receiver, onStates } = this.#options;
    if (attempt.answer === undefined) {
      const { code, message, advice } = attempt.error;
      source.state = { ...source.state, error: { code, text: message, advice } };
    } else {
      const { answer, at } = attempt;
      source.last = { answer, at };
      source.state = {
        ...source.state,
        jobs: answer.jobs.length,
        okAt: at,
        error: undefined,
        bad: answer.bad,
        badReason: answer.badReason,
      };
      receiver.setJobs(merged(this.#sources.flatMap(({ last }) => last ?? [])));
    }
    source.isSettled = true;
    onStates(this.states);
    if (this.#sources.every(({ isSettled }) => isSettled)) this.#settle();
  }
}

/** As old as the oldest of them. A job that several report is taken from the one that names its GPUs, else from the first. */
export function merged(answers: readonly { readonly answer: Pick<Answer, 'jobs' | 'nodes'>; readonly at: Ms }[]): ClusterJobs {
  const at = Math.min(...answers.map((one) => one.at));
  const [only] = answers;
  if (only !== undefined && answers.length === 1) return { at, jobs: only.answer.jobs, nodes: only.answer.nodes };
  const jobs = new Map<string, Job>();
  const nodes = new Map<string, SchedulerNode>();
  for (const { answer } of answers) {
    for (const job of answer.jobs) {
      const key = `${job.scheduler} ${job.id}`;
      const known = jobs.get(key);
      if (known === undefined || (!namesGpus(known) && namesGpus(job))) jobs.set(key, job);
    }
    for (const node of answer.nodes) {
      const known = nodes.get(node.name);
      nodes.set(node.name, known === undefined ? node : sameNode(known, node));
    }
  }
  return { at, jobs: [...jobs.values()], nodes: [...nodes.values()] };
}

const namesGpus = ({ allocations }: Job): boolean => allocations.some(({ gpus }) => gpus.length > 0);
