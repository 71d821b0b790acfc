/** A process built from its rows, one per GPU: its figures on every tab and in every export. */
import type { NodeView } from '../model/node-view.js';
import { descending, held } from './unknown.js';

/** NaN: not reported. */
export interface ProcessFigures {
  /** Its rows: those on a GPU first, most memory first, then by slot. The command and the name of the process are those of the first. */
  readonly rows: readonly number[];
  /** GPUs it is on, ascending; empty: none. */
  readonly slots: readonly number[];
  /** On all its GPUs together; NaN on none, and where all that is known of is 0 but not all is known. */
  readonly vramBytes: number;
  /** Some of its GPUs do not report it, so the true figure is larger. */
  readonly vramPartial: boolean;
  /** Sum over its GPUs: 100 is all SMs of one GPU. */
  readonly smPercent: number;
  /** 100 is one thread. */
  readonly cpuPercent: number;
  readonly ageSeconds: number;
}

export function processFigures({ procs }: NodeView, listed: readonly number[]): ProcessFigures {
  const { gpu, vramBytes, smPercent, cpuPercent, ageSeconds } = procs;
  const rows = [...listed].sort(
    (a, b) => Number(gpu[a]! < 0) - Number(gpu[b]! < 0) || descending(vramBytes[a]!, vramBytes[b]!) || gpu[a]! - gpu[b]!,
  );
  const onGpu = rows.filter((row) => gpu[row]! >= 0);
  const bytes = onGpu.map((row) => vramBytes[row]!);
  const sms = onGpu.map((row) => smPercent[row]!).filter((sm) => sm >= 0);
  return {
    rows,
    slots: [...new Set(onGpu.map((row) => gpu[row]!))].sort((a, b) => a - b),
    vramBytes: onGpu.length === 0 ? NaN : held(bytes),
    vramPartial: bytes.some(Number.isNaN),
    smPercent: sms.length === 0 ? NaN : sms.reduce((sum, sm) => sum + sm, 0),
    cpuPercent: largest(rows, cpuPercent),
    ageSeconds: largest(rows, ageSeconds),
  };
}

/** A value of the process itself, repeated for each GPU; NaN where no row reports it. */
export function largest(rows: readonly number[], column: Float64Array): number {
  const reported = rows.map((row) => column[row]!).filter((value) => !Number.isNaN(value));
  return reported.length === 0 ? NaN : Math.max(...reported);
}

/** The command of a process row, its process name if the command is empty. */
export const commandOf = (node: NodeView, row: number): string =>
  row < 0 ? '' : node.text(node.procs.command[row]!) || node.text(node.procs.name[row]!);
