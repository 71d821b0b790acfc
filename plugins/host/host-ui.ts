/** The UI state of a node's tab. */
import type { TableState, AppView, NodeView } from '../../lib/index.js';

export interface NodeTabUi {
  readonly nodeId: string;
  readonly table: TableState;
  /** Also the processes that are on no GPU. */
  readonly showAll: boolean;
  /** All that is known of the host instead of its processes. */
  readonly details: boolean;
  /** First line of that. */
  readonly top: number;
}

export const nodeOf = (ui: NodeTabUi, app: AppView): NodeView | undefined => app.nodes.get(ui.nodeId);

/** Where there is no GPU the others are all there is. */
export const showsAll = (ui: NodeTabUi, node: NodeView): boolean => ui.showAll || node.gpus.slots === 0;
