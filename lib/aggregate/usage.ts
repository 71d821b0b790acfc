/**
 * Usage over time: the time between two samples of a GPU, and its energy, by what the GPU did and by whose it was. What the first of the two samples
 * shows holds until the second. Time that nobody observed is unknown, and never guessed.
 */
import type { Ms } from '../model/clock.js';
import { included, type NodeView } from '../model/node-view.js';
import { GROUPINGS, type Grouping } from '../model/owners.js';
import { rowsBySlot } from './gpu-owners.js';
import { isNotComputing, slotStates, type GpuState } from './gpu-state.js';
import { ROW_USE, rowUses } from './idle-holders.js';
import { ownerColumn } from './owner-columns.js';
import { PowerShares, wattsByUse } from './power-shares.js';

/** What rows are: owners of processes, nodes, models, or the values of a label of the host file ('group.rack'). */
export type UsageBy = Grouping | 'node' | 'model' | `group.${string}`;

/** GPU-seconds, and joules. */
export interface UsageSums {
  /** GPUs that computed: by SM share where that is known, else by memory. Over all rows and nobody, the time that GPUs computed. */
  usedSeconds: number;
  /** GPUs that the row held and computed nothing on. A GPU that several hold counts for each. */
  idleSeconds: number;
  /** By use: see `PowerShares`. */
  joules: number;
}

export interface UsageRow extends UsageSums {
  /** '' for an owner that is not known. */
  readonly name: string;
  readonly byModel: ReadonlyMap<string, UsageSums>;
  /** GPU-seconds of the window, and those of them that were observed; of nodes, models and groups. Of owners 0: they share that of all GPUs. */
  readonly windowSeconds: number;
  readonly observedSeconds: number;
}

/** GPU-seconds of the window, by what the GPUs did. They add up to GPUs times time. */
export interface UsageTotals {
  computing: number;
  heldIdle: number;
  free: number;
  unknown: number;
  /** Energy of all GPUs, and GPU-seconds of which the power was known. */
  joules: number;
  poweredSeconds: number;
  /** Of what computed, and of the energy, what belongs to no row. */
  nobody: UsageSums;
  readonly nodes: number;
  /** Of the first sample, and of the last; NaN: there was none. */
  from: Ms;
  to: Ms;
}

export const windowSeconds = ({ computing, heldIdle, free, unknown }: UsageTotals): number => computing + heldIdle + free + unknown;
export const observedSeconds = ({ computing, heldIdle, free }: UsageTotals): number => computing + heldIdle + free;

/** A gap of more refreshes is not known. */
const MOST_REFRESHES = 2;

/** What a node shows at a sample: GPUs, watts, and the shares of rows, by name and model. */
interface Sample {
  readonly at: Ms;
  readonly version: number;
  readonly gpus: number;
  readonly states: Readonly<Record<GpuState, number>>;
  readonly watts: number;
  readonly powered: number;
  readonly rows: ReadonlyMap<string, Share>;
  readonly nobody: Share;
}
interface Share {
  readonly name: string;
  readonly model: string;
  used: number;
  idle: number;
  watts: number;
  /** GPUs that are the row's, and those of them whose state is known. */
  gpus: number;
  known: number;
}

interface Sums extends UsageSums {
  readonly name: string;
  readonly model: string;
  windowSeconds: number;
  observedSeconds: number;
}

interface NodeUsage {
  last: Sample | undefined;
  readonly rows: Map<string, Sums>;
  readonly totals: UsageTotals;
}

const NO_SUMS = { usedSeconds: 0, idleSeconds: 0, joules: 0 } as const;
const NO_WINDOW = { windowSeconds: 0, observedSeconds: 0 } as const;
const newTotals = (): UsageTotals => ({
  ...{ computing: 0, heldIdle: 0, free: 0, unknown: 0, joules: 0, poweredSeconds: 0 },
  nobody: { ...NO_SUMS },
  nodes: 0,
  from: NaN,
  to: NaN,
});

