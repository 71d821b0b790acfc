/** Who uses the cluster, and how much: the entries of all nodes, added up per user, or per account, job, namespace or team. */
import type { Derivation } from './derivations.js';
import { longerInts } from '../model/arrays.js';
import { included, type NodeView } from '../model/node-view.js';
import { commandOf } from './process-figures.js';
import { NameOrder, compareNames } from './name-order.js';
import type { UserTotals, UsersTable } from './users-table.js';
import {
  FLAGS,
  FLOATS,
  GPUS,
  IDLE_GPUS,
  INTS,
  LONGEST,
  NODES_ALL,
  POWER,
  POWER_BY_USE,
  POWER_ESTIMATED,
  POWER_PARTIAL,
  PROCS,
  PROCS_ALL,
  SM,
  SM_REPORTED,
  TOP_BYTES,
  TOP_NODE,
  TOP_ROW,
  USE_KNOWN,
  USER,
  VRAM,
  VRAM_PARTIAL,
} from './user-entry.js';
import { UserParts, type UsersPart } from './users-part.js';
import { ownerColumn, type Allocated } from './owner-columns.js';
import type { Grouping } from '../model/owners.js';

/** Adds up parts, one merge after the other in the same memory: the sums are valid until the next merge starts. */
class UsersMerge {
  readonly order = new NameOrder();
  count = 0;
  /** By row, with the layout of entries: see user-entry. `ints` are the bytes of `floats`. */
  floats = new Float64Array(0);
  ints = new Int32Array(0);
  ids = new Int32Array(0);
  /** Nodes and processes of the user that are not on a GPU. */
  nodesBeside = new Int32Array(0);
  procsBeside = new Int32Array(0);
  /** The first node that the user is on. */
  firstNode = new Int32Array(0);
  /** GPUs allocated to the owner of a row; rows without an entry have none. */
  readonly allocated = new Map<number, Allocated>();
  /** Of them, those on nodes that do not report processes. */
  readonly unseen = new Map<number, number>();
  /** By user id: the row plus 1; 0 for none. */
  #rowOf = new Int32Array(1024);
  readonly #by: Grouping;

  constructor(by: Grouping) {
    this.#by = by;
  }

  /** Whether the owner of a row is a system account. */
  isSystem(id: number): boolean {
    return this.#by === 'user' && this.order.system(id);
  }

