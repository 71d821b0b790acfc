/** A sample written to columns directly equals the same sample written as text and read by the parser. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { nodeText } from '../../../lib/exposition/write/node-text.js';
import { SampleColumns } from '../../../lib/exposition/write/sample-columns.js';
import { IDENTITY_LABELS, NO_IDENTITY, type ProcessIdentity } from '../../../lib/model/identity.js';
import { EXTRA_TABLES, type NodeData } from '../../../lib/model/columns.js';
import { Node } from '../../../lib/model/node.js';
import type { NodeGpu, NodeProcess, NodeSample } from '../../../lib/model/sample.js';
import { freezeNode } from '../../helpers/snapshot.js';

const AT = Date.UTC(2026, 7, 7, 14, 32, 3);
const VERSION = '1.2.3';
const LABELS = ['driver_version', 'cuda_version', 'type', 'gpu', 'none'];

/** Everything that can be read from the columns of a node. */
function told(data: NodeData): unknown {
  const node = new Node({ nodeId: 'a:1' }, data);
  node.commit({ at: AT });
  const { status: _status, ...frozen } = freezeNode(node);
  const { samples: _samples, bytes: _bytes, ...facts } = data.facts;
  const cores = Array.from({ length: data.cores.count }, (_, row) => [data.cores.title(row), data.cores.value(row, 'utilPercent')]);
  return {
    ...frozen,
    // In a text they come in the order in which families refer to them.
    procs: [...frozen.procs].sort((a, b) => a.pid - b.pid),
    facts,
    cores,
    titles: [data.cpus, data.memory, data.disks].map((table) => Array.from({ length: table.count }, (_, row) => table.title(row))),
    details: Array.from({ length: data.gpus.slots }, (_, slot) => LABELS.map((label) => data.gpus.detail(slot, label))),
    extras: EXTRA_TABLES.map((table) => {
      const rows = data.extras.rows(table);
      const told = Array.from({ length: rows.count }, (_, row) => rows.families(row)).filter((readings) => readings.length > 0);
      // MIG devices of the same index come in the order in which a text first refers to them.
      return table === 'mig' ? told.map((readings) => JSON.stringify(readings)).sort() : told;
    }),
  };
}

function asText(sample: NodeSample): NodeData {
  const parser = new Parsers().newParser();
  parser.push(Buffer.from(nodeText(sample, VERSION)));
  parser.commit(sample.at, 0);
  return parser.data;
}

function asColumns(sample: NodeSample): NodeData {
  const columns = new Parsers().holding((users) => new SampleColumns(users, VERSION));
  columns.load(sample);
  return columns;
}

const reading = (max: number) =>
  fc.option(
    fc.double({ min: -5, max, noNaN: true }).map((value) => value + 0),
    { nil: undefined },
  );
const bytes = fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined });
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', 'NVIDIA H100', 'a "quoted" \\ name', 'line\nend', '日本語', 'x'.repeat(300), '\u001b[31mred'),
);

const gpu = (index: number): fc.Arbitrary<NodeGpu> =>
  fc.record({
    index: fc.constant(index),
    uuid: fc.constant(`GPU-${index}`),
    name: text,
    utilPercent: reading(120),
    memoryUsedBytes: bytes,
    memoryTotalBytes: bytes,
    temperatureCelsius: reading(100),
    powerWatts: reading(900),
    powerLimitWatts: reading(900),
    powerLimitMaxWatts: reading(900),
    frequencyMhz: reading(3000),
    graphicsMaxMhz: reading(3000),
    performanceState: reading(20),
    pcieGeneration: reading(5),
    slowdownCelsius: reading(100),
    gspFirmwareVersion: fc.option(text, { nil: undefined }),
    migEnabled: fc.option(fc.boolean(), { nil: undefined }),
    migDevices: fc
      .array(
        fc.record({
          uuid: fc.constant(`MIG-${index}`),
          profile: fc.constantFrom('', '1g.10gb'),
          gpuInstance: fc.option(fc.nat(8), { nil: undefined }),
          computeInstance: fc.option(fc.nat(8), { nil: undefined }),
          memoryUsedBytes: bytes,
          memoryTotalBytes: bytes,
        }),
        { maxLength: 3 },
      )
      .map((devices) => devices.map((device, nth) => ({ index: nth, ...device }))),
    details: fc.constantFrom({}, { driver_version: '580.95.05', cuda_version: '13.0' }),
  });

