/** The owners of a recorded node, as columns. */
import { NO_ALLOCATIONS, type AllocationColumns } from '../../model/allocations.js';
import type { Owner, ProcessOwners } from '../../model/owners.js';
import { ALLOCATION_TEXTS, PROCESS_OWNERS } from '../format/owners-json.js';
import type { PackedOwners } from '../format/packed-frame.js';

export interface RecordedOwners {
  /** Without the users, which are a column of the processes themselves. Undefined: none are known. */
  readonly processes:
    (Omit<ProcessOwners, 'owners'> & { readonly owners: Readonly<Record<Exclude<Owner, 'user'>, Int32Array>> }) | undefined;
  readonly allocations: AllocationColumns;
}

export const NO_OWNERS: RecordedOwners = { processes: undefined, allocations: NO_ALLOCATIONS };

export function recordedOwners({ procs, gpu, gpuCount, since, texts }: PackedOwners): RecordedOwners {
  const of = (name: (typeof PROCESS_OWNERS)[number]): Int32Array => Int32Array.from(procs[PROCESS_OWNERS.indexOf(name)]!);
  const text = (name: (typeof ALLOCATION_TEXTS)[number]): Int32Array => Int32Array.from(texts[ALLOCATION_TEXTS.indexOf(name)]!);
  const known = procs.some((column) => column.some((id) => id !== 0));
  return {
    processes: known
      ? {
          owners: { account: of('account'), job: of('job'), namespace: of('namespace'), pod: of('pod'), team: of('team') },
          runsAs: of('runs_as'),
          container: of('container'),
        }
      : undefined,
    allocations:
      gpu.length === 0
        ? NO_ALLOCATIONS
        : {
            count: gpu.length,
            gpu: Int32Array.from(gpu),
            gpuCount: Float64Array.from(gpuCount, (count) => count ?? NaN),
            since: Float64Array.from(since, (at) => at ?? NaN),
            owner: {
              user: text('user'),
              account: text('account'),
              job: text('job'),
              namespace: text('namespace'),
              pod: text('pod'),
              team: text('team'),
            },
            index: text('index'),
            source: text('source'),
          },
  };
}
