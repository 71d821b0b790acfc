/**
 * Reads what the commands of schedulers print, as it arrives: recognised by its content, whichever command it was. A text may contain several
 * outputs, one after the other. Pure.
 */
import type { Ms } from '../../model/clock.js';
import type { Job, SchedulerNode } from '../../model/jobs.js';
import { isRecord, type Loose } from '../../model/loose.js';
import { BadRecord, Collected, type Answer } from './collected.js';
import { recordsOf, textOf } from './job-fields.js';
import { allocationsOfR, jobOfFlux } from './flux.js';
import { JsonRecords } from './json-records.js';
import { jobOfPod, nodeOfKubernetes, nodeOfPod, replicasOf } from './kubernetes.js';
import { Claims } from './kubernetes-claims.js';
import { jobOfBjobs } from './lsf.js';
import { jobOfQstat } from './pbs.js';
import { jobOfSacct, jobOfSqueue, nodeOfScontrol, nodesOfSinfo } from './slurm-json.js';
import { jobOfText, nodeOfText, TextRecords } from './slurm-text.js';

/** More than any of the commands prints for the jobs that are read. */
export const MAX_BYTES = 512 * 2 ** 20;

export class AnswerReader {
  readonly #now: Ms;
  readonly #into = new Collected();
  readonly #claims = new Claims();
  /** By node: into how many replicas its GPUs are divided. */
  readonly #replicas = new Map<string, number>();
  /** By pod: how many of those it has. */
  readonly #held = new Map<string, number>();
  readonly #resources: Loose[] = [];
  #input: JsonRecords | TextRecords | undefined;
  /** The members of the document that are not records. */
  #members = new Map<string, unknown>();
  /** A document, or a text, of a kind that is read here. */
  #isKnown = false;
  #isEmpty = true;
  #start = '';

  /** Why nothing that follows can be used. */
  get fault(): string | undefined {
    return this.#input?.fault ?? this.#into.hopeless;
  }

  /** `now`: some outputs have dates without a year. */
  constructor(now: Ms) {
    this.#now = now;
  }

