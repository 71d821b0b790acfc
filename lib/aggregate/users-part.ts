/**
 * The users of one host: one entry per user in typed arrays. Which entries there are, and which row is whose, hangs on the rows and is
 * worked out when those change; a scrape that only brings other numbers runs twice over the rows and adds them up.
 */
import type { GpuColumns, ProcColumns } from '../model/columns.js';
import { whyNotReporting, type NodeView } from '../model/node-view.js';
import { PairSet } from './pair-set.js';
import {
  BESIDE,
  FLAGS,
  FLOATS,
  GPUS,
  INTS,
  LONGEST,
  POWER,
  POWER_PARTIAL,
  PROCS,
  PROCS_ALL,
  SM,
  SM_REPORTED,
  TOP_BYTES,
  TOP_ROW,
  USER,
  VRAM,
} from './user-entry.js';

/**
 * Entries of hosts whose parts are made one after the other stand one behind the other, because a merge walks over all of them: that is
 * twice as fast as looking for them all over the memory. A piece of such a slab lives as long as its part; a slab, as long as a piece.
 */
const SLAB_BYTES = 65_536;
const ENTRY_BYTES = FLOATS * 8;
const FIRST_ENTRIES = 16;
let slab = new ArrayBuffer(0);
let slabUsed = 0;

function cutOff(entries: number): readonly [Float64Array, Int32Array] {
  const bytes = entries * ENTRY_BYTES;
  if (slabUsed + bytes > slab.byteLength) {
    slab = new ArrayBuffer(Math.max(bytes, SLAB_BYTES));
    slabUsed = 0;
  }
  const at = slabUsed;
  slabUsed += bytes;
  return [new Float64Array(slab, at, entries * FLOATS), new Int32Array(slab, at, entries * INTS)];
}

/** Entries in growing typed arrays, found by user id. */
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
  /** Power of GPUs on which no process holds bytes. */
  unattributedWatts = 0;
  /** Whether the host would report process data if it counted. */
  exports = false;
  /** By process row: the entry of its user. */
  entryOf = new Int32Array(0);
  /** HostView.structure that the entries were made for. */
  structure = -1;

  constructor() {
    [this.floats, this.ints] = cutOff(FIRST_ENTRIES);
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
    [this.floats, this.ints] = cutOff((this.floats.length / FLOATS) * 2);
    this.ints.set(old);
  }
}

/** What a GPU of the host gives and has given, by slot. Reused by all hosts: a part is made in one go. */
interface Slots {
  owned: Float64Array;
  wattsPerByte: Float64Array;
  /** POWER_PARTIAL where no power is reported. */
  silent: Uint8Array;
  busy: Uint8Array;
}
let slots: Slots = slotsOf(64);
/** By user id: the entry, if that entry has the id. */
let entryOfUser = new Int32Array(1024);
const pids = new PairSet();
const gpuPairs = new PairSet();

/** `reuse`: the part of an earlier scrape of the same host, which nobody needs any more. */
export function usersPart(node: NodeView, reuse?: UsersPart): UsersPart {
  const part = reuse ?? new UsersPart();
  if (part.structure !== node.structure) arrange(part, node);
  shareOut(part, node);
  clear(part);
  addRows(part, node.procs);
  part.exports = whyNotReporting(node) === undefined;
  return part;
}

/** Entries and what of them hangs on the rows alone: GPUs and processes. */
function arrange(part: UsersPart, { procs, structure }: NodeView): void {
  const { count, gpu, user, pid } = procs;
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
    const entry = entryFor(part, user[row]!);
    part.entryOf[row] = entry;
    if (gpuPairs.add(row)) part.ints[entry * INTS + GPUS]!++;
    if (pids.add(row)) part.ints[entry * INTS + PROCS]!++;
  }
  for (let entry = 0; entry < part.count; entry++) part.ints[entry * INTS + PROCS_ALL] = part.ints[entry * INTS + PROCS]!;
  if (beside > 0) arrangeBeside(part, procs);
}

/** Rows on no GPU count only as processes, and only where the process is not on a GPU as well. */
function arrangeBeside(part: UsersPart, { count, gpu, user }: ProcColumns): void {
  for (let row = 0; row < count; row++) {
    if (gpu[row]! >= 0) continue;
    const entry = entryFor(part, user[row]!);
    part.ints[entry * INTS + FLAGS]! |= BESIDE;
    if (pids.add(row)) part.ints[entry * INTS + PROCS_ALL]!++;
  }
}

function entryFor(part: UsersPart, user: number): number {
  const known = entryOfUser[user];
  if (known !== undefined && known < part.count && part.ints[known * INTS + USER] === user) return known;
  if (known === undefined) entryOfUser = grown(entryOfUser, user);
  return (entryOfUser[user] = part.add(user));
}

function slotsOf(size: number): Slots {
  return { owned: new Float64Array(size), wattsPerByte: new Float64Array(size), silent: new Uint8Array(size), busy: new Uint8Array(size) };
}