/** What was accounted for; read-only. */
export interface UsageView {
  rows(): readonly UsageRow[];
  /** `now`: of nodes that no longer answer, the time until then is unknown. */
  totals(now?: Ms): UsageTotals;
  /** Of one node; undefined: it has not answered. */
  nodeTotals(nodeId: string, now?: Ms): UsageTotals | undefined;
}

export class Usage implements UsageView {
  readonly by: UsageBy;
  readonly #mostMs: Ms;
  readonly #nameOf: (owner: string) => string;
  readonly #nodes = new Map<string, NodeUsage>();
  readonly #shares = new PowerShares();

  /** `intervalMs`: of the refreshes. `nameOf`: the name of the row of an owner. */
  constructor(by: UsageBy, intervalMs: Ms, nameOf: (owner: string) => string = (owner) => owner) {
    this.by = by;
    this.#nameOf = nameOf;
    this.#mostMs = intervalMs * MOST_REFRESHES;
  }

  /** A node answered. Samples of a node are to be added in their order; those of different nodes in any. */
  add(node: NodeView): void {
    if (!included(node) || node.version === 0) return;
    let usage = this.#nodes.get(node.nodeId);
    if (!usage) this.#nodes.set(node.nodeId, (usage = { last: undefined, rows: new Map(), totals: newTotals() }));
    if (usage.last?.version === node.version) return;
    const { last, totals } = usage;
    if (last) account(usage, last, node.at, this.#mostMs);
    if (Number.isNaN(totals.from)) totals.from = node.at;
    // After a clock that was put back, time is counted from there.
    totals.to = Math.max(totals.to || node.at, node.at);
    usage.last = sampleOf(node, this.by, this.#shares.of(node), this.#nameOf);
  }

  /** The samples so far are not followed by those to come: the time in between is not accounted for. */
  jump(nodeId: string): void {
    const usage = this.#nodes.get(nodeId);
    if (usage) usage.last = undefined;
  }

  /** By name. */
  rows(): readonly UsageRow[] {
    const found = new Map<string, Omit<Sums, 'model'> & { readonly byModel: Map<string, UsageSums> }>();
    // In the order of the nodes' ids, so that sums do not depend on who answered first.
    for (const { rows } of this.#sorted()) {
      for (const { name, model, usedSeconds, idleSeconds, joules, ...own } of rows.values()) {
        let row = found.get(name);
        if (!row) found.set(name, (row = { name, ...NO_SUMS, ...NO_WINDOW, byModel: new Map() }));
        let ofModel = row.byModel.get(model);
        if (!ofModel) row.byModel.set(model, (ofModel = { ...NO_SUMS }));
        row.windowSeconds += own.windowSeconds;
        row.observedSeconds += own.observedSeconds;
        for (const sums of [row, ofModel]) plus(sums, usedSeconds, idleSeconds, joules);
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  totals(now = NaN): UsageTotals {
    const all = { ...newTotals(), nodes: this.#nodes.size };
    for (const { totals, last } of this.#sorted()) {
      const silent = this.#silentSeconds(last, now);
      if (silent > 0) {
        all.unknown += silent;
        all.to = now;
      }
      for (const key of ['computing', 'heldIdle', 'free', 'unknown', 'joules', 'poweredSeconds'] as const) all[key] += totals[key];
      plus(all.nobody, totals.nobody.usedSeconds, totals.nobody.idleSeconds, totals.nobody.joules);
      all.from = Math.min(Number.isNaN(all.from) ? Infinity : all.from, totals.from);
      all.to = Math.max(Number.isNaN(all.to) ? -Infinity : all.to, totals.to);
    }
    return all;
  }

  nodeTotals(nodeId: string, now = NaN): UsageTotals | undefined {
    const usage = this.#nodes.get(nodeId);
    if (!usage) return undefined;
    return { ...usage.totals, unknown: usage.totals.unknown + this.#silentSeconds(usage.last, now), nodes: 1 };
  }

  /** GPU-seconds since the last sample of a node that no longer answers. */
  #silentSeconds(last: Sample | undefined, now: Ms): number {
    return last && now - last.at > this.#mostMs ? (last.gpus * (now - last.at)) / 1000 : 0;
  }

  #sorted(): readonly NodeUsage[] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, usage]) => usage);
  }
}

function plus(sums: UsageSums, used: number, idle: number, joules: number): void {
  sums.usedSeconds += used;
  sums.idleSeconds += idle;
  sums.joules += joules;
}

/** The time from a sample to the next one of its node. */
function account({ rows, totals }: NodeUsage, last: Sample, until: Ms, mostMs: Ms): void {
  const ms = until - last.at;
  // A clock that was put back tells nothing of how long it was.
  if (!(ms > 0)) return;
  const seconds = ms / 1000;
  if (ms > mostMs) {
    totals.unknown += last.gpus * seconds;
    for (const [key, share] of last.rows) if (share.gpus > 0) sumsOf(rows, key, share).windowSeconds += share.gpus * seconds;
    return;
  }
  for (const state of ['computing', 'heldIdle', 'free', 'unknown'] as const) totals[state] += last.states[state] * seconds;
  totals.joules += last.watts * seconds;
  totals.poweredSeconds += last.powered * seconds;
  plus(totals.nobody, last.nobody.used * seconds, last.nobody.idle * seconds, last.nobody.watts * seconds);
  for (const [key, share] of last.rows) {
    const row = sumsOf(rows, key, share);
    plus(row, share.used * seconds, share.idle * seconds, share.watts * seconds);
    row.windowSeconds += share.gpus * seconds;
    row.observedSeconds += share.known * seconds;
  }
}

function sumsOf(rows: NodeUsage['rows'], key: string, { name, model }: Share): Sums {
  let row = rows.get(key);
  if (!row) rows.set(key, (row = { name, model, ...NO_SUMS, ...NO_WINDOW }));
  return row;
}

const isGrouping = (by: UsageBy): by is Grouping => (GROUPINGS as readonly string[]).includes(by);

const NO_SHARE = { used: 0, idle: 0, watts: 0, gpus: 0, known: 0 } as const;

class Shares {
  readonly rows = new Map<string, Share>();
  of(name: string, model: string): Share {
    const key = `${name}\0${model}`;
    let share = this.rows.get(key);
    if (!share) this.rows.set(key, (share = { name, model, ...NO_SHARE }));
    return share;
  }
}

function sampleOf(node: NodeView, by: UsageBy, power: PowerShares, nameOf: (owner: string) => string): Sample {
  const { gpus } = node;
  const states = { computing: 0, heldIdle: 0, free: 0, unknown: 0 };
  for (const state of slotStates(node)) states[state]++;
  let [watts, powered] = [0, 0];
  for (let slot = 0; slot < gpus.count; slot++) {
    const own = gpus.field.powerWatts[slot]!;
    if (Number.isNaN(own)) continue;
    watts += Math.max(0, own);
    powered++;
  }
  const shares = new Shares();
  const nobody: Share = { name: '', model: '', ...NO_SHARE };
  if (isGrouping(by)) shareByOwner(node, by, power, nameOf, shares, nobody);
  else shareByGpu(node, by, shares);
  let given = 0;
  for (const share of shares.rows.values()) given += share.watts;
  nobody.watts = Math.max(0, watts - given);
  return { at: node.at, version: node.version, gpus: gpus.slots, states, watts, powered, rows: shares.rows, nobody };
}

function shareByGpu(node: NodeView, by: Exclude<UsageBy, Grouping>, shares: Shares): void {
  const { gpus } = node;
  const states = slotStates(node);
  for (let slot = 0; slot < gpus.slots; slot++) {
    const model = modelOf(node, slot);
    const name = by === 'node' ? node.name : by === 'model' ? model : (node.groups.get(by.slice('group.'.length)) ?? '');
    const share = shares.of(name, model);
    share.gpus++;
    if (states[slot] !== 'unknown') share.known++;
    if (states[slot] === 'computing') share.used++;
    if (states[slot] === 'heldIdle') share.idle++;
    const watts = slot < gpus.count ? gpus.field.powerWatts[slot]! : NaN;
    if (watts > 0) share.watts += watts;
  }
}

const modelOf = (node: NodeView, slot: number): string => (slot < node.gpus.count ? node.text(node.gpus.name[slot]!) : '');

function shareByOwner(
  node: NodeView,
  by: Grouping,
  power: PowerShares,
  nameOf: (owner: string) => string,
  shares: Shares,
  nobody: Share,
): void {
  const { procs, gpus } = node;
  const states = slotStates(node);
  const owners = ownerColumn(procs, by);
  const uses = rowUses(node);
  const { starts, rows } = rowsBySlot(node);
  for (let slot = 0; slot < gpus.slots; slot++) {
    const model = modelOf(node, slot);
    const here = rows.subarray(starts[slot], starts[slot + 1]);
    const of = (row: number): Share => shares.of(nameOf(node.userName(owners[row]!)), model);
    for (const row of here) {
      const bytes = procs.vramBytes[row]!;
      const watts = wattsByUse(power, slot, bytes >= 0 ? bytes : 0, procs.smPercent[row]!);
      if (watts > 0) of(row).watts += watts;
    }
    for (const row of idleOwners(here, owners, uses)) of(row).idle++;
    const isEmpty = here.every((row) => uses[row] === ROW_USE.none);
    if (isEmpty && shareByAllocation(node, by, slot, states[slot]!, model, nameOf, shares)) continue;
    if (states[slot] !== 'computing') continue;
    const weights = computingWeights(here, uses, procs.smPercent, procs.vramBytes);
    if (weights.length === 0) nobody.used++;
    const all = weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [row, weight] of weights) of(row).used += weight / all;
  }
}

/** One row of each owner all of whose rows there are idle. */
function idleOwners(here: Int32Array, owners: Int32Array, uses: Uint8Array): readonly number[] {
  const found = new Map<number, { readonly row: number; isIdle: boolean }>();
  for (const row of here) {
    if (uses[row] === ROW_USE.none) continue;
    const one = found.get(owners[row]!);
    const isIdle = uses[row] === ROW_USE.idle;
    if (one) one.isIdle &&= isIdle;
    else found.set(owners[row]!, { row, isIdle });
  }
  return [...found.values()].filter(({ isIdle }) => isIdle).map(({ row }) => row);
}

/** By SM share; where no process that computes reports it, by memory, and where that is not known, in equal parts. */
function computingWeights(
  here: Int32Array,
  uses: Uint8Array,
  smPercent: Float64Array,
  vramBytes: Float64Array,
): readonly (readonly [row: number, weight: number])[] {
  const active = Array.from(here).filter((row) => uses[row] === ROW_USE.computing || uses[row] === ROW_USE.unknown);
  const bySm = active.filter((row) => smPercent[row]! > 0).map((row) => [row, smPercent[row]!] as const);
  if (bySm.length > 0) return bySm;
  const byMemory = active.filter((row) => vramBytes[row]! > 0).map((row) => [row, vramBytes[row]!] as const);
  return byMemory.length > 0 ? byMemory : active.map((row) => [row, 1] as const);
}

/** A GPU without a process that is known belongs to those to whom it is allocated. Whether there are any. */
function shareByAllocation(
  node: NodeView,
  by: Grouping,
  slot: number,
  state: GpuState,
  model: string,
  nameOf: (owner: string) => string,
  shares: Shares,
): boolean {
  const { allocations } = node;
  const held = Array.from({ length: allocations.count }, (_, row) => row).filter((row) => allocations.gpu[row] === slot);
  for (const row of held) {
    const share = shares.of(nameOf(node.userName(allocations.owner[by][row]!)), model);
    if (state === 'computing') share.used += 1 / held.length;
    else if (isNotComputing(node, slot)) share.idle += Math.min(1, allocations.gpuCount[row]! || 1);
  }
  return held.length > 0;
}
