import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compile, matchRows } from '../../lib/filter/evaluate.js';
import { FilterError } from '../../lib/filter/lexer.js';
import { parse } from '../../lib/filter/parser.js';
import { expandedSize, loadRegexEngine, regex } from '../../lib/filter/regex.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { claims, pairsOf, specs } from '../helpers/filters.js';
import { TestNode } from '../helpers/hosts.js';

const GIB = 2 ** 30;

beforeAll(loadRegexEngine);

const filterOf = (text: string) => compile(parse(text)!, text);

/** '0 2 / 11 14': indexes of the GPUs and pids of the processes that match; '+' after the slash: the node itself matches. */
function kept(text: string, node: NodeView): string {
  const { gpus, procs, any, all, gpuCount, procCount } = matchRows(filterOf(text), node);
  const slots = [...gpus.keys()].filter((slot) => gpus[slot] === 1);
  const rows = [...procs.keys()].filter((row) => procs[row] === 1);
  expect([gpuCount, procCount]).toEqual([slots.length, rows.length]);
  expect(all).toBe(any && slots.length === gpus.length && rows.length === procs.length);
  const shown = `${slots.map((slot) => node.gpus.index[slot]).join(' ')} / ${rows.map((row) => node.procs.pid[row]).join(' ')}`;
  return shown.trim() + (any && shown === ' / ' ? '+' : '');
}

/** GPU 0: alice trains. 1: alice and bob. 2: held by bob. 3: free. 4: reports nothing. 5: known only from a process. And bash on no GPU. */
const NODE = new TestNode({
  nodeId: '10.0.0.7:9090',
  name: 'node-0007',
  groups: { rack: 'r3' },
  gpus: [
    {
      utilPercent: 97,
      memoryUsedBytes: 61 * GIB,
      memoryTotalBytes: 80 * GIB,
      temperatureCelsius: 71,
      powerWatts: 611.5,
      powerLimitWatts: 700,
      frequencyMhz: 1980,
      performanceState: 0,
      numaNode: 0,
      name: 'NVIDIA H100 80GB HBM3',
      uuid: 'GPU-a',
      details: { driver_version: '580.10' },
    },
    { utilPercent: 50, memoryUsedBytes: 40 * GIB, memoryTotalBytes: 80 * GIB, temperatureCelsius: 60, powerWatts: 300, uuid: 'GPU-b' },
    { utilPercent: 0, memoryUsedBytes: 20 * GIB, memoryTotalBytes: 80 * GIB, temperatureCelsius: 31, powerWatts: 70, performanceState: 8 },
    { utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB, temperatureCelsius: 30, powerWatts: 0, details: { type: 'NPU' } },
    {},
    { ghost: true },
  ],
  procs: [
    { pid: 10, gpu: 0, user: 'alice', vram: 60 * GIB, age: 5400, cpu: 104, sm: 97, command: 'python train.py', name: 'python' },
    { pid: 11, gpu: 1, user: 'alice', vram: 10 * GIB, age: 60, cpu: 3, sm: 0, command: 'python eval.py' },
    { pid: 12, gpu: 1, user: 'bob', vram: 30 * GIB, age: 86_400, command: '/opt/llm/infer -m phi' },
    { pid: 13, gpu: 2, user: 'bob', vram: 19 * GIB, name: 'jupyter' },
    { pid: 14, gpu: 5, user: '', vram: 1 },
    { pid: 15, user: 'alice', cpu: 0, command: 'bash' },
  ],
});

