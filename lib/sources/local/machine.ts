/** This machine: combines the results of all its sources into one sample per collection. */
import { dirname, join } from 'node:path';
import type { NodeProcess, NodeSample, NodeSource, ProcessScope } from '../../model/sample.js';
import { THIS_MACHINE, type Access } from './access.js';
import { SystemReader } from './proc-system.js';
import { ownPids } from './gpu-pids.js';
import { ProcTable } from './proc-processes.js';
import type { GpuProcess } from './smi-rows.js';
import { NvidiaSmi } from './nvidia-smi.js';
import { PasswdNames } from './passwd.js';
import { SubUids } from './subuid.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface MachineOptions {
  readonly clock: Clock;
  readonly intervalMs: Ms;
  readonly scope: ProcessScope;
  /** Path or name of nvidia-smi. */
  readonly nvidiaSmi: string;
  /** The directory to read instead of /proc. */
  readonly procDir: string;
  /** The file to read user names from, instead of the name service. */
  readonly passwdFile?: string | undefined;
  /** Whether to hide text that looks like a credential in command lines. */
  readonly redact: boolean;
  /** Who owns a process of root or of a container: the person behind it (default), or the account that runs it. */
  readonly owner?: 'person' | 'process';
  /** Default: this machine. */
  readonly access?: Access;
}

/** Collects from the machine, one collection at a time. */
export class Machine {
  readonly #options: MachineOptions;
  readonly #access: Access;
  readonly #smi: NvidiaSmi;
  readonly #host: SystemReader;
  readonly #users: PasswdNames;
  readonly #table: ProcTable;
  /** Pids that nvidia-smi reported the last time and /proc did not have. */
  #absent: ReadonlySet<number> = new Set();
  /** Pids that nvidia-smi reported before /proc had them, for as long as it reports them. */
  #late: ReadonlySet<number> = new Set();

  constructor(options: MachineOptions) {
    const { clock, intervalMs, scope, nvidiaSmi, procDir, passwdFile, redact, owner = 'person', access = THIS_MACHINE } = options;
    const { files, programs } = access;
    this.#options = options;
    this.#access = access;
    this.#host = new SystemReader(procDir, clock, access);
    const machine = this.#host.identity.instance;
    this.#smi = new NvidiaSmi({ program: nvidiaSmi, programs, clock, intervalMs, machine, processes: scope !== 'off' });
    this.#users = new PasswdNames(clock, passwdFile, access);
    // The two files are neighbours.
    const subUids = new SubUids(clock, join(dirname(passwdFile ?? '/etc/passwd'), 'subuid'), files);
    this.#table = new ProcTable({ dir: procDir, files, clock, users: this.#users, subUids, redact, owner });
  }

  /** Facts that need no collection. */
  get identity(): Pick<NodeSample, 'instance' | 'os' | 'arch'> {
    return this.#host.identity;
  }

  /** False: there is no /proc, so this machine cannot be monitored. */
  get readable(): boolean {
    return this.#host.present;
  }

