import type { ErrorCode } from '../errors.js';
import type { NodeData } from './columns.js';
import type { Ms } from './clock.js';
import type { EndpointStatus, EndpointView } from './endpoint.js';
import { LIMITS } from './limits.js';
import { failedSource, sourcesOf } from './node-sources.js';
import { canListProcesses } from './process-support.js';

/** One machine with its GPUs, read-only. `nodeId` is the key everywhere: the address scraped. `name` is what people read. */
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
  /** What feeds the node; today one endpoint. */
  readonly endpoints: readonly [EndpointView, ...EndpointView[]];
  /** Where a filter has left rows out: the node itself. */
  readonly whole?: NodeView;
  /** How the node is: the state of its endpoint. */
  readonly status: EndpointStatus;
}

/**
 * Whether the node's rows are in totals: it has answered, and it is not overdue (three refreshes without an answer). The one predicate:
 * a node that is not included stays on screen, dim and with its age, and is in no total and no export.
 */
export function included({ status }: Pick<NodeView, 'status'>): boolean {
  return status.okAt !== undefined && !status.overdue;
}

/** Whether the node is down: it was asked, and is not included. */
export const isDown = (node: Pick<NodeView, 'status'>): boolean => node.status.phase !== 'waiting' && !included(node);

/** Codes of errors after which a server has answered, only not with metrics. */
const ANSWERED_OTHERWISE: ReadonlySet<string> = new Set<ErrorCode>([
  'S_FOREIGN',
  'S_NOT_READY',
  'S_HTTP',
  'S_AUTH',
  'S_REDIRECT',
  'S_TOO_LARGE',
  'S_ENCODING',
]);

/**
 * Why a host does not report process data. 'no metrics': it answers, but with something else. 'collection failed': its exporter reports that
 * a source fails without which nobody knows who is on the GPUs; 'not collected yet': that source has not answered yet.
 */
export type NotReporting =
  'never answered' | 'no metrics' | 'unreachable' | 'collection failed' | 'not collected yet' | 'no process export' | 'not recorded';

/** Whether nobody knows which GPUs the node has: its exporter cannot list them. Not the same as having none. */
export const gpusUnknown = (node: NodeView): boolean => node.gpus.slots === 0 && failedSource(sourcesOf(node))?.name === 'gpus';

/**
 * Whether the host reports process data; undefined when it does, else why not. Where our own exporter says so
 * (`all_smi_process_export_info`) that decides alone; where it reports its sources and no processes, they have the reason. Else a process
 * family in the last good scrape does, or, since an idle node sends none either, that no GPU of the host whose processes can be listed at all
 * holds more than 1 GiB.
 */
export function whyNotReporting(node: NodeView): NotReporting | undefined {
  if (!included(node)) {
    if (ANSWERED_OTHERWISE.has(node.status.error?.code ?? '')) return 'no metrics';
    return node.status.okAt === undefined ? 'never answered' : 'unreachable';
  }
  const { processScope, hasProcessFamily } = node.facts;
  if (processScope === 'unrecorded') return 'not recorded';
  if (processScope === undefined ? hasProcessFamily : processScope !== 'off') return undefined;
  const failed = failedSource(sourcesOf(node));
  if (failed) return failed.state === 'starting' ? 'not collected yet' : 'collection failed';
  if (processScope === 'off') return 'no process export';
  const { gpus } = node;
  const used = gpus.field.memoryUsedBytes;
  for (let slot = 0; slot < gpus.count; slot++) {
    if (!(used[slot]! > LIMITS.heldBytes)) continue;
    const device = { name: node.text(gpus.name[slot]!), library: gpus.detail(slot, 'lib_name'), type: gpus.detail(slot, 'type') };
    if (canListProcesses(device)) return 'no process export';
  }
  return undefined;
}