/** Pass 1: bytes held on each GPU, and from that what a byte there costs in watts. */
function shareOut(part: UsersPart, { gpus, procs }: NodeView): void {
  if (gpus.slots > slots.owned.length) slots = slotsOf(gpus.slots * 2);
  const owned = slots.owned.fill(0, 0, gpus.slots);
  const busy = slots.busy.fill(0, 0, gpus.slots);
  const { gpu, vramBytes, count } = procs;
  for (let row = 0; row < count; row++) {
    const slot = gpu[row]!;
    if (slot < 0) continue;
    owned[slot]! += vramBytes[row]!;
    busy[slot] = 1;
  }
  let [gpusInUse, ownedBytes] = [0, 0];
  for (let slot = 0; slot < gpus.slots; slot++) {
    gpusInUse += busy[slot]!;
    ownedBytes += owned[slot]!;
  }
  part.gpusInUse = gpusInUse;
  part.ownedBytes = ownedBytes;
  if (procs.others !== undefined) addOthers(owned, procs, procs.others);
  priceSlots(part, gpus);
}

/** What a filter leaves out holds its share of memory and power all the same. */
function addOthers(owned: Float64Array, { count, gpu, vramBytes }: ProcColumns, others: number): void {
  for (let row = count; row < count + others; row++) owned[gpu[row]!]! += vramBytes[row]!;
}

function priceSlots(part: UsersPart, gpus: GpuColumns): void {
  const { powerWatts, memoryUsedBytes } = gpus.field;
  let [unattributedWatts, unownedBytes] = [0, 0];
  for (let slot = 0; slot < gpus.slots; slot++) {
    const owned = slots.owned[slot]!;
    const reports = slot < gpus.count;
    const watts = reports && powerWatts[slot]! > 0 ? powerWatts[slot]! : 0;
    slots.wattsPerByte[slot] = owned > 0 ? watts / owned : 0;
    slots.silent[slot] = reports && (powerWatts[slot]! >= 0 || powerWatts[slot]! < 0) ? 0 : POWER_PARTIAL;
    if (owned === 0) unattributedWatts += watts;
    if (reports && memoryUsedBytes[slot]! > owned) unownedBytes += memoryUsedBytes[slot]! - owned;
  }
  part.unattributedWatts = unattributedWatts;
  part.unownedBytes = unownedBytes;
}

function clear({ count, floats, ints }: UsersPart): void {
  for (let entry = 0; entry < count; entry++) {
    const at = entry * FLOATS;
    floats[at + VRAM] = floats[at + POWER] = floats[at + TOP_BYTES] = floats[at + SM] = 0;
    floats[at + LONGEST] = -1;
    ints[entry * INTS + TOP_ROW] = -1;
    ints[entry * INTS + FLAGS]! &= BESIDE;
  }
}

/** Pass 2: every row on a GPU to its user's entry. */
function addRows({ entryOf, floats, ints, count: entries }: UsersPart, procs: ProcColumns): void {
  const { count, gpu, vramBytes, ageSeconds, smPercent } = procs;
  const { wattsPerByte, silent } = slots;
  for (let row = 0; row < count; row++) {
    const slot = gpu[row]!;
    if (slot < 0) continue;
    const entry = entryOf[row]!;
    const at = entry * FLOATS;
    const bytes = vramBytes[row]!;
    floats[at + VRAM]! += bytes;
    floats[at + POWER]! += bytes * wattsPerByte[slot]!;
    if (ageSeconds[row]! > floats[at + LONGEST]!) floats[at + LONGEST] = ageSeconds[row]!;
    if (bytes >= floats[at + TOP_BYTES]! && isTop(procs, row, floats[at + TOP_BYTES]!, ints[entry * INTS + TOP_ROW]!)) {
      floats[at + TOP_BYTES] = bytes;
      ints[entry * INTS + TOP_ROW] = row;
    }
    if (smPercent[row]! >= 0) {
      floats[at + SM]! += smPercent[row]!;
      ints[entry * INTS + FLAGS]! |= SM_REPORTED;
    }
    if (silent[slot] !== 0 && bytes > 0) ints[entry * INTS + FLAGS]! |= POWER_PARTIAL;
  }
  // Absurd readings that add up to infinity must not make everybody's power NaN.
  for (let at = POWER; at < entries * FLOATS; at += FLOATS) if (Number.isNaN(floats[at])) floats[at] = 0;
}

/** Whether the row comes before `top`, the first so far with its `most` bytes: most bytes, then smallest pid, then smallest GPU. */
function isTop({ vramBytes, pid, gpu }: ProcColumns, row: number, most: number, top: number): boolean {
  const bytes = vramBytes[row]!;
  if (bytes !== most) return bytes > most;
  if (top < 0) return false;
  return pid[row]! < pid[top]! || (pid[row] === pid[top] && gpu[row]! < gpu[top]!);
}

function grown(array: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(index * 2 + 1);
  larger.set(array);
  return larger;
}
