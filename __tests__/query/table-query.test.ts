/** Tables without a screen: columns by name, sort order, number of rows, and the same values as on the tabs. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppState } from '../../lib/app/state.js';
import { checkQuery, needsRates, queryTable, type Contents, type TableQuery } from '../../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../../lib/query/tables.js';
import { coverageOf } from '../../lib/query/coverage.js';
import { textLines } from '../../lib/query/text-table.js';
import { recordsOf } from '../../lib/export/json.js';
import type { Table } from '../../lib/plugin/types.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { oracleUsers } from '../aggregate/users-oracle.js';
import { loadRegexEngine } from '../../lib/filter/regex.js';
import { ANSWERED_AT, buildNodes, type NodeSpec, type TestNode } from '../helpers/hosts.js';
import { cluster } from '../aggregate/random-cluster.js';

const PLUGINS = [all, users, host, diagnosis];
const TABLES = tablesOf(PLUGINS);
const GIB = 2 ** 30;

function state(nodes: readonly TestNode[]): AppState {
  const app = new AppState(PLUGINS, 3000, nodes);
  app.now = ANSWERED_AT;
  for (const node of nodes) app.deliver({ node, kind: 'data', continuity: 'next' });
  return app;
}
const table = (name: string): Table => tableNamed(name, TABLES);
const records = (app: AppState, name: string, query: TableQuery = {}): readonly Record<string, unknown>[] =>
  recordsOf(queryTable(table(name), app, query));

const SMALL = buildNodes([
  {
    gpus: [
      { index: 0, name: 'NVIDIA H100', utilPercent: 90, memoryUsedBytes: 40 * GIB, memoryTotalBytes: 80 * GIB, powerWatts: 400 },
      { index: 1, name: 'NVIDIA H100', utilPercent: 0, memoryUsedBytes: 30 * GIB, memoryTotalBytes: 80 * GIB, powerWatts: 100 },
      { index: 2, name: 'NVIDIA H100', utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB },
    ],
    procs: [
      { pid: 10, gpu: 0, user: 'alice', vram: 40 * GIB, age: 60, command: 'train \u001b[31m' },
      { pid: 11, gpu: 1, user: 'bob', vram: 30 * GIB, age: 30, command: '=cmd' },
      { pid: 12, gpu: 1, user: '', vram: 0, command: 'x' },
    ],
  },
]);

describe('columns', () => {
  const app = state(SMALL);

  test('are selected by JSON key, with or without unit, or by id, and printed in the order given', () => {
    expect(records(app, 'users', { columns: ['vram', 'USER', 'longest_seconds'] })[0]).toEqual({
      vram_bytes: 40 * GIB,
      user: 'alice',
      longest_seconds: 60,
    });
    expect(Object.keys(records(app, 'gpus', { columns: ['vram_total', 'temperature'] })[0]!)).toEqual([
      'vram_total_bytes',
      'temperature_celsius',
    ]);
  });

  test('that do not exist are an error that lists the ones that do', () => {
    expect(() => checkQuery(table('users'), { columns: ['memory'] })).toThrow(
      /--columns: users has no column "memory"; it has user, is_system/,
    );
    expect(() => checkQuery(table('users'), { sort: { column: 'x' } })).toThrow(/--sort: users has no column "x"/);
    expect(() => tableNamed('user', TABLES)).toThrow(
      /there is no table "user"; there are gpus, users, accounts, jobs, namespaces, teams, processes, scrapes, nodes, free, idle, alerts/,
    );
  });
});

test.each<[name: string, contents: Contents, query: TableQuery, expected: boolean]>([
  ['processes', 'screen', {}, true],
  ['processes', 'csv', {}, true],
  ['processes', 'names', {}, false],
  ['processes', 'names', { sort: { column: 'cpu' } }, true],
  ['processes', 'json', { columns: ['pid', 'user'] }, false],
  ['processes', 'json', { columns: ['pid', 'sm_percent'] }, true],
  ['users', 'json', {}, true],
  ['users', 'csv', {}, false],
  ['gpus', 'wide', {}, false],
  ['nodes', 'json', {}, false],
])('whether %s as %s, %j needs two samples of this machine: %s', (name, contents, query, expected) => {
  expect(needsRates(table(name), query, contents)).toBe(expected);
});

test('rows are sorted by any column, with unreported values last, and limited', () => {
  const app = state(SMALL);
  const by = (column: string, descending?: boolean, limit?: number): unknown[] =>
    records(app, 'gpus', {
      sort: { column, ...(descending === undefined ? {} : { descending }) },
      ...(limit === undefined ? {} : { limit }),
    }).map(({ gpu }) => gpu);
  expect(by('power')).toEqual([0, 1, 2]);
  expect(by('power', false)).toEqual([1, 0, 2]);
  expect(by('vram_used', false, 2)).toEqual([2, 1]);
  expect(by('state')).toEqual([0, 2, 1]);
});

test('unreported values are null, lists are arrays, states are the documented ones', () => {
  const app = state(SMALL);
  expect(records(app, 'users').map(({ user, power_watts: power }) => [user, power])).toEqual([
    ['alice', 400],
    ['bob', 100],
    [null, 0],
  ]);
  expect(records(app, 'gpus').map(({ state: now, users: who, power_watts: power }) => [now, who, power])).toEqual([
    ['computing', ['alice'], 400],
    ['held_idle', ['bob', '?'], 100],
    ['free', [], null],
  ]);
  expect(records(app, 'processes')[0]).toMatchObject({ pid: 10, gpu_indexes: [0], started_at: '2026-08-07T14:31:03Z' });
  expect(records(app, 'idle').map(({ gpu, idle_since: since }) => [gpu, since])).toEqual([[1, null]]);
  expect(records(app, 'nodes')).toEqual([
    expect.objectContaining({
      status: 'up',
      gpus: 3,
      gpus_busy: 1,
      gpus_held_idle: 1,
      gpus_free: 1,
      power_watts: 500,
      power_is_partial: true,
    }),
  ]);
  // One sample does not make a GPU free.
  expect(records(app, 'free')).toEqual([]);
});

test('the power of a node is complete where one die of each board reports it', () => {
  const die = (cardPowerWatts: number, powerWatts?: number) => ({ cardPowerWatts, ...(powerWatts === undefined ? {} : { powerWatts }) });
  const app = state(
    buildNodes([
      { gpus: [die(120, 120), die(120), die(120), die(130, 130), die(130)] },
      { gpus: [die(120, 120), die(120), {}] },
      { gpus: [die(120), die(120)] },
    ]),
  );
  expect(records(app, 'nodes').map(({ power_watts: watts, power_is_partial: isPartial }) => [watts, isPartial])).toEqual([
    [250, false],
    [120, true],
    [null, true],
  ]);
});

test('a GPU is free only on a node that reports its processes, after a minute without one', () => {
  const idle = { name: 'NVIDIA H100', utilPercent: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * GIB };
  const full = { ...idle, memoryUsedBytes: 40 * GIB };
  const specs = [
    { gpus: [idle, full], procs: [{ pid: 1, gpu: 1, user: 'alice', vram: 40 * GIB }], facts: { processScope: 'gpu' as const } },
    { gpus: [idle], facts: { processScope: 'off' as const } },
    { gpus: [idle, full], facts: { hasProcessFamily: false, processScope: undefined } },
    { gpus: [idle], facts: { hasProcessFamily: false, processScope: undefined } },
    { gpus: [idle], procs: [{ pid: 1, gpu: 0, user: 'bob', vram: GIB / 2 }], facts: { processScope: 'gpu' as const } },
  ];
  const nodes = buildNodes(specs);
  const app = state(nodes);
  for (let second = 3; second <= 60; second += 3) {
    app.now = ANSWERED_AT + second * 1000;
    nodes.forEach((node, at) => app.deliver({ node: node.scrape(specs[at]!, app.now), kind: 'data', continuity: 'next' }));
  }
  expect(records(app, 'free').map(({ node, gpu_indexes: indexes }) => [node, indexes])).toEqual([
    ['node-0001', [0]],
    // An idle node sends no process rows: nothing in use on it means that there are none.
    ['node-0004', [0]],
  ]);
});

test('a node without current data shows no 0 and is missing from the coverage', () => {
  const error = { code: 'S_NOT_SCRAPED', text: 'too many open files here; raise ulimit -n' };
  const [up, silent, down, unasked, never] = buildNodes([
    { gpus: 1, facts: { hasProcessFamily: true } },
    { state: 'waiting' },
    { gpus: 2, procs: [{ pid: 1, gpu: 0, user: 'carol', vram: GIB }], state: 'overdue' },
    { gpus: 2, state: 'overdue', status: { error } },
    { state: 'waiting', status: { phase: 'failing', failures: 1, error } },
  ]);
  const app = state([up!, silent!, down!, unasked!, never!]);
  expect(records(app, 'nodes').map(({ status, gpus, gpus_free: free, power_watts: power }) => [status, gpus, free, power])).toEqual([
    ['up', 1, 0, null],
    ['never', null, null, null],
    ['down', null, null, null],
    ['stale', null, null, null],
    ['never', null, null, null],
  ]);
  expect(records(app, 'users')).toEqual([]);
  expect(coverageOf(app.allNodes)).toMatchObject({
    nodes: 5,
    answered: 1,
    failed: [
      { code: 'S_PENDING', message: 'no response yet' },
      { message: expect.any(String) },
      { message: error.text },
      { message: error.text },
    ],
  });
});

test('printed text is aligned, has the titles of the screen, and is sanitized', () => {
  const app = state(SMALL);
  const lines = (name: string, query: TableQuery = {}, wide = false): readonly string[] =>
    textLines(queryTable(table(name), app, query).texts(wide));
  expect(lines('users', { columns: ['user', 'gpus', 'vram', 'top_command'] })).toEqual([
    'USER    GPUs       VRAM   CMD (largest VRAM)',
    'alice      1   40.0 GiB   train [31m',
    'bob        1   30.0 GiB   =cmd',
    '?          1        0 B   x',
  ]);
  expect(lines('processes')[0]).toMatch(/^NODE +PID +USER +GPU +VRAM +SM% +CPU% +RUNNING +COMMAND$/);
  expect(lines('gpus', {}, true)[0]).toMatch(/STATE .*WHO .*NODE_ID .*UUID/);

  expect(lines('processes', {}, true).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test('random clusters: users match an independent computation', () => {
  fc.assert(
    fc.property(cluster, (hosts) => {
      const expected = oracleUsers(hosts);
      const found = records(state(buildNodes(hosts)), 'users');
      const onGpu = [...expected].filter(([, { gpus }]) => gpus > 0);
      expect(new Set(found.map(({ user }) => user ?? ''))).toEqual(new Set(onGpu.map(([name]) => name)));
      for (const row of found) {
        const user = expected.get((row.user as string | null) ?? '')!;
        expect(row).toMatchObject({ is_system: user.system, nodes: user.nodes, gpus: user.gpus, procs: user.procs });
        expect(row.vram_bytes ?? NaN).toBe(user.vramBytes);
      }
    }),
  );
});

describe('nodes under a filter', () => {
  beforeAll(loadRegexEngine);
  const held: NodeSpec = { gpus: [{ index: 0, utilPercent: 0, memoryUsedBytes: 2 * GIB }], procs: [{ pid: 1, gpu: 0, user: 'alice' }] };
  const named = (text: string): readonly unknown[] => {
    const app = state(buildNodes([held, { gpus: 1 }, { state: 'waiting' }]));
    app.filtering.set(text);
    return records(app, 'nodes').map(({ node, gpus }) => [node, gpus]);
  };

  test('are those with a match', () => {
    expect(named('user == alice')).toEqual([['node-0001', 1]]);
    expect(named('util > 50')).toEqual([]);
    expect(named('status == waiting')).toEqual([['node-0003', null]]);
    expect(named('')).toHaveLength(3);
  });
});
