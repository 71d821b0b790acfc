/** Which nodes a result covers, and why the others are missing. Pure. */
import { errorText } from '../errors.js';
import { included, whyNotReporting, type NodeView } from '../model/node-view.js';

export interface MissingNode {
  readonly node: string;
  readonly code: string;
  readonly message: string;
}

export interface Coverage {
  readonly nodes: number;
  /** Nodes whose data are in the result. */
  readonly answered: number;
  /** Of those, the nodes that report their processes. */
  readonly reporting: number;
  readonly failed: readonly MissingNode[];
}

export function coverageOf(nodes: Iterable<NodeView>): Coverage {
  const failed: MissingNode[] = [];
  let [count, answered, reporting] = [0, 0, 0];
  for (const node of nodes) {
    count++;
    if (included(node)) answered++;
    else failed.push(missing(node));
    if (whyNotReporting(node) === undefined) reporting++;
  }
  return { nodes: count, answered, reporting, failed };
}

const missing = ({ name, status: { error } }: NodeView): MissingNode => ({
  node: name,
  code: error?.code ?? 'S_PENDING',
  message: error?.text ?? errorText('S_PENDING'),
});

/** When the newest sample of the result was taken, and how old the oldest is then; undefined where no node answered. */
export function agesOf(nodes: Iterable<NodeView>): { readonly at: number; readonly oldestAt: number } | undefined {
  let [newest, oldest] = [-Infinity, Infinity];
  for (const node of nodes) {
    if (!included(node)) continue;
    newest = Math.max(newest, node.at);
    oldest = Math.min(oldest, node.at);
  }
  return Number.isFinite(newest) ? { at: newest, oldestAt: oldest } : undefined;
}
