/**
 * What one collection of one machine said, as plain records. `undefined` is "not reported": the source could not say, and nothing may
 * be made of it; 0 is a reading. Percent is 0..100 (of a process' CPU: 100 is one thread), all else is in the unit of its name.
 */
import type { Ms } from './clock.js';

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
  readonly memoryMaxMhz?: Reading;
  readonly performanceState?: Reading;
  readonly pcieGeneration?: Reading;
  readonly pcieWidth?: Reading;
  readonly slowdownCelsius?: Reading;
  readonly shutdownCelsius?: Reading;
  readonly maxOperatingCelsius?: Reading;
  readonly gspFirmwareVersion?: string | undefined;
  /** Undefined: the GPU cannot be divided, or doesn't say. */
  readonly migEnabled?: boolean | undefined;
  readonly migDevices?: readonly NodeMigDevice[];
  /** What it is (driver_version, architecture, ...), by label of its info family; only what is known. */
  readonly details?: Readonly<Record<string, string>>;
}

/** A part of a GPU that is used as a device of its own. */
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

/** One process on one GPU, or on none. A process that uses two GPUs is two rows. */
export interface NodeProcess {
  readonly pid: number;
  /** Position in `NodeSample.gpus`; undefined: on no GPU. */
  readonly gpu: number | undefined;
  /** GPU bytes held on that GPU. */
  readonly gpuBytes: Reading;
  /** Share of the GPU's SMs used since the collection before. */
  readonly smPercent: Reading;
  /** What the kernel calls it; '' when unknown. */
  readonly name: string;
  /** Name of its owner, the bare uid when it has none, '' when the owner is unknown. */
  readonly user: string;
  /** Its beginning at least, on one line; '' when unknown. */
  readonly command: string;
  /** Bytes of the command that are not in `command`. */
  readonly commandRestBytes?: number;
  readonly ageSeconds: Reading;
  /** Between this collection and the one before. */
  readonly cpuPercent: Reading;
  readonly residentBytes: Reading;
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

/**
 * `starting`: has not answered yet. `ok`. `missing`: there is no such thing here. `failed`: it answered with an error. `hanging`: it did
 * not answer in time. `partial`: it answers, and a part of its answer is an error. `hidden`: it names processes that can't be looked at.
 */
export type SourceState = 'starting' | 'ok' | 'missing' | 'failed' | 'hanging' | 'partial' | 'hidden';

/** How one of the sources of a collection is. */
export interface NodeSource {
  readonly name: 'gpus' | 'gpu-processes' | 'sm-shares' | 'gpu-details' | 'processes';
  readonly state: SourceState;
  /** What it printed, or what is wrong; a warning that costs nothing (`ok`); '' when nothing is wrong. Changes only with what is wrong. */
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
  'gpu-processes': 'who is on the GPUs',
  'sm-shares': 'SM shares of processes',
  'gpu-details': 'details of the GPUs',
  processes: 'processes',
};

const TITLES: ReadonlyMap<string, string> = new Map(Object.entries(SOURCE_TITLES));

/** What is wrong with the sources, a line each: 'GPUs: nvidia-smi was not found'. */
export const troubles = (sources: readonly SourceReport[]): string[] =>
  sources
    .filter(({ state, reason }) => (state !== 'ok' && state !== 'starting') || reason !== '')
    .map(({ name, state, reason }) => `${TITLES.get(name) ?? name}: ${reason || state}`);

/** Which processes a collection lists. */
export type ProcessScope = 'off' | 'gpu' | 'all';

export interface NodeSample {
  readonly at: Ms;
  /** The machine's name for itself. */
  readonly instance: string;
  readonly os: string;
  readonly arch: string;
  readonly gpus: readonly NodeGpu[];
  /** What was asked for. */
  readonly scope: ProcessScope;
  /** Undefined: not asked for, or this time nobody can say who is on the GPUs. */
  readonly processes: readonly NodeProcess[] | undefined;
  readonly cpu: NodeCpu | undefined;
  readonly memory: NodeMemory | undefined;
  readonly disks: readonly NodeDisk[];
  readonly sources: readonly NodeSource[];
}
