/** Types of the mock cluster: the plan of a node, and its readings at one moment. */
import type { ProcessIdentity } from '../model/identity.js';
import type { Family } from '../exposition/write/families-text.js';

export interface GpuReading {
  readonly utilPercent: number;
  readonly memoryUsedBytes: number;
  readonly powerWatts: number;
  readonly temperatureCelsius: number;
  readonly frequencyMhz: number;
  readonly performanceState: number;
  readonly smOccupancy: number;
  readonly memoryBandwidthFraction: number;
}

export interface ProcReading {
  readonly job: Job;
  readonly pid: number;
  readonly command: string;
  readonly gpu: number;
  readonly bytes: number;
  readonly ageSeconds: number;
  readonly cpuPercent: number;
  /** NaN for a frozen process. */
  readonly smPercent: number;
}

export interface HostReading {
  readonly cpuPercent: number;
  readonly cpuMhz: number;
  readonly cpuCelsius: number;
  readonly cpuWatts: number;
  readonly memoryUsedBytes: number;
  readonly memoryCachedBytes: number;
  readonly swapUsedBytes: number;
  readonly rootFreeBytes: number;
  readonly scratchFreeBytes: number;
}

/** Creates the writer of a node in one dialect. Its times only rise: it may count. */
export type MockText = (plan: NodePlan) => (reading: NodeReading, elapsedSeconds: number) => string;

export interface NodeReading {
  readonly gpus: readonly GpuReading[];
  readonly procs: readonly ProcReading[];
  readonly host: HostReading;
}

/** A device of a node, as the vendor's families see it. */
export interface Device {
  readonly index: number;
  readonly reading: GpuReading;
  readonly memoryBytes: number;
  readonly powerLimitWatts: number;
  /** Seed of its random walks. */
  readonly key: number;
  /** Labels that name it: name, instance, uuid, index. */
  readonly labels: Readonly<Record<string, string>>;
}

/** `cpu`: labels of the CPU's families. */
export type Vendor = (devices: readonly Device[], host: HostReading, cpu: Readonly<Record<string, string>>) => readonly Family[];

export interface Platform {
  /** Undefined: the requested name, with the data of the table of NVIDIA's cards. */
  readonly model?: GpuModel;
  readonly devices: number;
  readonly machine?: Partial<Machine>;
  /** Columns of the general families that such a device does not report. */
  readonly omits: ReadonlySet<string>;
  /** Labels of the info family. */
  readonly info: Readonly<Record<string, string>>;
  /** Vendor families. */
  readonly vendor?: Vendor;
  /** Processes, MIG, vGPU, hardware details and topology: what the switches of the environment add. */
  readonly nvidia: boolean;
  /** Begins the uuid of a device. */
  readonly uuid: string;
}

export interface Switches {
  readonly vgpu: boolean;
  readonly mig: boolean;
  readonly hardware: boolean;
  readonly topology: boolean;
}

export interface GpuModel {
  readonly name: string;
  readonly architecture: string;
  readonly memoryBytes: number;
  readonly powerLimitWatts: number;
  readonly boostMhz: number;
}

/** How busy something keeps a GPU: `mean` percent plus or minus `swing`, turning about every `period` steps. */
export interface Load {
  readonly mean: number;
  readonly swing: number;
  readonly period: number;
  /** Share of the power above idle that a fully busy GPU draws with it. Arithmetic draws more than waiting for memory. */
  readonly intensity: number;
}

/** How a process changes over time. A process without it is frozen: its age, bytes and CPU never change, and its SM share is not reported. */
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
  /** What its node knows of who runs it; absent: nothing. */
  readonly identity?: Partial<ProcessIdentity>;
}

export interface GpuPlan {
  readonly uuid: string;
  /** Memory in use besides that of the node's processes: the driver, or processes that are not exported. */
  readonly otherBytes: number;
  /** Further bytes that come and go; none at step 0. */
  readonly wanderBytes: number;
  /** Load in addition to that of the processes. */
  readonly load?: Load;
  /** Whom a scheduler has given it to. */
  readonly owner?: GpuOwner;
}

export type GpuOwner = { readonly job: string } | { readonly namespace: string; readonly pod: string; readonly container: string };

export interface NodePlan {
  readonly instance: string;
  /** Seed of all random walks on this node. */
  readonly key: number;
  readonly model: GpuModel;
  readonly gpus: readonly GpuPlan[];
  /** Undefined: the node doesn't export processes. */
  readonly jobs: readonly Job[] | undefined;
  /** How many degrees warmer its inlet air is than elsewhere. */
  readonly warmerCelsius: number;
  /** Thresholds, P-state, profiling counters, exporter version, as newer exporters have them. */
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
