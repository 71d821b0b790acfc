/** Ours: the owners of processes and of GPUs, as rows of a recording and back. Texts that are not known are left out. */
import type { NodeView } from '../../model/node-view.js';
import type { Loose } from '../../model/loose.js';
import { integerOf, member, nameIn, numberOf, textOf } from './json-read.js';
import { isRecord } from '../../model/loose.js';

/** What is known of a process besides its user; in alphabetical order, as all keys of a recording. */
export const PROCESS_OWNERS = ['account', 'container', 'job', 'namespace', 'pod', 'runs_as', 'team'] as const;
type ProcessOwner = (typeof PROCESS_OWNERS)[number];
export type ProcessOwnerTexts = Readonly<Record<ProcessOwner, string>>;

/** Texts of an allocation. */
export const ALLOCATION_TEXTS = ['user', 'account', 'job', 'namespace', 'pod', 'team', 'index', 'source'] as const;
type AllocationText = (typeof ALLOCATION_TEXTS)[number];

/** See `AllocationColumns`. `uuid`: '' if the GPU is not known; `gpuIndex` tells GPUs with the same uuid apart. */
export interface AllocationRecord {
  readonly uuid: string;
  readonly gpuIndex: number;
  readonly gpuCount: number;
  readonly since: number;
  readonly texts: Readonly<Record<AllocationText, string>>;
}

/** The member `owner` of a process row; undefined if nothing is known. */
export function ownersJson(node: NodeView, row: number): Partial<ProcessOwnerTexts> | undefined {
  const { known } = node.procs;
  if (!known) return undefined;
  const { owners, runsAs, container } = known;
  const columns: Readonly<Record<ProcessOwner, Int32Array>> = { ...owners, runs_as: runsAs, container };
  const found = PROCESS_OWNERS.flatMap((name): [string, string][] => {
    const text = node.userName(columns[name][row]!);
    return text === '' ? [] : [[name, text]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

export function allocationJson(node: NodeView, row: number): string {
  const { allocations, gpus } = node;
  const slot = allocations.gpu[row]!;
  const columns: Readonly<Record<AllocationText, Int32Array>> = {
    ...allocations.owner,
    index: allocations.index,
    source: allocations.source,
  };
  const texts = ALLOCATION_TEXTS.flatMap((name): [string, string][] => {
    const text = node.userName(columns[name][row]!);
    return text === '' ? [] : [[name, text]];
  });
  const members: readonly (readonly [key: string, value: unknown])[] = [
    ...texts,
    ['gpu_count', orNull(allocations.gpuCount[row]!)],
    ...(slot < 0 ? [] : [['gpu_index', gpus.index[slot]!] as const, ['gpu_uuid', node.text(gpus.uuid[slot]!)] as const]),
    ['host_id', node.nodeId],
    ['since_ms', orNull(allocations.since[row]!)],
  ];
  return JSON.stringify(Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1))));
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

const NAME_BYTES = 128;

/** Undefined: the row of a process has none. */
export function readOwners(row: Loose): ProcessOwnerTexts | undefined {
  const given = member(row, 'owner');
  if (!isRecord(given)) return undefined;
  return Object.fromEntries(PROCESS_OWNERS.map((name) => [name, nameIn(given, name)])) as ProcessOwnerTexts;
}

export function readAllocation(row: Loose): AllocationRecord {
  return {
    uuid: textOf(row, 'gpu_uuid', NAME_BYTES),
    gpuIndex: integerOf(row, 'gpu_index', 0, 99_999) ?? -1,
    gpuCount: numberOf(row, 'gpu_count', 0, 1e6),
    since: numberOf(row, 'since_ms', 0, 8.64e15),
    texts: Object.fromEntries(ALLOCATION_TEXTS.map((name) => [name, nameIn(row, name)])) as AllocationRecord['texts'],
  };
}
