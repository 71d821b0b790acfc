/** Divides a GPU's power among its processes, by memory and by use: the only formulas, for the users table and for single nodes. */
import type { NodeView } from '../model/node-view.js';
import { idleFloors } from './idle-floor.js';

/**
 * By slot of one node. A board with several dies reports its power on one of them: that power belongs to the processes on all its dies. A
 * process gets a share of the GPU's power in proportion to the bytes it holds there; rows that the filter excludes count as well.
 *
 * By use, a process gets a share of the idle floor in proportion to the bytes it holds, and of the rest in proportion to its SM percent.
 * Processes whose SM percent is not reported, as of one that has just started, share what the others leave of the GPU's utilization, by memory. Where
 * no SM percent is reported, or the floor or the utilization is not known, all of it is by memory. Power far above the floor while no process uses an SM is
 * attributed to nobody: what caused it is not known.
 */
export class PowerShares {
  /** Bytes that all processes of the GPU hold, as far as they are reported. */
  ownedBytes = new Float64Array(0);
  /** max(0, power) / owned bytes; 0 where no process holds any, and where the power per byte is not known. */
  wattsPerByte = new Float64Array(0);
  /** By use: the floor / owned bytes, and the rest / sum of SM percents. */
  floorWattsPerByte = new Float64Array(0);
  wattsPerSm = new Float64Array(0);
  /** By use: on top of the floor, for the bytes of processes that do not report their SM percent. */
  wattsPerUntoldByte = new Float64Array(0);
  /** 1: the shares by use are by memory, or the floor is an estimate. */
  isEstimate = new Uint8Array(0);
  /** 1: the power of its processes is not known: the GPU does not report power, or some process does not report its memory. */
  silent = new Uint8Array(0);
  /** 1: the power is attributed to the processes that hold memory on the GPU. */
  shared = new Uint8Array(0);
  /** GPUs with a process; with a filter, those with a matching process. */
  gpusInUse = 0;
  /** Power of GPUs that cannot be attributed: by memory, and by use. */
  unattributedWatts = 0;
  unattributedByUseWatts = 0;
  /** Memory in use that no process holds: the sum of max(0, used - owned) over the GPUs where the owned bytes are known. */
  unownedBytes = 0;
  #busy = new Uint8Array(0);
  /** 1: some process on the GPU does not report its memory. */
  #blind = new Uint8Array(0);
  /** Sum of the SM percents that the GPU's processes report, and the number of those that do. */
  #sm = new Float64Array(0);
  #smRows = new Int32Array(0);
  /** The processes that do not: their number, and the bytes that they hold. */
  #untoldRows = new Int32Array(0);
  #untoldBytes = new Float64Array(0);
  /** By slot: power that is attributed by memory and not by use. */
  #lost = new Float64Array(0);

  /** Computes them for a node in the same buffers; the results for the previous node are overwritten. */
  of(node: NodeView): this {
    const { slots } = node.gpus;
    if (slots > this.ownedBytes.length) this.#grow(slots);
    this.#clear(slots);
    this.#addRows(node);
    this.#addOthers(node);
    this.#price(node);
    this.#priceUse(node);
    if (hasCards(node)) this.#priceCards(node);
    this.#addRest(node);
    return this;
  }