const FIELDS = Object.keys(IDENTITY_LABELS) as (keyof ProcessIdentity)[];
/** None, some or all of them. */
const identity: fc.Arbitrary<ProcessIdentity> = fc
  .tuple(...FIELDS.map((field) => fc.oneof({ weight: 2, arbitrary: fc.constant('') }, text).map((value) => [field, value] as const)))
  .map((fields) => ({ ...NO_IDENTITY, ...Object.fromEntries(fields) }));

const process = (gpus: number) =>
  fc
    .record({
      pid: fc.integer({ min: 1, max: 4_000_000 }),
      gpu: fc.option(fc.nat(Math.max(0, gpus - 1)), { nil: undefined }).map((at) => (gpus === 0 ? undefined : at)),
      gpuBytes: bytes,
      smPercent: reading(110),
      name: text,
      user: fc.oneof(text, fc.constantFrom('alice', '1002', 'x'.repeat(200))),
      command: text,
      commandRestBytes: fc.constantFrom(0, 12),
      // Always present: a text has no line for a process without any value.
      ageSeconds: fc.double({ min: 0, max: 1e8, noNaN: true }),
      cpuPercent: reading(900),
      residentBytes: bytes,
      identity: fc.option(identity, { nil: undefined }),
    })
    .map((row) => (row.gpu === undefined ? { ...row, gpuBytes: row.gpuBytes && 0 } : row));

const sample: fc.Arbitrary<NodeSample> = fc.nat(4).chain((gpus) =>
  fc.record({
    at: fc.constant(AT),
    instance: fc.constantFrom('gpu-01', '', 'a"b'),
    os: fc.constant('linux'),
    arch: fc.constant('x86_64'),
    gpus: fc
      .tuple(...Array.from({ length: gpus }, (_, index) => gpu(index)))
      .chain((list) => fc.shuffledSubarray(list, { minLength: list.length })),
    scope: fc.constantFrom('gpu' as const, 'all' as const),
    processes: fc.option(fc.uniqueArray(process(gpus), { selector: ({ pid, gpu: at }) => `${pid} ${at}`, maxLength: 6 }), {
      nil: undefined,
    }),
    cpu: fc.option(
      fc.record({
        model: text,
        vendor: fc.constantFrom('Intel' as const, '' as const),
        utilPercent: reading(100),
        coreUtilPercent: fc.array(fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }), { maxLength: 4 }),
        sockets: reading(4),
        cores: reading(64),
        threads: reading(128),
        frequencyMhz: reading(4000),
      }),
      { nil: undefined },
    ),
    memory: fc.option(
      fc.record({
        totalBytes: fc.integer({ min: 1, max: 2 ** 40 }),
        usedBytes: bytes,
        availableBytes: bytes,
        freeBytes: bytes,
        buffersBytes: bytes,
        cachedBytes: bytes,
        swapTotalBytes: bytes,
        swapUsedBytes: bytes,
        swapFreeBytes: bytes,
      }),
      { nil: undefined },
    ),
    disks: fc.uniqueArray(
      fc.record({ mountPoint: fc.constantFrom('/', '/home', '/scratch'), totalBytes: fc.nat(), availableBytes: fc.nat() }),
      { selector: ({ mountPoint }) => mountPoint },
    ),
    sources: fc.constantFrom([], [{ name: 'gpus' as const, state: 'failed' as const, reason: 'Unable to determine "it"' }]),
  }),
);

test('without uuids, a process on two GPUs has one identity', () => {
  const gpus = [0, 1].map((index) => ({ index, uuid: '', name: 'A' }));
  const [one] = fc.sample(process(2), { numRuns: 1, seed: 3 }) as [NodeProcess];
  const processes = [0, 1].map((at) => ({ ...one, gpu: at, identity: { ...NO_IDENTITY, unit: 'ollama.service' } }));
  const [two] = fc.sample(sample, { numRuns: 1, seed: 5 }) as [NodeSample];
  for (const data of [asColumns({ ...two, gpus, processes }), asText({ ...two, gpus, processes })]) {
    expect(data.extras.rows('identity').count).toBe(1);
    expect(data.extras.rows('identity').label(0, 'unit')).toBe('ollama.service');
  }
});

