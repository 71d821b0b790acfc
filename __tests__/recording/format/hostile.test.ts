/** Recordings designed to consume resources. */
import { expect, test } from '@jest/globals';
import { FramePacker } from '../../../lib/recording/format/packed-frame.js';
import { RecordedNodes } from '../../../lib/recording/play/recorded-nodes.js';
import { readFrame, readLine, type DataLine } from '../../../lib/recording/format/decode.js';

const line = (more: string): string => `{"hostname":"h",${more},"schema":1,"timestamp":"2026-08-07T00:30:00Z"}`;

test('lists and objects are read to a depth of 64, wherever they are', () => {
  // The line itself is one level.
  const lists = (depth: number): string => line(`"gpus":${'['.repeat(depth)}${']'.repeat(depth)}`);
  expect([63, 64, 100_000].map((depth) => readLine(lists(depth)).kind)).toEqual(['data', 'bad', 'bad']);
  const records = (depth: number): string => line(`"x":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  expect([63, 64, 100_000].map((depth) => readLine(records(depth)).kind)).toEqual(['data', 'bad', 'bad']);
});

test('brackets in strings do not count as depth, even after escaped quotes', () => {
  const brackets = '['.repeat(1000);
  expect(readLine(line(`"x":"${brackets}"`)).kind).toBe('data');
  expect(readLine(line(`"x":"\\"${brackets}\\\\"`)).kind).toBe('data');
  expect(readLine(line(`"x":"a\\\\","y":${'['.repeat(64)}${']'.repeat(64)}`)).kind).toBe('bad');
});

test('of a frame with too many nodes, the first 10,000 are read and the others counted', () => {
  const rows = Array.from({ length: 10_050 }, (_, at) => ({ hostname: `n${at}`, uuid: `U${at}` }));
  const frame = readFrame([
    readLine(JSON.stringify({ hostname: 'remote', gpus: rows, schema: 1, timestamp: '2026-08-07T00:30:00Z' })) as DataLine,
  ]);
  expect([frame.nodes.length, frame.badRows]).toEqual([10_000, 50]);
});

test('a frame has at most 256 lines', () => {
  expect(['[256,256]', '[257,257]', '[1,257]'].map((part) => readLine(line(`"part":${part}`)).kind)).toEqual(['data', 'bad', 'bad']);
});

test('when each frame names other nodes, the 10,000 newest are kept', () => {
  const nodes = new RecordedNodes(3000);
  const packer = new FramePacker();
  for (let nth = 0; nth < 4; nth++) {
    const gpus = Array.from({ length: 4000 }, (_, at) => ({ hostname: `n${nth}-${at}`, uuid: `U${nth}-${at}` }));
    const text = JSON.stringify({ hostname: 'remote', gpus, schema: 1, timestamp: `2026-08-07T00:30:0${nth}Z` });
    const frame = packer.pack(readFrame([readLine(text) as DataLine]));
    nodes.take(frame);
    nodes.show(frame, 'next');
  }
  const names = nodes.all.map(({ nodeId }) => nodeId);
  expect(names).toHaveLength(10_000);
  expect([names.includes('n0-0'), names.includes('n3-0'), names.includes('n3-3999')]).toEqual([false, true, true]);
});
