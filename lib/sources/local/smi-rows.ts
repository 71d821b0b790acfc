/** Who is on which GPU, from what the different outputs of nvidia-smi say of it. Pure. */
import type { NodeGpu } from '../../model/sample.js';
import type { SmiApp } from './smi-apps.js';
import { smShares, type PmonRow } from './smi-pmon.js';

/** One process on one GPU as nvidia-smi knows it. */
export interface GpuProcess {
  readonly pid: number;
  /** Position in the list of GPUs. */
  readonly gpu: number;
  /** What it was started as; '' when unknown. */
  readonly name: string;
  readonly gpuBytes: number | undefined;
  readonly smPercent: number | undefined;
}

type Held = Omit<GpuProcess, 'smPercent'>;

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);

/**
 * `apps` says who computes; only pmon knows of those that merely draw (a desktop) and how busy each keeps the SMs. A process on two parts
 * of one GPU is one row. What is on a GPU that isn't in the list is nobody's to show.
 */
export function gpuProcesses(gpus: readonly NodeGpu[], apps: readonly SmiApp[], pmon: readonly PmonRow[]): readonly GpuProcess[] {
  const places = new Map(
    gpus.flatMap(({ uuid, migDevices = [] }, at) => [[uuid, at] as const, ...migDevices.map((part) => [part.uuid, at] as const)]),
  );
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
