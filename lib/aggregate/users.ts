/** Who is using the cluster, how much: the entries of all hosts, added up per user. */
import type { Derivation } from '../derive.js';
import { counted, type HostView } from '../model/host.js';
import { NameOrder, compareNames } from './names.js';
import type { UserTotals, UsersTable } from './table.js';
import * as e from './user-part.js';
import { usersPart, type UsersPart } from './user-part.js';

export const usersDerivation: Derivation<UsersPart, UsersTable> = {
  id: 'users',
  over: 'all',
  part: usersPart,
  merge: mergeUsers,
};

/** A user's sums, laid out like an entry of a part, with four integers more. */
const FLOATS = 10;
const INTS = 20;
const NODES_ALL = 16;
const NODES_BESIDE = 17;
const TOP_HOST = 18;
const PROCS_BESIDE = 19;

/** The sums of the merge under way. Reused: only the table is kept. */
let sums = { floats: new Float64Array(0), ints: new Int32Array(0) };
let ids = new Int32Array(0);
/** By user id: `stamp` and the row, from a merge before when smaller than `stamp`. */
let rowOf = new Float64Array(1024);
let users = 0;
let stamp = 1;
const order = new NameOrder();

function mergeUsers(parts: Iterable<readonly [HostView, UsersPart]>): UsersTable {
  stamp += users;
  users = 0;
  const hosts: HostView[] = [];
  const totals = {
    reporting: 0,
    hosts: 0,
    gpusInUse: 0,
    ownedBytes: 0,
    systemBytes: 0,
    unownedBytes: 0,
    attributedWatts: 0,
    unattributedWatts: 0,
  };
  for (const [host, part] of parts) {
    totals.hosts++;
    if (!counted(host)) continue;
    if (part.exports) {
      totals.reporting++;
      totals.unownedBytes += part.unownedBytes;
    }
    totals.gpusInUse += part.gpusInUse;
    totals.ownedBytes += part.ownedBytes;
    totals.unattributedWatts += part.unattributedWatts;
    addPart(part, hosts.length);
    hosts.push(host);
  }
  return new Users(hosts, totals);
}

function addPart(part: UsersPart, host: number): void {
  if (users + part.count > ids.length) grow(users + part.count);
  const { floats, ints } = sums;
  const { floats: from, ints: fromInts, count } = part;
  let rows = rowOf;
  for (let entry = 0; entry < count; entry++) {
    const at = entry * e.FLOATS;
    const intAt = entry * e.INTS;
    const user = fromInts[intAt + e.USER]!;
    let row = rows[user]! - stamp;
    if (!(row >= 0)) {
      row = newRow(user);
      rows = rowOf;
    }
    const to = row * FLOATS;
    const toInts = row * INTS;
    floats[to + e.VRAM]! += from[at + e.VRAM]!;
    floats[to + e.POWER]! += from[at + e.POWER]!;
    if (from[at + e.LONGEST]! > floats[to + e.LONGEST]!) floats[to + e.LONGEST] = from[at + e.LONGEST]!;
    if (from[at + e.TOP_BYTES]! > floats[to + e.TOP_BYTES]!) {
      floats[to + e.TOP_BYTES] = from[at + e.TOP_BYTES]!;
      ints[toInts + e.TOP_ROW] = fromInts[intAt + e.TOP_ROW]!;
      ints[toInts + TOP_HOST] = host;
    }
    ints[toInts + e.GPUS]! += fromInts[intAt + e.GPUS]!;
    ints[toInts + e.PROCS]! += fromInts[intAt + e.PROCS]!;
    ints[toInts + NODES_ALL]!++;
    if (fromInts[intAt + e.FLAGS] !== 0) addFlagged(part, entry, row);
  }
}