  #grow(slots: number): void {
    this.ownedBytes = new Float64Array(slots);
    this.wattsPerByte = new Float64Array(slots);
    this.floorWattsPerByte = new Float64Array(slots);
    this.wattsPerSm = new Float64Array(slots);
    this.isEstimate = new Uint8Array(slots);
    this.wattsPerUntoldByte = new Float64Array(slots);
    this.#sm = new Float64Array(slots);
    this.#smRows = new Int32Array(slots);
    this.#untoldRows = new Int32Array(slots);
    this.#untoldBytes = new Float64Array(slots);
    this.#lost = new Float64Array(slots);
    this.silent = new Uint8Array(slots);
    this.shared = new Uint8Array(slots);
    this.#busy = new Uint8Array(slots);
    this.#blind = new Uint8Array(slots);
  }

  #clear(slots: number): void {
    const owned = this.ownedBytes;
    const busy = this.#busy;
    const blind = this.#blind;
    for (let slot = 0; slot < slots; slot++) owned[slot] = busy[slot] = blind[slot] = 0;
    for (const sums of [this.#sm, this.#smRows, this.#untoldRows, this.#untoldBytes]) sums.fill(0, 0, slots);
  }

  #addRows({ procs: { gpu, vramBytes, smPercent, count } }: NodeView): void {
    const owned = this.ownedBytes;
    const busy = this.#busy;
    const blind = this.#blind;
    let inUse = 0;
    for (let row = 0; row < count; row++) {
      const slot = gpu[row]!;
      if (slot < 0) continue;
      if (busy[slot] === 0) inUse += busy[slot] = 1;
      this.#addSm(slot, smPercent[row]!, vramBytes[row]!);
      if (vramBytes[row]! >= 0) owned[slot]! += vramBytes[row]!;
      else blind[slot] = 1;
    }
    this.gpusInUse = inUse;
  }

  #addOthers({ procs: { gpu, vramBytes, smPercent, count, others = 0 } }: NodeView): void {
    const owned = this.ownedBytes;
    for (let row = count; row < count + others; row++) {
      const slot = gpu[row]!;
      if (slot < 0) continue;
      this.#addSm(slot, smPercent[row]!, vramBytes[row]!);
      if (vramBytes[row]! >= 0) owned[slot]! += vramBytes[row]!;
      else this.#blind[slot] = 1;
    }
  }

  #addSm(slot: number, percent: number, bytes: number): void {
    if (percent >= 0) {
      this.#sm[slot]! += percent;
      this.#smRows[slot]!++;
    } else if (bytes !== 0) {
      this.#untoldRows[slot]!++;
      this.#untoldBytes[slot]! += bytes;
    }
  }

  #price({ gpus }: NodeView): void {
    const { powerWatts } = gpus.field;
    const { ownedBytes, wattsPerByte, silent, shared } = this;
    const { count, slots } = gpus;
    const blind = this.#blind;
    for (let slot = 0; slot < slots; slot++) {
      const power = slot < count ? powerWatts[slot]! : NaN;
      const owned = blind[slot] === 0 ? ownedBytes[slot]! : 0;
      shared[slot] = owned > 0 ? 1 : 0;
      wattsPerByte[slot] = owned > 0 && power > 0 ? power / owned : 0;
      silent[slot] = Number.isNaN(power) ? 1 : blind[slot]!;
    }
  }

  #priceUse(node: NodeView): void {
    const { gpus } = node;
    const { powerWatts } = gpus.field;
    const { ownedBytes, wattsPerByte, floorWattsPerByte, wattsPerSm, wattsPerUntoldByte, isEstimate, shared } = this;
    const floors = idleFloors(node);
    const lost = this.#lost;
    for (let slot = 0; slot < gpus.slots; slot++) {
      floorWattsPerByte[slot] = wattsPerByte[slot]!;
      wattsPerSm[slot] = wattsPerUntoldByte[slot] = lost[slot] = 0;
      const power = slot < gpus.count ? powerWatts[slot]! : NaN;
      // All the power of a GPU with one process is that process's, by whatever rule.
      const several = this.#smRows[slot]! + this.#untoldRows[slot]! > 1;
      isEstimate[slot] = Number(several && shared[slot] === 1 && power > 0);
      const there = gpus.origin?.[slot] ?? slot;
      const floor = floors.watts[there]!;
      const untold = this.#untoldPercent(node, slot);
      if (shared[slot] === 0 || !(power > 0) || !(floor >= 0) || Number.isNaN(untold)) continue;
      const idle = Math.min(power, floor);
      const rest = power - idle;
      const percent = this.#sm[slot]! + untold;
      floorWattsPerByte[slot] = idle / ownedBytes[slot]!;
      if (percent > 0) {
        wattsPerSm[slot] = rest / percent;
        if (untold > 0) wattsPerUntoldByte[slot] = (untold * wattsPerSm[slot]!) / this.#untoldBytes[slot]!;
      } else if (power > floor * NEAR_FLOOR) lost[slot] = rest;
      // All of it is idle power, by memory.
      else floorWattsPerByte[slot] = power / ownedBytes[slot]!;
      isEstimate[slot] = Number(several && (this.#untoldRows[slot]! > 0 || floors.isEstimate[there] === 1));
    }
  }

  /** What the processes that do not report their SM percent can have used: what the others leave. NaN: not known. */
  #untoldPercent({ gpus }: NodeView, slot: number): number {
    if (this.#smRows[slot] === 0) return NaN;
    if (this.#untoldRows[slot] === 0) return 0;
    const left = Math.max(0, gpus.field.utilPercent[slot]! - this.#sm[slot]!);
    return Number.isNaN(left) || this.#untoldBytes[slot]! > 0 ? left : 0;
  }

  /** All dies of a board have the same power per byte: its power over the bytes on all of them. */
  #priceCards(node: NodeView): void {
    const { gpus, whole } = node;
    const { powerWatts } = gpus.field;
    // A filter may exclude dies, but not their power and the bytes held on them.
    const all = whole && new PowerShares().of(whole);
    for (const slots of cardsOf(node)) {
      const powers = slots.map((slot) => powerWatts[slot]!).filter((power) => !Number.isNaN(power));
      const watts = powers.reduce((sum, power) => sum + Math.max(0, power), 0);
      const owned = slots.reduce((sum, slot) => sum + this.ownedBytes[slot]!, 0);
      const known = slots.every((slot) => this.#blind[slot] === 0);
      for (const slot of slots) {
        const there = gpus.origin?.[slot] ?? slot;
        this.shared[slot] = all ? all.shared[there]! : known && owned > 0 ? 1 : 0;
        this.wattsPerByte[slot] = all ? all.wattsPerByte[there]! : this.shared[slot] === 1 ? watts / owned : 0;
        this.silent[slot] = all ? all.silent[there]! : powers.length === 0 || !known ? 1 : 0;
        // SM percents of the dies of a board do not tell whose its power is.
        this.floorWattsPerByte[slot] = this.wattsPerByte[slot]!;
        this.wattsPerSm[slot] = this.wattsPerUntoldByte[slot] = this.#lost[slot] = 0;
        this.isEstimate[slot] = this.shared[slot]!;
      }
    }
  }

  /** What is not attributed to any process. */
  #addRest({ gpus }: NodeView): void {
    const { powerWatts, memoryUsedBytes } = gpus.field;
    const { ownedBytes, shared } = this;
    const { count } = gpus;
    const blind = this.#blind;
    const lost = this.#lost;
    let unattributedWatts = 0;
    let lostWatts = 0;
    let unownedBytes = 0;
    for (let slot = 0; slot < count; slot++) {
      const owned = ownedBytes[slot]!;
      if (shared[slot] === 0 && powerWatts[slot]! > 0) unattributedWatts += powerWatts[slot]!;
      lostWatts += lost[slot]!;
      if (blind[slot] === 0 && memoryUsedBytes[slot]! > owned) unownedBytes += memoryUsedBytes[slot]! - owned;
    }
    this.unattributedWatts = unattributedWatts;
    this.unattributedByUseWatts = unattributedWatts + lostWatts;
    this.unownedBytes = unownedBytes;
  }
}

/** A GPU on which nothing computes may draw this many times its floor: idle power depends on temperature and clocks. */
const NEAR_FLOOR = 1.25;

/** The power of a process row by use, on its slot. */
export const wattsByUse = (
  { floorWattsPerByte, wattsPerSm, wattsPerUntoldByte }: PowerShares,
  slot: number,
  bytes: number,
  smPercent: number,
): number => bytes * floorWattsPerByte[slot]! + (smPercent >= 0 ? smPercent * wattsPerSm[slot]! : bytes * wattsPerUntoldByte[slot]!);

function hasCards({ gpus }: NodeView): boolean {
  const { cardPowerWatts } = gpus.field;
  const { count } = gpus;
  for (let slot = 0; slot < count; slot++) if (cardPowerWatts[slot]! >= 0) return true;
  return false;
}

/**
 * Slots by board, for the boards with several dies. Boards are identified by serial number; without one, a board starts with a die that
 * reports its power and continues as long as the power of the board is the same.
 */
export function cardsOf(node: NodeView): readonly (readonly number[])[] {
  const { gpus } = node;
  const { powerWatts, cardPowerWatts } = gpus.field;
  const cards = new Map<string, number[]>();
  let [nth, last] = [0, NaN];
  for (let slot = 0; slot < gpus.count; slot++) {
    const watts = cardPowerWatts[slot]!;
    if (!(watts >= 0)) continue;
    const serial = serialOf(node, slot);
    if (serial === '' && (!Number.isNaN(powerWatts[slot]) || watts !== last)) nth++;
    last = watts;
    const key = serial === '' ? `#${nth}` : serial;
    const card = cards.get(key);
    if (card) card.push(slot);
    else cards.set(key, [slot]);
  }
  return [...cards.values()];
}

const serialOf = ({ gpus, extras }: NodeView, slot: number): string =>
  gpus.detail(slot, 'serial_id') || extras.rows('gpu').label(gpus.origin?.[slot] ?? slot, 'sid');
