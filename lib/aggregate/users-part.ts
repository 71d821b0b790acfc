/**
 * The users of one node: one entry per user in typed arrays. The entries, and the entry of each row, depend on the rows and are computed
 * when those change; a scrape that only changes numbers makes two passes over the rows to add them up.
 */
import { longerInts } from '../model/arrays.js';
import type { ProcColumns } from '../model/columns.js';
import type { Grouping } from '../model/owners.js';
import { allocatedOn, NONE_ALLOCATED, ownerColumn, type Allocated } from './owner-columns.js';
import { whyNotReporting, type NodeView } from '../model/node-view.js';
import { ROW_USE, rowUses } from './idle-holders.js';
import { PairSet } from './pair-set.js';
import { PowerShares } from './power-shares.js';
import {
  BESIDE,
  FLAGS,
  FLOATS,
  GPUS,
  IDLE_GPUS,
  INTS,
  LONGEST,
  POWER,
  POWER_BY_USE,
  POWER_ESTIMATED,
  POWER_PARTIAL,
  PROCS,
  PROCS_ALL,
  SM,
  SM_REPORTED,
  TOP_BYTES,
  TOP_ROW,
  USE_KNOWN,
  USER,
  VRAM,
  VRAM_PARTIAL,
} from './user-entry.js';

/**
 * The entries of nodes whose parts are made one after the other are contiguous in memory, because a merge walks over all of them: that is
 * twice as fast as scattered entries. A piece of such a slab lives as long as its part; a slab lives as long as any of its pieces.
 */
const SLAB_BYTES = 65_536;
const ENTRY_BYTES = FLOATS * 8;
const FIRST_ENTRIES = 16;

class Slab {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  cutOff(entries: number): readonly [Float64Array, Int32Array] {
    const bytes = entries * ENTRY_BYTES;
    if (this.#used + bytes > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(Math.max(bytes, SLAB_BYTES));
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += bytes;
    return [new Float64Array(this.#buffer, at, entries * FLOATS), new Int32Array(this.#buffer, at, entries * INTS)];
  }
}

/** Entries in growing typed arrays, looked up by user id. */
export class UsersPart {
  count = 0;
  floats: Float64Array;
  ints: Int32Array;
  /** Largest user id of its entries. */
  maxUser = 0;
  /** GPUs with a process on them. */
  gpusInUse = 0;
  ownedBytes = 0;
  unownedBytes = 0;
  /** Power of GPUs that cannot be attributed. */
  unattributedWatts = 0;
  unattributedByUseWatts = 0;
  /** GPUs allocated on the node, by owner. */
  allocated: ReadonlyMap<number, Allocated> = NONE_ALLOCATED;
  /** Whether the node would report process data if it counted. */
  exports = false;
  /** By process row: the entry of its user. */
  entryOf = new Int32Array(0);
  /** The HostView.structure for which the entries were made. */
  structure = -1;

  readonly #slab: Slab;

  constructor(slab: Slab) {
    this.#slab = slab;
    [this.floats, this.ints] = slab.cutOff(FIRST_ENTRIES);
  }

  add(user: number): number {
    const entry = this.count++;
    if (this.count * FLOATS > this.floats.length) this.#grow();
    const at = entry * INTS;
    this.ints.fill(0, at, at + INTS);
    this.ints[at + USER] = user;
    if (user > this.maxUser) this.maxUser = user;
    return entry;
  }

  #grow(): void {
    const old = this.ints;
    [this.floats, this.ints] = this.#slab.cutOff((this.floats.length / FLOATS) * 2);
    this.ints.set(old);
  }
}

/** Makes the parts of all nodes, one after the other, in reused memory. */
export class UserParts {
  readonly #by: Grouping;
  readonly #slab = new Slab();
  readonly #shares = new PowerShares();
  /** By user id: the entry, if that entry has the id. */
  #entryOfUser = new Int32Array(1024);
  #usesOf = new Uint8Array(0);
  readonly #pids = new PairSet();
  readonly #gpuPairs = new PairSet();

