/** Is it free: a GPU that could be used now, and everything that only looks like one. */
import { expect, test } from '@jest/globals';
import { availability, capacities, holdersOf, type Availability } from '../../lib/aggregate/capacity.js';
import { History } from '../../lib/aggregate/history.js';
import { NO_ALLOCATIONS, type AllocationColumns } from '../../lib/model/allocations.js';
import { TestNode, type GpuSpec, type NodeSpec, type ProcSpec } from '../helpers/hosts.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const IDLE: GpuSpec = { name: 'NVIDIA H100', utilPercent: 0, memoryUsedBytes: 500 * MIB, memoryTotalBytes: 80 * GIB };
const REPORTING = { processScope: 'gpu' as const };
const allocatedTo = (gpu: number): AllocationColumns => ({
  ...NO_ALLOCATIONS,
  count: 1,
  gpu: Int32Array.of(gpu),
  gpuCount: Float64Array.of(1),
  owner: Object.fromEntries(Object.keys(NO_ALLOCATIONS.owner).map((key) => [key, new Int32Array(1)])) as AllocationColumns['owner'],
});
const on = (user: string, vram: number, gpu = 0): ProcSpec => ({ pid: 7, user, vram, gpu });

/** The first GPU of a node that has been like this for so long, scraped every ten seconds. */
function seen(spec: NodeSpec, seconds = 60, allocations = NO_ALLOCATIONS): Availability {
  const node = new TestNode({ facts: REPORTING, ...spec });
  const history = new History(10_000);
  for (let second = 0; second <= seconds; second += 10) {
    history.add(node.scrape({ facts: REPORTING, ...spec, allocations }, second * 1000));
  }
  if (spec.state === 'overdue') node.setStatus({ overdue: true });
  return availability(history, node, 0);
}

test.each<readonly [what: string, Availability, Availability]>([
  ['nothing on it for a minute', seen({ gpus: [IDLE] }), 'free'],
  ['nothing on it for half a minute', seen({ gpus: [IDLE] }, 30), 'settling'],
  ["only the driver's own memory", seen({ gpus: [{ ...IDLE, memoryUsedBytes: GIB }] }), 'free'],
  ['a display server', seen({ gpus: [IDLE], procs: [on('root', 30 * MIB)] }), 'free'],
  ['a process that computes nothing', seen({ gpus: [IDLE], procs: [on('alice', 500 * MIB)] }), 'heldIdle'],
  ['memory that no process is known to hold', seen({ gpus: [{ ...IDLE, memoryUsedBytes: 2 * GIB }] }), 'heldIdle'],
  ['it computes', seen({ gpus: [{ ...IDLE, utilPercent: 30 }] }), 'busy'],
  // A GPU in MIG mode does not report its utilization.
  ['divided into MIG instances', seen({ gpus: [{ name: 'NVIDIA H100', memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB }] }), 'unknown'],
  ['its node is down', seen({ gpus: [IDLE], state: 'overdue' }), 'unknown'],
  ['its node does not report processes', seen({ gpus: [IDLE], facts: { processScope: 'off' } }), 'unknown'],
  ['its memory is not reported', seen({ gpus: [{ name: 'NVIDIA H100', utilPercent: 0 }] }), 'unknown'],
  ['allocated, but empty', seen({ gpus: [IDLE] }, 60, allocatedTo(0)), 'allocated'],
  ['another GPU is allocated', seen({ gpus: [IDLE, IDLE] }, 60, allocatedTo(1)), 'free'],
  ['some GPU of the node is allocated', seen({ gpus: [IDLE] }, 60, allocatedTo(-1)), 'unknown'],
])('%s', (_what, found, expected) => {
  expect(found).toBe(expected);
});

test('by node and model, with what else a job needs, and who has the rest', () => {
  const busy = { ...IDLE, utilPercent: 90, memoryUsedBytes: 40 * GIB };
  const spec: NodeSpec = {
    gpus: [IDLE, busy, busy, { ...IDLE, name: 'NVIDIA L4', memoryTotalBytes: 24 * GIB }],
    procs: [on('alice', 30 * GIB, 1), on('alice', 30 * GIB, 2), on('bob', 1 * GIB, 2)],
    cpus: [
      { cores: 30, utilPercent: 10 },
      { cores: 10, utilPercent: 90 },
    ],
    memory: [{ totalBytes: 100 * GIB, usedBytes: 30 * GIB }],
    facts: REPORTING,
  };
  const node = new TestNode(spec);
  const history = new History(10_000);
  for (let second = 0; second <= 60; second += 10) history.add(node.scrape(spec, second * 1000));
  const rows = capacities(history, [node]);
  expect(
    rows.map(({ model, of, largestFreeBytes, cpuPercent, freeRamBytes }) => [
      model,
      of.free,
      of.busy,
      largestFreeBytes,
      cpuPercent,
      freeRamBytes,
    ]),
  ).toEqual([
    ['NVIDIA H100', [0], [1, 2], 80 * GIB, 30, 70 * GIB],
    ['NVIDIA L4', [3], [], 24 * GIB, 30, 70 * GIB],
  ]);
  expect(rows.map(holdersOf)).toEqual([['alice 2', 'bob 1'], []]);
});
