/** The UI state of the Topology tab. */
import type { AppView, NodeView } from '../../lib/index.js';

export interface TopologyUi {
  /** The node selected here; '' is the node whose tab was open last, else the first one with a GPU. */
  readonly nodeId: string;
  readonly matrix: boolean;
  readonly top: number;
}

export function nodeOf({ nodeId }: TopologyUi, app: AppView): NodeView | undefined {
  const chosen = app.nodes.get(nodeId || (app.lastNode ?? ''));
  if (chosen) return chosen;
  for (const node of app.nodes) if (node.gpus.count > 0) return node;
  return undefined;
}
