/** A node as plain records, detached from its columns: for comparisons, and to outlive the next commit. */
import { CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type Rows } from '../../lib/model/columns.js';
import type { Ms } from '../../lib/model/clock.js';
import type { EndpointStatus } from '../../lib/model/endpoint.js';
import type { NodeView } from '../../lib/model/node-view.js';

export interface GpuSnapshot {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Only reported values. */
  readonly fields: Readonly<Record<string, number>>;
}
export interface ProcSnapshot {
  readonly pid: number;
  /** Index of the GPU among `gpus`; -1: on no GPU. */
  readonly gpu: number;
  readonly user: string;
  readonly vramBytes: number;
  readonly ageSeconds: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly smPercent: number | undefined;
  readonly command: string;
  readonly name: string;
}
/** A detached, plain copy of a node, which outlives the next commit. */
export interface NodeSnapshot {
  readonly nodeId: string;
  readonly name: string;
  readonly at: Ms;
  readonly status: EndpointStatus;
  readonly gpus: readonly GpuSnapshot[];
  readonly procs: readonly ProcSnapshot[];
  readonly cpus: readonly Readonly<Record<string, number>>[];
  readonly memory: readonly Readonly<Record<string, number>>[];
  readonly disks: readonly Readonly<Record<string, number | string>>[];
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

/** Rows as records of the reported values. */
function cells<Field extends string>(rows: Rows<Field>, fields: readonly Field[]): Record<string, number>[] {
  return Array.from({ length: rows.count }, (_, row) => {
    const reported = fields.filter((field) => !Number.isNaN(rows.value(row, field)));
    return Object.fromEntries(reported.map((field) => [field, rows.value(row, field)]));
  });
}
