/**
 * The output of schedulers, compared with the facts of the samples: job 918273 of alice has the GPU with minor number 1, 918280 of bob the
 * other one.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnswerReader, readAnswer } from '../../../lib/sources/jobs/answer-reader.js';
import { MAX_JOBS, type Answer } from '../../../lib/sources/jobs/collected.js';
import type { Job } from '../../../lib/model/jobs.js';

const DIRECTORY = join(import.meta.dirname, '../../fixtures/jobs');
const textOf = (file: string): string => readFileSync(join(DIRECTORY, file), 'utf8');
type Json = ReturnType<typeof JSON.parse>;
const documentOf = (file: string): Json => JSON.parse(textOf(file));
const NOW = Date.parse('2026-09-21T15:00:00');
const read = (text: string): Answer => readAnswer(text, NOW);
const readFile = (file: string): Answer => read(textOf(file));
const printed = (document: unknown): Answer => read(JSON.stringify(document));

/** 'id user account: node=count[names]' */
const lineOf = ({ id, user, account, allocations }: Job): string =>
  [id, user, account, ...allocations.map((one) => `${one.node}=${one.gpuCount}[${one.gpus.map(nameOf).join(' ')}]`)]
    .filter((part) => part !== '')
    .join(' ');
const nameOf = (name: Job['allocations'][number]['gpus'][number]): string =>
  name.by === 'uuid' ? name.uuid : name.by === 'pci' ? name.bus : `${name.by} ${name.number}`;
const linesOf = (answer: Answer): readonly string[] => answer.jobs.map(lineOf);

const GPU0 = 'GPU-3f6b2c1e-7a54-4d0b-9c1f-5e2a8d7b4410';
const GPU1 = 'GPU-b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02';
const POD_A = '7d1f0c52-9a0b-4c37-8f5e-0b6a7c1d2e31';
const POD_B = 'e0c6b1aa-53d4-4a0e-9a59-6f1b7f0f8d44';