  of(parts: Iterable<readonly [NodeView, UsersPart]>): UsersTable {
    for (let row = 0; row < this.count; row++) this.#rowOf[this.ids[row]!] = 0;
    this.count = 0;
    this.allocated.clear();
    this.unseen.clear();
    const nodes: NodeView[] = [];
    const totals = { ...NO_TOTALS };
    for (const [node, part] of parts) {
      totals.nodes++;
      if (!included(node)) continue;
      if (part.exports) {
        totals.reporting++;
        totals.unownedBytes += part.unownedBytes;
      }
      totals.gpusInUse += part.gpusInUse;
      totals.ownedBytes += part.ownedBytes;
      totals.unattributedWatts += part.unattributedWatts;
      totals.unattributedByUseWatts += part.unattributedByUseWatts;
      this.#add(part, nodes.length);
      if (part.allocated.size > 0) {
        totals.allocating++;
        this.#addAllocated(part, nodes.length);
      }
      nodes.push(node);
    }
    return new Users(this, nodes, totals, this.#by);
  }

  #add(part: UsersPart, node: number): void {
    if (this.count + part.count > this.ids.length) this.#grow(this.count + part.count);
    if (part.maxUser >= this.#rowOf.length) this.#rowOf = longerInts(this.#rowOf, part.maxUser * 2);
    const { floats, ints } = this;
    const { floats: from, ints: fromInts, count } = part;
    const rows = this.#rowOf;
    for (let entry = 0; entry < count; entry++) {
      const at = entry * FLOATS;
      const intAt = entry * INTS;
      const user = fromInts[intAt + USER]!;
      let row = rows[user]! - 1;
      if (row < 0) row = this.#newRow(user, node);
      const to = row * FLOATS;
      const toInts = row * INTS;
      floats[to + VRAM]! += from[at + VRAM]!;
      floats[to + POWER]! += from[at + POWER]!;
      floats[to + POWER_BY_USE]! += from[at + POWER_BY_USE]!;
      if (from[at + LONGEST]! > floats[to + LONGEST]!) floats[to + LONGEST] = from[at + LONGEST]!;
      if (from[at + TOP_BYTES]! > floats[to + TOP_BYTES]!) {
        floats[to + TOP_BYTES] = from[at + TOP_BYTES]!;
        ints[toInts + TOP_ROW] = fromInts[intAt + TOP_ROW]!;
        ints[toInts + TOP_NODE] = node;
      }
      ints[toInts + GPUS]! += fromInts[intAt + GPUS]!;
      ints[toInts + PROCS]! += fromInts[intAt + PROCS]!;
      ints[toInts + IDLE_GPUS]! += fromInts[intAt + IDLE_GPUS]!;
      ints[toInts + NODES_ALL]!++;
      if (fromInts[intAt + FLAGS] !== 0) this.#addFlagged(part, entry, row);
    }
  }

  /** Values that most entries do not have: SM, partly known power, processes on no GPU. */
  #addFlagged({ floats: from, ints: fromInts }: UsersPart, entry: number, row: number): void {
    const intAt = entry * INTS;
    this.ints[row * INTS + FLAGS]! |= fromInts[intAt + FLAGS]!;
    this.floats[row * FLOATS + SM]! += from[entry * FLOATS + SM]!;
    this.procsBeside[row]! += fromInts[intAt + PROCS_ALL]! - fromInts[intAt + PROCS]!;
    if (fromInts[intAt + GPUS] === 0) this.nodesBeside[row]!++;
  }

  /** An owner without a process on the node has the node because of what is allocated to it there. */
  #addAllocated(part: UsersPart, node: number): void {
    const { count, ints: entries } = part;
    const onGpu = new Set<number>();
    for (let entry = 0; entry < count; entry++) if (entries[entry * INTS + GPUS]! > 0) onGpu.add(entries[entry * INTS + USER]!);
    for (const [owner, { gpus, idle, unused }] of part.allocated) {
      if (owner >= this.#rowOf.length) this.#rowOf = longerInts(this.#rowOf, owner * 2);
      let row = this.#rowOf[owner]! - 1;
      if (row < 0) {
        if (this.count === this.ids.length) this.#grow(this.count + 1);
        row = this.#newRow(owner, node);
      }
      const sum = this.allocated.get(row) ?? { gpus: 0, idle: 0, unused: 0 };
      this.allocated.set(row, { gpus: sum.gpus + gpus, idle: sum.idle + idle, unused: sum.unused + unused });
      if (!part.exports) this.unseen.set(row, (this.unseen.get(row) ?? 0) + gpus);
      if (onGpu.has(owner)) continue;
      const beside = hasEntry(part, owner);
      if (beside) this.nodesBeside[row]!--;
      else this.ints[row * INTS + NODES_ALL]!++;
    }
  }

  #newRow(user: number, node: number): number {
    const row = this.count++;
    const { floats, ints } = this;
    this.#rowOf[user] = row + 1;
    this.ids[row] = user;
    for (let at = row * FLOATS; at < (row + 1) * FLOATS; at++) floats[at] = 0;
    floats[row * FLOATS + LONGEST] = -1;
    ints[row * INTS + TOP_ROW] = -1;
    this.nodesBeside[row] = this.procsBeside[row] = 0;
    this.firstNode[row] = node;
    return row;
  }

  #grow(needed: number): void {
    const floats = new Float64Array(needed * 2 * FLOATS);
    floats.set(this.floats);
    this.floats = floats;
    this.ints = new Int32Array(floats.buffer);
    this.ids = longerInts(this.ids, needed * 2);
    this.nodesBeside = longerInts(this.nodesBeside, needed * 2);
    this.procsBeside = longerInts(this.procsBeside, needed * 2);
    this.firstNode = longerInts(this.firstNode, needed * 2);
  }
}