/** What most entries don't have: SM, power that is known in part, processes on no GPU. */
function addFlagged({ floats: from, ints: fromInts }: UsersPart, entry: number, row: number): void {
  const { floats, ints } = sums;
  const intAt = entry * e.INTS;
  const toInts = row * INTS;
  ints[toInts + e.FLAGS]! |= fromInts[intAt + e.FLAGS]!;
  floats[row * FLOATS + e.SM]! += from[entry * e.FLOATS + e.SM]!;
  ints[toInts + PROCS_BESIDE]! += fromInts[intAt + e.PROCS_ALL]! - fromInts[intAt + e.PROCS]!;
  if (fromInts[intAt + e.GPUS] === 0) ints[toInts + NODES_BESIDE]!++;
}

function newRow(user: number): number {
  if (user >= rowOf.length) rowOf = longer(rowOf, user * 2 + 1);
  const row = users++;
  rowOf[user] = stamp + row;
  ids[row] = user;
  sums.floats.fill(0, row * FLOATS, row * FLOATS + FLOATS);
  sums.floats[row * FLOATS + e.LONGEST] = -1;
  sums.ints[row * INTS + e.TOP_ROW] = -1;
  return row;
}

function longer(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(length);
  copy.set(array);
  return copy;
}

function grow(needed: number): void {
  const old = sums.ints;
  const oldIds = ids;
  ids = new Int32Array(needed * 2);
  ids.set(oldIds);
  const floats = new Float64Array(needed * 2 * FLOATS);
  sums = { floats, ints: new Int32Array(floats.buffer) };
  sums.ints.set(old);
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
  readonly #hosts: readonly HostView[];
  readonly #names: string[] = [];
  readonly #system = new Uint8Array(users);
  readonly #byName = new Int32Array(users);
  readonly #topHost = new Int32Array(users);
  readonly #topRow = new Int32Array(users);

  /** Takes the sums of the merge that has just ended. */
  constructor(hosts: readonly HostView[], totals: { -readonly [Key in keyof UserTotals]: UserTotals[Key] }) {
    this.#hosts = hosts;
    const sorted = order.rows(ids, users, (id) => hosts[0]!.userName(id));
    let onGpu = 0;
    for (const source of sorted) onGpu += Number(sums.ints[source * INTS + e.GPUS]! > 0);
    this.count = onGpu;
    let [next, nextOther] = [0, onGpu];
    sorted.forEach((source, rank) => {
      const row = sums.ints[source * INTS + e.GPUS]! > 0 ? next++ : nextOther++;
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
    const host = this.#hosts[this.#topHost[row]!]!;
    return host.text(host.procs.command[top]!) || host.text(host.procs.name[top]!);
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
    const { floats, ints } = sums;
    const at = source * FLOATS;
    const intAt = source * INTS;
    const flags = ints[intAt + e.FLAGS]!;
    this.nodes[row] = ints[intAt + NODES_ALL]! - ints[intAt + NODES_BESIDE]!;
    this.nodesAll[row] = ints[intAt + NODES_ALL]!;
    this.gpus[row] = ints[intAt + e.GPUS]!;
    this.procs[row] = ints[intAt + e.PROCS]!;
    this.procsAll[row] = ints[intAt + e.PROCS]! + ints[intAt + PROCS_BESIDE]!;
    this.vramBytes[row] = floats[at + e.VRAM]!;
    this.powerWatts[row] = floats[at + e.POWER]!;
    this.powerPartial[row] = flags & e.POWER_PARTIAL;
    this.sm[row] = flags & e.SM_REPORTED ? floats[at + e.SM]! / 100 : NaN;
    this.longestSeconds[row] = floats[at + e.LONGEST]! >= 0 ? floats[at + e.LONGEST]! : NaN;
    this.#topRow[row] = ints[intAt + e.TOP_ROW]!;
    this.#topHost[row] = ints[intAt + TOP_HOST]!;
    this.#names[row] = order.name(ids[source]!);
    this.#system[row] = Number(order.system(ids[source]!));
  }
}
