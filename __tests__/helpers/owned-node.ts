/** A node that is scraped, with what a scheduler knows of it. */
import { Attribution, type AttributionOptions, type JobIds, type JobLookup, type NodeJob } from '../../lib/aggregate/attribution.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { usageDerivations } from '../../lib/aggregate/users.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import type { Job } from '../../lib/model/jobs.js';
import { jobOf } from '../../lib/sources/jobs/collected.js';
import { Node } from '../../lib/model/node.js';
import { OWNERS, type Grouping } from '../../lib/model/owners.js';

export interface Proc {
  readonly pid: number;
  readonly gpu: number;
  readonly user: string;
  readonly bytes?: number;
  readonly command?: string;
  readonly identity?: Readonly<Record<string, string>>;
}

const gpuLabels = (gpu: number): string => `gpu="H100",instance="n1",gpu_uuid="GPU-${gpu}",gpu_index="${gpu}"`;

export function exposition(procs: readonly Proc[], { utils = [90, 0, 0, 90], used = [8e9, 8e9, 0, 8e9] } = {}): string {
  const gpus = utils.flatMap((util, gpu) => [
    `all_smi_gpu_utilization{${gpuLabels(gpu)}} ${util}`,
    `all_smi_gpu_memory_used_bytes{${gpuLabels(gpu)}} ${used[gpu]!}`,
    `all_smi_gpu_memory_total_bytes{${gpuLabels(gpu)}} 80000000000`,
  ]);
  const device = ({ pid, gpu }: Proc): string => `pid="${pid}",device_uuid="${gpu < 0 ? '' : `GPU-${gpu}`}"`;
  const rows = procs.map(
    (proc) =>
      `all_smi_process_memory_used_bytes{${device(proc)},gpu_index="${Math.max(0, proc.gpu)}",user="${proc.user}",command="${proc.command ?? 'run'}"} ${proc.bytes ?? 1e9}`,
  );
  const identities = procs.flatMap((proc) => {
    const labels = Object.entries(proc.identity ?? {}).map(([name, value]) => `,${name}="${value}"`);
    return labels.length === 0 ? [] : [`all_smi_process_identity_info{${device(proc)}${labels.join('')}} 1`];
  });
  return [...gpus, ...rows, ...identities, ''].join('\n');
}

/** A running job of Slurm, of which only this is known. */
export const job = (id: string, more: Partial<Job> = {}): Job => jobOf({ scheduler: 'slurm', id, state: 'running', ...more });

export const on = (one: Job, slot: number, gpuCount = 1): NodeJob => ({ job: one, slot, gpuCount, index: slot < 0 ? '0' : '' });

/** A scheduler that has these jobs, on every node. */
export const lookup = (jobs: readonly NodeJob[]): JobLookup => ({
  find: (ids: JobIds) =>
    jobs.map((one) => one.job).find(({ id, otherIds }) => ids.job !== '' && (id === ids.job || otherIds.includes(ids.job))),
  on: () => jobs,
  schedulerNode: () => undefined,
});

export class Viewer {
  readonly parsers: Parsers;
  readonly attribution: Attribution;
  readonly #parser;
  readonly node: Node;

  constructor(options: AttributionOptions = { people: true }, manyUsers?: number, nodeId = 'n1') {
    this.parsers = new Parsers(manyUsers);
    this.attribution = this.parsers.holding((users) => new Attribution(users, options));
    this.#parser = this.parsers.newParser();
    this.node = new Node({ nodeId }, this.#parser.data, undefined, undefined, this.attribution);
  }

  /** `at`: when it was received. */
  scrape(text: string, at = 0): this {
    this.#parser.push(Buffer.from(text));
    this.node.commit({ at }, this.#parser.commit(at, 0));
    return this;
  }

  owners(): readonly Record<string, unknown>[] {
    const { procs } = this.node;
    return Array.from({ length: procs.count }, (_, row) => ({
      pid: procs.pid[row],
      user: this.node.userName(procs.user[row]!),
      runsAs: this.node.userName(procs.known?.runsAs[row] ?? 0),
      ...Object.fromEntries(
        OWNERS.filter((owner) => owner !== 'user').map((owner) => [owner, this.node.userName(procs.known?.owners[owner][row] ?? 0)]),
      ),
    }));
  }

  table(by: Grouping): UsersTable {
    return new Derivations().derive(usageDerivations[by], [this.node], 1);
  }
}