function hasEntry({ count, ints }: UsersPart, owner: number): boolean {
  for (let entry = 0; entry < count; entry++) if (ints[entry * INTS + USER] === owner) return true;
  return false;
}

type Totals = { -readonly [Key in keyof UserTotals]: UserTotals[Key] };
const NO_TOTALS: UserTotals = {
  reporting: 0,
  nodes: 0,
  allocating: 0,
  gpusInUse: 0,
  ownedBytes: 0,
  systemBytes: 0,
  unownedBytes: 0,
  attributedWatts: 0,
  unattributedWatts: 0,
  attributedByUseWatts: 0,
  unattributedByUseWatts: 0,
};

/** By row: the longest running process, as a process row of a node; -1 for none. */
interface Longest {
  readonly seconds: Float64Array;
  readonly nodeAt: Int32Array;
  readonly procRow: Int32Array;
}

/** Longest first, then by node, pid and GPU; unknown ages come last. */
function isOlder({ procs }: NodeView, procRow: number, { seconds, nodeAt, procRow: rows }: Longest, row: number, at: number): boolean {
  const [age, oldest] = [procs.ageSeconds[procRow]!, seconds[row]!].map((one) => (one >= 0 ? one : -1)) as [number, number];
  if (age !== oldest || nodeAt[row] !== at) return age > oldest;
  const other = rows[row]!;
  return (procs.pid[procRow]! - procs.pid[other]! || procs.gpu[procRow]! - procs.gpu[other]!) < 0;
}

class Users implements UsersTable {
  readonly count: number;
  readonly countAll: number;
  readonly nodes: Int32Array;
  readonly gpus: Int32Array;
  readonly procs: Int32Array;
  readonly nodesAll: Int32Array;
  readonly procsAll: Int32Array;
  readonly vramBytes: Float64Array;
  readonly powerWatts: Float64Array;
  readonly powerByUseWatts: Float64Array;
  readonly powerEstimated: Uint8Array;
  readonly powerPartial: Uint8Array;
  readonly vramPartial: Uint8Array;
  readonly sm: Float64Array;
  readonly longestSeconds: Float64Array;
  readonly allocatedGpus: Float64Array;
  readonly allocatedIdleGpus: Float64Array;
  readonly heldIdleGpus: Float64Array;
  readonly unseenGpus: Float64Array;
  readonly nameRank: Int32Array;
  readonly totals: UserTotals;
  readonly #nodes: readonly NodeView[];
  readonly #by: Grouping;
  readonly #names: string[] = [];
  readonly #system: Uint8Array;
  readonly #byName: Int32Array;
  readonly #topNode: Int32Array;
  readonly #topRow: Int32Array;