describe('the samples', () => {
  test.each<[string, readonly string[]]>([
    ['squeue-v0.0.44.json', ['918273 alice physics gpu-a01=1[index 1]', '918280 bob bio gpu-a01=1[index 0]', '918301 alice physics']],
    ['squeue-21.08-shape.json', ['918273 alice physics gpu-a01=1[index 1]', '918280 bob bio gpu-a01=1[index 0]']],
    [
      'scontrol-show-job-d.txt',
      [
        '918273 alice physics gpu-a01=1[index 1]',
        `918305 erin ${['02', '03', '04'].map((n) => `gpu-a${n}=8[${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `index ${i}`).join(' ')}]`).join(' ')} gpu-a07=6[index 0 index 1 index 2 index 3 index 6 index 7]`,
      ],
    ],
    ['sacct.json', ['918273 alice physics gpu-a01=1[]', '918280 bob bio gpu-a01=1[]']],
    ['kubectl-pods.json', [`${POD_A} alice gpu-a01=1[]`, `${POD_B} bob gpu-a01=1[]`]],
    ['kubectl-pods-allocated-resources-status.json', [`${POD_A} alice gpu-a01=1[${GPU0}]`, `${POD_B} bob gpu-a01=1[${GPU1}]`]],
    ['kubectl-pods-hami.json', [`${POD_A} alice gpu-a01=0.5[${GPU0}]`, `${POD_B} bob gpu-a01=0.5[${GPU1}]`]],
    // The pod does not contain the size of a MIG instance; the pod that has ended has no GPU.
    ['kubectl-pods-mig-amd-shared.json', [`${POD_A} alice gpu-a01=NaN[]`, `${POD_B} bob amd-c01=2[]`]],
    ['kubectl-resourceclaims-slices.json', [`${POD_A} gpu-a01=1[${GPU0}]`]],
    ['qstat-f-F.json', ['918273.pbs1 alice gpu-a01=1[]']],
    ['bjobs-o-json.json', ['918273 alice gpu-a01=1[]', '918280 bob gpu-a01=1[]']],
    ['flux-jobs.json', ['ƒabc0 alice physics gpu-a01=NaN[]', 'ƒabc1 bob bio gpu-a01=NaN[]']],
  ])('%s', (file, lines) => {
    const answer = readFile(file);
    expect(linesOf(answer)).toEqual(lines);
    expect(answer).toMatchObject({ bad: 0, problem: undefined });
  });

  test.each(['scontrol-show-nodes.json', 'sinfo.json'])('%s: reads a node in service', (file) => {
    expect(readFile(file).nodes).toMatchObject([{ name: 'gpu-a01', state: 'in service', reason: '' }]);
  });

  test('reads the address of a node', () => {
    expect(readFile('scontrol-show-nodes.json').nodes[0]!.addresses).toEqual(['10.20.0.11']);
    expect(readFile('kubectl-pods.json').nodes).toMatchObject([{ name: 'gpu-a01', addresses: ['10.20.0.11'], state: 'unknown' }]);
  });

  test('reads the GPUs in the R of a Flux job, and counts an R without its job as bad', () => {
    const alone = readFile('flux-R.json');
    expect(alone).toMatchObject({ jobs: [], bad: 1, badReason: 'an R of Flux without its job (docs/JOBS.md)' });
    const both = read(`${textOf('flux-jobs.json')}${JSON.stringify({ jobid: 'ƒabc0', R: documentOf('flux-R.json') })}`);
    expect(linesOf(both)).toEqual(['ƒabc0 alice physics gpu-a01=1[index 0]', 'ƒabc1 bob bio gpu-a01=NaN[]']);
  });

  test('reads all other fields of a job', () => {
    const [running, , pending] = readFile('squeue-v0.0.44.json').jobs;
    expect(running).toEqual({
      scheduler: 'slurm',
      id: '918273',
      otherIds: [],
      name: 'train',
      user: 'alice',
      userSource: '',
      uid: 20417,
      account: 'physics',
      partition: 'gpu',
      namespace: '',
      pod: '',
      containers: new Map(),
      state: 'running',
      reason: '',
      startedAt: 1789978150_000,
      endsAt: 1790064000_000,
      requestedGpus: 1,
      allocations: [{ node: 'gpu-a01', gpuCount: 1, gpus: [{ by: 'index', number: 1 }] }],
    });
    expect(pending).toMatchObject({ state: 'pending', reason: 'Resources', requestedGpus: 1, startedAt: undefined, allocations: [] });
  });

  test('reads all other fields of a pod', () => {
    expect(readFile('kubectl-pods.json').jobs[0]).toMatchObject({
      scheduler: 'kubernetes',
      id: POD_A,
      name: 'train-llm',
      namespace: 'ml-team-a',
      pod: 'train-llm-0',
      user: 'alice',
      userSource: 'label app.kubernetes.io/created-by',
      containers: new Map([['trainer', '0f']]),
      startedAt: Date.parse('2026-09-21T07:09:12Z'),
    });
  });
});

describe('input', () => {
  test.each(['squeue-v0.0.44.json', 'scontrol-show-job-d.txt', 'qstat-f-F.json', 'kubectl-resourceclaims-slices.json'])(
    '%s: gives the same result in pieces of any size',
    (file) => {
      const text = textOf(file);
      for (const size of [1, 7, 64, 1000]) {
        const reader = new AnswerReader(NOW);
        for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
        expect(reader.end()).toEqual(read(text));
      }
    },
  );

  test.each(['squeue-v0.0.44.json', 'kubectl-pods.json', 'qstat-f-F.json', 'bjobs-o-json.json'])(
    '%s: is refused when truncated anywhere',
    (file) => {
      const text = JSON.stringify(documentOf(file));
      for (let length = 1; length < text.length; length += 37)
        expect(read(text.slice(0, length))).toMatchObject({ jobs: [], problem: 'it ends in the middle' });
    },
  );

  test('may contain several outputs', () => {
    const both = read(textOf('squeue-v0.0.44.json') + textOf('scontrol-show-nodes.json'));
    expect([both.jobs.length, both.nodes.length, both.problem]).toEqual([3, 1, undefined]);
  });

  test.each<[string, string]>([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['slurm_load_jobs error: Unable to contact slurm controller\n', 'it is not JSON at "s"'],
    ['{"jobs":[],', 'it ends in the middle'],
    ['{"a":1}', 'it is not an output that is read here'],
    ['{"jobs":[],"errors":[{"description":"Unable to contact slurm controller"}]}', 'Unable to contact slurm controller'],
    ['JobId=1 JobName=x', 'it ends in the middle of a line'],
  ])('%j is refused', (text, problem) => expect(read(text)).toMatchObject({ jobs: [], problem }));

  test.each(['{"jobs":[],"meta":{}}', '{"kind":"List","items":[]}', '{"pbs_version":"23"}', '{"RECORDS":[]}', 'No jobs in the system\n'])(
    '%s: without jobs is a valid answer',
    (text) => expect(read(text)).toMatchObject({ jobs: [], bad: 0, problem: undefined }),
  );
});

