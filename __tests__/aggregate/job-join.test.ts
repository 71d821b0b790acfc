import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gpusToJoin, JobJoin, type JobRow, type JoinGpu, type JoinNode } from '../../lib/aggregate/job-join.js';
import type { ClusterJobs, GpuName, Job, JobAllocation, SchedulerNode } from '../../lib/model/jobs.js';
import { job } from '../helpers/owned-node.js';
import { nodeOf as textNode } from '../helpers/text-node.js';

const jobOf = (id: string, allocations: readonly JobAllocation[], more: Partial<Job> = {}): Job => job(id, { allocations, ...more });
const schedulerNode = (name: string, more: Partial<SchedulerNode> = {}): SchedulerNode => ({
  name,
  addresses: [],
  state: 'in service',
  reason: '',
  minors: new Map(),
  ...more,
});
const cluster = (jobs: readonly Job[], nodes: readonly SchedulerNode[] = []): ClusterJobs => ({ at: 0, jobs, nodes });
const watched = (nodeId: string, more: Partial<JoinNode> = {}): JoinNode => ({ nodeId, name: nodeId, instance: '', ...more });

/** The two boards of the samples: GPU 0 has minor number 1. */
const GPUS: readonly JoinGpu[] = [
  { uuid: 'GPU-3f6b2c1e-7a54-4d0b-9c1f-5e2a8d7b4410', bus: '00000000:1B:00.0', minor: 1, parts: ['MIG-a', 'MIG-b'] },
  { uuid: 'GPU-b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02', bus: '00000000:43:00.0', minor: 0, parts: [] },
];
const WITHOUT_MINORS = GPUS.map((gpu) => ({ ...gpu, minor: undefined }));
const index = (number: number): GpuName => ({ by: 'index', number });

const shown = (rows: readonly JobRow[]): readonly string[] =>
  rows.map(
    ({ job, slot, gpuCount, schedulerIndex }) =>
      `${job.id} slot ${slot} x${gpuCount}${schedulerIndex === '' ? '' : ` index ${schedulerIndex}`}`,
  );

