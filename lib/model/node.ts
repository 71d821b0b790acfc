/** A host as the collectors keep it: identity, status, and the parser's columns behind one read-only face. */
import { CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type Change, type HostData, type Rows } from './columns.js';
import { WAITING, type GpuSnapshot, type HostSnapshot, type HostStatus, type HostView, type Ms, type ProcSnapshot } from './node-view.js';

export interface HostIdentity {
  readonly hostId: string;
  readonly groups?: ReadonlyMap<string, string>;
  readonly label?: string;
}

/** What is known of an answer besides its rows. */
export interface Answered {
  readonly at: Ms;
  readonly latencyMs?: Ms | undefined;
  readonly skewMs?: Ms | undefined;
  readonly nextTryAt?: Ms | undefined;
}

export interface Failed {
  readonly at: Ms;
  readonly error: { readonly code: string; readonly text: string };
  readonly nextTryAt?: Ms | undefined;
}

const NO_GROUPS: ReadonlyMap<string, string> = new Map();

export class HostRecord implements HostView {
  readonly hostId: string;
  readonly groups: ReadonlyMap<string, string>;
  readonly #data: HostData;
  #label: string;
  #version = 0;
  #structure = 0;
  #at: Ms = 0;
  #status: HostStatus = WAITING;

  /** `data` is the same object for the host's life: a parser commits into it. */
  constructor(identity: HostIdentity, data: HostData) {
    this.hostId = identity.hostId;
    this.groups = identity.groups ?? NO_GROUPS;
    this.#label = identity.label ?? identity.hostId;
    this.#data = data;
  }

  /** What the host calls itself, once it has said so; before, what the host file calls it; else the hostId. */
  get label(): string {
    return this.#label;
  }
  get version(): number {
    return this.#version;
  }
  get structure(): number {
    return this.#structure;
  }
  get at(): Ms {
    return this.#at;
  }
  get status(): HostStatus {
    return this.#status;
  }
  get procs(): HostData['procs'] {
    return this.#data.procs;
  }
  get gpus(): HostData['gpus'] {
    return this.#data.gpus;
  }
  get cpus(): HostData['cpus'] {
    return this.#data.cpus;
  }
  get cores(): HostData['cores'] {
    return this.#data.cores;
  }
  get memory(): HostData['memory'] {
    return this.#data.memory;
  }
  get disks(): HostData['disks'] {
    return this.#data.disks;
  }
  get facts(): HostData['facts'] {
    return this.#data.facts;
  }
  get extras(): HostData['extras'] {
    return this.#data.extras;
  }
  text(ref: number): string {
    return this.#data.text(ref);
  }
  userName(id: number): string {
    return this.#data.userName(id);
  }

  /** New rows have been committed to the data, or new numbers to the rows that were there. */
  commit({ at, latencyMs, skewMs, nextTryAt }: Answered, change: Change = 'structure'): void {
    this.#version++;
    if (change === 'structure') this.#structure++;
    this.#at = at;
    this.#label = this.#data.facts.instance || this.#label;
    this.#status = { ...WAITING, phase: 'live', okAt: at, latencyMs, skewMs, nextTryAt };
  }

  /** An attempt ended without an answer. The rows stay, and so does what the last good answer told. */
  fail({ at, error, nextTryAt }: Failed): void {
    const { failingSince = at, failures } = this.#status;
    this.setStatus({ phase: 'failing', failingSince, failures: failures + 1, error, nextTryAt });
  }

  setStatus(change: Partial<HostStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  freeze(): HostSnapshot {
    return freezeHost(this);
  }
}

export function freezeHost(host: HostView): HostSnapshot {
  const { hostId, label, at, status, gpus, procs, cpus, memory, disks } = host;
  return {
    hostId,
    label,
    at,
    status,
    gpus: Array.from({ length: gpus.slots }, (_, slot) => freezeGpu(host, slot)),
    procs: Array.from({ length: procs.count }, (_, row) => freezeProc(host, row)),
    cpus: cells(cpus, CPU_FIELDS),
    memory: cells(memory, MEMORY_FIELDS),
    disks: cells(disks, DISK_FIELDS).map((disk, row) => ({ title: disks.title(row), ...disk })),
  };
}

function freezeGpu(host: HostView, slot: number): GpuSnapshot {
  const { index, uuid, name, field, count } = host.gpus;
  const reported = slot < count ? GPU_FIELDS.filter((id) => !Number.isNaN(field[id][slot]!)) : [];
  return {
    index: index[slot]!,
    uuid: host.text(uuid[slot]!),
    name: host.text(name[slot]!),
    fields: Object.fromEntries(reported.map((id) => [id, field[id][slot]!])),
  };
}

function freezeProc(host: HostView, row: number): ProcSnapshot {
  const { pid, gpu, user, vramBytes, ageSeconds, cpuPercent, smPercent, command, name } = host.procs;
  return {
    pid: pid[row]!,
    gpu: gpu[row]!,
    user: host.userName(user[row]!),
    vramBytes: vramBytes[row]!,
    ageSeconds: reading(ageSeconds[row]!),
    cpuPercent: reading(cpuPercent[row]!),
    smPercent: reading(smPercent[row]!),
    command: host.text(command[row]!),
    name: host.text(name[row]!),
  };
}

const reading = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** Rows as records of what was reported. */
function cells<Field extends string>(rows: Rows<Field>, fields: readonly Field[]): Record<string, number>[] {
  return Array.from({ length: rows.count }, (_, row) => {
    const reported = fields.filter((field) => !Number.isNaN(rows.value(row, field)));
    return Object.fromEntries(reported.map((field) => [field, rows.value(row, field)]));
  });
}