describe('Slurm, from 21.08 to 26.05', () => {
  const plain = (value: Json): Json =>
    Array.isArray(value)
      ? value.map(plain)
      : value !== null && typeof value === 'object'
        ? 'set' in value
          ? value.set
            ? value.number
            : 0
          : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
        : value;

  test('reads plain numbers and text states like the newer forms', () => {
    const document = documentOf('squeue-v0.0.44.json');
    const old = plain(document);
    for (const job of old.jobs) job.job_state = job.job_state[0];
    expect(printed(old).jobs).toEqual(printed(document).jobs);
    expect(readFile('squeue-21.08-shape.json').jobs).toEqual(readFile('squeue-v0.0.44.json').jobs.slice(0, 2));
  });

  /** The first job of the sample, with changed values. */
  const job = (change: Record<string, unknown>): Job | undefined => {
    const { jobs } = documentOf('squeue-v0.0.44.json');
    const answer = printed({ jobs: [{ ...jobs[0], ...change }] });
    expect(answer).toMatchObject({ bad: 0, problem: undefined });
    return answer.jobs[0];
  };

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a range of nodes',
      { nodes: 'gpu-a[02-03,07]', gres_detail: ['gpu:8(IDX:0-7)', 'gpu:1(IDX:3)', ''] },
      'gpu-a02=8[index 0 index 1 index 2 index 3 index 4 index 5 index 6 index 7] gpu-a03=1[index 3]',
    ],
    ['several types', { gres_detail: ['gpu:h100:2(IDX:0,4),gpu:a100:1(IDX:2)'] }, 'gpu-a01=3[index 0 index 4 index 2]'],
    ['only a count', { gres_detail: ['gpu:h100:2(CNT:2)'] }, 'gpu-a01=2[]'],
    ['shards', { gres_detail: ['shard:h100:4'] }, 'gpu-a01=NaN[]'],
    ['a GPU and shards of another', { gres_detail: ['gpu:1(IDX:1),shard:4'] }, 'gpu-a01=NaN[index 1]'],
    ['a MIG instance, whose index is not a GPU', { gres_detail: ['gpu:1g.10gb:1(IDX:3)'] }, 'gpu-a01=NaN[]'],
    ['another resource', { gres_detail: ['nic:1(IDX:0)'] }, ''],
    ['without gres_detail, one node', { gres_detail: [], tres_alloc_str: 'cpu=1,gres/gpu:a=2,gres/gpu:b=1' }, 'gpu-a01=3[]'],
    ['without gres_detail, several nodes', { gres_detail: [], nodes: 'a,b', tres_alloc_str: 'gres/gpu=4' }, 'a=NaN[] b=NaN[]'],
    ['one entry for two nodes', { nodes: 'a,b', gres_detail: ['gpu:1(IDX:0)'], tres_alloc_str: 'gres/gpu=2' }, 'a=NaN[] b=NaN[]'],
    [
      'one entry for two nodes, TRES that do not count GPUs',
      { nodes: 'a,b', gres_detail: ['gpu:1(IDX:0)'], tres_alloc_str: 'cpu=24' },
      'a=NaN[] b=NaN[]',
    ],
    ['no GPUs', { gres_detail: [], tres_alloc_str: 'cpu=24' }, ''],
    ['no GPUs named, none counted', { gres_detail: undefined, tres_alloc_str: undefined }, 'gpu-a01=NaN[]'],
  ])('%s', (_, change, expected) => expect(lineOf(job(change)!)).toBe(`918273 alice physics ${expected}`.trim()));

  test.each<[string, Record<string, unknown>, string, readonly string[]]>([
    [
      'a task of an array',
      { job_id: 918304, array_job_id: 918300, array_task_id: { set: true, infinite: false, number: 4 } },
      '918300_4',
      ['918304'],
    ],
    ['the first task', { job_id: 918300, array_job_id: 918300, array_task_id: 0 }, '918300_0', ['918300']],
    [
      'pending tasks',
      { job_id: 918300, array_job_id: 918300, array_task_id: null, array_task_string: '5-10%2' },
      '918300_[5-10%2]',
      ['918300'],
    ],
    ['a component of a heterogeneous job', { job_id: 918311, het_job_id: 918310, het_job_offset: 1 }, '918310+1', ['918311']],
    ['a SLUID', { sluid: 's8FXKTA79XAR00' }, '918273', ['s8FXKTA79XAR00']],
  ])('%s', (_, change, id, otherIds) => expect(job(change)).toMatchObject({ id, otherIds }));

  test.each<[unknown, string | undefined]>([
    [['RUNNING'], 'running'],
    [['RUNNING', 'RESIZING'], 'running'],
    [['CANCELLED', 'COMPLETING'], 'running'],
    ['CONFIGURING', 'running'],
    [['SUSPENDED'], 'suspended'],
    [['PENDING', 'REQUEUED'], 'pending'],
    [['COMPLETED'], undefined],
    ['NODE_FAIL', undefined],
  ])('%j is %s', (job_state, state) => expect(job({ job_state })?.state).toBe(state));

  test('GPUs that were asked for, where TRES do not count GPUs', () => {
    expect(job({ gres_detail: ['gpu:2(IDX:0-1)'], tres_alloc_str: 'cpu=24', tres_per_node: '' })!.requestedGpus).toBe(2);
    expect(job({ job_state: ['PENDING'], tres_alloc_str: '', tres_per_node: 'gres/gpu:h100:4', node_count: 2 })!.requestedGpus).toBe(8);
    expect(job({ job_state: ['PENDING'], tres_alloc_str: '', tres_per_node: '', tres_req_str: 'cpu=1,gres/gpu=3' })!.requestedGpus).toBe(3);
    expect(job({ gres_detail: [], tres_alloc_str: 'cpu=24', tres_per_node: '' })!.requestedGpus).toBe(0);
  });

  test('a job without a time limit has no end', () => {
    expect(job({ time_limit: { set: true, infinite: true, number: 0 } })!.endsAt).toBeUndefined();
    expect(job({ end_time: 0 })!.endsAt).toBe(1789978150_000 + 1440 * 60_000);
  });

  test.each<[readonly string[], string, string, string]>([
    [['IDLE', 'DRAIN'], 'bad GPU 3', 'drained', 'bad GPU 3'],
    [['MIXED', 'DRAIN'], 'bad GPU 3', 'draining', 'bad GPU 3'],
    [['DOWN', 'NOT_RESPONDING'], '', 'down', 'not responding'],
    [['IDLE', 'RESERVED', 'MAINTENANCE'], '', 'drained', 'maintenance'],
    [['drng'], 'x', 'draining', 'x'],
    [['drained*'], 'x', 'drained', 'x'],
    [['down*'], 'Not responding', 'down', 'Not responding'],
    [['maint'], '', 'drained', 'maint'],
    [['IDLE+DRAIN'], 'x', 'drained', 'x'],
    [['IDLE', 'POWERED_DOWN'], '', 'in service', ''],
    [['ALLOCATED'], 'was bad', 'in service', ''],
  ])('reads the state of a node that is %j', (state, reason, expected, why) => {
    const answer = printed({ nodes: [{ name: 'gpu-a02', state, reason }] });
    expect(answer.nodes).toMatchObject([{ state: expected, reason: why }]);
    const grouped = printed({ sinfo: [{ node: { state }, nodes: { nodes: ['gpu-a[02-03]'] }, reason: { description: reason } }] });
    expect(grouped.nodes).toMatchObject([
      { name: 'gpu-a02', state: expected, reason: why },
      { name: 'gpu-a03', state: expected },
    ]);
  });

  test('reads nodes printed as text', () => {
    const text =
      'NodeName=gpu-a02 Arch=x86_64 CoresPerSocket=48\n   NodeAddr=10.20.0.12 NodeHostName=gpu-a02\n   State=IDLE+DRAIN ThreadsPerCore=1\n   Reason=bad GPU 3 [root@2026-09-21T07:09:10]\n\n';
    expect(read(text).nodes).toMatchObject([{ name: 'gpu-a02', addresses: ['10.20.0.12'], state: 'drained', reason: 'bad GPU 3' }]);
  });

  test('does not take the name of a job for its user', () => {
    const text =
      'JobId=7 JobName=x UserId=root(0) JobState=PENDING\n   UserId=mallory(20700) GroupId=users(100)\n   JobState=RUNNING Reason=None\n   NodeList=a\n   AllocTRES=gres/gpu=1\n   Comment=y UserId=root(0)\n\n';
    expect(read(text).jobs).toMatchObject([{ name: 'x UserId=root(0) JobState=PENDING', user: 'mallory', uid: 20700, state: 'running' }]);
  });
});

