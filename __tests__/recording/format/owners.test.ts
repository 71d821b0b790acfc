/** Owners of processes and GPUs through a recording: written, read, and added up as they were live. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Derivations } from '../../../lib/aggregate/derivations.js';
import { usageDerivations } from '../../../lib/aggregate/users.js';
import type { UsersTable } from '../../../lib/aggregate/users-table.js';
import type { NodeView } from '../../../lib/model/node-view.js';
import { GROUPINGS } from '../../../lib/model/owners.js';
import { readFrame, readLine, type DataLine } from '../../../lib/recording/format/decode.js';
import { frameLines } from '../../../lib/recording/format/encode.js';
import { FramePacker } from '../../../lib/recording/format/packed-frame.js';
import { SECTIONS } from '../../../lib/recording/format/schema.js';
import { RecordedNodes } from '../../../lib/recording/play/recorded-nodes.js';
import { sealHolds } from '../../../lib/recording/format/seal.js';
import { exposition, job, lookup, on, Viewer } from '../../helpers/owned-node.js';
import { Directory, linesIn, newWriter } from '../../helpers/recordings.js';

const linesOf = (nodes: readonly NodeView[]): readonly string[] =>
  frameLines(nodes, { at: 5_000, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) }).map((line) =>
    Buffer.concat(line as Uint8Array[]).toString(),
  );

function replayed(lines: readonly string[]): readonly NodeView[] {
  const nodes = new RecordedNodes(3000);
  const frame = new FramePacker().pack(readFrame(lines.map((line) => readLine(line) as DataLine)));
  nodes.take(frame);
  nodes.show(frame, 'jump');
  return nodes.all;
}

const COLUMNS = ['nodes', 'gpus', 'procs', 'vramBytes', 'allocatedGpus', 'allocatedIdleGpus'] as const;

function figures(nodes: readonly NodeView[]): unknown {
  return GROUPINGS.map((by) => {
    const table: UsersTable = new Derivations().derive(usageDerivations[by], nodes, 1);
    return Array.from({ length: table.count }, (_, row) => [
      table.user(row),
      table.usersOf(row),
      ...COLUMNS.map((name) => table[name][row]),
    ]);
  });
}

const anyProc = fc.record({
  pid: fc.integer({ min: 1, max: 6 }),
  gpu: fc.integer({ min: 0, max: 3 }),
  user: fc.constantFrom('alice', 'bob', 'root'),
  identity: fc.record({
    job: fc.constantFrom('1', '2', '9'),
    owner: fc.constantFrom('carol', 'dave'),
    container: fc.constant('0123456789abcdef'),
  }),
});

test('a replay adds up to the same by user, account, job, namespace and team', () => {
  const jobs = [
    job('1', { user: 'alice', account: 'bio', startedAt: 1_000 }),
    job('2', { user: 'bob', account: 'physics', namespace: 'ml' }),
  ];
  fc.assert(
    fc.property(
      fc.uniqueArray(anyProc, { selector: ({ pid, gpu }) => `${pid} ${gpu}`, maxLength: 10 }),
      fc.array(fc.record({ job: fc.constantFrom(...jobs), slot: fc.integer({ min: -1, max: 3 }), gpuCount: fc.constantFrom(1, 0.5, 4) }), {
        maxLength: 4,
      }),
      (procs, allocated) => {
        const viewer = new Viewer({ people: true, teamOf: (user) => (user === 'alice' ? 'green' : '') });
        viewer.attribution.setJobs(lookup(allocated.map((one) => on(one.job, one.slot, one.gpuCount))));
        viewer.scrape(exposition(procs));
        expect(figures(replayed(linesOf([viewer.node])))).toEqual(figures([viewer.node]));
      },
    ),
    { numRuns: 60 },
  );
});

test('who runs a process, its container, and since when a GPU is allocated are kept; a GPU that is not known stays unknown', () => {
  const viewer = new Viewer();
  viewer.attribution.setJobs(lookup([on(job('7', { user: 'zoe', startedAt: 4_000 }), 2), on(job('7', { user: 'zoe' }), -1, NaN)]));
  viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'root', identity: { job: '7', container: '0123456789abcdef' } }]));
  const [node] = replayed(linesOf([viewer.node]));
  const { procs, allocations } = node!;
  const name = (id: number): string => node!.userName(id);
  expect([procs.user, procs.known!.runsAs, procs.known!.container].map((column) => name(column[0]!))).toEqual([
    'zoe',
    'root',
    '0123456789ab',
  ]);
  expect([...allocations.gpu]).toEqual([2, -1]);
  expect([...allocations.gpuCount]).toEqual([1, NaN]);
  expect([...allocations.since]).toEqual([4_000, NaN]);
  expect([...allocations.index].map(name)).toEqual(['', '0']);
  expect([...allocations.source].map(name)).toEqual(['slurm', 'slurm']);
});

test('a recording of a node without further information has no owners', () => {
  const lines = linesOf([new Viewer().scrape(exposition([{ pid: 1, gpu: 0, user: 'alice' }])).node]);
  expect(lines.join('')).not.toMatch(/"owner"|"job_allocations"/);
  expect(replayed(lines)[0]!.procs.known).toBeUndefined();
});

test('invalid owners affect only themselves', () => {
  const viewer = new Viewer();
  viewer.attribution.setJobs(lookup([on(job('7', { user: 'zoe' }), 0)]));
  viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'zoe' }]));
  const [line] = linesOf([viewer.node]) as [string];
  const frame = JSON.parse(line) as { job_allocations: unknown[]; processes: Record<string, unknown>[] };
  frame.job_allocations.push(7, null, { host_id: 'n1', gpu_count: -1, since_ms: 'x', user: '\u001b[3m bob', gpu_uuid: 'GPU-9' });
  frame.processes.push(
    { ...frame.processes[0], pid: 2, owner: 'nobody' },
    { ...frame.processes[0], pid: 3, owner: { job: 8, account: 'bio' } },
  );
  const [node] = replayed([JSON.stringify(frame)]);
  expect([...node!.procs.pid]).toEqual([1, 2, 3]);
  expect([...node!.procs.known!.owners.account].map((id) => node!.userName(id))).toEqual(['', '', 'bio']);
  expect(Array.from(node!.allocations.owner.user, (id) => node!.userName(id))).toEqual(['zoe', '[3m bob']);
  expect([...node!.allocations.gpuCount]).toEqual([1, NaN]);
});

test('a file with allocations is intact: each of its lines has its time first, and its seal holds', async () => {
  const directory = new Directory();
  try {
    const viewer = new Viewer();
    viewer.attribution.setJobs(lookup([on(job('7', { user: 'zoe' }), 2)]));
    viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'root', identity: { job: '7' } }]));
    const writer = await newWriter(directory.file('a.ndjson'), 'none');
    const meta = { at: 5_000, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) };
    await writer.write(frameLines([viewer.node], meta), 5_000);
    await writer.finish();
    const lines = linesIn(writer.path);
    expect(lines.map((line) => sealHolds(Buffer.from(line)))).toEqual(lines.map(() => true));
    expect(lines[1]).toMatch(/^\{"at_ms":5000,"at_seq":0,.*"job_allocations":\[\{/);
    expect([...replayed([lines[1]!])[0]!.allocations.gpu]).toEqual([2]);
  } finally {
    directory.remove();
  }
});
