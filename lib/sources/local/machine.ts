/** This machine: everything its sources say, put together to one sample a collection. */
import type { NodeProcess, NodeSample, NodeSource, ProcessScope } from '../../model/sample.js';
import { SystemReader } from './proc-system.js';
import { ProcTable, type ProcRow } from './proc-processes.js';
import type { GpuProcess } from './smi-rows.js';
import { NvidiaSmi } from './nvidia-smi.js';
import { PasswdNames } from './passwd.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface MachineOptions {
  readonly clock: Clock;
  readonly intervalMs: Ms;
  readonly scope: ProcessScope;
  /** Path or name of nvidia-smi. */
  readonly nvidiaSmi: string;
  /** The directory to read instead of /proc. */
  readonly procDir: string;
  /** The file to take names of users from, instead of the name service. */
  readonly passwdFile?: string | undefined;
  /** Whether to hide what looks like a credential in command lines. */
  readonly redact: boolean;
}

/** A collection of the machine; one at a time. */
export class Machine {
  readonly #options: MachineOptions;
  readonly #smi: NvidiaSmi;
  readonly #host: SystemReader;
  readonly #users: PasswdNames;
  readonly #table: ProcTable;
  /** Pids that nvidia-smi named the last time and /proc didn't have. */
  #absent: ReadonlySet<number> = new Set();

  constructor(options: MachineOptions) {
    const { clock, intervalMs, scope, nvidiaSmi, procDir, passwdFile, redact } = options;
    this.#options = options;
    this.#host = new SystemReader(procDir, clock);
    const machine = this.#host.identity.instance;
    this.#smi = new NvidiaSmi({ program: nvidiaSmi, clock, intervalMs, machine, processes: scope !== 'off' });
    this.#users = new PasswdNames(clock, passwdFile);
    this.#table = new ProcTable({ dir: procDir, clock, users: this.#users, redact });
  }

  /** What is known without a collection. */
  get identity(): Pick<NodeSample, 'instance' | 'os' | 'arch'> {
    return this.#host.identity;
  }

  /** False: there is no /proc, so nothing can be told of this machine. */
  get readable(): boolean {
    return this.#host.present;
  }

  /** Never rejects; call it again when it has resolved. */
  async read(): Promise<NodeSample> {
    const { clock, scope } = this.#options;
    const { gpus, processes: onGpus, sources } = await this.#smi.read();
    const { uptime, cpu, memory, disks } = await this.#host.read();
    const missing = sources[0]?.state === 'missing';
    const told = scope !== 'off' && (onGpus !== undefined || missing);
    const rows = told ? await this.#processes(onGpus ?? [], uptime, missing) : undefined;
    return {
      at: clock.now(),
      ...this.identity,
      gpus,
      scope,
      processes: rows?.list,
      cpu,
      memory,
      disks,
      sources: rows ? [...sources, rows.source] : sources,
    };
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    this.#users.stop();
    await this.#smi.stop();
  }

  async #processes(
    onGpus: readonly GpuProcess[],
    uptime: number | undefined,
    noGpus: boolean,
  ): Promise<{ readonly list: readonly NodeProcess[]; readonly source: NodeSource }> {
    const gone = new Set(onGpus.map(({ pid }) => pid).filter((pid) => this.#table.has(pid)));
    const pids = new Set(onGpus.map(({ pid }) => pid));
    const rows = await this.#table.read(this.#options.scope === 'all' ? 'all' : pids, uptime);
    const absent = new Set([...pids].filter((pid) => !rows.has(pid)));
    // The first time, it may just have ended since nvidia-smi was asked; what it was asked for twice is there and can't be seen.
    const hidden = new Set([...absent].filter((pid) => this.#absent.has(pid) && !gone.has(pid)));
    this.#absent = absent;
    const list = onGpus.flatMap((onGpu) => joined(onGpu, rows.get(onGpu.pid), hidden));
    for (const row of rows.values())
      if (!pids.has(row.pid)) list.push({ ...row, gpu: undefined, gpuBytes: noGpus ? undefined : 0, smPercent: undefined });
    return { list, source: stateOf(hidden.size, pids.size) };
  }
}

/** A process on a GPU with what /proc says of it; one that can't be seen has no owner. */
function joined({ name, ...onGpu }: GpuProcess, row: ProcRow | undefined, hidden: ReadonlySet<number>): NodeProcess[] {
  if (row !== undefined) return [{ ...row, ...onGpu }];
  if (!hidden.has(onGpu.pid)) return [];
  const none = { user: '', ageSeconds: undefined, cpuPercent: undefined, residentBytes: undefined };
  return [{ ...none, ...onGpu, name: name.replace(/^.*\//, ''), command: name }];
}

function stateOf(hidden: number, all: number): NodeSource {
  const reason = `${hidden} of ${all} GPU processes are not in /proc: another pid namespace, or hidepid`;
  return hidden > 0 ? { name: 'processes', state: 'hidden', reason } : { name: 'processes', state: 'ok', reason: '' };
}