describe('GPUs', () => {
  const rows = (
    allocation: Partial<JobAllocation>,
    gpus = GPUS,
    more: Partial<Job> = {},
    node: Partial<SchedulerNode> = {},
  ): readonly string[] => {
    const join = new JobJoin(
      cluster([jobOf('7', [{ node: 'a', gpuCount: 1, gpus: [], ...allocation }], more)], [schedulerNode('a', node)]),
    );
    join.match([watched('a')]);
    return shown(join.rows('a', gpus));
  };

  test.each<[string, Partial<JobAllocation>, readonly string[]]>([
    ['a uuid', { gpus: [{ by: 'uuid', uuid: GPUS[1]!.uuid }] }, ['7 slot 1 x1']],
    ['a uuid in upper case, without GPU-', { gpus: [{ by: 'uuid', uuid: '3F6B2C1E-7A54-4D0B-9C1F-5E2A8D7B4410' }] }, ['7 slot 0 x1']],
    ['a replica', { gpus: [{ by: 'uuid', uuid: `${GPUS[0]!.uuid}::3` }] }, ['7 slot 0 xNaN']],
    ['a MIG instance', { gpus: [{ by: 'uuid', uuid: 'MIG-b' }] }, ['7 slot 0 xNaN']],
    ['a share', { gpuCount: 0.5, gpus: [{ by: 'uuid', uuid: GPUS[0]!.uuid }] }, ['7 slot 0 x0.5']],
    ['another uuid', { gpus: [{ by: 'uuid', uuid: 'GPU-x' }] }, ['7 slot -1 x1 index GPU-x']],
    ['a PCI bus', { gpus: [{ by: 'pci', bus: '0000:1b:00.0' }] }, ['7 slot 0 x1']],
    ['a PCI bus without a domain', { gpus: [{ by: 'pci', bus: '43:00.0' }] }, ['7 slot 1 x1']],
    ['a minor number', { gpus: [{ by: 'minor', number: 0 }] }, ['7 slot 1 x1']],
    ['the index of Slurm is the minor number', { gpus: [index(1)] }, ['7 slot 0 x1']],
    ['an index that no GPU has', { gpus: [index(5)] }, ['7 slot -1 x1 index 5']],
    ['only a number', { gpuCount: 1 }, ['7 slot -1 x1']],
    ['only the node', { gpuCount: NaN }, ['7 slot -1 xNaN']],
    ['all GPUs', { gpuCount: 2 }, ['7 slot 0 x1', '7 slot 1 x1']],
    ['one by name, and more by number', { gpuCount: 4, gpus: [index(1)] }, ['7 slot 0 x1', '7 slot -1 x3']],
  ])('%s', (_, allocation, expected) => expect(rows(allocation)).toEqual(expected));

  test('without minor numbers, a Slurm index is only a name', () => {
    expect(rows({ gpus: [index(1)] }, WITHOUT_MINORS)).toEqual(['7 slot -1 x1 index 1']);
    expect(rows({ gpuCount: 2, gpus: [index(0), index(1)] }, WITHOUT_MINORS)).toEqual(['7 slot 0 x1', '7 slot 1 x1']);
  });

  test('all remaining GPUs are not all GPUs of the node', () => {
    expect(rows({ gpuCount: 2, gpus: [index(0), index(2)] }, WITHOUT_MINORS)).toEqual(['7 slot -1 x1 index 0', '7 slot -1 x1 index 2']);
  });

  test('the index of another scheduler is only a name', () => {
    expect(rows({ gpus: [index(1)] }, GPUS, { scheduler: 'flux' })).toEqual(['7 slot -1 x1 index 1']);
  });

  test('an index map of the scheduler is used', () => {
    const minors = new Map([
      [0, 1],
      [1, 0],
    ]);
    expect(rows({ gpus: [index(1)] }, GPUS, {}, { minors })).toEqual(['7 slot 1 x1']);
    expect(rows({ gpus: [index(5)] }, GPUS, {}, { minors })).toEqual(['7 slot -1 x1 index 5']);
  });

  test('a uuid that two GPUs share identifies neither', () => {
    const twins = GPUS.map((gpu) => ({ ...gpu, uuid: 'GPU-0' }));
    expect(rows({ gpus: [{ by: 'uuid', uuid: 'GPU-0' }] }, twins)).toEqual(['7 slot -1 x1 index GPU-0']);
  });

  test('joins the GPUs of a scraped node', () => {
    const node = textNode(
      [
        'all_smi_gpu_utilization{gpu="H100",gpu_uuid="GPU-a",gpu_index="0",instance="n"} 1',
        'all_smi_gpu_info{gpu="H100",gpu_uuid="GPU-a",gpu_index="0",instance="n",pci_bus_id="00000000:1B:00.0",minor_number="1"} 1',
        'all_smi_mig_instance_memory_used_bytes{gpu="H100",gpu_uuid="GPU-a",gpu_index="0",instance="n",mig_instance="0",mig_uuid="MIG-a"} 1',
        '',
      ].join('\n'),
    );
    expect(gpusToJoin(node)).toEqual([{ uuid: 'GPU-a', bus: '00000000:1B:00.0', minor: 1, parts: ['MIG-a'] }]);
  });
});

