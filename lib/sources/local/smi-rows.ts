/** The processes of each GPU, combined from the different outputs of nvidia-smi. Pure. */
import type { NodeGpu } from '../../model/sample.js';
import type { SmiApp } from './smi-apps.js';
import { NAMELESS } from './smi-gpus.js';
import { smShares, type PmonRow } from './smi-pmon.js';

/** One process on one GPU, as reported by nvidia-smi. */
export interface GpuProcess {
  readonly pid: number;
  /** Position in the list of GPUs. */
  readonly gpu: number;
  /** The program as it was started; '' when unknown. */
  readonly name: string;
  readonly gpuBytes: number | undefined;
  readonly smPercent: number | undefined;
}

type Held = Omit<GpuProcess, 'smPercent'>;

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);

/** Positions in the list of GPUs, by uuid of a GPU or of a part of it. */
const placesOf = (gpus: readonly NodeGpu[]): Map<string, number> =>
  new Map(gpus.flatMap(({ uuid, migDevices = [] }, at) => [[uuid, at] as const, ...migDevices.map((part) => [part.uuid, at] as const)]));

export interface Occupied {
  /** The GPUs of the list, followed by those of which only processes are known, without readings. */
  readonly gpus: readonly NodeGpu[];
  /** The same processes, each on a GPU of the list. */
  readonly apps: readonly SmiApp[];
}

export interface Known {
  /** Number of GPUs as counted by the driver. */
  readonly count: number | undefined;
  /** Uuids in the order of the indexes, as far as they are known from other outputs. */
  readonly uuids: readonly string[];
  /** A GPU whose uuid nvidia-smi does not report. */
  readonly unnamed: (gpu: NodeGpu) => boolean;
}

/**
 * A process may be on a GPU that is not in the list. If exactly one GPU has no uuid, it is that one; if exactly one GPU is divided and the
 * uuid is that of a part, it is that one; else a GPU is appended to the list, at the index it must have or at a free one.
 */
export function occupied(gpus: readonly NodeGpu[], apps: readonly SmiApp[], { count, uuids, unnamed }: Known): Occupied {
  const places = placesOf(gpus);
  const foreign = [...new Set(apps.map(({ gpuUuid }) => gpuUuid))].filter((uuid) => !places.has(uuid));
  if (foreign.length === 0) return { gpus, apps };
  const all = [...gpus];
  const known = new Map<string, string>();
  const only = (list: readonly NodeGpu[]): NodeGpu | undefined => (list.length === 1 ? list[0] : undefined);
  const free = Array.from({ length: count ?? 0 }, (_, index) => index).filter((index) => !gpus.some((gpu) => gpu.index === index));
  for (const uuid of foreign) {
    const alone = uuid === '' && (count ?? 1) <= 1 ? only(gpus) : undefined;
    const nameless = foreign.length === 1 ? only(gpus.filter(unnamed)) : undefined;
    const divided = uuid.startsWith('MIG-')
      ? (parentOf(uuid, gpus) ?? only(gpus.filter(({ migEnabled }) => migEnabled === true)))
      : undefined;
    const gpu = alone ?? nameless ?? divided ?? unlisted(uuid, all, foreign.length === 1 && free.length === 1 ? free[0] : undefined, uuids);
    if (!all.includes(gpu)) all.push(gpu);
    known.set(uuid, gpu.uuid);
  }
  return { gpus: all, apps: apps.map((app) => ({ ...app, gpuUuid: known.get(app.gpuUuid) ?? app.gpuUuid })) };
}

/** Older drivers name a part after its GPU: `MIG-GPU-<uuid>/1/0`. */
const parentOf = (uuid: string, gpus: readonly NodeGpu[]): NodeGpu | undefined =>
  gpus.find((gpu) => gpu.uuid !== '' && uuid.startsWith(`MIG-${gpu.uuid}/`));

function unlisted(uuid: string, all: readonly NodeGpu[], free: number | undefined, uuids: readonly string[]): NodeGpu {
  const taken = (index: number): boolean => all.some((gpu) => gpu.index === index);
  const known = uuids.indexOf(uuid);
  const behind = Math.max(-1, ...all.map((gpu) => gpu.index)) + 1;
  const index = known >= 0 && !taken(known) ? known : (free ?? behind);
  return { index, uuid: uuid === '' ? 'unknown' : uuid, name: NAMELESS };
}

/**
 * `apps` lists compute processes; only pmon reports graphics processes (a desktop) and the SM share of each process. A process on two parts
 * of one GPU is one row. A process on a GPU that is not in the list is not shown.
 */
export function gpuProcesses(gpus: readonly NodeGpu[], apps: readonly SmiApp[], pmon: readonly PmonRow[]): readonly GpuProcess[] {
  const places = placesOf(gpus);
  const rows = gpus.map(() => new Map<number, Held>());
  for (const { gpuUuid, pid, name, bytes } of apps) {
    const gpu = places.get(gpuUuid);
    if (gpu === undefined) continue;
    const other = rows[gpu]!.get(pid);
    rows[gpu]!.set(pid, { pid, gpu, name, gpuBytes: other ? sum(other.gpuBytes, bytes) : bytes });
  }
  return gpus.flatMap(({ index, utilPercent }, gpu) => {
    const held = rows[gpu]!;
    const here = pmon.filter((row) => row.gpu === index);
    for (const { pid, type, name, bytes } of here) {
      if (type.includes('G') && (bytes ?? 0) > 0 && !held.has(pid)) held.set(pid, { pid, gpu, name, gpuBytes: bytes });
    }
    const shares = smShares(
      here.filter(({ pid }) => held.has(pid)),
      utilPercent,
    );
    return [...held.values()].map((row) => ({ ...row, smPercent: shares.get(row.pid) }));
  });
}
