/** What a make-believe node is: the machine, its GPUs, who runs what on them. */
import type { Platform } from './mock-platforms.js';
import type { Switches } from './mock-features.js';

export const GPUS_PER_NODE = 8;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

export interface GpuModel {
  readonly name: string;
  readonly architecture: string;
  readonly memoryBytes: number;
  readonly powerLimitWatts: number;
  readonly boostMhz: number;
}

/** How busy something keeps a GPU: `mean` percent, give or take `swing`, turning about every `period` steps. */
export interface Load {
  readonly mean: number;
  readonly swing: number;
  readonly period: number;
  /** Share of the power above idle that a fully busy GPU draws with it. Arithmetic draws more than waiting for memory. */
  readonly intensity: number;
}

/** What makes a process live. One without it is frozen: its age, bytes and CPU never change, and its share of the SMs isn't told. */
export interface Life {
  readonly load: Load;
  /** Part of its bytes that comes and goes, 0..1. */
  readonly breath: number;
  /** It ends after so long and is started again, with another pid; `{run}` in its command is the number of the run. */
  readonly lastsSeconds?: number;
}

export interface Job {
  readonly pid: number;
  readonly name: string;
  readonly user: string;
  readonly command: string;
  readonly cpuPercent: number;
  /** When the node was started. */
  readonly ageSeconds: number;
  /** One process row each. */
  readonly shares: readonly { readonly gpu: number; readonly bytes: number }[];
  readonly life?: Life;
}

export interface GpuPlan {
  readonly uuid: string;
  /** In use beside what the node's processes say: driver, or processes that are not exported. */
  readonly otherBytes: number;
  /** Further bytes that come and go; none at step 0. */
  readonly wanderBytes: number;
  /** What keeps it busy beside the living processes. */
  readonly load?: Load;
}

export interface NodePlan {
  readonly instance: string;
  /** Root of all chance on this node. */
  readonly key: number;
  readonly model: GpuModel;
  readonly gpus: readonly GpuPlan[];
  /** Undefined: the node doesn't export processes. */
  readonly jobs: readonly Job[] | undefined;
  /** Degrees its inlet air is warmer than elsewhere. */
  readonly warmerCelsius: number;
  /** Thresholds, P-state, profiling counters, exporter version: as a newer exporter sends them. */
  readonly details: boolean;
  /** Default: NVIDIA's cards. */
  readonly platform?: Platform;
  /** Default: none of them. */
  readonly switches?: Switches;
}

/** A machine around the GPUs. */
export interface Machine {
  readonly cpuModel: string;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly buffersBytes: number;
  readonly swapBytes: number;
  readonly rootBytes: number;
  readonly scratchBytes: number;
}

export const machineOf = ({ platform }: NodePlan): Machine => ({ ...MACHINE, ...platform?.machine });

/** What a node is around its GPUs where its platform does not say. */
const MACHINE: Machine = {
  cpuModel: 'Intel(R) Xeon(R) Platinum 8480C',
  sockets: 2,
  cores: 112,
  threads: 224,
  memoryBytes: 2048 * GIB,
  buffersBytes: 3 * GIB,
  swapBytes: 8 * GIB,
  rootBytes: 1_919_816_826_880,
  scratchBytes: 30_725_970_788_352,
};
