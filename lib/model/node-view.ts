import type { NodeData } from './columns.js';
import type { Ms } from './clock.js';
import type { SchedulerNode } from './jobs.js';
import { failedHere, type EndpointStatus, type EndpointView } from './endpoint.js';
import { LIMITS } from './limits.js';
import { failedSource, sourcesOf } from './node-sources.js';
import { canListProcesses, processesNeed, type Device } from './process-support.js';

/** How the scheduler sees a node, and why it is out of service. */
export type Service = Pick<SchedulerNode, 'state' | 'reason'>;

/** One machine with its GPUs, read-only. `nodeId` is the key everywhere: the addresses scraped. `name` is the name to show. */
export interface NodeView extends NodeData {
  readonly nodeId: string;
  readonly name: string;
  /** Labels of the host file (rack, partition, ...). */
  readonly groups: ReadonlyMap<string, string>;
  /** Increases with each committed scrape. 0: none yet. Partial results of derivations are cached by it. */
  readonly version: number;
  /** Increases when a commit changed more than numbers: which rows exist, their users, their GPUs. */
  readonly structure: number;
  /** When the data was received, by our clock; 0 before the first scrape. */
  readonly at: Ms;
  /** What feeds the node, at least one. */
  readonly endpoints: readonly EndpointView[];
  /** For a filtered view: the node itself. */
  readonly whole?: NodeView;
  /** The state of the node: that of the endpoint that decides it, see `deciding`. */
  readonly status: EndpointStatus;
  /** How the scheduler sees the node, where one is asked and knows it. */
  readonly service?: Service | undefined;
}

/**
 * Whether the node's rows are in totals: it has answered, and it is not overdue (three refreshes without an answer). The only such
 * predicate: a node that is not included stays on screen, dim and with its age, and is not in any total or export.
 */
export function included({ status }: Pick<NodeView, 'status'>): boolean {
  return status.okAt !== undefined && !status.overdue;
}

/**
 * How a node is doing. `waiting`: no scrape has ended yet, or the last one could not be made in time, for a reason that is not the node's; it is
 * not included. `up`. `failing`: the last scrape failed, but its data still counts. `down`: it has been scraped and is not included, whether
 * it ever answered or not. `drained`: it would be down, but its scheduler has taken it out of service, so that is expected.
 */
export const NODE_CONDITIONS = ['up', 'failing', 'down', 'drained', 'waiting'] as const;
export type NodeCondition = (typeof NODE_CONDITIONS)[number];

/** The only place that decides it, so that all screens agree about a node. The error of its status has the reason. */
export function conditionOf({ status, service }: Pick<NodeView, 'status' | 'service'>): NodeCondition {
  if (included({ status })) return status.phase === 'failing' ? 'failing' : 'up';
  if (status.phase === 'waiting' || failedHere(status)) return 'waiting';
  return service?.state === 'drained' ? 'drained' : 'down';
}

/**
 * Why a node does not report process data. 'down', 'drained' and 'waiting' are its condition. 'collection failed': its exporter reports the failure of a
 * source that is needed to know the GPU processes; 'not collected yet': that source has not answered yet. 'cannot list processes': memory is in
 * use on accelerators whose processes the exporter cannot list, with or without `--processes`.
 */
export type NotReporting =
  | 'down'
  | 'drained'
  | 'waiting'
  | 'collection failed'
  | 'not collected yet'
  | 'no process export'
  | 'cannot list processes'
  | 'not recorded';

const notIncluded = (condition: NodeCondition): NotReporting => (condition === 'waiting' || condition === 'drained' ? condition : 'down');

/** Whether the GPUs of the node are unknown because its exporter cannot list them. Not the same as having none. */
export const gpusUnknown = (node: NodeView): boolean => node.gpus.slots === 0 && failedSource(sourcesOf(node))?.name === 'gpus';

/**
 * Whether the node reports process data; undefined when it does, else why not. Where our own exporter sends it
 * (`all_smi_process_export_info`) that decides alone; where it reports its sources and no processes, they have the reason. Else a process
 * family in the last good scrape does, or, since an idle node sends none either, that no GPU of the node has more than 1 GiB in use.
 */
export const whyNotReporting = (node: NodeView): NotReporting | undefined =>
  included(node) ? whyWithoutProcesses(node) : notIncluded(conditionOf(node));

/** The same of its last good scrape, however long ago that was. */
export function whyWithoutProcesses(node: NodeView): NotReporting | undefined {
  const { processScope, hasProcessFamily } = node.facts;
  if (processScope === 'unrecorded') return 'not recorded';
  if (processScope === 'unsupported') return 'cannot list processes';
  if (processScope === undefined ? hasProcessFamily : processScope !== 'off') return undefined;
  const failed = failedSource(sourcesOf(node));
  if (failed) return failed.state === 'starting' ? 'not collected yet' : 'collection failed';
  if (processScope === 'off') return 'no process export';
  const { gpus } = node;
  const used = gpus.field.memoryUsedBytes;
  let unsupported = false;
  for (let slot = 0; slot < gpus.count; slot++) {
    if (!(used[slot]! > LIMITS.heldBytes)) continue;
    if (canListProcesses(deviceOf(node, slot))) return 'no process export';
    unsupported = true;
  }
  return unsupported ? 'cannot list processes' : undefined;
}

const deviceOf = (node: NodeView, slot: number): Device => ({
  name: node.text(node.gpus.name[slot]!),
  library: node.gpus.detail(slot, 'lib_name'),
  type: node.gpus.detail(slot, 'type'),
});

/**
 * For 'no process export': what the exporter may lack besides `--processes`, which of the two cannot be told. Undefined: it is started
 * without `--processes`.
 */
export function mayLack(node: NodeView): string | undefined {
  const { gpus, facts } = node.whole ?? node;
  if (facts.processScope !== undefined) return undefined;
  for (let slot = 0; slot < gpus.count; slot++) {
    const needs = gpus.field.memoryUsedBytes[slot]! > LIMITS.heldBytes ? processesNeed(deviceOf(node.whole ?? node, slot)) : undefined;
    if (needs !== undefined) return needs;
  }
  return undefined;
}