  /** Never rejects; call it again only after it has resolved. */
  async read(): Promise<NodeSample> {
    const { clock, scope } = this.#options;
    const { gpus, processes: onGpus, sources } = await this.#smi.read();
    await this.#access.files.fetch('state', [...new Set((onGpus ?? []).map(({ pid }) => pid))]);
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
      uptimeSeconds: uptime,
      sources: rows ? [...sources, rows.source] : sources,
    };
  }

  /** Stops everything that was started. */
  async stop(): Promise<void> {
    this.#users.stop();
    await this.#smi.stop();
  }

  async #processes(
    onGpus: readonly GpuProcess[],
    uptime: number | undefined,
    noGpus: boolean,
  ): Promise<{ readonly list: readonly NodeProcess[]; readonly source: NodeSource }> {
    const table = this.#table;
    const before = new Set(onGpus.map(({ pid }) => pid).filter((pid) => table.has(pid)));
    const pids = new Set(onGpus.map(({ pid }) => pid));
    const rows = await table.read(this.#options.scope === 'all' ? 'all' : pids, uptime);
    const unread = new Set([...pids].filter((pid) => table.isUnread(pid)));
    const absent = new Set([...pids].filter((pid) => !rows.has(pid) && !unread.has(pid)));
    // The first time, the process may just have ended since nvidia-smi was run; if it is still missing the second time, it exists but is
    // not visible.
    const hidden = new Set([...absent].filter((pid) => this.#absent.has(pid) && !before.has(pid)));
    const found = [...pids].filter((pid) => rows.has(pid));
    this.#late = new Set(found.filter((pid) => this.#late.has(pid) || this.#absent.has(pid)));
    this.#absent = absent;
    if (!table.isWholeMachine || this.#late.size > 0) await this.#access.files.fetch('devices', found);
    const own = this.#own(found, hidden.size);
    const strangers = new Set(found.filter((pid) => !own.has(pid)));
    const list = onGpus.flatMap((onGpu): NodeProcess[] => {
      const { pid } = onGpu;
      const row = rows.get(pid);
      if (row !== undefined && own.has(pid)) return [{ ...row, ...onGpu, name: row.name }];
      // The name that nvidia-smi reports comes from the same /proc.
      if (row !== undefined) return [ownerless({ ...onGpu, name: '' })];
      return hidden.has(pid) || unread.has(pid) ? [ownerless(onGpu)] : [];
    });
    for (const row of rows.values()) {
      if (own.has(row.pid)) continue;
      const gpuBytes = noGpus || strangers.has(row.pid) ? undefined : 0;
      if (this.#options.scope === 'all') list.push({ ...row, gpu: undefined, gpuBytes, smPercent: undefined });
    }
    return { list, source: stateOf({ all: pids.size, hidden: hidden.size, strangers: strangers.size, shortage: table.shortage }) };
  }

  /** Those of these pids, all of them in /proc, that are the processes that nvidia-smi means. */
  #own(pids: readonly number[], hidden: number): ReadonlySet<number> {
    const table = this.#table;
    const wholeMachine = table.isWholeMachine;
    const evidence = pids.map((pid) => {
      const cameLater = this.#late.has(pid);
      // On the whole machine the pid is sufficient, except for a pid that was reused while its memory stayed allocated.
      const holdsDevice = wholeMachine && !cameLater ? undefined : table.holdsDevice(pid);
      return [pid, { cameLater, holdsDevice }] as const;
    });
    return ownPids(new Map(evidence), { wholeMachine, hidden });
  }
}

/** A process on a GPU that /proc does not have: its owner is unknown. */
function ownerless({ name, ...onGpu }: GpuProcess): NodeProcess {
  const none = { user: '', ageSeconds: undefined, cpuPercent: undefined, residentBytes: undefined };
  return { ...none, ...onGpu, name: name.replace(/^.*\//, ''), command: name };
}

interface Seen {
  /** Processes on GPUs, and how many of them /proc does not have or has a different process for. */
  readonly all: number;
  readonly hidden: number;
  readonly strangers: number;
  readonly shortage: string | undefined;
}

function stateOf({ all, hidden, strangers, shortage }: Seen): NodeSource {
  const name = 'processes';
  const reasons = [
    ...(hidden > 0 ? [`${hidden} of ${all} GPU processes are not in /proc: another pid namespace, or hidepid`] : []),
    ...(strangers > 0 ? [`${strangers} of ${all} GPU processes may have other pids in /proc: another pid namespace`] : []),
  ];
  if (shortage !== undefined)
    return { name, state: 'partial', reason: [`/proc was not read completely: ${shortage}`, ...reasons].join('; ') };
  return { name, state: reasons.length > 0 ? 'hidden' : 'ok', reason: reasons.join('; ') };
}
