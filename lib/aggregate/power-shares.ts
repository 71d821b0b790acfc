/** Whose a GPU's power is: the one formula, for the users table and for the few nodes that are looked into. */
import type { NodeView } from '../model/node-view.js';

/**
 * By slot of one node. A process has a part of its GPU's power as large as its part of the bytes that processes hold there; rows that a
 * filter leaves out hold theirs all the same.
 */
export class PowerShares {
  /** Bytes that all processes of the GPU hold. */
  ownedBytes = new Float64Array(0);
  /** max(0, power) / owned bytes; 0 where nobody holds any. */
  wattsPerByte = new Float64Array(0);
  /** 1: the GPU reports no power. */
  silent = new Uint8Array(0);
  /** GPUs with a process on them; of a filter, those with one that it keeps. */
  gpusInUse = 0;
  /** Power of GPUs on which no process holds bytes. */
  unattributedWatts = 0;
  /** Memory in use that no process holds: the sum of max(0, used - owned). */
  unownedBytes = 0;
  #busy = new Uint8Array(0);

  /** Works them out for a node, in the memory that is there: those of the node before are gone. */
  of(node: NodeView): this {
    const { slots } = node.gpus;
    if (slots > this.ownedBytes.length) this.#grow(slots);
    this.ownedBytes.fill(0, 0, slots);
    this.#busy.fill(0, 0, slots);
    this.#addRows(node);
    this.gpusInUse = 0;
    for (let slot = 0; slot < slots; slot++) this.gpusInUse += this.#busy[slot]!;
    this.#addOthers(node);
    this.#price(node);
    return this;
  }

  #grow(slots: number): void {
    this.ownedBytes = new Float64Array(slots);
    this.wattsPerByte = new Float64Array(slots);
    this.silent = new Uint8Array(slots);
    this.#busy = new Uint8Array(slots);
  }

  #addRows({ procs: { gpu, vramBytes, count } }: NodeView): void {
    const owned = this.ownedBytes;
    const busy = this.#busy;
    for (let row = 0; row < count; row++) {
      const slot = gpu[row]!;
      if (slot < 0) continue;
      owned[slot]! += vramBytes[row]!;
      busy[slot] = 1;
    }
  }

  #addOthers({ procs: { gpu, vramBytes, count, others = 0 } }: NodeView): void {
    const owned = this.ownedBytes;
    for (let row = count; row < count + others; row++) if (gpu[row]! >= 0) owned[gpu[row]!]! += vramBytes[row]!;
  }

  #price({ gpus }: NodeView): void {
    const { powerWatts, memoryUsedBytes } = gpus.field;
    const { ownedBytes, wattsPerByte, silent } = this;
    let [unattributedWatts, unownedBytes] = [0, 0];
    for (let slot = 0; slot < gpus.slots; slot++) {
      const owned = ownedBytes[slot]!;
      const power = slot < gpus.count ? powerWatts[slot]! : NaN;
      const watts = power > 0 ? power : 0;
      wattsPerByte[slot] = owned > 0 ? watts / owned : 0;
      silent[slot] = Number.isNaN(power) ? 1 : 0;
      if (owned === 0) unattributedWatts += watts;
      if (slot < gpus.count && memoryUsedBytes[slot]! > owned) unownedBytes += memoryUsedBytes[slot]! - owned;
    }
    this.unattributedWatts = unattributedWatts;
    this.unownedBytes = unownedBytes;
  }
}
