/** The state for a monitoring system: what is down, and what is unknown. */
import { expect, test } from '@jest/globals';
import { ALERT_DEFAULTS } from '../../lib/alerts/rules.js';
import { AppState } from '../../lib/app/state.js';
import { check, type CheckSettings } from '../../lib/query/check.js';
import { ANSWERED_AT, buildNodes, type NodeSpec } from '../helpers/hosts.js';

const ALERTS = { ...ALERT_DEFAULTS, idleMs: 0, heldMs: 0 };
const NOT_SCRAPED = { code: 'S_NOT_SCRAPED', text: 'too many open files here; raise ulimit -n' };
const UP: NodeSpec = { gpus: [{ index: 0, utilPercent: 90 }] };
const DOWN: NodeSpec = { ...UP, state: 'overdue' };
const UNASKED: NodeSpec = { ...UP, state: 'overdue', status: { error: NOT_SCRAPED } };
const PENDING: NodeSpec = { state: 'waiting' };

function checked(
  specs: readonly NodeSpec[],
  settings: Partial<CheckSettings> = {},
): readonly [state: string, text: string, performance: string] {
  const nodes = buildNodes(specs);
  const app = new AppState([], 3000, nodes, ALERTS);
  app.now = ANSWERED_AT;
  for (const node of nodes) app.deliver({ node, kind: node.status.overdue ? 'overdue' : 'data', continuity: 'next' });
  const { state, line } = check(app, { alerts: ALERTS, minFree: undefined, maxDown: 0, watchedMs: 0, ...settings });
  const [text = '', performance = ''] = line.slice(state.length + ' - '.length).split(' | ');
  return [state, text, performance];
}

test('a node that is down is critical', () => {
  expect(checked([UP, DOWN])).toEqual([
    'CRITICAL',
    '1 node down (node-0002); 1 of 2 nodes up; 0 of 1 GPUs free',
    expect.stringContaining('nodes_down=1;;0;0;2'),
  ]);
});

test('a node that could not be scraped from here, or has not answered yet, is unknown and not down', () => {
  expect(checked([UP, UNASKED])).toEqual([
    'UNKNOWN',
    '1 node waiting (too many open files here; raise ulimit -n); 1 of 2 nodes up; 0 of 1 GPUs free',
    expect.stringContaining('nodes_down=0;;0;0;2'),
  ]);
  expect(checked([UP, PENDING])[1]).toMatch(/^1 node waiting \(no response yet\);/);
  expect(checked([UNASKED, UNASKED])).toEqual(['UNKNOWN', 'no node of 2 answered (too many open files here; raise ulimit -n)', '']);
});

test('a GPU with a process on it is not free, however idle it is', () => {
  const idle = { utilPercent: 0, memoryUsedBytes: 2 ** 28 };
  const node: NodeSpec = { gpus: [idle, idle], procs: [{ pid: 7, gpu: 1, user: 'alice', vram: 2 ** 28 }] };
  expect(checked([node], { minFree: 2 })).toEqual(['WARNING', '1 of 1 node up; 1 of 2 GPUs free, fewer than 2', expect.anything()]);
});

test('nodes that may be down are OK as long as no more than that are missing', () => {
  expect(checked([UP, UNASKED], { maxDown: 1 })[0]).toBe('OK');
  expect(checked([UP, DOWN, UNASKED], { maxDown: 1 })[0]).toBe('UNKNOWN');
  expect(checked([UP, DOWN, DOWN, UNASKED], { maxDown: 1 })[0]).toBe('CRITICAL');
});