describe('nodes', () => {
  /** The scheduler node that each watched node is joined to, shown by its job. */
  const joined = (names: readonly string[], nodes: readonly JoinNode[], more: readonly SchedulerNode[] = []) => {
    const join = new JobJoin(
      cluster(
        names.map((node) => jobOf(`on ${node}`, [{ node, gpuCount: 1, gpus: [] }])),
        more,
      ),
    );
    const matches = join.match(nodes);
    return { ...matches, jobs: nodes.map(({ nodeId }) => join.rows(nodeId, GPUS).map(({ job }) => job.id)) };
  };

  test.each<[string, readonly string[], JoinNode]>([
    ['the same name', ['n1'], watched('n1')],
    ['another case', ['N1'], watched('n1')],
    ['the host of the address', ['n1'], watched('n1:9090')],
    ['the name of the host file', ['n1'], watched('10.0.0.1:9090', { name: 'n1' })],
    ['the name that it reports', ['n1'], watched('10.0.0.1:9090', { instance: 'n1' })],
    ['the short name', ['n1'], watched('n1.example.org:9090')],
    ['the long name', ['n1.example.org'], watched('n1')],
    ['the same name rather than a short name', ['n1', 'n1.b'], watched('n1')],
  ])('%s', (_, names, node) => expect(joined(names, [node]).jobs).toEqual([[`on ${names[0]!}`]]));

  test('joins by address if the scheduler has it', () => {
    const here = [schedulerNode('n1', { addresses: ['10.0.0.1', 'fe80::1'] })];
    expect(joined(['n1'], [watched('10.0.0.1:9090')], here).jobs).toEqual([['on n1']]);
    expect(joined(['n1'], [watched('[fe80::1]:9090')], here).jobs).toEqual([['on n1']]);
    expect(joined(['n1'], [watched('x', { addresses: ['10.0.0.1'] })], here).jobs).toEqual([['on n1']]);
    expect(joined(['n1'], [watched('10.0.0.2:9090')], here)).toMatchObject({ jobs: [[]], ambiguous: 0, unmatched: 1 });
  });

  test('an address has no short name', () => {
    expect(joined(['10.0.0.1'], [watched('10.0.0.2')])).toMatchObject({ jobs: [[]], ambiguous: 0 });
  });

  test.each<[string, readonly string[], readonly JoinNode[], readonly SchedulerNode[], number]>([
    ['a short name of two nodes of the scheduler', ['n1.a', 'n1.b'], [watched('n1')], [], 1],
    ['two watched nodes with one short name', ['n1'], [watched('n1.a'), watched('n1.b')], [], 2],
    [
      'an address that two nodes share',
      ['n1', 'n2'],
      [watched('10.0.0.1')],
      [schedulerNode('n1', { addresses: ['10.0.0.1'] }), schedulerNode('n2', { addresses: ['10.0.0.1'] })],
      1,
    ],
    ['two names that both exist', ['n1', 'n2'], [watched('n1', { instance: 'n2' })], [], 1],
  ])('does not join %s', (_, names, nodes, more, ambiguous) => {
    expect(joined(names, nodes, more)).toMatchObject({ ambiguous, jobs: nodes.map(() => []) });
  });

  test('a full name takes precedence over a short name', () => {
    expect(joined(['n1'], [watched('n1.b'), watched('n1')])).toMatchObject({ ambiguous: 0, unmatched: 0, jobs: [[], ['on n1']] });
  });

  test("returns the scheduler's view of a node", () => {
    const join = new JobJoin(cluster([], [schedulerNode('n1', { state: 'drained', reason: 'bad GPU 3' })]));
    join.match([watched('n1.example.org')]);
    expect(join.schedulerNode('n1.example.org')).toMatchObject({ state: 'drained', reason: 'bad GPU 3' });
    expect(join.schedulerNode('n2')).toBeUndefined();
  });
});

describe('finding a job', () => {
  const pod = jobOf('7d1f', [], { scheduler: 'kubernetes', containers: new Map([['main', 'c0ffee']]) });
  const task = jobOf('918300_4', [], { otherIds: ['918304', 's8FXKTA79XAR00'] });
  const join = new JobJoin(cluster([pod, task, jobOf('12', []), jobOf('12', [], { scheduler: 'lsf' })]));

  test.each<[string, string | undefined, Job | undefined]>([
    ['918300_4', undefined, task],
    ['918304', 'slurm', task],
    ['s8FXKTA79XAR00', undefined, task],
    ['7d1f', undefined, pod],
    ['c0ffee', undefined, pod],
    ['918304', 'pbs', undefined],
    ['13', undefined, undefined],
    ['__proto__', undefined, undefined],
  ])('%s of %s', (id, scheduler, job) => expect(join.find(id, scheduler)).toBe(job));

  test('does not find an id that two schedulers share', () => {
    expect(join.find('12')).toBeUndefined();
    expect(join.find('12', 'lsf')?.scheduler).toBe('lsf');
  });
});

