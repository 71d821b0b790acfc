/** Whose a GPU's power is: the one formula, for the users table and for the few nodes that are looked into. */
import type { NodeView } from '../model/node-view.js';

/**
 * By slot of one node. A board of several dies reports its power on one of them: it belongs to the processes of all its dies. A process has a part of its GPU's power as large as its part of the bytes that processes hold there; rows that a
 * filter leaves out hold theirs all the same.
 */
export class PowerShares {
  /** Bytes that all processes of the GPU hold, as far as they are reported. */
  ownedBytes = new Float64Array(0);
  /** max(0, power) / owned bytes; 0 where nobody holds any, and where it is not known what a byte costs. */
  wattsPerByte = new Float64Array(0);
  /** 1: what its processes draw is not known: the GPU reports no power, or some process does not report what it holds. */
  silent = new Uint8Array(0);
  /** 1: those who hold memory on the GPU are charged for its power. */
  shared = new Uint8Array(0);
  /** GPUs with a process on them; of a filter, those with one that it keeps. */
  gpusInUse = 0;
  /** Power of GPUs that nobody can be charged for. */
  unattributedWatts = 0;
  /** Memory in use that no process holds: the sum of max(0, used - owned) over the GPUs of which it is known what is owned. */
  unownedBytes = 0;
  #busy = new Uint8Array(0);
  /** 1: some process on the GPU does not report what it holds. */
  #blind = new Uint8Array(0);

  /** Works them out for a node, in the memory that is there: those of the node before are gone. */
  of(node: NodeView): this {
    const { slots } = node.gpus;
    if (slots > this.ownedBytes.length) this.#grow(slots);
    this.ownedBytes.fill(0, 0, slots);
    this.#busy.fill(0, 0, slots);
    this.#blind.fill(0, 0, slots);
    this.#addRows(node);
    this.gpusInUse = 0;
    for (let slot = 0; slot < slots; slot++) this.gpusInUse += this.#busy[slot]!;
    this.#addOthers(node);
    this.#price(node);
    if (hasCards(node)) this.#priceCards(node);
    this.#addRest(node);
    return this;
  }

  #grow(slots: number): void {
    this.ownedBytes = new Float64Array(slots);
    this.wattsPerByte = new Float64Array(slots);
    this.silent = new Uint8Array(slots);
    this.shared = new Uint8Array(slots);
    this.#busy = new Uint8Array(slots);
    this.#blind = new Uint8Array(slots);
  }

  #addRows({ procs: { gpu, vramBytes, count } }: NodeView): void {
    const owned = this.ownedBytes;
    const busy = this.#busy;
    const blind = this.#blind;
    for (let row = 0; row < count; row++) {
      const slot = gpu[row]!;
      if (slot < 0) continue;
      busy[slot] = 1;
      if (vramBytes[row]! >= 0) owned[slot]! += vramBytes[row]!;
      else blind[slot] = 1;
    }
  }

  #addOthers({ procs: { gpu, vramBytes, count, others = 0 } }: NodeView): void {
    const owned = this.ownedBytes;
    for (let row = count; row < count + others; row++) {
      const slot = gpu[row]!;
      if (slot < 0) continue;
      if (vramBytes[row]! >= 0) owned[slot]! += vramBytes[row]!;
      else this.#blind[slot] = 1;
    }
  }

  #price({ gpus }: NodeView): void {
    const { powerWatts } = gpus.field;
    const { ownedBytes, wattsPerByte, silent, shared } = this;
    for (let slot = 0; slot < gpus.slots; slot++) {
      const power = slot < gpus.count ? powerWatts[slot]! : NaN;
      const known = this.#blind[slot] === 0;
      shared[slot] = known && ownedBytes[slot]! > 0 ? 1 : 0;
      wattsPerByte[slot] = shared[slot] === 1 && power > 0 ? power / ownedBytes[slot]! : 0;
      silent[slot] = Number.isNaN(power) || !known ? 1 : 0;
    }
  }

  /** Dies of one board have one price: its power over the bytes on all of them. */
  #priceCards(node: NodeView): void {
    const { gpus, whole } = node;
    const { powerWatts } = gpus.field;
    // A filter may leave out dies, but not what they draw and what is held on them.
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
      }
    }
  }

  /** What is nobody's. */
  #addRest({ gpus }: NodeView): void {
    const { powerWatts, memoryUsedBytes } = gpus.field;
    let [unattributedWatts, unownedBytes] = [0, 0];
    for (let slot = 0; slot < gpus.count; slot++) {
      const owned = this.ownedBytes[slot]!;
      if (this.shared[slot] === 0 && powerWatts[slot]! > 0) unattributedWatts += powerWatts[slot]!;
      if (this.#blind[slot] === 0 && memoryUsedBytes[slot]! > owned) unownedBytes += memoryUsedBytes[slot]! - owned;
    }
    this.unattributedWatts = unattributedWatts;
    this.unownedBytes = unownedBytes;
  }
}

function hasCards({ gpus }: NodeView): boolean {
  const { cardPowerWatts } = gpus.field;
  for (let slot = 0; slot < gpus.count; slot++) if (cardPowerWatts[slot]! >= 0) return true;
  return false;
}

/**
 * Slots by the board that they are on, of the boards with several dies. The serial number tells; without one a board begins with the die
 * that reports its power and goes on as long as the power of the board is the same.
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
