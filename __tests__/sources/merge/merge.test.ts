/** What several exporters of one node say, merged: the samples of one scene, in any order, with any of them missing. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../../lib/exposition/write/sample-columns.js';
import { GPU_FIELDS, type NodeData } from '../../../lib/model/columns.js';
import type { NodeGpu, NodeSample } from '../../../lib/model/sample.js';
import { NodeParser } from '../../../lib/sources/hosts/node-parser.js';
import { groupGpus } from '../../../lib/sources/merge/gpu-groups.js';

const textOf = (name: string): string => readFileSync(new URL(`../../fixtures/exporters/${name}.prom`, import.meta.url), 'utf8');

/** Exporters of the same two GPUs, and of their machine, at one moment. */
const SCENE = [
  'dcgm-slurm-hpcjob-custom',
  'nvidia_gpu_exporter',
  'nvitop-exporter',
  'jobstats-nvidia_gpu',
  'gke-nvidia-device-plugin',
  'node_exporter',
  'slurm-job-exporter',
];
const INTERVAL = 3000;

class Node {
  readonly #parsers = new Parsers();
  readonly parser: NodeParser;

  constructor(names: readonly string[]) {
    this.parser = new NodeParser(
      names.map((id) => ({ id, intervalMs: INTERVAL })),
      () => this.#parsers.newParser(),
      () => this.#parsers.holding((users) => new SampleColumns(users, '')),
    );
  }

  answer(nth: number, text: string, at: number): this {
    const endpoint = this.parser.endpoints[nth]!;
    endpoint.push(Buffer.from(text));
    expect(endpoint.refusal()).toBeUndefined();
    endpoint.commit(at, undefined);
    return this;
  }
}

/** Everything that is shown of a node, as plain data. */
function contentOf(data: NodeData): object {
  const { gpus, procs, allocations, cpus, memory, disks, facts } = data;
  const rows = <Row>(count: number, of: (row: number) => Row): readonly Row[] => Array.from({ length: count }, (_, row) => of(row));
  return {
    gpus: rows(gpus.count, (slot) => [
      data.text(gpus.uuid[slot]!),
      gpus.index[slot],
      ...GPU_FIELDS.map((field) => gpus.field[field][slot]),
      ...['utilization', 'memory', 'temperature', 'power', 'clocks', 'processes'].map((group) => gpus.detail(slot, `source_${group}`)),
    ]),
    procs: rows(procs.count, (row) => [procs.pid[row], procs.gpu[row], data.userName(procs.user[row]!), procs.vramBytes[row]]),
    allocations: rows(allocations.count, (row) => [
      allocations.gpu[row],
      allocations.gpuCount[row],
      ...Object.values(allocations.owner).map((ids) => data.userName(ids[row]!)),
    ]),
    machine: [cpus.count, memory.count && memory.value(0, 'totalBytes'), disks.count],
    facts: [facts.instance, facts.exporterVersion, facts.samples, facts.processScope],
  };
}

const some = fc.shuffledSubarray(SCENE, { minLength: 1 });