describe('compared with a simple join', () => {
  const NAMES = ['a', 'b', 'a.x', 'a.y', 'c.x'];
  const gpuName = fc.oneof(
    fc.record({ by: fc.constant('uuid' as const), uuid: fc.constantFrom('GPU-0', 'gpu-1', '2', 'MIG-0', 'GPU-1::4', 'none') }),
    fc.record({ by: fc.constantFrom('minor' as const, 'index' as const), number: fc.nat(3) }),
  );
  const allocation = fc.record({
    node: fc.constantFrom(...NAMES),
    gpuCount: fc.constantFrom(0.5, 1, 2, 3, NaN),
    gpus: fc.uniqueArray(gpuName, { maxLength: 3, selector: (name) => JSON.stringify(name) }),
  });
  const anyJob = fc.record({
    id: fc.constantFrom('1', '2', '3'),
    scheduler: fc.constantFrom('slurm' as const, 'flux' as const),
    allocations: fc.array(allocation, { maxLength: 3 }),
  });
  const nodes = fc.uniqueArray(fc.constantFrom(...NAMES, 'a.z', 'd'), { minLength: 1 });
  const gpus = fc
    .uniqueArray(fc.nat(2), { minLength: 1 })
    .map((all) => all.map((number): JoinGpu => ({ uuid: `GPU-${number}`, bus: '', minor: number, parts: number === 0 ? ['MIG-0'] : [] })));

  /** Every pair of a watched node and a scheduler node, compared by name. */
  function plainNodes(watchedNames: readonly string[], schedulers: readonly string[]): ReadonlyMap<string, string> {
    const short = (name: string): string => name.split('.')[0]!;
    const bestOf = (name: string): readonly string[] => {
      const equal = schedulers.filter((one) => one === name);
      return equal.length > 0 ? equal : schedulers.filter((one) => short(one) === short(name));
    };
    const chosen = watchedNames.filter((name) => bestOf(name).length === 1).map((name) => [name, bestOf(name)[0]!] as const);
    return new Map(
      chosen.filter(([name, to]) => {
        const rivals = chosen.filter(([, other]) => other === to);
        return name === to || (rivals.length === 1 && !rivals.some(([other]) => other === to));
      }),
    );
  }

  /** Every GPU name, compared with every GPU. */
  function plainRows(
    { scheduler }: Pick<Job, 'scheduler'>,
    { gpuCount, gpus: names }: JobAllocation,
    all: readonly JoinGpu[],
  ): readonly string[] {
    const slotOf = (name: GpuName): number =>
      all.findIndex((gpu) => {
        if (name.by === 'uuid') {
          const id = name.uuid.toLowerCase().replace('gpu-', '').split('::')[0];
          return gpu.uuid.toLowerCase().replace('gpu-', '') === id || gpu.parts.some((part) => part.toLowerCase() === id);
        }
        return name.by !== 'pci' && gpu.minor === name.number && (name.by === 'minor' || scheduler === 'slurm');
      });
    const slots = names.map(slotOf);
    const certain = slots.every((slot) => slot >= 0) && names.length >= gpuCount;
    const isElsewhere = names.some((name, at) => slots[at]! < 0 && 'number' in name && (name.by === 'minor' || scheduler === 'slurm'));
    if (!certain && !isElsewhere && gpuCount === all.length && !names.some((name) => 'number' in name && name.number >= all.length))
      return all.map((_, slot) => `${slot} 1`);
    const each = Number.isNaN(gpuCount) ? NaN : gpuCount < names.length ? gpuCount / names.length : 1;
    const rows = names.map((name, at) => `${slots[at]!} ${each === 1 && name.by === 'uuid' && /MIG|::/.test(name.uuid) ? NaN : each}`);
    if (names.length === 0) return [`-1 ${gpuCount}`];
    return gpuCount > names.length ? [...rows, `-1 ${gpuCount - names.length}`] : rows;
  }

  test('gives the same rows', () => {
    fc.assert(
      fc.property(fc.array(anyJob, { maxLength: 6 }), nodes, gpus, (made, names, boards) => {
        const jobs = made.map(({ id, scheduler, allocations }) => jobOf(id, allocations, { scheduler }));
        const join = new JobJoin(cluster(jobs));
        join.match(names.map((name) => watched(name)));
        const matched = plainNodes(names, [...new Set(jobs.flatMap((one) => one.allocations.map(({ node }) => node)))]);
        for (const name of names) {
          const expected = jobs.flatMap((one) =>
            one.allocations
              .filter(({ node }) => node === matched.get(name))
              .flatMap((held) => plainRows(one, held, boards).map((row) => `${one.id} ${row}`)),
          );
          expect(join.rows(name, boards).map(({ job: { id }, slot, gpuCount }) => `${id} ${slot} ${gpuCount}`)).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});
