/** A host as the collectors keep it: identity, status, and the parser's columns behind one read-only face. */
import { CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type Change, type NodeData, type Rows } from './columns.js';
import { WAITING, type GpuSnapshot, type NodeSnapshot, type NodeStatus, type NodeView, type Ms, type ProcSnapshot } from './node-view.js';

export interface NodeIdentity {
  readonly nodeId: string;
  readonly groups?: ReadonlyMap<string, string>;
  readonly name?: string;
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

export class Node implements NodeView {
  readonly nodeId: string;
  readonly groups: ReadonlyMap<string, string>;
  readonly #data: NodeData;
  #label: string;
  #version = 0;
  #structure = 0;
  #at: Ms = 0;
  #status: NodeStatus = WAITING;

  /** `data` is the same object for the host's life: a parser commits into it. */
  constructor(identity: NodeIdentity, data: NodeData) {
    this.nodeId = identity.nodeId;
    this.groups = identity.groups ?? NO_GROUPS;
    this.#label = identity.name ?? identity.nodeId;
    this.#data = data;
  }

  /** What the host calls itself, once it has said so; before, what the host file calls it; else the nodeId. */
  get name(): string {
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
  get status(): NodeStatus {
    return this.#status;
  }
  get procs(): NodeData['procs'] {
    return this.#data.procs;
  }
  get gpus(): NodeData['gpus'] {
    return this.#data.gpus;
  }
  get cpus(): NodeData['cpus'] {
    return this.#data.cpus;
  }
  get cores(): NodeData['cores'] {
    return this.#data.cores;
  }
  get memory(): NodeData['memory'] {
    return this.#data.memory;
  }
  get disks(): NodeData['disks'] {
    return this.#data.disks;
  }
  get facts(): NodeData['facts'] {
    return this.#data.facts;
  }
  get extras(): NodeData['extras'] {
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

  setStatus(change: Partial<NodeStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  freeze(): NodeSnapshot {
    return freezeNode(this);
  }
}

export function freezeNode(node: NodeView): NodeSnapshot {
  const { nodeId, name: label, at, status, gpus, procs, cpus, memory, disks } = node;
  return {
    nodeId,
    name: label,
    at,
    status,
    gpus: Array.from({ length: gpus.slots }, (_, slot) => freezeGpu(node, slot)),
    procs: Array.from({ length: procs.count }, (_, row) => freezeProc(node, row)),
    cpus: cells(cpus, CPU_FIELDS),
    memory: cells(memory, MEMORY_FIELDS),
    disks: cells(disks, DISK_FIELDS).map((disk, row) => ({ title: disks.title(row), ...disk })),
  };
}

function freezeGpu(node: NodeView, slot: number): GpuSnapshot {
  const { index, uuid, name, field, count } = node.gpus;
  const reported = slot < count ? GPU_FIELDS.filter((id) => !Number.isNaN(field[id][slot]!)) : [];
  return {
    index: index[slot]!,
    uuid: node.text(uuid[slot]!),
    name: node.text(name[slot]!),
    fields: Object.fromEntries(reported.map((id) => [id, field[id][slot]!])),
  };
}

function freezeProc(node: NodeView, row: number): ProcSnapshot {
  const { pid, gpu, user, vramBytes, ageSeconds, cpuPercent, smPercent, command, name } = node.procs;
  return {
    pid: pid[row]!,
    gpu: gpu[row]!,
    user: node.userName(user[row]!),
    vramBytes: vramBytes[row]!,
    ageSeconds: reading(ageSeconds[row]!),
    cpuPercent: reading(cpuPercent[row]!),
    smPercent: reading(smPercent[row]!),
    command: node.text(command[row]!),
    name: node.text(name[row]!),
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
