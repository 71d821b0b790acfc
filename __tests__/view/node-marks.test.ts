import { expect, test } from '@jest/globals';
import { nodeMark, unanswered } from '../../lib/view/node-marks.js';
import { buildNodes, type NodeSpec } from '../helpers/hosts.js';

const failed: NodeSpec = { state: 'waiting', status: { phase: 'failing', error: { code: 'S_DNS', text: 'host name not found' } } };
const texts = (specs: readonly NodeSpec[], rows: number): string[] =>
  unanswered(buildNodes(specs), rows).map(({ spans }) => spans.map(({ text }) => text).join(''));

test('each state of a node has its mark', () => {
  const specs: readonly NodeSpec[] = [{}, { state: 'waiting' }, { state: 'failing' }, { state: 'overdue' }, failed];
  expect(buildNodes(specs).map(nodeMark)).toEqual(['', '…', '~', '✕', '✕']);
});

test('lists each node that never answered with the reason, and no other node', () => {
  expect(texts([{}, { state: 'waiting' }, failed, { state: 'overdue' }], 9)).toEqual([
    '    … node-0002  not answered yet',
    '    ✕ node-0003  host name not found',
  ]);
});

test('fits the given number of rows', () => {
  const many = Array.from({ length: 1234 }, (): NodeSpec => ({ state: 'waiting' }));
  expect(texts(many, 3)).toEqual(['    … node-0001  not answered yet', '    … node-0002  not answered yet', '    and 1,232 more']);
  expect(texts(many.slice(0, 3), 3)).toHaveLength(3);
  expect(texts(many, 1)).toEqual(['    and 1,234 more']);
  expect(texts(many, 0)).toEqual([]);
  expect(texts(many, -2)).toEqual([]);
});
