/**
 * The result of one collection of one machine, as plain records. `undefined` is "not reported": the source could not provide the value, and
 * nothing may be derived from it; 0 is a reading. Percent is 0..100 (for a process' CPU, 100 is one thread); other units are in the names.
 */
import type { Ms } from './clock.js';
import type { ProcessIdentity } from './identity.js';

type Reading = number | undefined;

export interface NodeGpu {
  /** Position in the machine's own list. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly utilPercent?: Reading;
  readonly memoryUsedBytes?: Reading;
  readonly memoryTotalBytes?: Reading;
  readonly temperatureCelsius?: Reading;
  readonly powerWatts?: Reading;
  readonly powerLimitWatts?: Reading;
  readonly powerLimitMaxWatts?: Reading;
  readonly frequencyMhz?: Reading;
  readonly graphicsMaxMhz?: Reading;
  readonly memoryMhz?: Reading;
  readonly memoryMaxMhz?: Reading;
  readonly performanceState?: Reading;
  readonly pcieGeneration?: Reading;
  readonly pcieWidth?: Reading;
  readonly slowdownCelsius?: Reading;
  readonly shutdownCelsius?: Reading;
  readonly maxOperatingCelsius?: Reading;
  /** The target of the fans. */
  readonly acousticCelsius?: Reading;
  readonly memoryCelsius?: Reading;
  /** Of the maximum speed: nvidia-smi does not report revolutions. */
  readonly fanPercent?: Reading;
  readonly smOccupancy?: Reading;
  readonly memoryBandwidthFraction?: Reading;
  /** The last Xid, however long ago; 0: none. */
  readonly lastXid?: Reading;
  /** Since the driver was loaded. */
  readonly eccCorrected?: Reading;
  readonly eccUncorrected?: Reading;
  readonly rowsRemapped?: Reading;
  readonly rowsRemappedUncorrectable?: Reading;
  /** 0 or 1. */
  readonly rowRemapPending?: Reading;
  readonly rowRemapFailed?: Reading;
  /** Bits of NVML: why the clocks are what they are. */
  readonly clockEvents?: Reading;
  readonly gspFirmwareVersion?: string | undefined;
  /** Undefined: the GPU cannot be divided, or does not report it. */
  readonly migEnabled?: boolean | undefined;
  readonly migDevices?: readonly NodeMigDevice[];
  /** Properties (driver_version, architecture, ...), by label of its info family; only those that are known. */
  readonly details?: Readonly<Record<string, string>>;
  /** Readings, by name, that any other source has better: they are computed, or count in another way. */
  readonly lesser?: readonly string[];
}

/** A part of a GPU that is used as a separate device. */
export interface NodeMigDevice {
  readonly index: number;
  readonly uuid: string;
  /** As NVIDIA writes it: '1g.10gb'; '' when unknown. */
  readonly profile: string;
  readonly gpuInstance: Reading;
  readonly computeInstance: Reading;
  readonly memoryUsedBytes: Reading;
  readonly memoryTotalBytes: Reading;
}

/** One process on one GPU, or on none. A process that uses two GPUs has two rows. */
export interface NodeProcess {
  readonly pid: number;
  /** Position in `NodeSample.gpus`; undefined: on no GPU. */
  readonly gpu: number | undefined;
  /** GPU bytes held on that GPU. */
  readonly gpuBytes: Reading;
  /** Share of the GPU's SMs used since the previous collection. */
  readonly smPercent: Reading;
  /** The name in the kernel; '' when unknown. */
  readonly name: string;
  /** Name of its owner; the numeric uid when it has no name; '' when the owner is unknown. */
  readonly user: string;
  /** At least its beginning, on one line; '' when unknown. */
  readonly command: string;
  /** Bytes of the command that were cut off. */
  readonly commandRestBytes?: number;
  readonly ageSeconds: Reading;
  /** Between the previous collection and this one. */
  readonly cpuPercent: Reading;
  readonly residentBytes: Reading;
  /** Undefined: nothing is known. */
  readonly identity?: ProcessIdentity | undefined;
}

