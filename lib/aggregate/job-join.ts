/**
 * Joins the jobs of schedulers to the nodes and GPUs that are watched. Schedulers name both in their own ways: where a name fits several, or
 * an index could mean another GPU, nothing is joined. Pure.
 */
import type { ClusterJobs, GpuName, Job, JobAllocation, SchedulerNode } from '../model/jobs.js';
import type { NodeView } from '../model/node-view.js';
import { rowsByGpu } from '../model/gpu-identity.js';

/** A watched node, as far as its names go. */
export interface JoinNode {
  readonly nodeId: string;
  readonly name: string;
  /** The name that it reports; '' for none. */
  readonly instance: string;
  /** Other addresses of the machine. */
  readonly addresses?: readonly string[];
}

/** A GPU of a watched node; its slot is its position in the list. '' and undefined: not reported. */
export interface JoinGpu {
  readonly uuid: string;
  readonly bus: string;
  readonly minor: number | undefined;
  /** Uuids of its MIG instances. */
  readonly parts: readonly string[];
}

/** What a job has on a node: a GPU, or GPUs that are not known. */
export interface JobRow {
  readonly job: Job;
  /** -1: on this node, but which GPU is not known. */
  readonly slot: number;
  /** 1 for a whole GPU; a fraction for a known share; more for GPUs without names; NaN: not reported. */
  readonly gpuCount: number;
  /** The scheduler's index of a GPU that could not be joined, '3'; else ''. */
  readonly schedulerIndex: string;
}

/** How the nodes were joined. */
export interface NodeMatches {
  /** Watched nodes whose name fits several nodes of the schedulers, or that share a name. */
  readonly ambiguous: number;
  /** Nodes of the schedulers with running jobs that no watched node was joined to. */
  readonly unmatched: number;
}

interface Held {
  readonly job: Job;
  readonly allocation: JobAllocation;
}

/** The names of a watched node fit a node of the schedulers; `name` is undefined where they fit several. */
interface Fit {
  readonly stage: number;
  readonly name: string | undefined;
}

