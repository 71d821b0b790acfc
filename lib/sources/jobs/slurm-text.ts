/** `scontrol show job -d` and `scontrol show node`, as text. Pure. */
import type { Job, SchedulerNode } from '../../model/jobs.js';
import { dateOf, durationOf, nodesOf, textOf } from './job-fields.js';
import { named, slurmJob, slurmNode } from './slurm-job.js';

/** name=value, and a value may contain blanks. */
const NEXT = / (?=[A-Za-z][\w:/]*=)/;
/** The name of a job is whatever its user typed, and the rest of its line. */
const JOB_NAME = /^(JobId=.*?) JobName=(.*)$/;

/** The values of a record by name. The first counts: what users write, comments and commands, comes after Slurm's own. */
function valuesOf(record: string): (name: string) => string {
  const values = new Map<string, string>();
  const lines = record.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  const [, head, jobName] = lines.length > 1 ? (JOB_NAME.exec(lines[0]!) ?? []) : [];
  if (jobName !== undefined) values.set('JobName', jobName);
  for (const line of head === undefined ? lines : [head, ...lines.slice(1)])
    for (const item of line.split(NEXT)) {
      const at = item.indexOf('=');
      const name = item.slice(0, at);
      if (at > 0 && !values.has(name)) values.set(name, item.slice(at + 1));
    }
  return (name) => named(values.get(name) ?? '');
}

const wholeOf = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** What the job has of each of some nodes: Nodes=gpu-a[02-04] CPU_IDs=0-191 Mem=0 GRES=gpu:h100:8(IDX:0-7) */
const NODE_GROUP = /^ *Nodes=(\S+) CPU_IDs=\S* Mem=\S* GRES=(\S*)/gm;

export function jobOfText(record: string): Job | undefined {
  const list = valuesOf(record);
  const value = (name: string): string => textOf(list(name));
  const [, user = '', uid = ''] = /^(.*)\((\d+)\)$/.exec(value('UserId')) ?? [];
  const startedAt = dateOf(value('StartTime'));
  const limit = durationOf(value('TimeLimit'));
  const gresOfNode = new Map<string, string>();
  for (const [, group = '', gres = ''] of record.matchAll(NODE_GROUP)) for (const node of nodesOf(group)) gresOfNode.set(node, gres);
  const nodes = nodesOf(list('NodeList'));
  const task = value('ArrayTaskId');
  return slurmJob({
    id: value('JobId'),
    sluid: value('SLUID'),
    arrayId: wholeOf(value('ArrayJobId')),
    taskId: wholeOf(task),
    tasks: wholeOf(task) === undefined ? task : '',
    hetId: wholeOf(value('HetJobId')),
    hetOffset: wholeOf(value('HetJobOffset')),
    name: value('JobName'),
    user,
    uid: wholeOf(uid),
    account: value('Account'),
    partition: value('Partition'),
    states: [value('JobState').toUpperCase()].filter((state) => state !== ''),
    reason: value('Reason'),
    startedAt,
    endsAt: limit === undefined ? undefined : (dateOf(value('EndTime')) ?? (startedAt === undefined ? undefined : startedAt + limit)),
    nodes,
    nodeCount: wholeOf(value('NumNodes')),
    gres: gresOfNode.size === 0 ? [] : nodes.map((node) => gresOfNode.get(node) ?? ''),
    allocated: list('AllocTRES') || list('TRES') || undefined,
    requested: list('ReqTRES'),
    perJob: list('TresPerJob'),
    perNode: list('TresPerNode'),
  });
}

export function nodeOfText(record: string): SchedulerNode {
  const list = valuesOf(record);
  const value = (name: string): string => textOf(list(name));
  return slurmNode({
    name: value('NodeName'),
    addresses: [value('NodeHostName'), value('NodeAddr')],
    states: [value('State')],
    // '... [root@2026-09-21T07:09:10]': by whom and when.
    reason: value('Reason').replace(/ ?\[[^[\]]*@[^[\]]*\]$/, ''),
  });
}

const MAX_RECORD = 8 * 2 ** 20;
/** A record begins with its name at the start of a line. */
const START = /^(?=(?:JobId|NodeName)=)/m;

/** Cuts text into records as it arrives. */
export class TextRecords {
  readonly #record: (text: string) => void;
  #rest = '';
  #fault: string | undefined;

  constructor(record: (text: string) => void) {
    this.#record = record;
  }

  /** Why nothing that follows is read. */
  get fault(): string | undefined {
    return this.#fault;
  }

  push(text: string): void {
    if (this.#fault !== undefined) return;
    const records = (this.#rest + text).split(START);
    // The last one may go on.
    this.#rest = records.pop() ?? '';
    for (const record of records) this.#take(record);
    if (this.#rest.length <= MAX_RECORD) return;
    this.#fault = `it has a record larger than ${MAX_RECORD / 2 ** 20} MiB`;
    this.#rest = '';
  }

  /** No more text follows. Returns why it is not complete. */
  end(): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (!this.#rest.endsWith('\n')) return (this.#fault = 'it ends in the middle of a line');
    this.#take(this.#rest);
    this.#rest = '';
    return undefined;
  }

  #take(record: string): void {
    if (record.trim() !== '') this.#record(record);
  }
}
