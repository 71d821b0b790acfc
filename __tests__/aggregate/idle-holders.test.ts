/** Who holds memory of a GPU and computes nothing there. */
import { expect, test } from '@jest/globals';
import { AppState } from '../../lib/app/state.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { idleHolders, isIdleProcess } from '../../lib/aggregate/idle-holders.js';
import { userNodes } from '../../lib/aggregate/user-nodes.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { queryTable } from '../../lib/query/table-query.js';
import { IDLE_TABLE } from '../../lib/query/idle-table.js';
import { buildNodes, TestNode, type GpuSpec, type NodeSpec, type ProcSpec } from '../helpers/hosts.js';

const GIB = 2 ** 30;
const BUSY: GpuSpec = { name: 'NVIDIA H100', utilPercent: 100, memoryUsedBytes: 60 * GIB };
const QUIET: GpuSpec = { ...BUSY, utilPercent: 2 };
const on = (user: string, pid: number, sm?: number, gib = 10, gpu = 0): ProcSpec => ({
  pid,
  gpu,
  user,
  vram: gib * GIB,
  ...(sm === undefined ? {} : { sm }),
});

const holders = (gpu: GpuSpec, ...procs: readonly ProcSpec[]): readonly string[] => {
  const node = buildNodes([{ gpus: [gpu], procs }])[0]!;
  return idleHolders(node).map(({ user, vramBytes, bySm }) => `${node.userName(user)} ${vramBytes / GIB} ${bySm ? 'SM' : 'GPU'}`);
};

test.each<readonly [string, readonly string[], readonly string[]]>([
  ['SM 0 on a busy GPU', holders(BUSY, on('alice', 1, 0), on('bob', 2, 98)), ['alice 10 SM']],
  ['one of her processes computes', holders(BUSY, on('alice', 1, 0), on('alice', 3, 4), on('bob', 2, 98)), []],
  ['both of her processes are idle', holders(BUSY, on('alice', 1, 0), on('alice', 3, 0), on('bob', 2, 98)), ['alice 20 SM']],
  ['SM not reported on a busy GPU: not known to be idle', holders(BUSY, on('alice', 1), on('bob', 2, 98)), []],
  ['SM not reported on a GPU that does not compute', holders(QUIET, on('alice', 1)), ['alice 10 GPU']],
  ['a little on a GPU that does not compute', holders(QUIET, on('alice', 1, 2)), ['alice 10 SM']],
  ['nothing is known of the GPU', holders({}, on('alice', 1, 0), on('bob', 2)), ['alice 10 SM']],
  ['a display server beside a job', holders(BUSY, on('root', 1, 0, 0.01), on('bob', 2, 98)), []],
])('%s', (_what, found, expected) => {
  expect(found).toEqual(expected);
});

const CLUSTER: readonly NodeSpec[] = [
  {
    gpus: [BUSY, QUIET, QUIET],
    procs: [on('alice', 1, 0), on('bob', 2, 98), on('alice', 3, 0, 20, 1), on('carol', 4, undefined, 5, 2)],
  },
  // Nothing is known of what dave does.
  { gpus: [{}], procs: [on('dave', 5)] },
];

test('users are told apart by the GPUs that they hold idle, in the table and on each node', () => {
  const nodes = buildNodes(CLUSTER);
  const table = new Derivations().derive(usersDerivation, nodes, 1);
  const found = Array.from({ length: table.count }, (_, row) => [table.user(row), table.heldIdleGpus[row]]);
  expect(found).toEqual([
    ['alice', 2],
    ['bob', 0],
    ['carol', 1],
    ['dave', NaN],
  ]);
  for (const [user, idle] of found) expect(userNodes(nodes, user as string).map(({ heldIdleGpus }) => heldIdleGpus)).toEqual([idle]);
});

test('a process is idle if it is so on every GPU that it holds', () => {
  const [node] = buildNodes([{ gpus: [BUSY, BUSY], procs: [on('a', 1, 0), on('a', 1, 50, 10, 1), on('b', 2, 0), on('b', 2, 0, 10, 1)] }]);
  expect([isIdleProcess(node!, [0, 1]), isIdleProcess(node!, [2, 3])]).toEqual([false, true]);
});

test('`get idle` has a row per holder and GPU, and since when, where it began while somebody watched', () => {
  const node = (sm: number): NodeSpec => ({
    gpus: [BUSY, QUIET, QUIET],
    procs: [on('alice', 1, sm), on('bob', 2, 98), on('carol', 3, undefined, 5, 1)],
  });
  const one = new TestNode(node(0));
  const app = new AppState([], 3000, [one]);
  const at = (second: number, sm: number): void => {
    app.now = second * 1000;
    app.deliver({ node: one.scrape(node(sm), app.now), kind: 'data', continuity: 'next' });
  };
  const rows = () => queryTable(IDLE_TABLE, app, { columns: ['gpu', 'user', 'vram_bytes', 'idle_since', 'idle_seconds', 'idle_by'] }).rows;
  at(0, 0);
  // The third GPU has 60 GiB in use that nobody is known to hold.
  const others = [
    [1, 'carol', 5 * GIB, undefined, NaN, 'gpu_utilization'],
    [2, '', 60 * GIB, undefined, NaN, 'gpu_utilization'],
  ];
  expect(rows()).toEqual([[0, 'alice', 10 * GIB, undefined, NaN, 'sm_share'], ...others]);
  at(3, 60);
  expect(rows()).toEqual(others);
  at(6, 0);
  at(9, 0);
  expect(rows()).toEqual([[0, 'alice', 10 * GIB, '1970-01-01T00:00:06Z', 3, 'sm_share'], ...others]);
});
