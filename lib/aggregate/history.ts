/**
 * The last samples of the cluster, of each node, GPU and user, for sparklines and charts, and since when each GPU has been held idle. Fed
 * by the deliveries of collectors; its memory is bounded, whatever the cluster.
 */
import { MISSED_LIMIT } from '../model/endpoint.js';
import type { NodeView } from '../model/node-view.js';
import type { ClusterTotals } from './cluster.js';
import { slotState } from './gpu-state.js';
import { idleHolders } from './idle-holders.js';
import { idleFloors } from './idle-floor.js';
import { SumBreaks } from './sum-breaks.js';
import { UserHistory } from './user-history.js';
import type { UsersTable } from './users-table.js';
import { FLOAT64, UINT16, Rings, UINT8 } from './rings.js';
import type { Series } from '../model/series.js';
import type { Ms } from '../model/clock.js';

/** Samples kept of the cluster: an hour at 3 seconds. */
const CLUSTER_SAMPLES = 1200;
/** Samples kept of a node and of its GPUs. */
const NODE_SAMPLES = 128;
/** GPUs tracked at once, 640 bytes each; GPUs beyond this number have no history. */
const MAX_GPUS = 65_536;

const CLUSTER_FIGURES = {
  util: ({ utilPercent }: ClusterTotals) => utilPercent,
  memory: ({ memoryUsedBytes, memoryTotalBytes }: ClusterTotals) => (memoryUsedBytes / memoryTotalBytes) * 100,
  temperature: ({ temperatureCelsius }: ClusterTotals) => temperatureCelsius,
  temperatureMax: ({ temperatureMax }: ClusterTotals) => temperatureMax,
  power: ({ powerWatts, powerReported }: ClusterTotals) => (powerReported > 0 ? powerWatts : NaN),
} as const;
/** Percent, percent, °C, °C of the hottest GPU, watts. */
export type ClusterFigure = keyof typeof CLUSTER_FIGURES;
const CLUSTER_RINGS = Object.keys(CLUSTER_FIGURES) as ClusterFigure[];

/** Percent, percent, °C: integers. */
const GPU_RINGS = ['util', 'memory', 'temperature'] as const;
/** The above, and watts. */
export type GpuFigure = (typeof GPU_RINGS)[number] | 'power';
const NODE_RINGS = ['cpu', 'ram'] as const;
/** Percent. */
export type NodeFigure = (typeof NODE_RINGS)[number];

/** `atLeast`: it was already in this state at the first sample. */
export interface HeldSince {
  readonly at: Ms;
  readonly atLeast: boolean;
}

/** Read-only. Series end at the newest sample; empty where there is no history. Not affected by filters. */
export interface HistoryView {
  cluster(figure: ClusterFigure): Series;
  node(node: NodeView, figure: NodeFigure): Series;
  gpu(node: NodeView, slot: number, figure: GpuFigure): Series;
  /** GPU memory in bytes; 0: held none. */
  userVram(user: string): Series;
  /** Undefined: not held idle, or not tracked. */
  heldSince(node: NodeView, slot: number): HeldSince | undefined;
  /** The same of one user on a GPU, where others may compute. */
  idleSince(node: NodeView, slot: number, user: string): HeldSince | undefined;
  /** The first of the samples in a row at which it was free and, by its node, had no process. Undefined: it is not, or not tracked. */
  freeSince(node: NodeView, slot: number): Ms | undefined;
}

export class History implements HistoryView {
  readonly #stepMs: Ms;
  readonly #cluster = new Rings(FLOAT64, CLUSTER_RINGS.length, CLUSTER_SAMPLES);
  /** Of power, the only sum among the figures. */
  readonly #breaks = new SumBreaks(CLUSTER_SAMPLES);
  readonly #nodes = new Map<string, NodeHistory>();
  readonly #users = new UserHistory();
  readonly #maxGpus: number;
  #gpus = 0;

  /** One sample every `stepMs`; `maxGpus`: smaller in tests. */
  constructor(stepMs: Ms, maxGpus = MAX_GPUS) {
    this.#stepMs = stepMs;
    this.#maxGpus = maxGpus;
  }

