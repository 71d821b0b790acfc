/** Computing, held idle, free or unknown: by the readings of a GPU, and by the processes on it. */
import { beforeAll, expect, test } from '@jest/globals';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { isHeldIdle, slotStates } from '../../lib/aggregate/gpu-state.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FilteredNodes } from '../../lib/filter/filtered-nodes.js';
import { parse } from '../../lib/filter/parser.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';
import { buildNodes, TestNode, type GpuSpec, type ProcSpec } from '../helpers/hosts.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const IDLE: GpuSpec = { utilPercent: 0, memoryUsedBytes: GIB };
const PROC: ProcSpec = { pid: 7, gpu: 0, user: 'alice', vram: 65 * MIB };

beforeAll(loadRegexEngine);

test.each<readonly [string, GpuSpec, readonly ProcSpec[], string]>([
  ['idle, 1 GiB in use, no process', IDLE, [], 'free'],
  ['idle, 1 GiB in use, a process', IDLE, [PROC], 'heldIdle'],
  ['idle, the process of a display server', IDLE, [{ ...PROC, vram: 64 * MIB }], 'free'],
  ['idle, a process whose memory is not reported', IDLE, [{ ...PROC, vram: NaN }], 'heldIdle'],
  ['idle, a process on no GPU', IDLE, [{ ...PROC, gpu: -1 }], 'free'],
  ['idle, more memory in use, no process', { ...IDLE, memoryUsedBytes: GIB + 1 }, [], 'heldIdle'],
  ['idle, memory not reported, no process', { utilPercent: 0 }, [], 'unknown'],
  ['idle, memory not reported, a process', { utilPercent: 0 }, [PROC], 'heldIdle'],
  ['utilization not reported, a process', { memoryUsedBytes: GIB }, [PROC], 'unknown'],
  ['busy, no process', { ...IDLE, utilPercent: 5 }, [], 'computing'],
  ['only a process mentions it', { ghost: true }, [PROC], 'unknown'],
])('%s: %s', (_title, gpu, procs, state) => {
  const nodes = buildNodes([{ gpus: [gpu], procs }]);
  expect(slotStates(nodes[0]!)).toEqual([state]);
  const totals = new Derivations().derive(clusterDerivation, nodes, 1);
  expect(totals).toMatchObject({ computing: 0, heldIdle: 0, free: 0, unknown: 0, [state]: 1 });
});

test('of a node that does not report its processes, no GPU is known to be free', () => {
  const node = new TestNode({ gpus: [IDLE, { ...IDLE, memoryUsedBytes: GIB + 1 }, { utilPercent: 5 }], procs: [] });
  expect(slotStates(node)).toEqual(['unknown', 'heldIdle', 'computing']);
  expect([0, 1, 2].map((slot) => isHeldIdle(node, slot))).toEqual([false, true, false]);
  expect(isHeldIdle(new TestNode({ gpus: [{ utilPercent: 0 }], procs: [] }), 0)).toBeUndefined();
  const off = new TestNode({ gpus: [IDLE], procs: [], facts: { processScope: 'off' } });
  expect(slotStates(off)).toEqual(['unknown']);
  // The states are those of the last scrape; that the node is overdue now is another matter.
  expect(slotStates(new TestNode({ gpus: [IDLE], procs: [], state: 'overdue' }))).toEqual(['free']);
});

test('follows the next scrape', () => {
  const node = new TestNode({ gpus: [IDLE], procs: [PROC] });
  expect(slotStates(node)).toEqual(['heldIdle']);
  expect(slotStates(node.scrape({ gpus: [IDLE], procs: [] }))).toEqual(['free']);
});

test('does not depend on which processes a filter shows', () => {
  const node = new TestNode({
    gpus: [IDLE, IDLE, IDLE],
    procs: [
      { ...PROC, gpu: 1 },
      { ...PROC, pid: 8, gpu: 2, user: 'bob' },
    ],
  });
  const seen = (text: string): readonly string[] => slotStates(new FilteredNodes(compile(parse(text)!, text)).filtered(node));
  expect(seen('util >= 0')).toEqual(['free', 'heldIdle', 'heldIdle']);
  expect(seen('not user == alice')).toEqual(['free', 'heldIdle']);
  expect(seen('state == held')).toEqual(['heldIdle', 'heldIdle']);
  expect(seen('state == free')).toEqual(['free']);
});
