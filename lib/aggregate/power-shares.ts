/** What the bytes on each GPU of one host cost in watts: the formula of the users table, for the few hosts that are looked into. */
import type { NodeView } from '../model/node-view.js';

export interface SlotShares {
  /** Bytes that all processes of the GPU hold. */
  readonly ownedBytes: Float64Array;
  /** max(0, power) / owned bytes; 0 where nobody holds any. */
  readonly wattsPerByte: Float64Array;
  /** 1: the GPU reports no power. */
  readonly silent: Uint8Array;
}

export function slotShares({ gpus, procs }: NodeView): SlotShares {
  const ownedBytes = new Float64Array(gpus.slots);
  const wattsPerByte = new Float64Array(gpus.slots);
  const silent = new Uint8Array(gpus.slots);
  const rows = procs.count + (procs.others ?? 0);
  for (let row = 0; row < rows; row++) if (procs.gpu[row]! >= 0) ownedBytes[procs.gpu[row]!]! += procs.vramBytes[row]!;
  for (let slot = 0; slot < gpus.slots; slot++) {
    const power = slot < gpus.count ? gpus.field.powerWatts[slot]! : NaN;
    wattsPerByte[slot] = power > 0 && ownedBytes[slot]! > 0 ? power / ownedBytes[slot]! : 0;
    silent[slot] = Number(Number.isNaN(power));
  }
  return { ownedBytes, wattsPerByte, silent };
}