  /** `by`: whose entries they are. What is said of users holds for the owners in any grouping. */
  constructor(by: Grouping) {
    this.#by = by;
  }

  /** `reuse`: the part of an earlier scrape of the same node that is no longer needed. */
  of(node: NodeView, reuse?: UsersPart): UsersPart {
    const part = reuse ?? new UsersPart(this.#slab);
    if (part.structure !== node.structure) this.#arrange(part, node);
    const shares = this.#shares.of(node);
    part.gpusInUse = shares.gpusInUse;
    part.unattributedWatts = shares.unattributedWatts;
    part.unattributedByUseWatts = shares.unattributedByUseWatts;
    part.unownedBytes = shares.unownedBytes;
    clear(part);
    addRows(part, node.procs, shares);
    this.#addIdle(part, node);
    part.exports = whyNotReporting(node) === undefined;
    part.allocated = allocatedOn(node, this.#by);
    return part;
  }

  /** GPUs on which all processes of an entry are idle. */
  #addIdle(part: UsersPart, node: NodeView): void {
    const { procs, gpus } = node;
    const { entryOf, ints, count: entries } = part;
    const uses = rowUses(node);
    const { slots } = gpus;
    const size = entries * slots;
    if (this.#usesOf.length < size) this.#usesOf = new Uint8Array(size * 2);
    // By entry and GPU: the highest use, so that one process that computes, or is not known, outweighs the idle ones.
    const found = this.#usesOf.fill(0, 0, size);
    let any = false;
    for (let row = 0; row < procs.count; row++) {
      const use = uses[row]!;
      if (use === ROW_USE.none) continue;
      any = true;
      const at = entryOf[row]! * slots + procs.gpu[row]!;
      if (use > found[at]!) found[at] = use;
    }
    for (let at = 0; any && at < size; at++) {
      if (found[at] === ROW_USE.none) continue;
      const entry = Math.floor(at / slots) * INTS;
      if (found[at] === ROW_USE.idle) ints[entry + IDLE_GPUS]!++;
      if (found[at] !== ROW_USE.unknown) ints[entry + FLAGS]! |= USE_KNOWN;
    }
  }

  /** The entries and the values that depend only on the rows: GPUs and processes. */
  #arrange(part: UsersPart, { procs, structure }: NodeView): void {
    const { count, gpu, pid } = procs;
    const user = ownerColumn(procs, this.#by);
    const pids = this.#pids;
    const gpuPairs = this.#gpuPairs;
    if (part.entryOf.length < count) part.entryOf = new Int32Array(count + (count >> 2));
    part.count = part.maxUser = 0;
    part.structure = structure;
    pids.begin(pid, user, count);
    gpuPairs.begin(gpu, user, count);
    let beside = 0;
    for (let row = 0; row < count; row++) {
      if (gpu[row]! < 0) {
        beside++;
        continue;
      }
      const entry = this.#entryFor(part, user[row]!);
      part.entryOf[row] = entry;
      if (gpuPairs.add(row)) part.ints[entry * INTS + GPUS]!++;
      if (pids.add(row)) part.ints[entry * INTS + PROCS]!++;
    }
    for (let entry = 0; entry < part.count; entry++) part.ints[entry * INTS + PROCS_ALL] = part.ints[entry * INTS + PROCS]!;
    if (beside > 0) this.#arrangeBeside(part, procs, user);
  }

  /** Rows on no GPU count only as processes, and only if the process is not on a GPU as well. */
  #arrangeBeside(part: UsersPart, { count, gpu }: ProcColumns, user: Int32Array): void {
    for (let row = 0; row < count; row++) {
      if (gpu[row]! >= 0) continue;
      const entry = this.#entryFor(part, user[row]!);
      part.ints[entry * INTS + FLAGS]! |= BESIDE;
      if (this.#pids.add(row)) part.ints[entry * INTS + PROCS_ALL]!++;
    }
  }

  #entryFor(part: UsersPart, user: number): number {
    const known = this.#entryOfUser[user];
    if (known !== undefined && known < part.count && part.ints[known * INTS + USER] === user) return known;
    if (known === undefined) this.#entryOfUser = longerInts(this.#entryOfUser, user * 2 + 1);
    return (this.#entryOfUser[user] = part.add(user));
  }
}

function clear({ count, floats, ints }: UsersPart): void {
  for (let entry = 0; entry < count; entry++) {
    const at = entry * FLOATS;
    floats[at + VRAM] = floats[at + POWER] = floats[at + POWER_BY_USE] = floats[at + TOP_BYTES] = floats[at + SM] = 0;
    floats[at + LONGEST] = -1;
    ints[entry * INTS + TOP_ROW] = -1;
    ints[entry * INTS + FLAGS]! &= BESIDE;
    ints[entry * INTS + IDLE_GPUS] = 0;
  }
}

/** Ranks above holding nothing, and below any reported size. */
const UNKNOWN_BYTES = Number.MIN_VALUE;

/** Adds every row on a GPU to its user's entry. */
function addRows(part: UsersPart, procs: ProcColumns, shares: PowerShares): void {
  const { wattsPerByte, floorWattsPerByte, wattsPerSm, wattsPerUntoldByte, isEstimate, silent } = shares;
  const { entryOf, floats, ints, count: entries } = part;
  const { count, gpu, vramBytes, ageSeconds, smPercent } = procs;
  for (let row = 0; row < count; row++) {
    const slot = gpu[row]!;
    if (slot < 0) continue;
    const entry = entryOf[row]!;
    const at = entry * FLOATS;
    let bytes = vramBytes[row]!;
    if (bytes >= 0) {
      floats[at + VRAM]! += bytes;
      floats[at + POWER]! += bytes * wattsPerByte[slot]!;
      floats[at + POWER_BY_USE]! += bytes * floorWattsPerByte[slot]!;
      if (isEstimate[slot] !== 0 && bytes > 0) ints[entry * INTS + FLAGS]! |= POWER_ESTIMATED;
    } else {
      bytes = UNKNOWN_BYTES;
      ints[entry * INTS + FLAGS]! |= VRAM_PARTIAL;
    }
    if (ageSeconds[row]! > floats[at + LONGEST]!) floats[at + LONGEST] = ageSeconds[row]!;
    if (bytes >= floats[at + TOP_BYTES]! && isTop(procs, row, bytes, floats[at + TOP_BYTES]!, ints[entry * INTS + TOP_ROW]!)) {
      floats[at + TOP_BYTES] = bytes;
      ints[entry * INTS + TOP_ROW] = row;
    }
    if (smPercent[row]! >= 0) {
      floats[at + SM]! += smPercent[row]!;
      floats[at + POWER_BY_USE]! += smPercent[row]! * wattsPerSm[slot]!;
      ints[entry * INTS + FLAGS]! |= SM_REPORTED;
    } else if (wattsPerUntoldByte[slot]! > 0) floats[at + POWER_BY_USE]! += bytes * wattsPerUntoldByte[slot]!;
    if (silent[slot] !== 0 && bytes > 0) ints[entry * INTS + FLAGS]! |= POWER_PARTIAL;
  }
  part.ownedBytes = 0;
  for (let at = 0; at < entries * FLOATS; at += FLOATS) {
    part.ownedBytes += floats[at + VRAM]!;
    // Absurd readings that add up to infinity must not turn everybody's power into NaN.
    if (Number.isNaN(floats[at + POWER])) floats[at + POWER] = 0;
    if (Number.isNaN(floats[at + POWER_BY_USE])) floats[at + POWER_BY_USE] = 0;
  }
}

/** Whether the row ranks before `top`, the first so far with its `most` bytes: most bytes, then smallest pid, then smallest GPU. */
function isTop({ pid, gpu }: ProcColumns, row: number, bytes: number, most: number, top: number): boolean {
  if (bytes !== most) return bytes > most;
  if (top < 0) return false;
  return pid[row]! < pid[top]! || (pid[row] === pid[top] && gpu[row]! < gpu[top]!);
}
