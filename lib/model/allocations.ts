/**
 * Owners of GPUs that are not processes: a scheduler's job, a pod. Allocation and use are separate values: a GPU may be allocated to a user
 * who runs nothing on it. Row `i` is element `i` of each array; valid until the node's next commit.
 */
export interface AllocationColumns {
  readonly count: number;
  /** Slot in the GPU columns; -1: allocated on the node, but the GPU is not known. */
  readonly gpu: Int32Array;
  /** Interned user; 0: no user was named. */
  readonly user: Int32Array;
  /** References to texts of the node, 0: not reported. */
  readonly account: Uint32Array;
  readonly job: Uint32Array;
  readonly namespace: Uint32Array;
  readonly pod: Uint32Array;
  /** Since when, milliseconds since the Unix epoch; NaN: not reported. */
  readonly since: Float64Array;
  /** The reporter ('slurm', 'kubernetes', a dialect), as a reference to a text of the node. */
  readonly source: Uint32Array;
}

const NO_REFS = new Uint32Array(0);
const NO_NUMBERS = new Int32Array(0);

/** A node without known allocations. */
export const NO_ALLOCATIONS: AllocationColumns = {
  count: 0,
  gpu: NO_NUMBERS,
  user: NO_NUMBERS,
  account: NO_REFS,
  job: NO_REFS,
  namespace: NO_REFS,
  pod: NO_REFS,
  since: new Float64Array(0),
  source: NO_REFS,
};
