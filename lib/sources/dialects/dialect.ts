/**
 * A dialect: how one exporter names what this program shows. It is data: which family proves it, which labels name a GPU and its owner, and which
 * family is which reading.
 */
import type { NodeAllocation } from '../../model/sample.js';
import { RANGES, type ValidRange } from '../../model/valid-range.js';

/** What the value of a family can be, and which of its values are readings. Names as in `NodeGpu`; the others are used to compute those. */
export const GPU_READINGS = {
  index: RANGES.number,
  utilPercent: RANGES.percent,
  memoryUsedBytes: RANGES.gpuBytes,
  memoryTotalBytes: RANGES.gpuTotalBytes,
  memoryFreeBytes: RANGES.gpuBytes,
  memoryReservedBytes: RANGES.gpuBytes,
  memoryUsedPercent: RANGES.percent,
  temperatureCelsius: RANGES.celsius,
  powerWatts: RANGES.gpuWatts,
  powerLimitWatts: RANGES.gpuLimitWatts,
  powerLimitMaxWatts: RANGES.gpuLimitWatts,
  frequencyMhz: RANGES.megahertz,
  graphicsMaxMhz: RANGES.megahertz,
  performanceState: RANGES.performanceState,
  slowdownCelsius: RANGES.celsius,
  shutdownCelsius: RANGES.celsius,
  maxOperatingCelsius: RANGES.celsius,
  migEnabled: RANGES.flag,
  memoryCelsius: RANGES.celsius,
  memoryMhz: RANGES.megahertz,
  fanPercent: RANGES.percent,
  smOccupancy: RANGES.fraction,
  memoryBandwidthFraction: RANGES.fraction,
  lastXid: RANGES.xid,
  eccCorrected: RANGES.gpuErrors,
  eccUncorrected: RANGES.gpuErrors,
  rowsRemapped: RANGES.memoryRows,
  rowsRemappedUncorrectable: RANGES.memoryRows,
  rowRemapPending: RANGES.flag,
  rowRemapFailed: RANGES.flag,
  clockEvents: RANGES.clockEvents,
} as const satisfies Readonly<Record<string, ValidRange>>;
export type GpuReading = keyof typeof GPU_READINGS;

export const PROCESS_READINGS = {
  gpuBytes: RANGES.gpuBytes,
  smPercent: RANGES.smPercent,
  cpuPercent: RANGES.cpuPercent,
  ageSeconds: RANGES.startSeconds,
  residentBytes: RANGES.hostBytes,
} as const satisfies Readonly<Record<string, ValidRange>>;
export type ProcessReading = keyof typeof PROCESS_READINGS;

export const NODE_READINGS = {
  cpuPercent: RANGES.percent,
  /** Cores that are busy. */
  cpuBusy: RANGES.count,
  cpuThreads: RANGES.count,
  memoryTotalBytes: RANGES.hostBytes,
  memoryUsedBytes: RANGES.hostBytes,
  memoryAvailableBytes: RANGES.hostBytes,
  memoryFreeBytes: RANGES.hostBytes,
  memoryBuffersBytes: RANGES.hostBytes,
  memoryCachedBytes: RANGES.hostBytes,
  swapTotalBytes: RANGES.hostBytes,
  swapFreeBytes: RANGES.hostBytes,
  swapUsedBytes: RANGES.hostBytes,
  uptimeSeconds: RANGES.startSeconds,
  /** The clock of the node, and when it was booted by that clock: their difference is the uptime. */
  clockSeconds: RANGES.startSeconds,
  bootSeconds: RANGES.startSeconds,
} as const satisfies Readonly<Record<string, ValidRange>>;
export type NodeReading = keyof typeof NODE_READINGS;

export interface Mapping<Reading extends string> {
  readonly into: Reading;
  /** The names that the family has or had; if several are sent, the first with a reading counts. */
  readonly families: readonly string[];
  /** Labels that select its rows. */
  readonly where?: Readonly<Record<string, string>>;
  /** Times this is the reading in our unit. Default 1. */
  readonly scale?: number;
  /** What the family can be, in its own unit. Default: whatever is a reading in ours. */
  readonly valid?: { readonly min: number; readonly max: number };
  /** Values that are sent where there is none. Those of drivers are known (`valid-range.ts`). */
  readonly sentinels?: readonly number[];
  /**
   * `board`: rows for parts of a GPU are copies of the board's value. `part`: each has a value of its own. Default 'board'.
   */
  readonly of?: 'board' | 'part';
  /** The values of other exporters are better: it counts in another way, or it is computed. */
  readonly lesser?: true;
  /** 0 is sent where there is no value. */
  readonly zeroIsNone?: true;
  /** It may be a percentage or a fraction: values up to 1 are not readings, unless another row tells that it is a percentage. */
  readonly unitUnknown?: true;
}

/** Labels by preference: the first that is not empty counts. */
export type Names = readonly string[];

export interface Proof {
  /** Default: any family of the dialect. */
  readonly families?: readonly string[];
  /** A row must have one of these labels. */
  readonly labels?: Names;
  /** What the label must look like. */
  readonly like?: RegExp;
}

export interface Dialect {
  readonly id: string;
  /** As its project calls it. */
  readonly program: string;
  /** Where it usually listens. */
  readonly port: string;
  readonly proof: Proof;
  /** Seconds between two collections of its values; 0: it collects for each scrape. */
  readonly refreshSeconds: number;
  readonly node?: Names;
  readonly gpu?: {
    readonly uuid?: Names;
    readonly index?: Names;
    /** Where in its label the index is. Default: the first number. */
    readonly indexLike?: RegExp;
    readonly name?: Names;
    /** Where no label has it. */
    readonly called?: string;
    /** Cut off from the name. */
    readonly namePrefix?: string;
    /** The number of a MIG instance, or of a tile. */
    readonly part?: Names;
    readonly profile?: Names;
    /** The parts are tiles, which make up the GPU. Absent: MIG instances, which need not. */
    readonly tiles?: true;
    /** Labels of the GPU that are shown, by the name that the node's page has for them. */
    readonly details?: Readonly<Record<string, Names>>;
    /** Further families whose rows describe GPUs. */
    readonly about?: readonly string[];
  };
  readonly gpuReadings?: readonly Mapping<GpuReading>[];
  /** Whose a GPU is, by label. */
  readonly owner?: Readonly<Partial<Record<keyof NodeAllocation['owner'], Names>>>;
  /** Families whose rows name the owner of something on the node, while the GPU is not known. `gpuLabel` numbers the GPUs of the owner. */
  readonly nodeOwners?: { readonly families: readonly string[]; readonly gpuLabel?: string };
  /** Absent: it does not report processes. */
  readonly processes?: {
    /** Any of these families shows that processes are reported. Default: always. */
    readonly shownBy?: readonly string[];
    readonly pid: Names;
    readonly user?: Names;
    readonly command?: Names;
    readonly name?: Names;
    /** Further families whose rows describe processes. */
    readonly about?: readonly string[];
    readonly readings: readonly Mapping<ProcessReading>[];
  };
  readonly nodeReadings?: readonly Mapping<NodeReading>[];
  /** A counter of seconds by label `mode`, and `cpu` where it is sent. */
  readonly cpuSeconds?: string;
  readonly disks?: { readonly size: string; readonly available: string };
  /** May precede the name of each family: set by the site. */
  readonly prefixed?: true;
  /** Another dialect whose families it may send too. */
  readonly with?: string;
}

/** An exporter that is known, and that has nothing to show here. */
export interface Unreadable {
  readonly program: string;
  readonly families: readonly string[];
  readonly why: string;
}