/** Built once per answer of the schedulers. */
export class JobJoin {
  readonly #held = new Map<string, Held[]>();
  readonly #nodes = new Map<string, SchedulerNode>();
  readonly #byId = new Map<string, Job[]>();
  /** How a watched node may be called, best first: by its name, its short name, its address. */
  readonly #stages: readonly [
    ReadonlyMap<string, ReadonlySet<string>>,
    ReadonlyMap<string, ReadonlySet<string>>,
    ReadonlyMap<string, ReadonlySet<string>>,
  ];
  /** By watched node: what its names fit. */
  readonly #fit = new Map<string, Fit>();
  /** By stage and name: the watched nodes that claim it. */
  readonly #claims: readonly Map<string, Set<string>>[] = [new Map(), new Map(), new Map()];

  constructor({ jobs, nodes }: ClusterJobs) {
    const stages = [new Map<string, Set<string>>(), new Map<string, Set<string>>(), new Map<string, Set<string>>()] as const;
    this.#stages = stages;
    const addName = (name: string): void => {
      add(stages[0], name, name);
      if (!isAddress(name)) add(stages[1], shortOf(name), name);
    };
    for (const node of nodes) {
      const name = node.name.toLowerCase();
      this.#nodes.set(name, node);
      addName(name);
      for (const address of node.addresses) add(stages[2], address.toLowerCase(), name);
    }
    for (const job of jobs) {
      for (const id of new Set([job.id, ...job.otherIds, ...job.containers.values()])) push(this.#byId, id, job);
      for (const allocation of job.allocations) {
        const name = allocation.node.toLowerCase();
        if (!this.#held.has(name)) addName(name);
        push(this.#held, name, { job, allocation });
      }
    }
  }

  /** The job with this id, whichever of its ids it is: SLUID, uid of the pod, id of a container. Undefined: none, or several. */
  find(id: string, scheduler?: string): Job | undefined {
    const jobs = (this.#byId.get(id) ?? []).filter((job) => scheduler === undefined || job.scheduler === scheduler);
    return jobs.length === 1 ? jobs[0] : undefined;
  }

  /** Takes the names of a watched node, new or changed, and finds the schedulers' node for it. */
  see(node: JoinNode): void {
    this.forget(node.nodeId);
    const fit = this.#fits(node);
    if (fit === undefined) return;
    this.#fit.set(node.nodeId, fit);
    if (fit.name !== undefined) add(this.#claims[fit.stage]!, fit.name, node.nodeId);
  }

  /** The node is no longer watched. */
  forget(nodeId: string): void {
    const fit = this.#fit.get(nodeId);
    this.#fit.delete(nodeId);
    if (fit?.name !== undefined) this.#claims[fit.stage]!.get(fit.name)?.delete(nodeId);
  }

  /** The same for several nodes. */
  match(nodes: Iterable<JoinNode>): NodeMatches {
    for (const node of nodes) this.see(node);
    return this.matches;
  }

  /** How the nodes that were seen so far were joined. */
  get matches(): NodeMatches {
    const ambiguous = [...this.#fit].filter(([nodeId, { stage, name }]) => {
      if (name === undefined) return true;
      // A better name of another node took it, which is clear.
      return this.#stageOf(name) === stage && this.#matchOf(nodeId) === undefined;
    });
    return { ambiguous: ambiguous.length, unmatched: [...this.#held.keys()].filter((name) => this.#stageOf(name) === undefined).length };
  }

  /** The best way in which a node of the schedulers is named by any watched node; undefined: none names it. */
  #stageOf(name: string): number | undefined {
    const stage = this.#claims.findIndex((claims) => (claims.get(name)?.size ?? 0) > 0);
    return stage < 0 ? undefined : stage;
  }

  /** The schedulers' name of a watched node; undefined where it could be several, or several could be it. */
  #matchOf(nodeId: string): string | undefined {
    const fit = this.#fit.get(nodeId);
    if (fit?.name === undefined || this.#stageOf(fit.name) !== fit.stage) return undefined;
    return this.#claims[fit.stage]!.get(fit.name)!.size === 1 ? fit.name : undefined;
  }

  /** The scheduler's view of a watched node; undefined: it has not said anything of it, or it could not be joined. */
  schedulerNode(nodeId: string): SchedulerNode | undefined {
    return this.#nodes.get(this.#matchOf(nodeId) ?? '');
  }

  /** What running jobs have of a watched node. */
  rows(nodeId: string, gpus: readonly JoinGpu[]): readonly JobRow[] {
    const held = this.#held.get(this.#matchOf(nodeId) ?? '');
    if (held === undefined) return NONE;
    const slots = new Slots(gpus, this.schedulerNode(nodeId));
    return held.flatMap(({ job, allocation }) => rowsOf(job, allocation, slots));
  }

  #fits(node: JoinNode): Fit | undefined {
    const names = [...new Set([node.name, node.instance, node.nodeId].map((name) => hostOf(name).toLowerCase()))].filter(
      (name) => name !== '',
    );
    const called = [
      names,
      names.filter((name) => !isAddress(name)).map(shortOf),
      [...names, ...(node.addresses ?? []).map((one) => one.toLowerCase())],
    ];
    for (const [stage, all] of this.#stages.entries()) {
      const found = new Set<string>();
      for (const name of called[stage]!) for (const one of all.get(name) ?? []) found.add(one);
      if (found.size > 0) return { stage, name: found.size === 1 ? [...found][0] : undefined };
    }
    return undefined;
  }
}

const NONE: readonly JobRow[] = [];

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function add<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** Without scheme and port. */
const hostOf = (address: string): string => address.replace(/^\w+:\/\//, '').replace(/^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/, '$1$2');
const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);
const shortOf = (name: string): string => name.replace(/\..*$/, '');

/** Of a node: which slot a name means. */
class Slots {
  readonly count: number;
  readonly #minors: SchedulerNode['minors'] | undefined;
  readonly #byUuid = new Map<string, number>();
  readonly #byPart = new Map<string, number>();
  readonly #byBus = new Map<string, number>();
  readonly #byMinor = new Map<number, number>();

  constructor(gpus: readonly JoinGpu[], node: SchedulerNode | undefined) {
    this.count = gpus.length;
    this.#minors = node !== undefined && node.minors.size > 0 ? node.minors : undefined;
    for (const [slot, { uuid, bus, minor, parts }] of gpus.entries()) {
      if (uuid !== '') once(this.#byUuid, uuidOf(uuid), slot);
      if (bus !== '') once(this.#byBus, busOf(bus), slot);
      if (minor !== undefined) once(this.#byMinor, minor, slot);
      for (const part of parts) once(this.#byPart, uuidOf(part), slot);
    }
  }

  /** Whether the minor numbers of all its GPUs are known: a number that none of them has is that of another GPU. */
  get hasMinors(): boolean {
    return this.#byMinor.size === this.count;
  }

  /** The minor number that a name means; undefined: it is none, or not known. Without a map, only Slurm's index is known to be one. */
  minorOf(name: GpuName, job: Job): number | undefined {
    if (!('number' in name)) return undefined;
    if (name.by === 'minor') return name.number;
    return this.#minors === undefined ? (job.scheduler === 'slurm' ? name.number : undefined) : this.#minors.get(name.number);
  }

  /** -1: not known. `isPart`: of the GPU in that slot. */
  find(name: GpuName, job: Job): { readonly slot: number; readonly isPart: boolean } {
    switch (name.by) {
      case 'uuid': {
        const uuid = uuidOf(name.uuid);
        const isPart = /^mig-|::\d+$/i.test(name.uuid);
        return { slot: this.#byUuid.get(uuid) ?? this.#byPart.get(uuid) ?? -1, isPart: isPart || this.#byPart.has(uuid) };
      }
      case 'pci':
        return { slot: this.#byBus.get(busOf(name.bus)) ?? -1, isPart: false };
      case 'minor':
      case 'index': {
        const minor = this.minorOf(name, job);
        return { slot: minor === undefined ? -1 : (this.#byMinor.get(minor) ?? -1), isPart: false };
      }
    }
  }
}

/** A name that two GPUs have means neither. */
function once<K>(map: Map<K, number>, key: K, slot: number): void {
  map.set(key, map.has(key) ? -1 : slot);
}

/** Some exporters leave out GPU-, or write capital letters. A replica is named by the GPU and a number. */
const uuidOf = (uuid: string): string =>
  uuid
    .toLowerCase()
    .replace(/^gpu-/, '')
    .replace(/::\d+$/, '');

/** '00000000:1B:00.0' and '1b:00.0' are the same. */
function busOf(bus: string): string {
  const [, domain = '', rest = bus] = /^(?:([0-9a-f]+):)?([0-9a-f]+:[0-9a-f]+\.[0-9a-f]+)$/i.exec(bus) ?? [];
  return `${domain.replace(/^0+/, '')}:${rest}`.toLowerCase();
}

function rowsOf(job: Job, { gpuCount, gpus }: JobAllocation, slots: Slots): readonly JobRow[] {
  const named = gpus.map((name) => ({ name, ...slots.find(name, job) }));
  const unknown = named.some(({ slot }) => slot < 0) || gpus.length < gpuCount;
  // A higher index: GPUs of the node are missing here, and those that are left may be others.
  const isElsewhere = slots.hasMinors && named.some(({ name, slot }) => slot < 0 && slots.minorOf(name, job) !== undefined);
  const isAll =
    gpuCount === slots.count && gpuCount > 0 && !isElsewhere && !gpus.some((name) => 'number' in name && name.number >= slots.count);
  if (unknown && isAll) return Array.from({ length: slots.count }, (_, slot) => ({ job, slot, gpuCount: 1, schedulerIndex: '' }));
  const each = gpuCount < gpus.length ? gpuCount / gpus.length : Number.isNaN(gpuCount) ? NaN : 1;
  const rows: JobRow[] = named.map(({ name, slot, isPart }) => ({
    job,
    slot,
    gpuCount: isPart && each === 1 ? NaN : each,
    schedulerIndex: slot >= 0 ? '' : textOf(name),
  }));
  const rest = gpuCount - gpus.length;
  if (gpus.length === 0 || rest > 0) rows.push({ job, slot: -1, gpuCount: gpus.length === 0 ? gpuCount : rest, schedulerIndex: '' });
  return rows;
}

const textOf = (name: GpuName): string => (name.by === 'uuid' ? name.uuid : name.by === 'pci' ? name.bus : String(name.number));

/** Labels that have a GPU's place on the PCI bus, by exporter. */
const BUS_LABELS = ['pci_bus_id', 'pci_address', 'pci_bdf', 'pci_device'];

/** The GPUs of a watched node, in the order of their slots. */
export function gpusToJoin(node: Pick<NodeView, 'gpus' | 'extras' | 'text'>): readonly JoinGpu[] {
  const { gpus } = node;
  const migs = node.extras.rows('mig');
  const parts = migs.count === 0 ? undefined : rowsByGpu(node, 'mig');
  return Array.from({ length: gpus.count }, (_, slot) => {
    const minor = gpus.detail(slot, 'minor_number');
    return {
      uuid: node.text(gpus.uuid[slot]!),
      bus: BUS_LABELS.map((label) => gpus.detail(slot, label)).find((bus) => bus.includes(':')) ?? '',
      minor: /^\d+$/.test(minor) ? Number(minor) : undefined,
      parts: (parts?.[slot] ?? []).map((row) => migs.label(row, 'mig_uuid')).filter((uuid) => uuid !== ''),
    };
  });
}
