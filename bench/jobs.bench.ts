/** Joining the jobs of a scheduler to the watched nodes, against every job compared with every node: npm run bench -- jobs */
import { JobJoin, type JoinGpu, type JoinNode } from '../lib/aggregate/job-join.js';
import type { ClusterJobs, Job } from '../lib/model/jobs.js';
import { AnswerReader } from '../lib/sources/jobs/answer-reader.js';
import { alternated, alone } from './measure.js';
import type { BenchRow } from './table.js';

const JOBS = 10_000;
const NODES = 1000;
const GPUS = 8;
const ROUNDS = 3;

const nameOf = (node: number): string => `gpu-${String(node).padStart(4, '0')}`;
const uuidOf = (node: number, gpu: number): string =>
  `GPU-${String(node).padStart(8, '0')}-0000-0000-0000-${String(gpu).padStart(12, '0')}`;

/** As squeue prints them: most jobs on a node, each tenth on eight. */
function squeue(): string {
  const jobs = Array.from({ length: JOBS }, (_, at) => {
    const nodes = Array.from({ length: at % 10 === 0 ? 8 : 1 }, (_, nth) => nameOf((at * 7 + nth) % NODES));
    return {
      job_id: 900_000 + at,
      job_state: ['RUNNING'],
      user_name: `user${at % 200}`,
      account: 'physics',
      partition: 'gpu',
      name: 'train',
      nodes: nodes.join(','),
      gres_detail: nodes.map(() => `gpu:h100:1(IDX:${at % GPUS})`),
      tres_alloc_str: `cpu=24,mem=262144M,node=${nodes.length},gres/gpu=${nodes.length}`,
      start_time: { set: true, infinite: false, number: 1_789_978_150 },
    };
  });
  return JSON.stringify({ jobs, meta: {} });
}

function read(text: string): ClusterJobs {
  const reader = new AnswerReader(0);
  for (let at = 0; at < text.length; at += 65_536) reader.push(text.slice(at, at + 65_536));
  return { at: 0, ...reader.end() };
}

/** What a program would do that is not meant for large clusters. */
function plain({ jobs }: ClusterJobs, nodes: readonly JoinNode[], gpus: ReadonlyMap<string, readonly JoinGpu[]>): number {
  let rows = 0;
  for (const node of nodes)
    for (const job of jobs)
      for (const allocation of job.allocations) {
        if (allocation.node.split('.')[0]!.toLowerCase() !== node.name.split('.')[0]!.toLowerCase()) continue;
        for (const name of allocation.gpus) {
          const slot = gpus.get(node.nodeId)!.findIndex(({ minor }) => 'number' in name && name.number === minor);
          rows += slot >= 0 ? 1 : 0;
        }
      }
  return rows;
}

export async function bench(): Promise<BenchRow[]> {
  const text = squeue();
  const jobs = read(text);
  const nodes = Array.from({ length: NODES }, (_, at): JoinNode => ({
    nodeId: `${nameOf(at)}:9090`,
    name: nameOf(at),
    instance: nameOf(at),
  }));
  const gpus = new Map(
    nodes.map(({ nodeId }, node) => [
      nodeId,
      Array.from({ length: GPUS }, (_, gpu): JoinGpu => ({ uuid: uuidOf(node, gpu), bus: '', minor: gpu, parts: [] })),
    ]),
  );
  const all = (join: JobJoin): number => nodes.reduce((sum, { nodeId }) => sum + join.rows(nodeId, gpus.get(nodeId)!).length, 0);
  const answered = (): number => {
    const join = new JobJoin(jobs);
    join.match(nodes);
    return all(join);
  };
  const expected = jobs.jobs.reduce((sum, job: Job) => sum + job.allocations.length, 0);
  const standing = new JobJoin(jobs);
  standing.match(nodes);
  if (answered() !== expected || plain(jobs, nodes, gpus) !== expected) throw new Error('the two joins differ');
  const answer = await alternated(answered, () => plain(jobs, nodes, gpus), ROUNDS);
  return [
    { name: 'join 10,000 jobs to 1,000 nodes, a new answer', ...answer, target: { goal: 20, gate: 10 } },
    { name: 'the same in milliseconds', oursMs: answer.oursMs, target: { goal: 50, gate: 100 } },
    { name: 'rows of 1,000 nodes, the same answer', oursMs: await alone(() => all(standing)), target: { goal: 25, gate: 100 } },
    { name: 'read 10,000 jobs of squeue', oursMs: await alone(() => read(text), ROUNDS), target: { goal: 500, gate: 1000 } },
  ];
}
