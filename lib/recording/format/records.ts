/** One frame of a recording, node by node: the form between its JSON and the columns. NaN: not reported. */
import type { NodeFacts } from '../../model/columns.js';
import type { AllocationRecord, ProcessOwnerTexts } from './owners-json.js';
import type { ExtraTablesRead } from './extras-read.js';
import type { Ms } from '../../model/clock.js';
import type { ReadEndpoint } from './connection-read.js';
import type { EndpointStatus } from '../../model/endpoint.js';

export interface GpuRecord {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** In the order of GPU_FIELDS. */
  readonly values: readonly number[];
  readonly details: readonly (readonly [label: string, text: string])[];
}

export interface ProcRecord {
  readonly pid: number;
  /** Position among the GPUs of the node; -1: on none. */
  readonly gpu: number;
  readonly user: string;
  readonly vramBytes: number;
  readonly ageSeconds: number;
  readonly cpuPercent: number;
  readonly smPercent: number;
  readonly command: string;
  readonly name: string;
  /** Undefined: nothing is known of its owners but the user. */
  readonly owners: ProcessOwnerTexts | undefined;
}

/** A row of a small table; values in the order of the table's fields. */
export interface CellRecord {
  readonly title: string;
  readonly values: readonly number[];
}

export interface RecordedRows {
  /** Sorted by (index, uuid). Those from `reportedGpus` on are known from processes only. */
  readonly gpus: readonly GpuRecord[];
  readonly reportedGpus: number;
  readonly procs: readonly ProcRecord[];
  readonly cpus: readonly CellRecord[];
  readonly cores: readonly CellRecord[];
  readonly memory: readonly CellRecord[];
  readonly disks: readonly CellRecord[];
  readonly allocations: readonly PlacedAllocation[];
}

/** An allocation on the GPU at a position among those of the node; -1: not known which. */
export interface PlacedAllocation extends AllocationRecord {
  readonly gpu: number;
}

export interface RecordedNode {
  readonly nodeId: string;
  readonly name: string;
  /** When the data of the rows was received; the time of the frame if the recording does not have it. */
  readonly at: Ms;
  /** As recorded; undefined: the recording has no such section, so a node with rows was up. */
  readonly status: EndpointStatus | undefined;
  /** Of a node with several. */
  readonly endpoints: readonly ReadEndpoint[];
  readonly groups: ReadonlyMap<string, string>;
  readonly facts: NodeFacts;
  readonly extras: ExtraTablesRead;
  /** Undefined: the frame has none for it. */
  readonly rows: RecordedRows | undefined;
}

export interface RecordedFrame {
  readonly at: Ms;
  readonly nodes: readonly RecordedNode[];
  /** Minutes that the recorder's clock was ahead of UTC; undefined if no row shows it. */
  readonly offsetMinutes: number | undefined;
  /** Number of rows that were invalid, or exceeded a limit. */
  readonly badRows: number;
}