describe('Kubernetes', () => {
  const pod = (change: (pod: Json) => void, file = 'kubectl-pods.json'): Job | undefined => {
    const { items } = documentOf(file);
    change(items[0]);
    const answer = printed({ kind: 'List', items: [items[0]] });
    expect(answer).toMatchObject({ bad: 0, problem: undefined });
    return answer.jobs[0];
  };
  const limits = (amounts: Record<string, string>) => (one: Json) => (one.spec.containers[0].resources.limits = amounts);
  const held =
    (...ids: readonly string[]) =>
    (one: Json) =>
      (one.status.containerStatuses[0].allocatedResourcesStatus = [
        { name: 'nvidia.com/gpu', resources: ids.map((resourceID) => ({ resourceID, health: 'Healthy' })) },
      ]);

  test.each<[string, number]>([
    ['nvidia.com/gpu', 2],
    ['amd.com/gpu', 2],
    ['gpu.intel.com/i915', 2],
    ['gpu.intel.com/xe', 2],
    ['habana.ai/gaudi', 2],
    ['google.com/tpu', 2],
    ['aws.amazon.com/neuron', 2],
    ['huawei.com/Ascend910', 2],
    ['nvidia.com/gpu.shared', NaN],
    ['nvidia.com/mig-3g.40gb', NaN],
    ['nvidia.com/mig-1g.5gb.shared', NaN],
    ['amd.com/cpx_nps1', NaN],
    ['aws.amazon.com/neuroncore', NaN],
  ])('%s', (name, gpuCount) => {
    const read = pod(limits({ [name]: '2', cpu: '4' }))!;
    expect(read.allocations).toEqual([{ node: 'gpu-a01', gpuCount, gpus: [] }]);
    expect(read.requestedGpus).toBe(Number.isNaN(gpuCount) ? undefined : gpuCount);
  });

  test.each<[string, readonly string[], number, readonly unknown[]]>([
    ['a GPU', [GPU0], 1, [{ by: 'uuid', uuid: GPU0 }]],
    ['a replica, which is not a whole GPU', [`${GPU0}::3`], NaN, [{ by: 'uuid', uuid: GPU0 }]],
    ['two replicas of one GPU', [`${GPU0}::3`, `${GPU0}::0`], NaN, [{ by: 'uuid', uuid: GPU0 }]],
    ['an index', ['1'], 1, [{ by: 'index', number: 1 }]],
    ['GKE', ['nvidia0'], 1, [{ by: 'minor', number: 0 }]],
    ['a MIG instance on GKE', ['nvidia0/gi1'], NaN, [{ by: 'minor', number: 0 }]],
    ['a shared GPU on GKE', ['nvidia1/vgpu2'], NaN, [{ by: 'minor', number: 1 }]],
    ['AMD', ['0000:19:00.0'], 1, [{ by: 'pci', bus: '0000:19:00.0' }]],
    ['a MIG instance', ['MIG-5a2c'], NaN, [{ by: 'uuid', uuid: 'MIG-5a2c' }]],
    ['nothing known', ['whatever'], 1, []],
  ])('reads a device id: %s', (_, ids, gpuCount, gpus) => {
    expect(pod(held(...ids))!.allocations).toEqual([{ node: 'gpu-a01', gpuCount, gpus }]);
  });

  test.each<[string, readonly string[] | undefined, number]>([
    ['a replica', [`${GPU0}::3`], 0.25],
    ['two replicas', [`${GPU0}::3`, `${GPU0}::0`], 0.5],
    ['no ids', undefined, 0.25],
    ['a MIG instance, which is not a replica', ['MIG-5a2c'], NaN],
  ])('computes the share when the node reports the replicas per GPU: %s', (_, ids, gpuCount) => {
    const { items } = documentOf('kubectl-pods.json');
    if (ids !== undefined) held(...ids)(items[0]);
    const node = { kind: 'Node', metadata: { name: 'gpu-a01', labels: { 'nvidia.com/gpu.replicas': '4' } }, spec: {}, status: {} };
    expect(printed({ kind: 'List', items: [items[0], node] }).jobs[0]!.allocations[0]!.gpuCount).toBe(gpuCount);
  });

  test('does not add init containers, but adds sidecars', () => {
    const container = (gpus: string, more = {}) => ({ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } }, ...more });
    const before =
      (...initContainers: readonly unknown[]) =>
      (one: Json) =>
        (one.spec = { ...one.spec, initContainers, containers: [container('2'), container('1')] });
    const gpus = (...all: readonly unknown[]): number => pod(before(...all))!.allocations[0]!.gpuCount;
    expect(gpus()).toBe(3);
    expect(gpus(container('2'), container('1'))).toBe(3);
    expect(gpus(container('4'))).toBe(4);
    expect(gpus(container('1', { restartPolicy: 'Always' }))).toBe(4);
  });

  test.each<[string, (one: Json) => void, Partial<Job> | undefined]>([
    ['has ended', (one) => (one.status.phase = 'Failed'), undefined],
    [
      'waits for a node',
      (one) =>
        Object.assign(one, {
          spec: { ...one.spec, nodeName: undefined },
          status: {
            phase: 'Pending',
            conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
          },
        }),
      { state: 'pending', reason: '0/3 nodes are available', allocations: [] },
    ],
    [
      'waits for its image, with its GPU',
      (one) =>
        (one.status = { phase: 'Pending', containerStatuses: [{ name: 'trainer', state: { waiting: { reason: 'ImagePullBackOff' } } }] }),
      { state: 'running', reason: 'ImagePullBackOff', allocations: [{ node: 'gpu-a01', gpuCount: 1, gpus: [] }] },
    ],
    ['has no GPU', limits({ cpu: '1' }), { state: 'running', requestedGpus: 0, allocations: [] }],
    ['has no user', (one) => (one.metadata.labels = { app: 'x' }), { user: '', userSource: '' }],
    [
      'has a user of JupyterHub',
      (one) => (one.metadata.annotations = { 'hub.jupyter.org/username': 'dan' }),
      { user: 'dan', userSource: 'annotation hub.jupyter.org/username' },
    ],
    [
      'has a GPU of HAMi without a limit on its cores',
      (one) => (one.metadata.annotations = { 'hami.io/vgpu-devices-allocated': `${GPU0},NVIDIA,40960,0:;` }),
      { allocations: [{ node: 'gpu-a01', gpuCount: NaN, gpus: [{ by: 'uuid', uuid: GPU0 }] }] },
    ],
  ])('reads a pod that %s', (_, change, expected) => {
    const found = pod(change);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  });

  test('reads nodes: cordoned, not ready, in service', () => {
    const node = (name: string, spec: object, status: string) => ({
      kind: 'Node',
      metadata: { name },
      spec,
      status: {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: 'Hostname', address: name },
        ],
        conditions: [{ type: 'Ready', status, message: 'Kubelet stopped posting node status.' }],
      },
    });
    expect(
      printed({ kind: 'List', items: [node('a', { unschedulable: true }, 'True'), node('b', {}, 'Unknown'), node('c', {}, 'True')] }).nodes,
    ).toMatchObject([
      { name: 'a', addresses: ['10.0.0.1'], state: 'draining', reason: 'cordoned' },
      { name: 'b', state: 'down', reason: 'Kubelet stopped posting node status.' },
      { name: 'c', state: 'in service', reason: '' },
    ]);
  });

  test('a claim assigns its devices to the listed pod', () => {
    const { items } = documentOf('kubectl-pods.json');
    limits({ cpu: '1' })(items[0]);
    const claims = documentOf('kubectl-resourceclaims-slices.json').items;
    expect(linesOf(printed({ kind: 'List', items: [...items, ...claims] }))).toEqual([
      `${POD_A} alice gpu-a01=1[${GPU0}]`,
      `${POD_B} bob gpu-a01=1[]`,
    ]);
  });

  test('a part of a GPU, a shared claim and a monitoring claim are not whole GPUs', () => {
    const [claim, slice] = documentOf('kubectl-resourceclaims-slices.json').items;
    const asked = (change: (claim: Json, slice: Json) => void): readonly string[] => {
      const copies = structuredClone([claim, slice]);
      change(copies[0], copies[1]);
      return linesOf(printed({ kind: 'List', items: copies }));
    };
    const attributes = (slice: Json): Json => slice.spec.devices[0].attributes;
    expect(
      asked((_, one) =>
        Object.assign(attributes(one), { type: { string: 'mig' }, uuid: { string: 'MIG-1' }, parentUUID: { string: GPU0 } }),
      ),
    ).toEqual([`${POD_A} gpu-a01=NaN[${GPU0}]`]);
    expect(asked((one) => one.status.reservedFor.push({ resource: 'pods', name: 'b', uid: POD_B }))).toEqual([
      `${POD_A} gpu-a01=NaN[${GPU0}]`,
      `${POD_B} gpu-a01=NaN[${GPU0}]`,
    ]);
    expect(asked((one) => (one.status.allocation.devices.results[0].adminAccess = true))).toEqual([]);
  });
});

