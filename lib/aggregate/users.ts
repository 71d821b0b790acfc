/** Who is using the cluster, how much: the entries of all hosts, added up per user. */
import type { Derivation } from './derivations.js';
import { included, type NodeView } from '../model/node-view.js';
import { commandOf } from './process-figures.js';
import { NameOrder, compareNames } from './name-order.js';
import type { UserTotals, UsersTable } from './users-table.js';
import {
  FLAGS,
  FLOATS,
  GPUS,
  INTS,
  LONGEST,
  NODES_ALL,
  POWER,
  POWER_PARTIAL,
  PROCS,
  PROCS_ALL,
  SM,
  SM_REPORTED,
  TOP_BYTES,
  TOP_NODE,
  TOP_ROW,
  USER,
  VRAM,
} from './user-entry.js';
import { usersPart, type UsersPart } from './users-part.js';

export const usersDerivation: Derivation<UsersPart, UsersTable> = {
  id: 'users',
  over: 'all',
  part: usersPart,
  merge: mergeUsers,
};

/**
 * The sums of the merge under way, and beside them, by row, nodes and processes of users that are not on their GPUs, and the first node
 * that the user is on. Reused.
 */
let sums = {
  floats: new Float64Array(0),
  ints: new Int32Array(0),
  nodesBeside: new Int32Array(0),
  procsBeside: new Int32Array(0),
  firstNode: new Int32Array(0),
};
let ids = new Int32Array(0);
/** By user id: the row and 1, 0 for none. */
let rowOf = new Int32Array(1024);
let users = 0;
const order = new NameOrder();

function mergeUsers(parts: Iterable<readonly [NodeView, UsersPart]>): UsersTable {
  for (let row = 0; row < users; row++) rowOf[ids[row]!] = 0;
  users = 0;
  const nodes: NodeView[] = [];
  const totals = {
    reporting: 0,
    nodes: 0,
    gpusInUse: 0,
    ownedBytes: 0,
    systemBytes: 0,
    unownedBytes: 0,
    attributedWatts: 0,
    unattributedWatts: 0,
  };
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
    addPart(part, nodes.length);
    nodes.push(node);
  }
  return new Users(nodes, totals);
}

function addPart(part: UsersPart, host: number): void {
  if (users + part.count > ids.length) grow(users + part.count);
  if (part.maxUser >= rowOf.length) rowOf = longer(rowOf, part.maxUser * 2);
  const { floats, ints } = sums;
  const { floats: from, ints: fromInts, count } = part;
  const rows = rowOf;
  for (let entry = 0; entry < count; entry++) {
    const at = entry * FLOATS;
    const intAt = entry * INTS;
    const user = fromInts[intAt + USER]!;
    let row = rows[user]! - 1;
    if (row < 0) row = newRow(user, host);
    const to = row * FLOATS;
    const toInts = row * INTS;
    floats[to + VRAM]! += from[at + VRAM]!;
    floats[to + POWER]! += from[at + POWER]!;
    if (from[at + LONGEST]! > floats[to + LONGEST]!) floats[to + LONGEST] = from[at + LONGEST]!;
    if (from[at + TOP_BYTES]! > floats[to + TOP_BYTES]!) {
      floats[to + TOP_BYTES] = from[at + TOP_BYTES]!;
      ints[toInts + TOP_ROW] = fromInts[intAt + TOP_ROW]!;
      ints[toInts + TOP_NODE] = host;
    }
    ints[toInts + GPUS]! += fromInts[intAt + GPUS]!;
    ints[toInts + PROCS]! += fromInts[intAt + PROCS]!;
    ints[toInts + NODES_ALL]!++;
    if (fromInts[intAt + FLAGS] !== 0) addFlagged(part, entry, row);
  }
}

/** What most entries don't have: SM, power that is known in part, processes on no GPU. */
function addFlagged({ floats: from, ints: fromInts }: UsersPart, entry: number, row: number): void {
  const { floats, ints, nodesBeside, procsBeside } = sums;
  const intAt = entry * INTS;
  const toInts = row * INTS;
  ints[toInts + FLAGS]! |= fromInts[intAt + FLAGS]!;
  floats[row * FLOATS + SM]! += from[entry * FLOATS + SM]!;
  procsBeside[row]! += fromInts[intAt + PROCS_ALL]! - fromInts[intAt + PROCS]!;
  if (fromInts[intAt + GPUS] === 0) nodesBeside[row]!++;
}