describe('whatever the order of the answers', () => {
  test('the result is that of the exporters that answer, in the order of the list', () => {
    const run = some.chain((names) =>
      fc.tuple(fc.constant(names), fc.shuffledSubarray([...names.keys()], { minLength: names.length }), fc.nat({ max: INTERVAL })),
    );
    fc.assert(
      fc.property(run, ([names, order, jitter]) => {
        const node = new Node(names);
        order.forEach((nth, at) => node.answer(nth, textOf(names[nth]!), 1e12 + (at * jitter) / SCENE.length));
        const inOrder = new Node(names);
        names.forEach((name, nth) => inOrder.answer(nth, textOf(name), 1e12));
        expect(contentOf(node.parser.data)).toEqual(contentOf(inOrder.parser.data));
      }),
      { numRuns: 60 },
    );
  });

  test('an endpoint that is dropped leaves what the others say', () => {
    fc.assert(
      fc.property(some, fc.nat(), (names, pick) => {
        const lost = pick % names.length;
        const node = new Node(names);
        names.forEach((name, nth) => node.answer(nth, textOf(name), 1e12));
        node.parser.endpoints[lost]!.drop();
        if (names.length === 1) return;
        const rest = new Node(names);
        names.forEach((name, nth) => nth !== lost && rest.answer(nth, textOf(name), 1e12));
        expect(contentOf(node.parser.data)).toEqual(contentOf(rest.parser.data));
      }),
      { numRuns: 40 },
    );
  });

  test('copies count once: two GPUs of 731 W, three processes, two jobs', () => {
    fc.assert(
      fc.property(some, (names) => {
        const node = new Node(names);
        names.forEach((name, nth) => node.answer(nth, textOf(name), 1e12));
        const { gpus, procs, allocations } = node.parser.data;
        const has = (...any: readonly string[]): boolean => any.some((name) => names.includes(name));
        expect(gpus.count).toBe(names.some((name) => !['node_exporter', 'slurm-job-exporter'].includes(name)) ? 2 : 0);
        const withPower = has('dcgm-slurm-hpcjob-custom', 'nvidia_gpu_exporter', 'nvitop-exporter', 'jobstats-nvidia_gpu');
        if (withPower) expect(gpus.field.powerWatts[0]! + gpus.field.powerWatts[1]!).toBeCloseTo(731, 6);
        expect(procs.count).toBe(has('nvitop-exporter', 'nvidia_gpu_exporter') ? 3 : 0);
        if (has('nvitop-exporter')) expect(node.parser.data.userName(procs.user[0]!)).toBe('alice');
        const jobs = Array.from({ length: allocations.count }, (_, row) => node.parser.data.userName(allocations.owner.job[row]!)).filter(
          (job) => job !== '',
        );
        expect(jobs.sort()).toEqual(
          has('dcgm-slurm-hpcjob-custom', 'jobstats-nvidia_gpu', 'slurm-job-exporter') ? ['918273', '918280'] : [],
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('which source a reading comes from', () => {
  const sourceOf = (names: readonly string[], group: string, at: (nth: number) => number = () => 1e12): string => {
    const node = new Node(names);
    names.forEach((name, nth) => node.answer(nth, textOf(name), at(nth)));
    return node.parser.data.gpus.detail(0, `source_${group}`);
  };

  test('the one that renews its values more often, unless its answer is older than that', () => {
    expect(sourceOf(['dcgm-slurm-hpcjob-custom', 'nvidia_gpu_exporter'], 'power')).toBe('nvidia_gpu_exporter');
    const late = (nth: number): number => 1e12 + (nth === 0 ? 60_000 : 0);
    expect(sourceOf(['dcgm-slurm-hpcjob-custom', 'nvidia_gpu_exporter'], 'power', late)).toBe('dcgm-slurm-hpcjob-custom');
  });

  test('memory that includes what the driver keeps only where no other exporter has it', () => {
    const node = new Node(['jobstats-nvidia_gpu', 'dcgm-slurm-hpcjob-custom']);
    node.answer(0, textOf('jobstats-nvidia_gpu'), 1e12).answer(1, textOf('dcgm-slurm-hpcjob-custom'), 1e12);
    expect(node.parser.data.gpus.field.memoryUsedBytes[0]).toBe(70_412 * 2 ** 20);
    expect(node.parser.data.gpus.field.temperatureCelsius[0]).toBe(66);
  });
});

describe('which GPUs are the same', () => {
  const gpu = (index: number, uuid: string, more: Partial<NodeGpu> = {}): NodeGpu => ({ index, uuid, name: '', ...more });
  const grouped = (...samples: readonly (readonly NodeGpu[])[]): readonly string[] =>
    groupGpus(samples.map((gpus): Pick<NodeSample, 'gpus'> => ({ gpus })))
      .groups.map(({ of }) => [...of].map(([sample, at]) => `${sample}.${at}`).join(' '))
      .sort();
  const A = 'GPU-3f6b2c1e-7a54-4d0b-9c1f-5e2a8d7b4410';
  const B = 'GPU-b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02';
  const pci = (bus: string): Partial<NodeGpu> => ({ details: { pci_bus_id: bus } });

  test('by uuid in any spelling, whatever the index', () => {
    expect(grouped([gpu(0, A), gpu(1, B)], [gpu(0, B.slice(4).toUpperCase()), gpu(1, A.toLowerCase())])).toEqual(['0.0 1.1', '0.1 1.0']);
  });

  test('by PCI bus in any spelling, and by other names that one exporter has of it', () => {
    expect(grouped([gpu(0, A, pci('00000000:1B:00.0'))], [gpu(7, '', pci('0000:1b:00.0'))])).toEqual(['0.0 1.0']);
    const both = gpu(0, A, { details: { minor_number: '1', pci_bus_id: '1b:00.0' } });
    expect(grouped([gpu(5, '', { details: { minor_number: '1' } })], [both, gpu(1, B)])).toEqual(['1.0 0.0', '1.1']);
    expect(grouped([gpu(0, '', { lesser: ['index'] })], [gpu(3, A)])).toEqual(['1.0 0.0']);
  });

  test('not by an index that the exporter counts for itself, nor by one that two exporters use for different GPUs', () => {
    expect(grouped([gpu(0, A)], [gpu(0, '', { lesser: ['index'] }), gpu(1, '')])).toEqual(['0.0', '1.0', '1.1']);
    expect(grouped([gpu(0, A), gpu(1, B)], [gpu(1, A), gpu(0, B)], [gpu(0, '')])).toEqual(['0.0 1.0', '0.1 1.1', '2.0']);
  });

  test('not when several have one uuid, as in virtual machines', () => {
    const zero = 'GPU-00000000-0000-0000-0000-000000000000';
    expect(grouped([gpu(0, zero), gpu(1, zero)], [gpu(0, zero), gpu(1, zero)])).toEqual(['0.0 1.0', '0.1 1.1']);
  });

  test('GPUs of other makers are of the same node, those of the same maker with other uuids are not', () => {
    const nvidia = [gpu(0, A, { name: 'NVIDIA H100' })];
    expect(groupGpus([{ gpus: nvidia }, { gpus: [gpu(0, B, { name: 'AMD Instinct MI300X' })] }])).toMatchObject({ others: new Map() });
    expect(groupGpus([{ gpus: nvidia }, { gpus: [gpu(0, B, { name: 'NVIDIA H100' })] }]).others).toEqual(new Map([[1, 0]]));
    expect(groupGpus([{ gpus: nvidia }, { gpus: [] }, { gpus: [gpu(0, '')] }]).others).toEqual(new Map());
  });
});
