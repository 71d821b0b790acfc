/** Who holds the memory of a GPU and computes nothing there: by process, also on a GPU where others compute. */
import type { UserId } from '../model/columns.js';
import type { NodeView } from '../model/node-view.js';
import { holdsMemory, slotStates } from './gpu-state.js';
import { held } from './unknown.js';

/** What a process row does on its GPU. `none`: it is on none, or holds no memory there. */
export const ROW_USE = { none: 0, idle: 1, computing: 2, unknown: 3 } as const;

interface Known {
  version: number;
  uses: Uint8Array;
  anyIdle: boolean;
  holders: readonly IdleHolder[] | undefined;
}

/** By node, at one version: users, alerts, histories and tables ask for them. */
const known = new WeakMap<NodeView, Known>();

/**
 * By row, those that a filter excludes included: a `ROW_USE`. On a GPU that does not compute every holder is idle. Where others may compute, the SM
 * share of the process tells; where that is not reported, a process on a busy GPU counts as computing, since only the GPU's utilization is known.
 */
export const rowUses = (node: NodeView): Uint8Array => knownOf(node).uses;

function knownOf(node: NodeView): Known {
  const { version } = node;
  let one = known.get(node);
  if (one?.version === version) return one;
  if (!one) known.set(node, (one = { version, uses: new Uint8Array(0), anyIdle: false, holders: undefined }));
  one.version = version;
  one.holders = undefined;
  fill(one, node);
  return one;
}

function fill(one: Known, node: NodeView): void {
  const { procs } = node;
  const { gpu, smPercent, vramBytes } = procs;
  const states = slotStates(node);
  const count = procs.count + (procs.others ?? 0);
  if (one.uses.length < count) one.uses = new Uint8Array(count);
  const { uses } = one;
  one.anyIdle = false;
  for (let row = 0; row < count; row++) {
    const slot = gpu[row]!;
    const state = slot < 0 ? undefined : states[slot];
    if (state === undefined) uses[row] = ROW_USE.none;
    else if (!holdsMemory(vramBytes[row]!)) uses[row] = smPercent[row]! > 0 ? ROW_USE.computing : ROW_USE.none;
    else if (state === 'heldIdle' || smPercent[row] === 0) {
      uses[row] = ROW_USE.idle;
      one.anyIdle = true;
    } else uses[row] = smPercent[row]! > 0 || state === 'computing' ? ROW_USE.computing : ROW_USE.unknown;
  }
}

/** Whether a process, given by its rows, is idle on every GPU that it holds. */
export function isIdleProcess(node: NodeView, rows: readonly number[]): boolean {
  const uses = rowUses(node);
  const own = rows.map((row) => uses[row]!).filter((use) => use !== ROW_USE.none);
  return own.length > 0 && own.every((use) => use === ROW_USE.idle);
}

export interface IdleHolder {
  readonly slot: number;
  /** 0: not known. */
  readonly user: UserId;
  /** NaN: not reported. */
  readonly vramBytes: number;
  /** Known from the SM shares of the processes; else only from the utilization of the GPU. */
  readonly bySm: boolean;
}

/** The users all of whose processes on a GPU are idle, by slot. */
export function idleHolders(node: NodeView): readonly IdleHolder[] {
  const one = knownOf(node);
  return (one.holders ??= one.anyIdle ? holdersOf(node, one.uses) : []);
}

function holdersOf({ gpus, procs }: NodeView, uses: Uint8Array): readonly IdleHolder[] {
  const { gpu, user, vramBytes, smPercent } = procs;
  const count = procs.count + (procs.others ?? 0);
  const found = new Map<number, { bytes: number[]; isIdle: boolean; bySm: boolean }>();
  for (let row = 0; row < count; row++) {
    if (uses[row] === ROW_USE.none) continue;
    const key = user[row]! * gpus.slots + gpu[row]!;
    let one = found.get(key);
    if (!one) found.set(key, (one = { bytes: [], isIdle: true, bySm: true }));
    one.bytes.push(vramBytes[row]!);
    if (uses[row] !== ROW_USE.idle) one.isIdle = false;
    if (Number.isNaN(smPercent[row])) one.bySm = false;
  }
  return [...found]
    .filter(([, { isIdle }]) => isIdle)
    .map(([key, { bytes, bySm }]) => ({ slot: key % gpus.slots, user: Math.floor(key / gpus.slots), vramBytes: held(bytes), bySm }))
    .sort((a, b) => a.slot - b.slot);
}