  push(text: string): void {
    if (this.#input === undefined) {
      this.#start += text.replace(this.#start === '' ? /^\uFEFF?\s+/ : '', '');
      // Enough to recognise it by.
      if (this.#start.length < 8 && !this.#start.startsWith('{')) return;
      this.#open();
      return;
    }
    this.#feed(text);
  }

  end(): Answer {
    if (this.#input === undefined) this.#open();
    const into = this.#into;
    const fault = this.#input?.end();
    if (this.#isEmpty) into.refuse('it is empty');
    else if (fault !== undefined) into.refuse(fault);
    else if (!this.#isKnown) into.refuse('it is not an output that is read here');
    into.later(() => this.#joinResources());
    into.later(() => this.#joinReplicas());
    into.later(() => this.#claims.apply(into));
    return into.answer();
  }

  #open(): void {
    const start = this.#start;
    this.#start = '';
    this.#isEmpty = start.trim() === '';
    const isText = /^(?:JobId=|NodeName=|No jobs|No nodes)/.test(start);
    this.#isKnown ||= isText;
    this.#input = isText
      ? new TextRecords((record) => this.#into.try(() => this.#text(record)))
      : new JsonRecords({
          section: () => (this.#isKnown = true),
          record: (section, key, json) => this.#into.try(() => this.#record(section, key, json)),
          member: (name, json) => this.#into.try(() => this.#member(name, json)),
          skipped: (section, reason) => this.#skipped(section, reason),
          documentEnd: () => this.#into.try(() => this.#documentEnd()),
        });
    this.#feed(start);
  }

  #feed(text: string): void {
    this.#into.try(() => this.#input?.push(text));
  }

  #text(record: string): void {
    if (record.startsWith('JobId=')) this.#job(() => jobOfText(record));
    else if (record.startsWith('NodeName=')) this.#into.addNode(nodeOfText(record));
    else if (!/^No (?:jobs|nodes)/.test(record)) throw new BadRecord('lines that are no job and no node');
  }

  #record(section: string, key: string, json: string): void {
    if (section === 'nodes') this.#into.addNode(nodeOfScontrol(parsed(json)));
    else if (section === 'sinfo') for (const node of nodesOfSinfo(parsed(json))) this.#into.addNode(node);
    else if (section === 'items') this.#kubernetes(parsed(json));
    else if (section === 'RECORDS') this.#job(() => jobOfBjobs(parsed(json), this.#now));
    else if (section === 'Jobs') this.#job(() => jobOfQstat(key, parsed(json)));
    else this.#job(() => jobOfList(parsed(json)));
  }

  /** Records beyond the limit are not even parsed. */
  #job(read: () => Job | undefined): void {
    if (!this.#into.expectJob()) return;
    const job = read();
    if (job !== undefined) this.#into.addJob(job);
  }

  /** An object of Kubernetes. A list may be of mixed kinds. */
  #kubernetes(object: Loose): void {
    switch (textOf(object.kind)) {
      case 'Pod': {
        if (!this.#into.expectJob()) return;
        const read = jobOfPod(object);
        if (read !== undefined) this.#into.addJob(read.job);
        if (read !== undefined && read.replicas > 0) this.#held.set(read.job.id, read.replicas);
        const node: SchedulerNode | undefined = nodeOfPod(object);
        if (node !== undefined) this.#into.addNode(node);
        return;
      }
      case 'Node': {
        const node = nodeOfKubernetes(object);
        const replicas = replicasOf(object);
        if (replicas !== undefined) this.#replicas.set(node.name, replicas);
        return this.#into.addNode(node);
      }
      case 'ResourceClaim':
        return this.#claims.addClaim(object);
      case 'ResourceSlice':
        return this.#claims.addSlice(object);
    }
  }

  #skipped(section: string, reason: string): void {
    if (section === '') return;
    this.#into.expectJob();
    this.#into.addBad(`a record that is ${reason}`);
  }

  #member(name: string, json: string): void {
    if (MEMBERS.has(name)) this.#members.set(name, parsedValue(json));
  }

  #documentEnd(): void {
    const members = this.#members;
    this.#members = new Map();
    const error = recordsOf(members.get('errors'))
      .map((one) => textOf(one.description) || textOf(one.error))
      .find((text) => text !== '');
    // Slurm prints an empty list with its errors.
    if (error !== undefined) this.#into.refuse(error);
    if (isRecord(members.get('execution')) || isRecord(members.get('R'))) this.#resources.push(Object.fromEntries(members));
    else if (members.has('metadata') && members.has('kind')) this.#kubernetes(Object.fromEntries(members));
    else if (!members.has('pbs_version')) return;
    // PBS leaves out the table when there are no jobs.
    this.#isKnown = true;
  }

  /** The GPUs of Flux's jobs: each R with the id of its job. */
  #joinResources(): void {
    const { jobs } = this.#into;
    const positions = new Map(jobs.flatMap(({ id, otherIds }, at) => [id, ...otherIds].map((one) => [one, at] as const)));
    for (const resources of this.#resources)
      this.#into.try(() => {
        const at = positions.get(textOf(resources.jobid) || textOf(resources.id));
        if (at === undefined || jobs[at]?.scheduler !== 'flux') throw new BadRecord('an R of Flux without its job (docs/JOBS.md)');
        if (jobs[at].state !== 'running') return;
        const allocations = allocationsOfR(isRecord(resources.R) ? resources.R : resources);
        const requestedGpus = allocations.reduce((sum, { gpuCount }) => sum + gpuCount, 0);
        jobs[at] = { ...jobs[at], allocations, requestedGpus };
      });
  }

  /** Where the GPUs of a node are divided into replicas, a pod has a share of them. */
  #joinReplicas(): void {
    const { jobs } = this.#into;
    if (this.#replicas.size === 0) return;
    for (const [at, job] of jobs.entries())
      if (job.scheduler === 'kubernetes')
        jobs[at] = {
          ...job,
          allocations: job.allocations.map((one) => shareOf(one, this.#replicas.get(one.node), this.#held.get(job.id))),
        };
  }
}

/** The members of documents that matter, besides the sections. */
const MEMBERS = new Set(
  ['errors', 'meta', 'pbs_version', 'COMMAND', 'kind', 'metadata', 'spec', 'status'].concat(['execution', 'R', 'jobid', 'id', 'version']),
);

type Allocation = Job['allocations'][number];

/** `held`: replicas by their ids; without ids, a count is of replicas. */
function shareOf(
  allocation: Allocation,
  replicas: number | undefined,
  held = allocation.gpus.length === 0 ? allocation.gpuCount : 0,
): Allocation {
  return replicas !== undefined && held > 0 ? { ...allocation, gpuCount: held / replicas } : allocation;
}

/** An element of `jobs`: of sacct, Flux, or squeue and scontrol. */
function jobOfList(job: Loose): Job | undefined {
  if ('job_state' in job) return jobOfSqueue(job);
  if ('t_submit' in job || 'userid' in job) return jobOfFlux(job);
  if (isRecord(job.state) || 'tres' in job) return jobOfSacct(job);
  throw new BadRecord('a job of an unknown scheduler');
}

function parsedValue(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new BadRecord('a record that is not JSON');
  }
}

function parsed(json: string): Loose {
  const value = parsedValue(json);
  if (!isRecord(value)) throw new BadRecord('a record that is not an object');
  return value;
}

/** A whole text. */
export function readAnswer(text: string, now: Ms): Answer {
  const reader = new AnswerReader(now);
  reader.push(text);
  return reader.end();
}