  /** A node answered. */
  add(node: NodeView): void {
    idleFloors(node);
    let known = this.#nodes.get(node.nodeId);
    if (known && !known.isOf(node)) {
      this.remove(node.nodeId);
      known = undefined;
    }
    if (!known) {
      const gpus = this.#gpus + node.gpus.count <= this.#maxGpus ? node.gpus.count : 0;
      known = new NodeHistory(node, gpus);
      this.#nodes.set(node.nodeId, known);
      this.#gpus += gpus;
    }
    known.add(node, this.#sample(node.at));
  }

  /** Whether the cluster has no values at the step of `at`. */
  isMissing(at: Ms): boolean {
    const sample = this.#sample(at);
    return sample > this.#cluster.last || sample < this.#cluster.last - 1;
  }

  /**
   * The figures of the cluster at a time; the last of a step count: by then all have answered that will. `users` is asked for once a step, with
   * the first: to add them up costs more.
   */
  record(at: Ms, totals: ClusterTotals, users: () => UsersTable): void {
    const sample = this.#sample(at);
    if (this.isMissing(at)) {
      // Going back in time starts over.
      if (this.#cluster.advance(sample) < 0) this.#breaks.clear();
      this.#users.record(sample, users());
    }
    this.#breaks.record(this.#cluster.last, totals);
    CLUSTER_RINGS.forEach((figure, ring) => this.#cluster.set(ring, CLUSTER_FIGURES[figure](totals)));
  }

  remove(nodeId: string): void {
    this.#gpus -= this.#nodes.get(nodeId)?.gpus ?? 0;
    this.#nodes.delete(nodeId);
  }

  /** A seek: the samples before it are not part of the history of this node, nor of the cluster. */
  jump(nodeId: string): void {
    this.remove(nodeId);
    this.#cluster.clear();
    this.#breaks.clear();
    this.#users.clear();
  }

  cluster(figure: ClusterFigure): Series {
    const series = this.#series(this.#cluster, CLUSTER_RINGS.indexOf(figure));
    return figure === 'power' ? { ...series, breaks: this.#breaks.samples } : series;
  }
  node({ nodeId }: NodeView, figure: NodeFigure): Series {
    return this.#series(this.#nodes.get(nodeId)?.small, NODE_RINGS.indexOf(figure));
  }
  gpu(node: NodeView, slot: number, figure: GpuFigure): Series {
    const known = this.#nodes.get(node.nodeId);
    const own = ownSlot(node, slot);
    if (!known || own >= known.gpus) return this.#series(undefined, 0);
    return figure === 'power' ? this.#series(known.watts, own) : this.#series(known.small, ringOf(own, GPU_RINGS.indexOf(figure)));
  }
  userVram(user: string): Series {
    return this.#series(this.#users.of(user), 0);
  }
  heldSince(node: NodeView, slot: number): HeldSince | undefined {
    return this.#nodes.get(node.nodeId)?.heldSince(ownSlot(node, slot));
  }

  idleSince(node: NodeView, slot: number, user: string): HeldSince | undefined {
    return this.#nodes.get(node.nodeId)?.idleSince(ownSlot(node, slot), user);
  }
  freeSince(node: NodeView, slot: number): Ms | undefined {
    return this.#nodes.get(node.nodeId)?.freeSince(ownSlot(node, slot));
  }

  #sample(at: Ms): number {
    return Math.floor(at / this.#stepMs);
  }
  #series(rings: Rings | undefined, ring: number): Series {
    return { values: rings?.read(ring) ?? [], last: rings?.last ?? -1, stepMs: this.#stepMs };
  }
}

/** The slot on the node itself, regardless of a filter. */
const ownSlot = ({ gpus }: NodeView, slot: number): number => gpus.origin?.[slot] ?? slot;

const ringOf = (slot: number, figure: number): number => NODE_RINGS.length + slot * GPU_RINGS.length + figure;

class NodeHistory {
  readonly gpus: number;
  readonly small: Rings;
  readonly watts: Rings;
  readonly #slots: number;
  readonly #uuids: readonly string[];
  #structure: number;
  /** Since when each GPU has been held idle; NaN: it is not. */
  readonly #heldSince: Float64Array;
  /** NaN: not free. */
  readonly #freeSince: Float64Array;
  /** 1: it was already held idle at the first sample. */
  readonly #atLeast: Uint8Array;
  /** By slot and user: since when the user holds the GPU and computes nothing there. */
  #idleHolders = new Map<string, HeldSince>();

  constructor(node: NodeView, gpus: number) {
    this.gpus = gpus;
    this.small = new Rings(UINT8, ringOf(gpus, 0), NODE_SAMPLES);
    this.watts = new Rings(UINT16, gpus, NODE_SAMPLES);
    this.#slots = node.gpus.count;
    this.#uuids = uuidsOf(node);
    this.#structure = node.structure;
    this.#heldSince = new Float64Array(gpus).fill(NaN);
    this.#freeSince = new Float64Array(gpus).fill(NaN);
    this.#atLeast = new Uint8Array(gpus);
  }

  /** Whether the node still has the same GPUs. */
  isOf(node: NodeView): boolean {
    if (node.structure === this.#structure) return true;
    this.#structure = node.structure;
    return node.gpus.count === this.#slots && uuidsOf(node).every((uuid, slot) => uuid === this.#uuids[slot]);
  }

  add(node: NodeView, sample: number): void {
    const { cpus, memory } = node;
    const missed = this.small.advance(sample);
    this.watts.advance(sample);
    if (cpus.count > 0) this.small.put(NODE_RINGS.indexOf('cpu'), cpus.value(0, 'utilPercent'));
    if (memory.count > 0) this.small.put(NODE_RINGS.indexOf('ram'), (memory.value(0, 'usedBytes') / memory.value(0, 'totalBytes')) * 100);
    const unseen = missed < 0 || missed >= MISSED_LIMIT;
    this.#addHolders(node, unseen);
    for (let slot = 0; slot < this.gpus; slot++) {
      this.#addGpu(node, slot, unseen);
      const free = slotState(node, slot) === 'free';
      if (!free || unseen || Number.isNaN(this.#freeSince[slot])) this.#freeSince[slot] = free ? node.at : NaN;
    }
  }

  freeSince(slot: number): Ms | undefined {
    const at = this.#freeSince[slot];
    return at === undefined || Number.isNaN(at) ? undefined : at;
  }

  idleSince(slot: number, user: string): HeldSince | undefined {
    return this.#idleHolders.get(`${slot} ${user}`);
  }

  #addHolders(node: NodeView, unseen: boolean): void {
    const before = this.#idleHolders;
    this.#idleHolders = new Map();
    for (const { slot, user } of idleHolders(node)) {
      if (slot >= this.gpus) continue;
      const key = `${slot} ${node.userName(user)}`;
      const since = unseen ? undefined : before.get(key);
      this.#idleHolders.set(key, since ?? { at: node.at, atLeast: unseen });
    }
  }

  heldSince(slot: number): HeldSince | undefined {
    const at = this.#heldSince[slot];
    return at === undefined || Number.isNaN(at) ? undefined : { at, atLeast: this.#atLeast[slot] === 1 };
  }

  /** `unseen`: its state since the last sample is not known. */
  #addGpu(node: NodeView, slot: number, unseen: boolean): void {
    const { utilPercent, memoryUsedBytes, memoryTotalBytes, temperatureCelsius, powerWatts } = node.gpus.field;
    this.small.put(ringOf(slot, 0), utilPercent[slot]!);
    this.small.put(ringOf(slot, 1), (memoryUsedBytes[slot]! / memoryTotalBytes[slot]!) * 100);
    this.small.put(ringOf(slot, 2), temperatureCelsius[slot]!);
    this.watts.put(slot, powerWatts[slot]!);
    if (slotState(node, slot) !== 'heldIdle') {
      this.#heldSince[slot] = NaN;
      return;
    }
    if (!unseen && !Number.isNaN(this.#heldSince[slot])) return;
    this.#heldSince[slot] = node.at;
    this.#atLeast[slot] = unseen ? 1 : 0;
  }
}

const uuidsOf = (node: NodeView): readonly string[] =>
  Array.from({ length: node.gpus.count }, (_, slot) => node.text(node.gpus.uuid[slot]!));
