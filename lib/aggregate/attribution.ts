/**
 * Who is behind what a node sent: joins the identities of its processes, and the jobs of the scheduler, to its process rows and GPUs. Nothing
 * is guessed: where no source names a job, an account or a person, none is shown.
 */
import { NO_ALLOCATIONS, type AllocationColumns } from '../model/allocations.js';
import type { NodeData, ProcColumns } from '../model/columns.js';
import { IDENTITY_LABELS, type ProcessIdentity } from '../model/identity.js';
import type { Job } from '../model/jobs.js';
import type { Attributed, AttributionSource } from '../model/node.js';
import type { Service } from '../model/node-view.js';
import { OWNERS, type Owner, type ProcessOwners } from '../model/owners.js';
import { withoutBlankEnds } from '../text/sanitize.js';
import { isSystem } from './name-order.js';

/** Interned names: the same name has the same id on every node. */
export interface NameIds {
  name(id: number): string;
  idOfName(name: string): number;
}

/** A job on one GPU of a node (`slot`), or somewhere on it (-1). */
export interface NodeJob {
  readonly job: Job;
  readonly slot: number;
  /** See `AllocationColumns.gpuCount`. */
  readonly gpuCount: number;
  /** The scheduler's name of a GPU that could not be joined; '' where it could. */
  readonly index: string;
}

/** The ids by which a process names its job; '' where it has none. */
export interface JobIds {
  readonly job: string;
  readonly podUid: string;
  readonly container: string;
}

/** What the scheduler knows, looked up by node and by id. */
export interface JobLookup {
  find(ids: JobIds): Job | undefined;
  on(node: { readonly nodeId: string; readonly name: string }, data: NodeData): readonly NodeJob[];
  schedulerNode(nodeId: string): Service | undefined;
}

export const NO_LOOKUP: JobLookup = { find: () => undefined, on: () => [], schedulerNode: () => undefined };

export interface AttributionOptions {
  /** Whether a process of root is listed under the person behind it. */
  readonly people: boolean;
  /** The team of a user; '' if there is none. */
  readonly teamOf?: (user: string) => string;
}

export class Attribution implements AttributionSource {
  readonly #names: NameIds;
  readonly #options: AttributionOptions;
  #jobs: JobLookup = NO_LOOKUP;
  readonly #listeners: (() => void)[] = [];
  /** Columns that are in use, so that their ids are kept and renumbered. */
  readonly #made = new Map<string, WeakRef<Made>>();

  constructor(names: NameIds, options: AttributionOptions) {
    this.#names = names;
    this.#options = options;
  }