function newRow(user: number, node: number): number {
  const row = users++;
  rowOf[user] = row + 1;
  ids[row] = user;
  const { floats, ints, nodesBeside, procsBeside } = sums;
  for (let at = row * FLOATS; at < (row + 1) * FLOATS; at++) floats[at] = 0;
  floats[row * FLOATS + LONGEST] = -1;
  ints[row * INTS + TOP_ROW] = -1;
  nodesBeside[row] = procsBeside[row] = 0;
  sums.firstNode[row] = node;
  return row;
}

function longer(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(array);
  return copy;
}

function grow(needed: number): void {
  const old = sums;
  const oldIds = ids;
  ids = new Int32Array(needed * 2);
  ids.set(oldIds);
  const floats = new Float64Array(needed * 2 * FLOATS);
  const ints = new Int32Array(floats.buffer);
  sums = {
    floats,
    ints,
    nodesBeside: new Int32Array(needed * 2),
    procsBeside: new Int32Array(needed * 2),
    firstNode: new Int32Array(needed * 2),
  };
  ints.set(old.ints);
  sums.nodesBeside.set(old.nodesBeside);
  sums.procsBeside.set(old.procsBeside);
  sums.firstNode.set(old.firstNode);
}

class Users implements UsersTable {
  readonly count: number;
  readonly countAll = users;
  readonly nodes = new Int32Array(users);
  readonly gpus = new Int32Array(users);
  readonly procs = new Int32Array(users);
  readonly nodesAll = new Int32Array(users);
  readonly procsAll = new Int32Array(users);
  readonly vramBytes = new Float64Array(users);
  readonly powerWatts = new Float64Array(users);
  readonly powerPartial = new Uint8Array(users);
  readonly sm = new Float64Array(users);
  readonly longestSeconds = new Float64Array(users);
  readonly nameRank = new Int32Array(users);
  readonly totals: UserTotals;
  readonly #nodes: readonly NodeView[];
  readonly #names: string[] = [];
  readonly #system = new Uint8Array(users);
  readonly #byName = new Int32Array(users);
  readonly #topNode = new Int32Array(users);
  readonly #topRow = new Int32Array(users);

  /** Takes the sums of the merge that has just ended. */
  constructor(nodes: readonly NodeView[], totals: { -readonly [Key in keyof UserTotals]: UserTotals[Key] }) {
    this.#nodes = nodes;
    // Not just any node knows the name: in a recording one without rows knows none.
    const sorted = order.rows(ids, users, (id) => nodes[sums.firstNode[rowOf[id]! - 1]!]!.userName(id));
    let onGpu = 0;
    for (const source of sorted) onGpu += Number(sums.ints[source * INTS + GPUS]! > 0);
    this.count = onGpu;
    let [next, nextOther] = [0, onGpu];
    sorted.forEach((source, rank) => {
      const row = sums.ints[source * INTS + GPUS]! > 0 ? next++ : nextOther++;
      this.nameRank[row] = rank;
      this.#byName[rank] = row;
      this.#take(row, source);
      totals.attributedWatts += this.powerWatts[row]!;
      if (this.#system[row] === 1) totals.systemBytes += this.vramBytes[row]!;
    });
    this.totals = totals;
  }

  user(row: number): string {
    return this.#names[row]!;
  }
  system(row: number): boolean {
    return this.#system[row] === 1;
  }
  command(row: number): string {
    const top = this.#topRow[row]!;
    if (top < 0) return '';
    return commandOf(this.#nodes[this.#topNode[row]!]!, top);
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

  #take(row: number, source: number): void {
    const { floats, ints, nodesBeside, procsBeside } = sums;
    const at = source * FLOATS;
    const intAt = source * INTS;
    const flags = ints[intAt + FLAGS]!;
    this.nodes[row] = ints[intAt + NODES_ALL]! - nodesBeside[source]!;
    this.nodesAll[row] = ints[intAt + NODES_ALL]!;
    this.gpus[row] = ints[intAt + GPUS]!;
    this.procs[row] = ints[intAt + PROCS]!;
    this.procsAll[row] = ints[intAt + PROCS]! + procsBeside[source]!;
    this.vramBytes[row] = floats[at + VRAM]!;
    this.powerWatts[row] = floats[at + POWER]!;
    this.powerPartial[row] = flags & POWER_PARTIAL;
    this.sm[row] = flags & SM_REPORTED ? floats[at + SM]! / 100 : NaN;
    this.longestSeconds[row] = floats[at + LONGEST]! >= 0 ? floats[at + LONGEST]! : NaN;
    this.#topRow[row] = ints[intAt + TOP_ROW]!;
    this.#topNode[row] = ints[intAt + TOP_NODE]!;
    this.#names[row] = order.name(ids[source]!);
    this.#system[row] = Number(order.system(ids[source]!));
  }
}