/** Rows of one process differ only in the GPU: a text with other differences lists the process twice. */
const consistent = (one: NodeSample): boolean => new Set((one.processes ?? []).map(({ pid }) => pid)).size === (one.processes ?? []).length;

test('any sample gives the same columns directly and by way of text', () => {
  fc.assert(
    fc.property(sample.filter(consistent), (one) => expect(told(asColumns(one))).toEqual(told(asText(one)))),
    { numRuns: 300 },
  );
});

describe('from sample to sample', () => {
  const [first] = fc.sample(sample, { numRuns: 1, seed: 5 }) as [NodeSample];
  const row: NodeProcess = {
    pid: 7,
    gpu: 0,
    gpuBytes: 5,
    smPercent: 1,
    name: 'p',
    user: 'alice',
    command: 'python',
    ageSeconds: 3,
    cpuPercent: 4,
    residentBytes: 1,
  };
  const base: NodeSample = { ...first, gpus: [{ index: 0, uuid: 'GPU-0', name: 'A' }], processes: [row], scope: 'gpu' };

  test.each<[what: string, next: NodeSample, change: string]>([
    ['only numbers', { ...base, processes: [{ ...row, gpuBytes: 9, ageSeconds: 5 }] }, 'values'],
    ['another user', { ...base, processes: [{ ...row, user: 'bob' }] }, 'structure'],
    ['another process', { ...base, processes: [{ ...row, pid: 8 }] }, 'structure'],
    ['off its GPU', { ...base, processes: [{ ...row, gpu: undefined }] }, 'structure'],
    ['another command', { ...base, processes: [{ ...row, command: 'python x' }] }, 'structure'],
    ['a GPU lost', { ...base, gpus: [], processes: [{ ...row, gpu: undefined }] }, 'structure'],
    ['another job', { ...base, processes: [{ ...row, identity: { ...NO_IDENTITY, job: '12' } }] }, 'structure'],
    ['processes not reported', { ...base, processes: undefined }, 'structure'],
  ])('%s', (_what, next, change) => {
    const columns = new Parsers().holding((users) => new SampleColumns(users, VERSION));
    expect(columns.load(base)).toBe('structure');
    expect(columns.load(next)).toBe(change);
    expect(told(columns)).toEqual(told(asColumns(next)));
  });

  test('the same known identity is not a change', () => {
    const columns = new Parsers().holding((users) => new SampleColumns(users, VERSION));
    const inJob = { ...row, identity: { ...NO_IDENTITY, job: '12', scheduler: 'slurm' } };
    columns.load({ ...base, processes: [inJob] });
    expect(columns.load({ ...base, processes: [{ ...inJob, gpuBytes: 9 }] })).toBe('values');
    const labels = { pid: '7', device_uuid: 'GPU-0', scheduler: 'slurm', job: '12' };
    expect(columns.extras.rows('identity').families(0)).toEqual([
      { family: 'process_identity_info', unit: '1', value: 1, labels: Object.entries(labels) },
    ]);
  });

  test('renumbered user ids keep their users', () => {
    const parsers = new Parsers(8);
    const columns = parsers.holding((users) => new SampleColumns(users, VERSION));
    let renumbered = 0;
    parsers.onRenumbered(() => renumbered++);
    for (let nth = 0; nth < 20; nth++) columns.load({ ...base, processes: [{ ...row, user: `gone-${nth}` }] });
    columns.load({ ...base, processes: [row, { ...row, pid: 8, user: 'bob' }] });
    const before = Array.from(columns.procs.user.subarray(0, 2));
    expect(parsers.tidy()).toBe(true);
    const after = Array.from(columns.procs.user.subarray(0, 2));
    expect(after).not.toEqual(before);
    expect(after.map((id) => columns.userName(id))).toEqual(['alice', 'bob']);
    expect(renumbered).toBe(1);
  });

  test('an unreadable sample changes nothing', () => {
    const columns = new Parsers().holding((users) => new SampleColumns(users, VERSION));
    columns.load(base);
    const before = told(columns);
    const broken: NodeSample = {
      ...base,
      gpus: [{ index: 0, uuid: 'GPU-9', name: 'B' }],
      get disks(): NodeSample['disks'] {
        throw new Error('EIO');
      },
    };
    expect(() => columns.load(broken)).toThrow('EIO');
    expect(told(columns)).toEqual(before);
  });
});
