/**
 * Owners of GPUs that are not processes: a scheduler's job, a pod. Allocation and use are separate values: a GPU may be allocated to a user
 * who runs nothing on it. Row `i` is element `i` of each array; valid until the node's next commit. Names are interned, as users are; 0: not
 * reported.
 */
import type { Owners } from './owners.js';

export interface AllocationColumns {
  readonly count: number;
  /** Slot in the GPU columns; -1: allocated on the node, but which GPU is not known. */
  readonly gpu: Int32Array;
  /** GPUs of the row: 1 where the GPU is known and not shared; a fraction for a share; NaN: not reported. */
  readonly gpuCount: Float64Array;
  readonly owner: Owners;
  /** The scheduler's name of a GPU that could not be joined, '3'; 0 for the others. */
  readonly index: Int32Array;
  /** Since when, milliseconds since the Unix epoch; NaN: not reported. */
  readonly since: Float64Array;
  /** The reporter ('slurm', 'kubernetes', a dialect). */
  readonly source: Int32Array;
}

const NO_NUMBERS = new Int32Array(0);

/** A node without known allocations. */
export const NO_ALLOCATIONS: AllocationColumns = {
  count: 0,
  gpu: NO_NUMBERS,
  gpuCount: new Float64Array(0),
  owner: { user: NO_NUMBERS, account: NO_NUMBERS, job: NO_NUMBERS, namespace: NO_NUMBERS, pod: NO_NUMBERS, team: NO_NUMBERS },
  index: NO_NUMBERS,
  since: new Float64Array(0),
  source: NO_NUMBERS,
};
