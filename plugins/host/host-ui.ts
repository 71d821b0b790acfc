/** The UI state of a node's tab. */
import type { TableState, AppView, NodeView } from '../../lib/index.js';

export interface NodeTabUi {
  readonly nodeId: string;
  readonly table: TableState;
  /** Also the processes that are on no GPU. */
  readonly showAll: boolean;
  /** Node details instead of its processes. */
  readonly details: boolean;
  /** First line of the details. */
  readonly top: number;
}

export const nodeOf = (ui: NodeTabUi, app: AppView): NodeView | undefined => app.nodes.get(ui.nodeId);

/** On a node without GPUs, the processes on no GPU are always shown. */
export const showsAll = (ui: NodeTabUi, node: NodeView): boolean => ui.showAll || node.gpus.slots === 0;
