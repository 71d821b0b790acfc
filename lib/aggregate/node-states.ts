/** The state of each node in one word: the sign in a grid of nodes. */
import type { Derivation } from './derivations.js';
import { conditionOf, gpusUnknown, type NodeCondition, type NodeView } from '../model/node-view.js';
import { isHot, slotStates } from './gpu-state.js';
import { LabelOrder } from './label-order.js';

/**
 * From worst to best, so that the smallest wins when several nodes share a sign. `hot`: a GPU is too hot. `held`: none computes, some are
 * held. `partly`: less than half of the GPUs compute. `blind`: the state of none is known. `cpu`: no GPU. `drained`:
 * taken out of service, and not scraped.
 */
export const NODE_STATES = ['down', 'failing', 'hot', 'held', 'waiting', 'blind', 'busy', 'partly', 'free', 'cpu', 'drained'] as const;
export type NodeState = (typeof NODE_STATES)[number];

export interface NodeStates {
  /** All nodes in the order of their labels. */
  readonly nodes: readonly NodeView[];
  /** By node: index in NODE_STATES. */
  readonly states: Uint8Array;
  /** By index in NODE_STATES. */
  readonly counts: Int32Array;
}

const placeOf = (state: NodeState): number => NODE_STATES.indexOf(state);
/** A node that is up is shown by what its GPUs do. */
const PLACES: Readonly<Record<Exclude<NodeCondition, 'up'>, number>> = {
  down: placeOf('down'),
  drained: placeOf('drained'),
  failing: placeOf('failing'),
  waiting: placeOf('waiting'),
};
/** The last order is kept here as a result only: other nodes, of a second viewer too, are sorted again. */
const order = new LabelOrder();

export const nodeStatesDerivation: Derivation<number, NodeStates> = {
  id: 'node-states',
  over: 'all',
  part: (node) => placeOf(stateOfGpus(node)),
  merge(parts) {
    const pairs = [...parts];
    const unsorted = pairs.map(([node]) => node);
    const ranks = order.of(unsorted);
    const states = Uint8Array.from(ranks, (at) => {
      const [node, state] = pairs[at]!;
      const condition = conditionOf(node);
      return condition === 'up' ? state : PLACES[condition];
    });
    const counts = new Int32Array(NODE_STATES.length);
    for (const state of states) counts[state]!++;
    return { nodes: Array.from(ranks, (at) => unsorted[at]!), states, counts };
  },
};

function stateOfGpus(node: NodeView): NodeState {
  const { gpus } = node;
  const seen = { computing: 0, heldIdle: 0, free: 0, unknown: 0 };
  let hot = false;
  for (const [slot, state] of slotStates(node).entries()) {
    seen[state]++;
    hot ||= isHot(gpus, slot);
  }
  if (hot) return 'hot';
  if (gpus.slots === 0) return gpusUnknown(node) ? 'blind' : 'cpu';
  if (seen.computing > 0) return seen.computing * 2 >= gpus.slots ? 'busy' : 'partly';
  if (seen.heldIdle > 0) return 'held';
  return seen.free > 0 ? 'free' : 'blind';
}
