import type { NodeData } from './columns.js';

/** Milliseconds since the Unix epoch, or a span of milliseconds. */
export type Ms = number;

/**
 * `waiting`: never answered and no attempt has ended. `live`: the last attempt succeeded. `failing`: it did not; the data, if any,
 * is that of the last good scrape.
 */
export type NodePhase = 'waiting' | 'live' | 'failing';

export interface NodeStatus {
  readonly phase: NodePhase;
  /** Set once the host has not answered for three intervals; only a success clears it. */
  readonly overdue: boolean;
  /** When the last good scrape was received, by our clock; undefined: never. */
  readonly okAt: Ms | undefined;
  /** Since when attempts fail without a success between; undefined while they don't. */
  readonly failingSince: Ms | undefined;
  readonly failures: number;
  /** The last error in words, cleaned, and its code in the ERRORS table. */
  readonly error: { readonly code: string; readonly text: string } | undefined;
  readonly nextTryAt: Ms | undefined;
  /** From sending the request to the last byte of the last good answer. */
  readonly latencyMs: Ms | undefined;
  /** Host clock minus ours, from the Date header (whole seconds); undefined when the header was missing. */
  readonly skewMs: Ms | undefined;
}

export const WAITING: NodeStatus = {
  phase: 'waiting',
  overdue: false,
  okAt: undefined,
  failingSince: undefined,
  failures: 0,
  error: undefined,
  nextTryAt: undefined,
  latencyMs: undefined,
  skewMs: undefined,
};

/**
 * One scraped node, read-only. Three identities, never to be confused: `nodeId` is the address scraped and the key everywhere;
 * `label` is what people read; a tab's title is made from the label.
 */
export interface NodeView extends NodeData {
  readonly nodeId: string;
  readonly name: string;
  /** Labels of the host file (rack, partition, ...). */
  readonly groups: ReadonlyMap<string, string>;
  /** Rises with each committed scrape. 0: none yet. Partials of derivations hang on it. */
  readonly version: number;
  /** Rises when a commit changed more than numbers: which rows there are, whose they are, which GPU they are on. */
  readonly structure: number;
  /** When the data was received, by our clock; 0 before the first scrape. */
  readonly at: Ms;
  readonly status: NodeStatus;
  /** A real copy, detached from the columns. */
  freeze(): NodeSnapshot;
}

/**
 * Whether the host's rows go into figures: it has answered, and it is not overdue (three intervals without an answer). The one
 * predicate: a host that is not counted stays on screen, dim and with its age, and is summed nowhere.
 */
export function included(node: NodeView): boolean {
  return node.status.okAt !== undefined && !node.status.overdue;
}

/** More than this in use on a GPU without a process family in the scrape: the node does not export its processes. */
export const UNATTRIBUTED_BYTES = 2 ** 30;

/** Why a host does not report process data. */
export type NotReporting = 'never answered' | 'unreachable' | 'no process export' | 'not recorded';

/**
 * Whether the host reports process data; undefined when it does, else why not. Where our own exporter says so
 * (`all_smi_process_export_info`) that decides alone. Else a process family in the last good scrape does, or, since an idle node sends
 * none either, that no GPU of the host holds more than 1 GiB.
 */
export function whyNotReporting(node: NodeView): NotReporting | undefined {
  if (!included(node)) return node.status.okAt === undefined ? 'never answered' : 'unreachable';
  const { processScope, hasProcessFamily } = node.facts;
  if (processScope === 'unrecorded') return 'not recorded';
  if (processScope !== undefined) return processScope === 'off' ? 'no process export' : undefined;
  if (hasProcessFamily) return undefined;
  const used = node.gpus.field.memoryUsedBytes;
  for (let slot = 0; slot < node.gpus.count; slot++) if (used[slot]! > UNATTRIBUTED_BYTES) return 'no process export';
  return undefined;
}

export interface GpuSnapshot {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Only what was reported. */
  readonly fields: Readonly<Record<string, number>>;
}
export interface ProcSnapshot {
  readonly pid: number;
  /** Index of the GPU among `gpus`, -1: on no GPU. */
  readonly gpu: number;
  readonly user: string;
  readonly vramBytes: number;
  readonly ageSeconds: number | undefined;
  readonly cpuPercent: number | undefined;
  readonly smPercent: number | undefined;
  readonly command: string;
  readonly name: string;
}
/** A detached, plain copy of a host: what has to outlive the next commit. */
export interface NodeSnapshot {
  readonly nodeId: string;
  readonly name: string;
  readonly at: Ms;
  readonly status: NodeStatus;
  readonly gpus: readonly GpuSnapshot[];
  readonly procs: readonly ProcSnapshot[];
  readonly cpus: readonly Readonly<Record<string, number>>[];
  readonly memory: readonly Readonly<Record<string, number>>[];
  readonly disks: readonly Readonly<Record<string, number | string>>[];
}