const TABLE: readonly (readonly [text: string, is: string])[] = [
  // Every field and every operator.
  ['temp > 60', '0 / 10'],
  ['temp >= 60', '0 1 / 10 11 12'],
  ['temp < 31', '3 /'],
  ['temp <= 31', '2 3 / 13'],
  ['temp == 31', '2 / 13'],
  ['temp != 31', '0 1 3 / 10 11 12'],
  ['util == 0', '2 3 / 13'],
  ['mem_pct >= 50', '0 1 / 10 11 12'],
  ['mem_used > 40GiB', '0 / 10'],
  ['mem_used >= 40GiB', '0 1 / 10 11 12'],
  ['mem_used > 42950000000', '0 / 10'],
  ['mem_total == 80GiB', '0 1 2 3 / 10 11 12 13'],
  ['power > 0.3kW', '0 / 10'],
  ['power == 611.5', '0 / 10'],
  // Values that differ by 0.1% or 0.001% are not equal.
  ['power == 611', '/'],
  ['power == 611.494', '/'],
  ['power == 0', '3 /'],
  ['power_limit == 700W', '0 / 10'],
  ['clock < 2GHz', '0 / 10'],
  ['pstate == P0', '0 / 10'],
  ['pstate != 0', '2 / 13'],
  ['numa == 0', '0 / 10'],
  ['index == 3', '3 /'],
  ['index == 5', '5 / 14'],
  ['procs == 0', '3 4 /'],
  ['procs == 2', '1 / 11 12'],
  ['state == computing', '0 1 / 10 11 12'],
  ['state == held', '2 / 13'],
  ['state == free', '3 /'],
  ['state == unknown', '4 5 / 14'],
  ['gpu_name == "NVIDIA H100 80GB HBM3"', '0 / 10'],
  ['gpu_name ~= h100', '/'],
  ['gpu_name ~= (?i)h100', '/'],
  ['gpu_name ~= "(?i)h100"', '0 / 10'],
  ['uuid == GPU-b', '1 / 11 12'],
  ['device_type == NPU', '3 /'],
  ['device_type != NPU', '0 1 2 4 5 / 10 11 12 13 14'],
  ['driver == 580.10', '0 / 10'],
  ['user == alice', '0 1 / 10 11 15'],
  ['user != alice', '1 2 / 12 13'],
  ['user ~= "^(a|b)"', '0 1 2 / 10 11 12 13 15'],
  ['user == Alice', '/'],
  ['command ~= train', '0 / 10'],
  ['command ~= ^python', '0 1 / 10 11'],
  ['command == jupyter', '2 / 13'],
  ['pid == 12', '1 / 12'],
  ['vram > 20GiB', '0 1 / 10 12'],
  ['vram >= 0', '0 1 2 5 / 10 11 12 13 14'],
  ['sm > 50%', '0 / 10'],
  ['cpu > 100', '0 / 10'],
  ['cpu == 0', '/ 15'],
  ['age > 1h', '0 1 / 10 12'],
  ['age <= 1m', '1 / 11'],
  ['host == node-0007', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['host == 10.0.0.7:9090', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['host != 10.0.0.7:9090', '/'],
  ['host != node-0008', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['host ~= ^node', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['host ~= 9090$', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['status == up', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['group.rack == r3', '0 1 2 3 4 5 / 10 11 12 13 14 15'],
  ['group.row == r3', '/'],
  ['group.row != r3', '/'],
  // A comparison with a missing value is false; its negation is true.
  ['temp > -1', '0 1 2 3 / 10 11 12 13'],
  ['not temp > -1', '4 5 / 14 15'],
  ['not user == alice', '1 2 3 4 5 / 12 13 14'],
  ['not user ~= .', '3 4 5 / 14'],
  ['user == ""', '/'],
  ['user != ""', '0 1 2 / 10 11 12 13 15'],
  // Pairs: conditions on a process and on its GPU must hold together.
  ['user == alice & temp > 60', '0 / 10'],
  ['user == alice & temp <= 60', '1 / 11'],
  ['user == bob & command ~= python', '/'],
  ['user == alice | temp < 31', '0 1 3 / 10 11 15'],
  ['user == alice & (temp < 65 | temp > 70)', '0 1 / 10 11'],
  ['not (user == alice | user == bob)', '3 4 5 / 14'],
  ['user == alice & not command ~= train', '1 / 11 15'],
];

describe('what matches', () => {
  test.each(TABLE)('%s', (text, is) => {
    const filter = text === 'gpu_name ~= (?i)h100' ? undefined : kept(text, NODE);
    if (filter === undefined) expect(() => parse(text)).toThrow('expected a value at col 13');
    else expect(filter).toBe(is);
  });

  test('works on a node without GPUs and processes', () => {
    const bare = new TestNode({ name: 'cpu-01', nodeId: 'a:1' });
    expect(kept('host == cpu-01', bare)).toBe('/+');
    expect(kept('host == cpu-02', bare)).toBe('/');
    expect(kept('temp > 0', bare)).toBe('/');
    expect(kept('not temp > 0', bare)).toBe('/+');
  });

  test('status is that of the node', () => {
    for (const state of ['live', 'waiting', 'failing', 'overdue'] as const) {
      const host = new TestNode({ state, gpus: 1 });
      const is = state === 'overdue' ? 'down' : state === 'live' ? 'up' : state;
      for (const one of ['up', 'waiting', 'failing', 'down']) {
        expect(filterOf(`status == ${one}`).node(host)).toBe(one === is);
      }
    }
  });

  test('the number of processes on a GPU is missing if the node does not report processes', () => {
    const silent = new TestNode({ gpus: [{ memoryUsedBytes: 2 * GIB }, {}], facts: { processScope: 'off' } });
    expect(kept('procs == 0', silent)).toBe('/');
    expect(kept('not procs == 0', silent)).toBe('0 1 /');
    expect(kept('procs == 0', new TestNode({ gpus: 2, facts: { processScope: 'gpu' } }))).toBe('0 1 /');
  });
});

describe('the verdict on a whole node', () => {
  test.each([
    ['host == node-0007', true],
    ['host == other', false],
    ['user == alice', undefined],
    ['not user == alice', undefined],
    ['user == alice & host == other', false],
    ['user == alice & host == node-0007', undefined],
    ['user == alice | host == node-0007', true],
    ['user == alice | host == other', undefined],
    ['not (host == other & user == alice)', true],
    ['not (host == node-0007 | temp > 3)', false],
    ['group.rack == r3', true],
  ] as const)('%s', (text, verdict) => {
    expect(filterOf(text).node(NODE)).toBe(verdict);
  });
});

describe('regular expressions', () => {
  test.each([
    ['user ~= "("', 'not a regular expression: missing closing ): `(` at col 9'],
    ['user ~= "a(?=b)"', 'not a regular expression: invalid or unsupported Perl syntax: `(?=` at col 9'],
    ['temp > 3 & user ~= "(a{1000}){1000}"', 'the regular expression repeats too much at col 20'],
    [`user ~= "${'(a{0,1000})'.repeat(20)}"`, 'the regular expression repeats too much at col 9'],
  ])('%s', (text, message) => {
    expect(() => filterOf(text)).toThrow(FilterError);
    expect(() => filterOf(text)).toThrow(message);
  });

  test('words separated by .* match the same as in the regex engine', async () => {
    const { RE2JS } = await import('re2js');
    const piece = fc.stringMatching(/^[ab \-=é]{0,3}$/u);
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[ab \-=é]{0,12}$/u), (words, text) => {
        const pattern = words.join('.*');
        expect(regex(pattern)(text)).toBe(RE2JS.compile(pattern).test(text));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['abc', 3],
    ['a{3}', 3],
    ['a{3,}', 3],
    ['a{2,5}', 5],
    ['(ab){10}', 20],
    ['((ab){10}c){10}', 210],
    ['[a-z{3}]{4}', 4],
    [String.raw`\({4}`, 4],
    ['a{x}', 4],
    ['a{0}', 1],
  ])('%s expands to %i characters', (pattern, size) => {
    expect(expandedSize(pattern)).toBe(size);
  });

  /** A backtracking engine would need longer than the age of the universe for each of these. */
  test.each(['^(a+)+$', '^(a|aa)+$', '^(a|a?)+$', '^(.*)*z$', '(x+x+)+y', '^([a-zA-Z]+)*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    '%s is not slower on a hostile text',
    (pattern) => {
      const host = new TestNode({
        procs: [
          { pid: 1, command: `${'a'.repeat(256)}!` },
          { pid: 2, command: `${'x'.repeat(256)}!` },
        ],
      });
      expect(kept(`command ~= "${pattern}"`, host)).toBe('/');
    },
  );
});

test('any filter on any node keeps exactly the pairs that match', () => {
  fc.assert(
    fc.property(specs, claims, (spec, claim) => {
      const host = new TestNode(spec);
      const found = matchRows(filterOf(claim.text), host);
      const { ofProc, ofGpu } = pairsOf(spec, claim);
      expect([...found.procs].map(Boolean)).toEqual(ofProc);
      expect([...found.gpus].map(Boolean)).toEqual(ofGpu);
      // The rows never contradict the verdict on their node.
      const verdict = filterOf(claim.text).node(host);
      const pairs = [...ofProc, ...ofGpu];
      if (verdict === false) expect(pairs.some(Boolean)).toBe(false);
      if (verdict === true) expect(pairs.every(Boolean)).toBe(true);
    }),
    { numRuns: 600 },
  );
});
