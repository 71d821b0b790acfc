/** Columns without rows, for a node that has reported nothing yet or of which no row is left. */
import {
  GPU_FIELDS,
  type ExtraRows,
  type GpuColumns,
  type GpuField,
  type NodeExtras,
  type NodeFacts,
  type ProcColumns,
  type Rows,
} from './columns.js';

const NO_NUMBERS = new Float64Array(0);
const NO_REFS = new Uint32Array(0);
const NO_SLOTS = new Int32Array(0);

export const NO_PROCESSES: ProcColumns = {
  count: 0,
  pid: NO_REFS,
  gpu: NO_SLOTS,
  user: NO_SLOTS,
  vramBytes: NO_NUMBERS,
  ageSeconds: NO_NUMBERS,
  cpuPercent: NO_NUMBERS,
  smPercent: NO_NUMBERS,
  residentBytes: NO_NUMBERS,
  command: NO_REFS,
  name: NO_REFS,
};

export const NO_GPUS: GpuColumns = {
  count: 0,
  slots: 0,
  index: NO_SLOTS,
  uuid: NO_REFS,
  name: NO_REFS,
  field: Object.fromEntries(GPU_FIELDS.map((field) => [field, NO_NUMBERS])) as Record<GpuField, Float64Array>,
  detail: () => '',
};

/** A small table without rows. */
export const NO_ROWS: Rows<string> = { count: 0, value: () => NaN, title: () => '' };

export const NO_EXTRA_ROWS: ExtraRows = { count: 0, value: () => NaN, label: () => '', families: () => [] };
export const NO_EXTRAS: NodeExtras = { rows: () => NO_EXTRA_ROWS };

export const NO_FACTS: NodeFacts = {
  instance: '',
  exporterVersion: '',
  up: undefined,
  hasProcessFamily: false,
  processScope: undefined,
  uptimeSeconds: NaN,
  samples: 0,
  badLines: 0,
  badSample: '',
  oddReadings: 0,
  oddSample: '',
  capsHit: [],
  bytes: 0,
};
