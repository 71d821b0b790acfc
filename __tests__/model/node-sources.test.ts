import { expect, test } from '@jest/globals';
import { failedSource } from '../../lib/model/node-sources.js';
import { whyNotReporting } from '../../lib/model/node-view.js';
import type { SourceReport } from '../../lib/model/sample.js';
import { buildNodes } from '../helpers/hosts.js';

const source = (name: string, state: string): SourceReport => ({ name, state, reason: '' });

test.each(['starting', 'failed', 'hanging'])('GPUs that are %s are the reason for missing processes', (state) => {
  expect(failedSource([source('cpu', 'failed'), source('gpu-processes', 'ok'), source('gpus', state)])?.name).toBe('gpus');
});

test.each(['ok', 'missing', 'partial', 'hidden'])(
  'when GPUs are %s, the reason for missing processes is the source of the processes',
  (state) => {
    expect(failedSource([source('gpus', state), source('gpu-processes', 'failed')])?.name).toBe('gpu-processes');
    expect(failedSource([source('gpus', state)])).toBeUndefined();
  },
);

test.each([
  ['starting', 'not collected yet'],
  ['failed', 'collection failed'],
  ['hanging', 'collection failed'],
] as const)('a node whose GPUs are %s: %s', (state, why) => {
  const extras = { source: [{ values: { all_smi_node_source_info: 1 }, labels: { source: 'gpus', state, reason: '' } }] };
  const [node] = buildNodes([{ gpus: 0, facts: { hasProcessFamily: false, processScope: 'off' }, extras }]);
  expect(whyNotReporting(node!)).toBe(why);
});
