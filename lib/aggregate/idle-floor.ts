/** What a GPU draws while processes hold it and none computes: the part of its power that nobody's computing has caused. */
import { LIMITS } from '../model/limits.js';
import type { NodeView } from '../model/node-view.js';

/**
 * By a part of the model's name, the first that matches. Measured: an NVIDIA H200 draws 124 to 130 W and an H100 SXM 116 to 124 W while a
 * process only holds memory there (driver 580; 79 and 70 W without any process).
 */
const MEASURED_WATTS: readonly (readonly [model: RegExp, watts: number])[] = [
  [/\bH200\b(?!.*\bNVL\b)/i, 130],
  [/\bH100\b(?!.*\b(?:PCIe|NVL)\b)/i, 124],
];

/**
 * Board power by the vendors' data sheets, for models of which we have measured none. A data sheet does not have the idle power: it is estimated from the
 * board power, as from a power limit.
 */
const DATA_SHEET_WATTS: readonly (readonly [model: RegExp, watts: number])[] = [
  [/\bB200\b/i, 1000],
  [/\bH200\b/i, 600],
  [/\bH100\b.*\bNVL\b/i, 400],
  [/\bH100\b/i, 350],
  [/\bA100-SXM/i, 400],
  [/\bA100\b.*80GB/i, 300],
  [/\bA100\b/i, 250],
  [/\bL40S\b/i, 350],
  [/\bL40\b/i, 300],
  [/\bL4\b/i, 72],
  [/\bA40\b/i, 300],
  [/\bA30\b/i, 165],
  [/\bA10\b/i, 150],
  [/\bT4\b/i, 70],
  [/\bV100-SXM/i, 300],
  [/\bV100\b/i, 250],
  [/\bMI300X\b/i, 750],
  [/\bMI2[05]0X\b/i, 560],
  [/\bMI210\b/i, 300],
];

/** Idle power as a part of the power limit: 124 and 130 of 700 W, measured. */
const IDLE_SHARE = 0.18;

export interface IdleFloors {
  /** By slot; NaN: not known. */
  readonly watts: Float64Array;
  /** By slot, 1: neither measured on this model nor seen on this GPU. */
  readonly isEstimate: Uint8Array;
}

interface Known {
  version: number;
  structure: number;
  uuids: readonly string[];
  /** By slot: the lowest power seen at 0 % utilization; Infinity: none yet. */
  lowest: Float64Array;
  /** By slot: of the model; NaN: not in the tables. */
  model: Float64Array;
  isMeasured: Uint8Array;
  floors: IdleFloors;
}

/** By node: what has been seen of it so far. */
const known = new WeakMap<NodeView, Known>();

/**
 * The idle floor of each GPU of a node: that of its model, else the lowest power seen at 0 % utilization, else a part of its power limit. To be
 * asked at each commit, so that no reading is missed.
 */
export function idleFloors(node: NodeView): IdleFloors {
  const one = node.whole ?? node;
  let seen = known.get(one);
  if (seen?.structure !== one.structure) known.set(one, (seen = look(one, seen)));
  if (seen.version !== one.version) measure(one, seen);
  return seen.floors;
}

/** Which GPUs there are. What was seen of a GPU is kept as long as it is in its place. */
function look(node: NodeView, before: Known | undefined): Known {
  const { gpus } = node;
  const { count } = gpus;
  const uuids = Array.from({ length: count }, (_, slot) => node.text(gpus.uuid[slot]!));
  const lowest = Float64Array.from(uuids, (uuid, slot) => (before?.uuids[slot] === uuid ? before.lowest[slot]! : Infinity));
  const model = new Float64Array(count);
  const isMeasured = new Uint8Array(count);
  for (let slot = 0; slot < count; slot++) {
    const name = node.text(gpus.name[slot]!);
    const measured = wattsOf(name, MEASURED_WATTS);
    isMeasured[slot] = Number(!Number.isNaN(measured));
    model[slot] = isMeasured[slot] === 1 ? measured : wattsOf(name, DATA_SHEET_WATTS) * IDLE_SHARE;
  }
  const floors = { watts: new Float64Array(count), isEstimate: new Uint8Array(count) };
  return { version: -1, structure: node.structure, uuids, lowest, model, isMeasured, floors };
}

const wattsOf = (name: string, table: typeof MEASURED_WATTS): number => table.find(([model]) => model.test(name))?.[1] ?? NaN;

function measure(node: NodeView, seen: Known): void {
  const { utilPercent, powerWatts, powerLimitWatts } = node.gpus.field;
  const { lowest, model, isMeasured, floors } = seen;
  seen.version = node.version;
  for (let slot = 0; slot < model.length; slot++) {
    const [watts, limit] = [powerWatts[slot]!, powerLimitWatts[slot]!];
    // Power is an average: right after a job it is not yet that of an idle GPU.
    const isIdle = utilPercent[slot] === 0 && watts > 0 && !(watts > limit * LIMITS.stuckPowerShare);
    if (isIdle && watts < lowest[slot]!) lowest[slot] = watts;
    const hasModel = !Number.isNaN(model[slot]);
    const hasSeen = lowest[slot]! < Infinity;
    floors.watts[slot] = hasModel ? model[slot]! : hasSeen ? lowest[slot]! : limit * IDLE_SHARE;
    floors.isEstimate[slot] = Number(hasModel ? isMeasured[slot] === 0 : !hasSeen);
  }
}
