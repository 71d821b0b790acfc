import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gpuRowsDerivation, type GpuRows } from '../../lib/aggregate/gpu-owners.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { buildNodes, type NodeSpec, type TestNode } from '../helpers/hosts.js';

const rowsOf = (hosts: readonly TestNode[]): GpuRows => new Derivations().derive(gpuRowsDerivation, hosts, 1);
const lines = (rows: GpuRows): string[] =>
  Array.from({ length: rows.count }, (_, row) => {
    const who = rows.owners(row).map(({ user, vramBytes, longestSeconds }) => `${user}=${vramBytes}/${longestSeconds}`);
    return `${rows.node(row).name} ${rows.slot[row]} ${rows.value(row, 'utilPercent')} ${who.join(' ')}`.trimEnd();
  });

test('lists one row per GPU, sorted by memory and then by name, including stale nodes but not nodes that never answered', () => {
  const specs: NodeSpec[] = [
    { state: 'waiting' },
    {
      gpus: [{ utilPercent: 97 }, {}, { ghost: true }],
      procs: [
        { pid: 1, gpu: 0, user: 'bob', vram: 5, age: 60 },
        { pid: 2, gpu: 0, user: 'alice', vram: 5 },
        { pid: 3, gpu: 0, user: 'carol', vram: 4, age: 7 },
        { pid: 4, gpu: 0, user: 'carol', vram: 4 },
        { pid: 5, gpu: 0, user: '', vram: 0, age: 3 },
        { pid: 5, user: 'shell' },
        { pid: 6, gpu: 2, user: 'dave', vram: 9, age: 1 },
        { pid: 7, gpu: 2, user: 'dave', vram: 9, age: 2 },
      ],
    },
    { state: 'overdue', gpus: [{ utilPercent: 1 }], procs: [{ pid: 1, gpu: 0, user: 'erin', vram: 1 }] },
    { gpus: 1 },
  ];
  expect(lines(rowsOf(buildNodes(specs)))).toEqual([
    'node-0002 0 97 carol=8/7 alice=5/NaN bob=5/60 =0/3',
    'node-0002 1 NaN',
    'node-0002 2 NaN dave=18/2',
    'node-0003 0 1 erin=1/NaN',
    'node-0004 0 NaN',
  ]);
});

test('each scrape of a node replaces its owners', () => {
  const hosts = buildNodes([{ gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 1 }] }]);
  const derivations = new Derivations();
  expect(lines(derivations.derive(gpuRowsDerivation, hosts, 1))).toEqual(['node-0001 0 NaN alice=1/NaN']);
  hosts[0]!.scrape({ gpus: 2, procs: [{ pid: 1, gpu: 1, user: 'bob', vram: 1 }] });
  expect(lines(derivations.derive(gpuRowsDerivation, hosts, 2))).toEqual(['node-0001 0 NaN', 'node-0001 1 NaN bob=1/NaN']);
});

test('counts every process row on its own GPU', () => {
  const proc = fc.record({
    pid: fc.nat(99),
    gpu: fc.integer({ min: -1, max: 4 }),
    user: fc.constantFrom('a', 'b', 'c', ''),
    vram: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(proc), (procs) => {
      const rows = rowsOf(buildNodes([{ gpus: 5, procs }]));
      const expected = Array.from({ length: 5 }, (_, gpu) => {
        const here = procs.filter((row) => row.gpu === gpu);
        const sum = (user: string): number => here.filter((row) => row.user === user).reduce((bytes, { vram }) => bytes + vram, 0);
        const users = [...new Set(here.map(({ user }) => user))].sort();
        return users
          .map((user) => ({ user, vramBytes: sum(user), longestSeconds: NaN, isIdle: false }))
          .sort((a, b) => b.vramBytes - a.vramBytes);
      });
      expect(expected.map((_, row) => rows.owners(row))).toEqual(expected);
    }),
  );
});