  /** Another scheduler, or another answer of the same. */
  setJobs(jobs: JobLookup): void {
    this.#jobs = jobs;
    for (const listen of this.#listeners) listen();
  }

  onChanged(listen: () => void): void {
    this.#listeners.push(listen);
  }

  attribute(node: { readonly nodeId: string; readonly name: string }, data: NodeData): Attributed | undefined {
    const jobs = this.#jobs.on(node, data);
    const identities = data.extras.rows('identity');
    const { teamOf } = this.#options;
    if (jobs.length === 0 && identities.count === 0 && !teamOf) return undefined;
    // What the scheduler says is more exact than what an exporter has been told of it.
    const allocations =
      jobs.length === 0 ? ownAllocations(data.allocations, this.#names, teamOf) : allocationColumns(jobs, this.#names, teamOf);
    const made = new Made(data, allocations, this.#ownersOfProcesses(data, jobs));
    this.#made.set(node.nodeId, new WeakRef(made));
    return made;
  }

  serviceOf(nodeId: string): Service | undefined {
    return this.#jobs.schedulerNode(nodeId);
  }

  /** Marks the ids that are in use. */
  markUsers(live: Uint8Array): void {
    for (const made of this.#live()) for (const column of made.idColumns()) for (const id of column) live[id] = 1;
  }

  renumberUsers(fresh: Int32Array): void {
    for (const made of this.#live())
      for (const column of made.idColumns()) for (let row = 0; row < column.length; row++) column[row] = fresh[column[row]!]!;
  }

  *#live(): Generator<Made, void, undefined> {
    for (const [nodeId, reference] of this.#made) {
      const made = reference.deref();
      if (made) yield made;
      else this.#made.delete(nodeId);
    }
  }

  #ownersOfProcesses(data: NodeData, jobs: readonly NodeJob[]): ProcessOwners {
    const { procs } = data;
    const known = newOwners(procs.count);
    const runsAs = new Int32Array(procs.count);
    const container = new Int32Array(procs.count);
    const id = (name: string): number => this.#names.idOfName(name);
    const identityOf = identities(data);
    const jobsOn = jobsBySlot(jobs);
    const { teamOf } = this.#options;
    for (let row = 0; row < procs.count; row++) {
      const identity = identityOf(row);
      const account = this.#names.name(procs.user[row]!);
      const job = (identity && this.#jobs.find(identity.ids)) ?? jobOfUser(jobsOn.get(procs.gpu[row]!), account);
      const person = this.#options.people && identity !== undefined && mayHidePerson(account) ? job?.user || identity.owner : '';
      const user = person || account;
      known.user[row] = person === '' ? procs.user[row]! : id(person);
      if (user !== account) runsAs[row] = procs.user[row]!;
      known.account[row] = id(job?.account ?? '');
      known.job[row] = id(job === undefined ? (identity?.ids.job ?? '') : jobName(job));
      known.namespace[row] = id(job?.namespace ?? '');
      known.pod[row] = id(job?.pod ?? '');
      known.team[row] = id(teamOf?.(user) ?? '');
      container[row] = id(identity?.ids.container.slice(0, 12) ?? '');
    }
    return { owners: known, runsAs, container };
  }
}

type WritableOwners = Record<Owner, Int32Array>;
const newOwners = (rows: number): WritableOwners =>
  Object.fromEntries(OWNERS.map((owner) => [owner, new Int32Array(rows)])) as WritableOwners;

/** How a job is named in tables: by its id. A pod is no job: it has a column of its own. */
const jobName = (job: Job): string => (job.scheduler === 'kubernetes' ? '' : job.id);

/** Accounts behind which a person may be: system accounts, and uids without a name, as containers map them. */
const mayHidePerson = (account: string): boolean => isSystem(account) || /^\d+$/.test(account);

interface Identity {
  readonly ids: JobIds;
  readonly owner: string;
}

/** The identity of each process row, by pid and GPU. */
function identities(data: NodeData): (row: number) => Identity | undefined {
  const { procs, gpus } = data;
  const rows = data.extras.rows('identity');
  if (rows.count === 0) return () => undefined;
  const found = new Map<string, number>();
  for (let row = 0; row < rows.count; row++) found.set(`${rows.label(row, 'pid')} ${rows.label(row, 'device_uuid')}`, row);
  return (procRow) => {
    const slot = procs.gpu[procRow]!;
    const row = found.get(`${procs.pid[procRow]!} ${slot < 0 ? '' : data.text(gpus.uuid[slot]!)}`);
    if (row === undefined) return undefined;
    const label = (name: string): string => rows.label(row, name);
    return { ids: { job: label('job'), podUid: label('pod_uid'), container: label('container') }, owner: withoutBlankEnds(label('owner')) };
  };
}

/** What the node itself says of who runs a process row; undefined where it says nothing. Searches all rows: for single processes. */
export function identityOf(node: NodeData, procRow: number): ProcessIdentity | undefined {
  const rows = node.extras.rows('identity');
  const { pid, gpu } = node.procs;
  const device = gpu[procRow]! < 0 ? '' : node.text(node.gpus.uuid[gpu[procRow]!]!);
  for (let row = 0; row < rows.count; row++) {
    if (rows.label(row, 'pid') !== String(pid[procRow]) || rows.label(row, 'device_uuid') !== device) continue;
    return Object.fromEntries(
      Object.entries(IDENTITY_LABELS).map(([key, label]) => [key, rows.label(row, label)]),
    ) as unknown as ProcessIdentity;
  }
  return undefined;
}

function jobsBySlot(jobs: readonly NodeJob[]): ReadonlyMap<number, readonly Job[]> {
  const found = new Map<number, Job[]>();
  for (const { slot, job } of jobs) {
    if (slot < 0) continue;
    const known = found.get(slot);
    if (known) known.push(job);
    else found.set(slot, [job]);
  }
  return found;
}

/** The job of a process of which only the GPU is known: certain only if the GPU is allocated to one job of the same user. */
function jobOfUser(jobs: readonly Job[] | undefined, user: string): Job | undefined {
  if (user === '' || jobs === undefined) return undefined;
  const own = jobs.filter((job) => job.user === user);
  return own.length === 1 ? own[0] : undefined;
}

function allocationColumns(jobs: readonly NodeJob[], names: NameIds, teamOf: AttributionOptions['teamOf']): AllocationColumns {
  if (jobs.length === 0) return NO_ALLOCATIONS;
  const column = (of: (job: NodeJob) => string): Int32Array => Int32Array.from(jobs, (job) => names.idOfName(of(job)));
  return {
    count: jobs.length,
    gpu: Int32Array.from(jobs, ({ slot }) => slot),
    gpuCount: Float64Array.from(jobs, ({ gpuCount }) => gpuCount),
    owner: {
      user: column(({ job }) => job.user),
      account: column(({ job }) => job.account),
      job: column(({ job }) => jobName(job)),
      namespace: column(({ job }) => job.namespace),
      pod: column(({ job }) => job.pod),
      team: column(({ job }) => teamOf?.(job.user) ?? ''),
    },
    index: column(({ index }) => index),
    since: Float64Array.from(jobs, ({ job }) => job.startedAt ?? NaN),
    source: column(({ job }) => job.scheduler),
  };
}

/** A copy, which is renumbered on its own, with the teams of the users. */
function ownAllocations(own: AllocationColumns, names: NameIds, teamOf: AttributionOptions['teamOf']): AllocationColumns {
  const { owner, count, index, source } = own;
  if (count === 0) return NO_ALLOCATIONS;
  const copied = Object.fromEntries(OWNERS.map((one) => [one, owner[one].slice()])) as WritableOwners;
  if (teamOf) copied.team = owner.user.map((user) => names.idOfName(teamOf(names.name(user))));
  return { ...own, owner: copied, index: index.slice(), source: source.slice() };
}

/** The columns of a node with its owners: the values stay those of the node. */
class Made implements Attributed {
  readonly procs: ProcColumns;
  readonly allocations: AllocationColumns;

  constructor(data: NodeData, allocations: AllocationColumns, known: ProcessOwners) {
    this.procs = new OwnedProcs(data, known);
    this.allocations = allocations;
  }

  idColumns(): readonly Int32Array[] {
    const { owner, index, source } = this.allocations;
    const { owners, runsAs, container } = this.procs.known!;
    return [...Object.values(owner), index, source, ...Object.values(owners), runsAs, container].filter((column) => column.length > 0);
  }
}

class OwnedProcs implements ProcColumns {
  readonly known: ProcessOwners;
  readonly user: Int32Array;
  readonly #data: NodeData;

  constructor(data: NodeData, known: ProcessOwners) {
    this.#data = data;
    this.known = known;
    this.user = known.owners.user;
  }

  get count(): number {
    return this.#data.procs.count;
  }
  get pid(): Uint32Array {
    return this.#data.procs.pid;
  }
  get gpu(): Int32Array {
    return this.#data.procs.gpu;
  }
  get vramBytes(): Float64Array {
    return this.#data.procs.vramBytes;
  }
  get ageSeconds(): Float64Array {
    return this.#data.procs.ageSeconds;
  }
  get cpuPercent(): Float64Array {
    return this.#data.procs.cpuPercent;
  }
  get smPercent(): Float64Array {
    return this.#data.procs.smPercent;
  }
  get residentBytes(): Float64Array {
    return this.#data.procs.residentBytes;
  }
  get command(): Uint32Array {
    return this.#data.procs.command;
  }
  get name(): Uint32Array {
    return this.#data.procs.name;
  }
}