export interface NodeCpu {
  readonly model: string;
  readonly vendor: 'Intel' | 'Amd' | 'Arm' | '';
  readonly utilPercent: Reading;
  /** By core number. */
  readonly coreUtilPercent: readonly Reading[];
  readonly sockets: Reading;
  readonly cores: Reading;
  readonly threads: Reading;
  readonly frequencyMhz: Reading;
}

export interface NodeMemory {
  readonly totalBytes: Reading;
  readonly usedBytes: Reading;
  readonly availableBytes: Reading;
  readonly freeBytes: Reading;
  readonly buffersBytes: Reading;
  readonly cachedBytes: Reading;
  readonly swapTotalBytes: Reading;
  readonly swapUsedBytes: Reading;
  readonly swapFreeBytes: Reading;
}

export interface NodeDisk {
  readonly mountPoint: string;
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Of a GPU, or of GPUs that are not known, and on whose behalf; '' where it is not known. */
export interface NodeAllocation {
  /** Position in `NodeSample.gpus`; undefined: on the node, but which GPU is not known. */
  readonly gpu: number | undefined;
  /** 1 where the GPU is known and not shared; undefined: not reported. */
  readonly gpuCount: Reading;
  readonly owner: Readonly<Record<'user' | 'account' | 'job' | 'namespace' | 'pod', string>>;
  /** Who reports it. */
  readonly source: string;
}

/**
 * `starting`: has not answered yet. `ok`. `missing`: not available on this machine. `failed`: it answered with an error. `hanging`: it did
 * not answer in time. `partial`: it answers, and a part of the answer is an error. `hidden`: it names processes that cannot be inspected.
 * `unsupported`: the exporter is one that never reports this, so nothing is known and nothing has failed.
 */
export type SourceState = 'starting' | 'ok' | 'missing' | 'failed' | 'hanging' | 'partial' | 'hidden' | 'unsupported';

/** The state of one of the sources of a collection. */
export interface NodeSource {
  readonly name: 'gpus' | 'gpu-processes' | 'sm-shares' | 'gpu-details' | 'processes';
  readonly state: SourceState;
  /**
   * Its output, or the error; for `ok`, a warning without consequences; '' when there is no problem. Changes only when the problem changes.
   */
  readonly reason: string;
}

/** How a source is, as another machine reports it. */
export interface SourceReport {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

const SOURCE_TITLES: Readonly<Record<NodeSource['name'], string>> = {
  gpus: 'GPUs',
  'gpu-processes': 'GPU processes',
  'sm-shares': 'SM shares of processes',
  'gpu-details': 'GPU details',
  processes: 'processes',
};

const TITLES: ReadonlyMap<string, string> = new Map(Object.entries(SOURCE_TITLES));

/** What is wrong with the sources, a line each: 'GPUs: nvidia-smi was not found'. */
export const troubles = (sources: readonly SourceReport[]): string[] =>
  sources
    .filter(({ state, reason }) => (state !== 'ok' && state !== 'starting') || reason !== '')
    .map(({ name, state, reason }) => `${TITLES.get(name) ?? name}: ${reason || state}`);

/** Which processes a collection lists. `unsupported`: its source cannot list any. */
export type ProcessScope = 'off' | 'gpu' | 'all' | 'unsupported';

export interface NodeSample {
  readonly at: Ms;
  /** The hostname that the machine reports. */
  readonly instance: string;
  readonly os: string;
  readonly arch: string;
  readonly gpus: readonly NodeGpu[];
  /** What was requested. */
  readonly scope: ProcessScope;
  /** Undefined: not requested, or the GPU processes could not be determined this time. */
  readonly processes: readonly NodeProcess[] | undefined;
  readonly cpu: NodeCpu | undefined;
  readonly memory: NodeMemory | undefined;
  readonly disks: readonly NodeDisk[];
  /** Since the machine was booted, by its own clock. */
  readonly uptimeSeconds?: Reading;
  /** Absent: its source does not know of any. */
  readonly allocations?: readonly NodeAllocation[];
  readonly sources: readonly NodeSource[];
}