describe('PBS, LSF and Flux', () => {
  const qstat = (change: Record<string, unknown>): Answer => {
    const document = documentOf('qstat-f-F.json');
    Object.assign(document.Jobs['918273.pbs1'], change);
    return printed(document);
  };

  test('PBS: chunks on several nodes and in parts of a node', () => {
    const { jobs } = qstat({ exec_vnode: '(n1:ncpus=8:ngpus=4)+(n2[0]:ncpus=4:ngpus=2+n2[1]:ngpus=2:mem=1kb)+(n3:ncpus=1)' });
    expect(jobs.map(lineOf)).toEqual(['918273.pbs1 alice n1=4[] n2=4[]']);
  });

  test.each<[string, string | undefined]>([
    ['R', 'running'],
    ['Q', 'pending'],
    ['S', 'suspended'],
    ['B', undefined],
    ['F', undefined],
  ])('PBS: state %s is %s', (job_state, state) => expect(qstat({ job_state }).jobs[0]?.state).toBe(state));

  test('PBS: start, end and user', () => {
    const startedAt = new Date(2026, 8, 21, 7, 9, 10).getTime();
    expect(qstat({ euser: undefined }).jobs).toMatchObject([
      { user: 'alice', startedAt, endsAt: startedAt + 86_400_000, otherIds: ['918273'], requestedGpus: 1 },
    ]);
  });

  const bjobs = (change: Record<string, unknown>, now = NOW): Job | undefined => {
    const document = documentOf('bjobs-o-json.json');
    return readAnswer(JSON.stringify({ ...document, RECORDS: [{ ...document.RECORDS[0], ...change }] }), now).jobs[0];
  };

  test.each<[Record<string, unknown>, string]>([
    [{ EXEC_HOST: '24*n1:8*n2', GPU_NUM: '4' }, 'n1=NaN[] n2=NaN[]'],
    [{ GPU_NUM: '-' }, ''],
    [{ GPU_NUM: undefined }, 'gpu-a01=NaN[]'],
    [{ STAT: 'PEND', EXEC_HOST: '-' }, ''],
  ])('LSF: %j', (change, expected) => {
    expect(lineOf(bjobs(change)!)).toBe(`918273 alice ${expected}`.trim());
  });

  test('LSF: a start without a year is the most recent such day', () => {
    expect(bjobs({})!.startedAt).toBe(new Date(2026, 8, 21, 7, 9).getTime());
    expect(bjobs({}, new Date(2027, 0, 5).getTime())!.startedAt).toBe(new Date(2026, 8, 21, 7, 9).getTime());
    expect(bjobs({ START_TIME: 'Dec 31 23:00' }, new Date(2027, 0, 5).getTime())!.startedAt).toBe(new Date(2026, 11, 31, 23).getTime());
  });

  test('LSF: the task of an array', () => expect(bjobs({ JOBINDEX: '4' })!.id).toBe('918273[4]'));

  test('Flux: ranks are positions in the list of nodes', () => {
    const R = {
      execution: {
        R_lite: [
          { rank: '0-1', children: { gpu: '0-1' } },
          { rank: '2', children: { gpu: '3' } },
          { rank: '3', children: { core: '0' } },
        ],
        nodelist: ['gpu-a[02-04]', 'x'],
      },
    };
    const { jobs, bad } = read(`${textOf('flux-jobs.json')}${JSON.stringify({ jobid: 'ƒabc1', R })}`);
    expect([lineOf(jobs[1]!), bad]).toEqual(['ƒabc1 bob bio gpu-a02=2[index 0 index 1] gpu-a03=2[index 0 index 1] gpu-a04=1[index 3]', 0]);
    expect(jobs[1]!.requestedGpus).toBe(5);
  });
});

