/** Who is using the cluster, how much: the entries of all hosts, added up per user. */
import type { Derivation } from '../derive.js';
import { counted, silence, type HostView } from '../model/host.js';
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

/** A user's sums, laid out like an entry of a part, with three integers more. */
const FLOATS = 10;
const INTS = 20;
const NODES = 16;
const NODES_ALL = 17;
const TOP_HOST = 18;

/** The sums of the merge under way. Reused: only the table is kept. */
let floats = new Float64Array(FLOATS * 256);
let ints = new Int32Array(floats.buffer);
let ids = new Int32Array(256);
let rowOf = new Int32Array(1024);
let users = 0;
const order = new NameOrder();

function mergeUsers(parts: Iterable<readonly [HostView, UsersPart]>): UsersTable {
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
    if (silence(host) === undefined) {
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
  const from = part.floats;
  const fromInts = part.ints;
  for (let entry = 0, at = 0, intAt = 0; entry < part.count; entry++, at += e.FLOATS, intAt += e.INTS) {
    const row = rowFor(fromInts[intAt + e.USER]!);
    const to = row * FLOATS;
    const toInts = row * INTS;
    const gpus = fromInts[intAt + e.GPUS]!;
    floats[to + e.VRAM]! += from[at + e.VRAM]!;
    floats[to + e.POWER]! += from[at + e.POWER]!;
    floats[to + e.SM]! += from[at + e.SM]!;
    if (from[at + e.LONGEST]! > floats[to + e.LONGEST]!) floats[to + e.LONGEST] = from[at + e.LONGEST]!;
    if (from[at + e.TOP_BYTES]! > floats[to + e.TOP_BYTES]!) {
      floats[to + e.TOP_BYTES] = from[at + e.TOP_BYTES]!;
      ints[toInts + e.TOP_ROW] = fromInts[intAt + e.TOP_ROW]!;
      ints[toInts + TOP_HOST] = host;
    }
    ints[toInts + e.GPUS]! += gpus;
    ints[toInts + e.PROCS]! += fromInts[intAt + e.PROCS]!;
    ints[toInts + e.PROCS_ALL]! += fromInts[intAt + e.PROCS_ALL]!;
    ints[toInts + e.FLAGS]! |= fromInts[intAt + e.FLAGS]!;
    if (gpus > 0) ints[toInts + NODES]!++;
    ints[toInts + NODES_ALL]!++;
  }
}

function rowFor(user: number): number {
  const known = rowOf[user];
  if (known !== undefined && known < users && ids[known] === user) return known;
  if (known === undefined) rowOf = copied(rowOf, user * 2 + 1);
  if (users === ids.length) grow();
  const row = users++;
  rowOf[user] = row;
  ids[row] = user;
  floats.fill(0, row * FLOATS, row * FLOATS + FLOATS);
  floats[row * FLOATS + e.LONGEST] = -1;
  ints[row * INTS + e.TOP_ROW] = -1;
  return row;
}

function grow(): void {
  const old = ints;
  ids = copied(ids, ids.length * 2);
  floats = new Float64Array(floats.length * 2);
  ints = new Int32Array(floats.buffer);
  ints.set(old);
}

function copied(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
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
    for (const source of sorted) onGpu += Number(ints[source * INTS + e.GPUS]! > 0);
    this.count = onGpu;
    let [next, nextOther] = [0, onGpu];
    sorted.forEach((source, rank) => {
      const row = ints[source * INTS + e.GPUS]! > 0 ? next++ : nextOther++;
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
    const at = source * FLOATS;
    const intAt = source * INTS;
    const flags = ints[intAt + e.FLAGS]!;
    this.nodes[row] = ints[intAt + NODES]!;
    this.nodesAll[row] = ints[intAt + NODES_ALL]!;
    this.gpus[row] = ints[intAt + e.GPUS]!;
    this.procs[row] = ints[intAt + e.PROCS]!;
    this.procsAll[row] = ints[intAt + e.PROCS_ALL]!;
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