  /** Copies the sums of the merge that has just finished. */
  constructor(merge: UsersMerge, nodes: readonly NodeView[], totals: Totals, by: Grouping) {
    const { count, floats, ints, order, ids, firstNode, allocated } = merge;
    this.#by = by;
    this.#nodes = nodes;
    this.countAll = count;
    this.nodes = new Int32Array(count);
    this.gpus = new Int32Array(count);
    this.procs = new Int32Array(count);
    this.nodesAll = new Int32Array(count);
    this.procsAll = new Int32Array(count);
    this.vramBytes = new Float64Array(count);
    this.powerWatts = new Float64Array(count);
    this.powerByUseWatts = new Float64Array(count);
    this.powerEstimated = new Uint8Array(count);
    this.powerPartial = new Uint8Array(count);
    this.vramPartial = new Uint8Array(count);
    this.sm = new Float64Array(count);
    this.longestSeconds = new Float64Array(count);
    this.allocatedGpus = new Float64Array(count).fill(allocated.size === 0 ? NaN : 0);
    this.allocatedIdleGpus = new Float64Array(count).fill(allocated.size === 0 ? NaN : 0);
    this.heldIdleGpus = new Float64Array(count);
    this.unseenGpus = new Float64Array(count);
    this.nameRank = new Int32Array(count);
    this.#system = new Uint8Array(count);
    this.#byName = new Int32Array(count);
    this.#topNode = new Int32Array(count);
    this.#topRow = new Int32Array(count);
    // Not every node knows the name: in a recording, a node without rows knows none.
    const sorted = order.rows(ids, count, (id, row) => nodes[firstNode[row]!]!.userName(id));
    const anyAllocated = allocated.size > 0;
    const hasGpu = (source: number): boolean => ints[source * INTS + GPUS]! > 0 || (anyAllocated && allocated.has(source));
    let onGpu = 0;
    for (const source of sorted) onGpu += Number(hasGpu(source));
    this.count = onGpu;
    let [next, nextOther] = [0, onGpu];
    sorted.forEach((source, rank) => {
      const row = hasGpu(source) ? next++ : nextOther++;
      this.nameRank[row] = rank;
      this.#byName[rank] = row;
      this.#take(merge, row, source);
      if (row >= onGpu) return;
      totals.attributedWatts += floats[source * FLOATS + POWER]!;
      totals.attributedByUseWatts += floats[source * FLOATS + POWER_BY_USE]!;
      if (this.#system[row] === 1) totals.systemBytes += floats[source * FLOATS + VRAM]!;
    });
    this.totals = totals;
  }

  user(row: number): string {
    return this.#names[row]!;
  }
  system(row: number): boolean {
    return this.#system[row] === 1;
  }
  command(row: number, all = false): string {
    const top = this.#topRow[row]!;
    if (top >= 0) return commandOf(this.#nodes[this.#topNode[row]!]!, top);
    if (row >= this.count && !all) return '';
    const { nodeAt, procRow } = row < this.count ? this.#longestOnGpus() : this.#longestAnywhere();
    return nodeAt[row]! < 0 ? '' : commandOf(this.#nodes[nodeAt[row]!]!, procRow[row]!);
  }
  longestOfAll(row: number): number {
    return this.#longestAnywhere().seconds[row]!;
  }
  find(user: string): number {
    let [low, high] = [0, this.countAll];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareNames(this.#names[this.#byName[middle]!]!, user) < 0) low = middle + 1;
      else high = middle;
    }
    const row = this.#byName[low];
    return row !== undefined && this.#names[row] === user ? row : -1;
  }

  #users: readonly (readonly string[])[] | undefined;
  usersOf(row: number): readonly string[] {
    return (this.#users ??= this.#usersByRow())[row]!;
  }

  #usersByRow(): readonly (readonly string[])[] {
    const found = Array.from({ length: this.countAll }, () => new Set<string>());
    for (const node of this.#nodes) {
      const { procs, allocations } = node;
      const add = (count: number, owners: Int32Array, users: Int32Array): void => {
        for (let at = 0; at < count; at++) found[this.find(node.userName(owners[at]!))]?.add(node.userName(users[at]!));
      };
      add(procs.count, ownerColumn(procs, this.#by), procs.user);
      add(allocations.count, allocations.owner[this.#by], allocations.owner.user);
    }
    return found.map((users) => [...users].sort(compareNames));
  }

  // Computed on demand: processes on no GPU are rarely requested, and nearly every process on a GPU has bytes.
  #onGpus: Longest | undefined;
  #anywhere: Longest | undefined;
  #longestOnGpus(): Longest {
    return (this.#onGpus ??= this.#longest(false));
  }
  #longestAnywhere(): Longest {
    return (this.#anywhere ??= this.#longest(true));
  }

  #longest(all: boolean): Longest {
    const found: Longest = {
      seconds: new Float64Array(this.countAll).fill(NaN),
      nodeAt: new Int32Array(this.countAll).fill(-1),
      procRow: new Int32Array(this.countAll).fill(-1),
    };
    this.#nodes.forEach((node, nodeAt) => {
      const { count, gpu, ageSeconds } = node.procs;
      const user = ownerColumn(node.procs, this.#by);
      const rows = new Map<number, number>();
      for (let procRow = 0; procRow < count; procRow++) {
        if (gpu[procRow]! < 0 && !all) continue;
        const id = user[procRow]!;
        let row = rows.get(id);
        if (row === undefined) rows.set(id, (row = this.find(node.userName(id))));
        if (row < 0) continue;
        if (found.procRow[row]! >= 0 && !isOlder(node, procRow, found, row, nodeAt)) continue;
        found.nodeAt[row] = nodeAt;
        found.procRow[row] = procRow;
        if (ageSeconds[procRow]! >= 0) found.seconds[row] = ageSeconds[procRow]!;
      }
    });
    return found;
  }

  #take(merge: UsersMerge, row: number, source: number): void {
    const { floats, ints, ids, nodesBeside, procsBeside, order, allocated } = merge;
    const at = source * FLOATS;
    const intAt = source * INTS;
    const flags = ints[intAt + FLAGS]!;
    this.nodes[row] = ints[intAt + NODES_ALL]! - nodesBeside[source]!;
    this.nodesAll[row] = ints[intAt + NODES_ALL]!;
    this.gpus[row] = ints[intAt + GPUS]!;
    this.procs[row] = ints[intAt + PROCS]!;
    this.procsAll[row] = ints[intAt + PROCS]! + procsBeside[source]!;
    const onGpu = this.gpus[row] > 0;
    const [vramPartial, powerPartial] = [flags & VRAM_PARTIAL, flags & POWER_PARTIAL];
    // A part of nothing is not 0 but unknown.
    this.vramBytes[row] = onGpu ? floats[at + VRAM]! || (vramPartial ? NaN : 0) : NaN;
    this.vramPartial[row] = Number(vramPartial !== 0);
    this.powerWatts[row] = onGpu ? floats[at + POWER]! || (powerPartial ? NaN : 0) : NaN;
    this.powerByUseWatts[row] = onGpu ? floats[at + POWER_BY_USE]! || (powerPartial ? NaN : 0) : NaN;
    this.powerEstimated[row] = Number((flags & POWER_ESTIMATED) !== 0);
    this.powerPartial[row] = powerPartial;
    this.sm[row] = flags & SM_REPORTED ? floats[at + SM]! / 100 : NaN;
    this.longestSeconds[row] = floats[at + LONGEST]! >= 0 ? floats[at + LONGEST]! : NaN;
    this.#topRow[row] = ints[intAt + TOP_ROW]!;
    this.#topNode[row] = ints[intAt + TOP_NODE]!;
    this.#names[row] = order.name(ids[source]!);
    this.#system[row] = Number(merge.isSystem(ids[source]!));
    const own = allocated.get(source);
    const idle = ints[intAt + IDLE_GPUS]! + (own?.unused ?? 0);
    this.heldIdleGpus[row] = idle > 0 || flags & USE_KNOWN || !onGpu ? idle : NaN;
    this.unseenGpus[row] = merge.unseen.get(source) ?? 0;
    if (own) [this.allocatedGpus[row], this.allocatedIdleGpus[row]] = [own.gpus, own.idle];
  }
}

/** What each owner uses, by what owners are. */
export const usageDerivations: Readonly<Record<Grouping, Derivation<UsersPart, UsersTable>>> = {
  user: usageBy('user'),
  account: usageBy('account'),
  job: usageBy('job'),
  namespace: usageBy('namespace'),
  team: usageBy('team'),
};
export const usersDerivation: Derivation<UsersPart, UsersTable> = usageDerivations.user;

function usageBy(by: Grouping): Derivation<UsersPart, UsersTable> {
  const parts = new UserParts(by);
  const merge = new UsersMerge(by);
  return {
    id: by === 'user' ? 'users' : `usage by ${by}`,
    over: 'all',
    part: (node, reuse) => parts.of(node, reuse),
    merge: (pairs) => merge.of(pairs),
  };
}
