/** The users of one host: one entry per user in typed arrays, made in two passes over the process rows. */
import type { GpuColumns, ProcColumns } from '../model/columns.js';
import type { HostView } from '../model/host.js';
import { PairSet } from './pairs.js';

/**
 * An entry is 64 bytes, a cache line: five floats, then six integers. `floats` and `ints` are two views of the same bytes; the
 * constants are offsets into them. Bytes are sums over the user's rows, LONGEST is -1 where no age was reported.
 */
export const FLOATS = 8;
export const VRAM = 0;
export const POWER = 1;
export const LONGEST = 2;
export const TOP_BYTES = 3;
export const SM = 4;
export const INTS = 16;
export const USER = 10;
export const GPUS = 11;
export const PROCS = 12;
export const PROCS_ALL = 13;
/** Process row of the largest bytes; -1 where all are 0. */
export const TOP_ROW = 14;
export const FLAGS = 15;
export const POWER_PARTIAL = 1;
export const SM_REPORTED = 2;

/** Entries in growing typed arrays, found by user id. */
export class UsersPart {
  count = 0;
  floats = new Float64Array(FLOATS * 8);
  ints = new Int32Array(this.floats.buffer);
  /** GPUs with a process on them. */
  gpusInUse = 0;
  ownedBytes = 0;
  unownedBytes = 0;
  /** Power of GPUs on which no process holds bytes. */
  unattributedWatts = 0;

  add(user: number): number {
    const entry = this.count++;
    if (this.count * FLOATS > this.floats.length) this.#grow();
    this.floats.fill(0, entry * FLOATS, entry * FLOATS + FLOATS);
    this.floats[entry * FLOATS + LONGEST] = -1;
    this.ints[entry * INTS + USER] = user;
    this.ints[entry * INTS + TOP_ROW] = -1;
    return entry;
  }

  #grow(): void {
    const old = this.ints;
    this.floats = new Float64Array(this.floats.length * 2);
    this.ints = new Int32Array(this.floats.buffer);
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
const MASK_BITS = 32;
/** By entry: on which of the first 32 GPUs the user was seen. */
let masks = new Int32Array(256);
/** By user id: the entry, if that entry has the id. */
let entryOf = new Int32Array(1024);
const pids = new PairSet();
const gpuPairs = new PairSet();

/** `reuse`: a part that nobody needs any more. */
export function usersPart(host: HostView, reuse?: UsersPart): UsersPart {
  const part = reuse ?? new UsersPart();
  part.count = 0;
  shareOut(part, host);
  const { procs } = host;
  pids.begin(procs.pid, procs.user, procs.count);
  if (addGpuRows(part, procs, host.gpus.slots) < procs.count) addOtherRows(part, procs);
  return part;
}

function slotsOf(size: number): Slots {
  return { owned: new Float64Array(size), wattsPerByte: new Float64Array(size), silent: new Uint8Array(size), busy: new Uint8Array(size) };
}

/** Pass 1: bytes held on each GPU, and from that what a byte there costs in watts. */
function shareOut(part: UsersPart, { gpus, procs }: HostView): void {
  if (gpus.slots > slots.owned.length) slots = slotsOf(gpus.slots * 2);
  const owned = slots.owned.fill(0, 0, gpus.slots);
  const busy = slots.busy.fill(0, 0, gpus.slots);
  const { gpu, vramBytes } = procs;
  for (let row = 0; row < procs.count; row++) {
    const slot = gpu[row]!;
    if (slot < 0) continue;
    owned[slot]! += vramBytes[row]!;
    busy[slot] = 1;
  }
  part.gpusInUse = part.ownedBytes = part.unownedBytes = part.unattributedWatts = 0;
  for (let slot = 0; slot < gpus.slots; slot++) {
    part.gpusInUse += busy[slot]!;
    part.ownedBytes += owned[slot]!;
    priceSlot(part, gpus, slot);
  }
}

function priceSlot(part: UsersPart, { count, field }: GpuColumns, slot: number): void {
  const owned = slots.owned[slot]!;
  const power = slot < count ? field.powerWatts[slot]! : NaN;
  const used = slot < count ? field.memoryUsedBytes[slot]! : NaN;
  const watts = power > 0 ? power : 0;
  slots.wattsPerByte[slot] = owned > 0 ? watts / owned : 0;
  slots.silent[slot] = Number.isNaN(power) ? POWER_PARTIAL : 0;
  if (owned === 0) part.unattributedWatts += watts;
  if (used > owned) part.unownedBytes += used - owned;
}

/** Pass 2: every row to its user's entry. How many rows were on a GPU. */
function addGpuRows(part: UsersPart, procs: ProcColumns, slotCount: number): number {
  const { count, gpu, user, vramBytes, ageSeconds, smPercent } = procs;
  const { wattsPerByte, silent } = slots;
  const manyGpus = slotCount > MASK_BITS;
  if (manyGpus) gpuPairs.begin(gpu, user, count);
  let { floats, ints } = part;
  let onGpu = 0;
  for (let row = 0; row < count; row++) {
    const slot = gpu[row]!;
    if (slot < 0) continue;
    onGpu++;
    const entry = entryFor(part, user[row]!);
    if (ints !== part.ints) ({ floats, ints } = part);
    const at = entry * FLOATS;
    const intAt = entry * INTS;
    const bytes = vramBytes[row]!;
    floats[at + VRAM]! += bytes;
    floats[at + POWER]! += bytes * wattsPerByte[slot]!;
    if (ageSeconds[row]! > floats[at + LONGEST]!) floats[at + LONGEST] = ageSeconds[row]!;
    if (isTop(procs, row, floats[at + TOP_BYTES]!, ints[intAt + TOP_ROW]!)) {
      floats[at + TOP_BYTES] = bytes;
      ints[intAt + TOP_ROW] = row;
    }
    const sm = smPercent[row]!;
    if (sm >= 0) floats[at + SM]! += sm;
    ints[intAt + FLAGS]! |= (sm >= 0 ? SM_REPORTED : 0) | (bytes > 0 ? silent[slot]! : 0);
    if (manyGpus ? gpuPairs.add(row) : firstInMask(entry, slot)) ints[intAt + GPUS]!++;
    if (pids.add(row)) ints[intAt + PROCS]!++;
  }
  for (let entry = 0; entry < part.count; entry++) {
    ints[entry * INTS + PROCS_ALL] = ints[entry * INTS + PROCS]!;
    // Absurd readings that add up to infinity must not make everybody's power NaN.
    if (Number.isNaN(floats[entry * FLOATS + POWER])) floats[entry * FLOATS + POWER] = 0;
  }
  return onGpu;
}

/** Rows on no GPU count only as processes, and only where the process is not on a GPU as well. */
function addOtherRows(part: UsersPart, { count, gpu, user }: ProcColumns): void {
  for (let row = 0; row < count; row++) {
    if (gpu[row]! >= 0) continue;
    const entry = entryFor(part, user[row]!);
    if (pids.add(row)) part.ints[entry * INTS + PROCS_ALL]!++;
  }
}

function entryFor(part: UsersPart, user: number): number {
  const known = entryOf[user];
  if (known !== undefined && known < part.count && part.ints[known * INTS + USER] === user) return known;
  if (known === undefined) entryOf = grown(entryOf, user);
  const entry = part.add(user);
  entryOf[user] = entry;
  if (entry >= masks.length) masks = grown(masks, entry);
  masks[entry] = 0;
  return entry;
}

function firstInMask(entry: number, slot: number): boolean {
  const mask = masks[entry]!;
  masks[entry] = mask | (1 << slot);
  return (mask & (1 << slot)) === 0;
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
