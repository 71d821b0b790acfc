/** The schedulers that are asked where the viewer runs: Slurm and Kubernetes, with the rights of whoever runs it. */
import type { Clock, Ms } from '../../model/clock.js';
import { every } from '../local/interval.js';
import type { Attempt, JobReader } from './attempt.js';
import type { Answer } from './collected.js';
import { SchedulerCommands, UnsupportedForm, type SchedulerCommand } from './scheduler-command.js';

/** A question to a controller that every user of the cluster depends on. */
const INTERVAL_MS: Ms = 60_000;
const TIMEOUT_MS: Ms = 30_000;

/** Defaults of the user that would select some of the jobs only, or print times in another way. */
const DEFAULTS = ['ACCOUNT', 'FORMAT', 'FORMAT2', 'LICENSES', 'NAMES', 'PARTITION', 'QOS', 'STATES', 'USERS'].map(
  (name) => `SQUEUE_${name}`,
);
const PLAIN = Object.fromEntries([...DEFAULTS, 'SLURM_TIME_FORMAT'].map((name) => [name, undefined]));
const slurm = (program: string, ...args: readonly string[]): SchedulerCommand => ({ program, args, env: PLAIN });

/** As JSON, and as text for a Slurm that has none. */
const SLURM = {
  jobs: {
    json: slurm('squeue', '--json', '--all', '--states=RUNNING,SUSPENDED,PENDING,COMPLETING,CONFIGURING'),
    text: slurm('scontrol', 'show', 'job', '-d'),
  },
  nodes: { json: slurm('scontrol', 'show', 'nodes', '--json'), text: slurm('scontrol', 'show', 'node') },
};
const PODS: SchedulerCommand = {
  program: 'kubectl',
  args: ['get', 'pods', '-A', '-o', 'json', '--field-selector=status.phase!=Succeeded,status.phase!=Failed', '--request-timeout=25s'],
};

abstract class Asked implements JobReader {
  abstract readonly name: string;
  protected readonly commands: SchedulerCommands;
  readonly #clock: Clock;
  #end: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.commands = new SchedulerCommands(clock, TIMEOUT_MS);
  }

  start(deliver: (attempt: Attempt) => void): void {
    let stopped = false;
    const end = every(this.#clock, INTERVAL_MS, () => {
      this.#round = this.ask().then((attempt) => {
        if (!stopped) deliver(attempt);
      });
      return this.#round;
    });
    this.#end = () => {
      stopped = true;
      end();
    };
  }

  async stop(): Promise<void> {
    this.#end();
    await this.commands.stop();
    await this.#round;
  }

  protected abstract ask(): Promise<Attempt>;
}

export class AskedSlurm extends Asked {
  readonly name = 'squeue';
  readonly #form = { jobs: 'json', nodes: 'json' } as { jobs: 'json' | 'text'; nodes: 'json' | 'text' };
  #nodes: Answer['nodes'] = [];

  protected async ask(): Promise<Attempt> {
    const jobs = await this.#ask('jobs');
    if (jobs.answer === undefined) return jobs;
    const nodes = await this.#ask('nodes');
    // Without them the jobs are still worth having.
    if (nodes.answer === undefined) {
      const { bad, badReason } = jobs.answer;
      return { at: jobs.at, answer: { ...jobs.answer, nodes: this.#nodes, bad: bad + 1, badReason: badReason || nodes.error.message } };
    }
    this.#nodes = nodes.answer.nodes;
    const bad = jobs.answer.bad + nodes.answer.bad;
    return { at: jobs.at, answer: { ...jobs.answer, nodes: this.#nodes, bad, badReason: jobs.answer.badReason || nodes.answer.badReason } };
  }

  /** Once the JSON is refused, the text is asked for. */
  async #ask(what: keyof typeof SLURM): Promise<Attempt> {
    const attempt = await this.commands.run(SLURM[what][this.#form[what]]);
    if (this.#form[what] === 'text' || !(attempt.error instanceof UnsupportedForm)) return attempt;
    this.#form[what] = 'text';
    return this.commands.run(SLURM[what].text);
  }
}

export class AskedKubernetes extends Asked {
  readonly name = 'kubectl';

  protected ask(): Promise<Attempt> {
    return this.commands.run(PODS);
  }
}