describe('errors affect only their own record', () => {
  const sample = documentOf('squeue-v0.0.44.json').jobs[0];

  test.each<[string, string]>([
    ['{"job_id":}', 'a record that is not JSON'],
    ['[1]', 'a record that is not an object'],
    ['{"job_state":["RUNNING"]}', 'a job without an id'],
    ['{"job_state":[],"job_id":5}', 'job 5 has no state'],
    ['{"job_id":5}', 'a job of an unknown scheduler'],
    [JSON.stringify({ ...sample, nodes: 'gpu-a[1-99999999]' }), 'expands to more than 20000 hosts'],
    [
      JSON.stringify({ ...sample, nodes: Array.from({ length: 50 }, (_, at) => `n${at}-[1-19999]`).join(',') }),
      'expands to more than 20000 hosts',
    ],
    [`{"job_id":5,"deep":${'['.repeat(100)}${']'.repeat(100)}}`, 'a record that is nested too deeply'],
  ])('%.60s', (record, reason) => {
    const answer = read(`{"jobs":[${record},${JSON.stringify(sample)}]}`);
    expect(answer).toMatchObject({ bad: 1, badReason: reason, problem: undefined });
    expect(linesOf(answer)).toEqual(['918273 alice physics gpu-a01=1[index 1]']);
  });

  test('texts are sanitized and cut', () => {
    const { jobs } = printed({
      jobs: [{ ...sample, name: `a\u001b[31mb\u202e${'x'.repeat(5000)}`, user_name: 'al\nice', nodes: 'gpu\u001b-a01' }],
    });
    expect(jobs[0]!.name.startsWith('a[31mbxx')).toBe(true);
    expect(jobs[0]!.name.length).toBeLessThanOrEqual(256);
    expect([jobs[0]!.user, jobs[0]!.allocations[0]!.node]).toEqual(['alice', 'gpu-a01']);
  });

  test('keys inherited by objects are plain keys', () => {
    expect(read(`{"__proto__":{"a":1},"constructor":[],"jobs":[${JSON.stringify(sample)}]}`).jobs).toHaveLength(1);
    expect(read('{"pbs_version":"1","Jobs":{"__proto__":{"job_state":"R"}}}').jobs).toMatchObject([{ id: '__proto__' }]);
  });

  test('a GPU index that no node has identifies nothing', () => {
    expect(linesOf(printed({ jobs: [{ ...sample, gres_detail: ['gpu:1(IDX:0-999999)'] }] }))).toEqual(['918273 alice physics gpu-a01=1[]']);
  });

  const many = (count: number): Answer => {
    const reader = new AnswerReader(NOW);
    reader.push('{"jobs":[');
    for (let at = 0; at < count; at++)
      reader.push(`${at > 0 ? ',' : ''}{"job_id":${at + 1},"job_state":"RUNNING","nodes":"n${at % 1000}","gres_detail":["gpu:1(IDX:0)"]}`);
    reader.push(']}');
    return reader.end();
  };
  test('10,000 jobs are read', () => expect(many(10_000)).toMatchObject({ jobs: { length: 10_000 }, problem: undefined }));
  test('100,000 are refused, with their number', () =>
    expect(many(100_000)).toMatchObject({
      jobs: { length: 0 },
      problem: `it lists 100,000 jobs; at most ${MAX_JOBS.toLocaleString('en')} are read`,
    }));

  test('an endless record is not kept in memory', () => {
    const reader = new AnswerReader(NOW);
    reader.push('JobId=1 ');
    for (let at = 0; at < 200; at++) reader.push('x'.repeat(65_536));
    expect(reader.fault).toBe('it has a record larger than 8 MiB');
    expect(reader.end()).toMatchObject({ jobs: [], problem: 'it has a record larger than 8 MiB' });
  });
});
