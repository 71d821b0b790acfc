/** Every GPU of the cluster, and its users. */
import type { Derivation } from './derivations.js';
import type { GpuField, UserId } from '../model/columns.js';
import type { NodeView } from '../model/node-view.js';
import { ROW_USE, rowUses } from './idle-holders.js';
import { compareNames } from './name-order.js';
import { descending, held } from './unknown.js';

export interface GpuOwner {
  /** '' for processes without a known user. */
  readonly user: string;
  /** NaN: not reported. */
  readonly vramBytes: number;
  /** Age of the user's oldest process on the GPU; NaN: not reported. */
  readonly longestSeconds: number;
  /** It holds memory there and computes nothing. */
  readonly isIdle: boolean;
}

/**
 * One row per GPU of each node that has ever answered, including nodes that are no longer counted, in the order of the nodes and their
 * slots.
 */
export interface GpuRows {
  readonly count: number;
  readonly nodes: readonly NodeView[];
  /** Position in `hosts`. */
  readonly nodeAt: Int32Array;
  readonly slot: Int32Array;
  node(row: number): NodeView;
  /** A reading; NaN when not reported, and for GPUs that only process rows mention. */
  value(row: number, field: GpuField): number;
  /** The users with processes on it: most bytes first, then by name. Computed on demand, for the rows on screen. */
  owners(row: number): readonly GpuOwner[];
}

/** Process rows of a node by GPU: those of slot `s` are rows[starts[s]] to rows[starts[s + 1] - 1]. */
export interface RowsBySlot {
  readonly starts: Int32Array;
  readonly rows: Int32Array;
}
export interface GpuPart {
  readonly slots: number;
  /** Built on first use. */
  bySlot: RowsBySlot | undefined;
}

export const gpuRowsDerivation: Derivation<GpuPart, GpuRows> = {
  id: 'gpu-rows',
  over: 'all',
  part: (node) => ({ slots: node.gpus.slots, bySlot: undefined }),
  merge(parts) {
    const nodes: NodeView[] = [];
    const known: GpuPart[] = [];
    let count = 0;
    for (const [node, part] of parts) {
      if (node.version === 0) continue;
      nodes.push(node);
      known.push(part);
      count += part.slots;
    }
    return new Rows(nodes, known, count);
  },
};

class Rows implements GpuRows {
  readonly count: number;
  readonly nodes: readonly NodeView[];
  readonly nodeAt: Int32Array;
  readonly slot: Int32Array;
  readonly #parts: readonly GpuPart[];

  constructor(nodes: readonly NodeView[], parts: readonly GpuPart[], count: number) {
    this.nodes = nodes;
    this.#parts = parts;
    this.count = count;
    this.nodeAt = new Int32Array(count);
    this.slot = new Int32Array(count);
    let row = 0;
    for (let host = 0; host < parts.length; host++) {
      const { slots } = parts[host]!;
      for (let slot = 0; slot < slots; slot++, row++) {
        this.nodeAt[row] = host;
        this.slot[row] = slot;
      }
    }
  }

  node(row: number): NodeView {
    return this.nodes[this.nodeAt[row]!]!;
  }
  value(row: number, field: GpuField): number {
    const { gpus } = this.node(row);
    const slot = this.slot[row]!;
    return slot < gpus.count ? gpus.field[field][slot]! : NaN;
  }
  owners(row: number): readonly GpuOwner[] {
    const node = this.node(row);
    const part = this.#parts[this.nodeAt[row]!]!;
    return ownersOf(node, (part.bySlot ??= rowsBySlot(node)), this.slot[row]!);
  }
}

/** Counting sort by slot, including rows that the filter excludes; stable. */
export function rowsBySlot({ gpus, procs }: NodeView): RowsBySlot {
  const starts = new Int32Array(gpus.slots + 2);
  const all = procs.count + (procs.others ?? 0);
  for (let row = 0; row < all; row++) if (procs.gpu[row]! >= 0) starts[procs.gpu[row]! + 2]!++;
  for (let slot = 2; slot < starts.length; slot++) starts[slot]! += starts[slot - 1]!;
  const rows = new Int32Array(starts.at(-1)!);
  // Filling moves the start of each slot to its end, which is the start of the next slot: hence two extra elements.
  for (let row = 0; row < all; row++) if (procs.gpu[row]! >= 0) rows[starts[procs.gpu[row]! + 1]!++] = row;
  return { starts, rows };
}

/** The users with processes on a GPU, most bytes first, then by name: the one list for tabs, exports and alerts. */
export function ownersOf(node: NodeView, { starts, rows }: RowsBySlot, slot: number): readonly GpuOwner[] {
  const { procs } = node;
  const uses = rowUses(node);
  const sums = new Map<UserId, { readonly bytes: number[]; longestSeconds: number; use: number }>();
  for (let at = starts[slot]!; at < starts[slot + 1]!; at++) {
    const row = rows[at]!;
    const sum = sums.get(procs.user[row]!) ?? { bytes: [], longestSeconds: NaN, use: ROW_USE.none };
    sum.use = Math.max(sum.use, uses[row]!);
    sum.bytes.push(procs.vramBytes[row]!);
    if (procs.ageSeconds[row]! > sum.longestSeconds || Number.isNaN(sum.longestSeconds)) sum.longestSeconds = procs.ageSeconds[row]!;
    sums.set(procs.user[row]!, sum);
  }
  return [...sums]
    .map(([user, { bytes, longestSeconds, use }]) => ({
      user: node.userName(user),
      vramBytes: held(bytes),
      longestSeconds,
      isIdle: use === ROW_USE.idle,
    }))
    .sort((a, b) => descending(a.vramBytes, b.vramBytes) || compareNames(a.user, b.user));
}
