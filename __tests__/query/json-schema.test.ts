/** What `get -o json` and `-o ndjson` print of every table is valid by the JSON Schema, whatever the nodes send. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppState } from '../../lib/app/state.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { agesOf, coverageOf } from '../../lib/query/coverage.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tablesOf } from '../../lib/query/tables.js';
import { FORMATS } from '../../lib/run/printed.js';
import { isoTime } from '../../lib/text/timecode.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { cluster } from '../aggregate/random-cluster.js';
import { ANSWERED_AT, buildNodes } from '../helpers/hosts.js';
import { hostileNodes, hostileText } from '../helpers/hostile-nodes.js';
import { SCHEMA, schemaErrors, schemaKeys } from '../helpers/json-schema.js';
import { mockTexts } from '../helpers/mock-texts.js';
import { nodeOf } from '../helpers/text-node.js';

const PLUGINS = [all, users, host, diagnosis];
const TABLES = tablesOf(PLUGINS);
const MINUTE = 60_000;

/** The state after two deliveries of each node, so that GPUs are free and alerts are active. */
function stateOf(nodes: readonly NodeView[], now: number): AppState {
  const app = new AppState(PLUGINS, 3000, nodes);
  for (const at of [now, now + 2 * MINUTE]) {
    app.now = at;
    for (const node of nodes) app.deliver({ node, kind: 'data', continuity: 'next' });
  }
  return app;
}

/** Errors of all tables, in both formats. */
function errorsOf(app: AppState): readonly string[] {
  const ages = agesOf(app.allNodes);
  return TABLES.flatMap((table) => {
    const printed = {
      table: table.id,
      result: queryTable(table, app, {}),
      at: ages && isoTime(ages.at),
      maxAgeSeconds: ages && (app.now - ages.oldestAt) / 1000,
      coverage: coverageOf(app.allNodes),
      headers: true,
      addressOf: String,
    };
    const document = JSON.parse(FORMATS.json.print(printed)) as { readonly rows: readonly object[] };
    const lines = FORMATS.ndjson.print(printed).split('\n').slice(0, -1);
    expect(lines).toHaveLength(document.rows.length);
    for (const row of document.rows) expect(Object.keys(row)).toEqual(schemaKeys(table.id));
    return [...schemaErrors(document), ...lines.flatMap((line) => schemaErrors(JSON.parse(line), `${table.id}_line`))].map(
      (error) => `${table.id}${error}`,
    );
  });
}

test('has every table and every line', () => {
  expect(Object.keys(SCHEMA.$defs).sort()).toEqual(['coverage', ...TABLES.flatMap(({ id }) => [id, `${id}_line`])].sort());
});

test('random clusters', () => {
  fc.assert(
    fc.property(cluster, (specs) => {
      // No scrape has negative readings.
      const nodes = specs.map((spec) => ({ ...spec, gpus: spec.gpus.map((gpu) => ((gpu.powerWatts ?? 0) < 0 ? {} : gpu)) }));
      expect(errorsOf(stateOf(buildNodes(nodes), ANSWERED_AT))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test.each(['nvidia', 'amd', 'apple', 'gaudi'])('the nodes of a mock cluster: %s', (platform) => {
  const nodes = mockTexts(platform, { nodes: 2, processes: true }).map((text, nth) => nodeOf(text, `n${nth}:9090`));
  expect(errorsOf(stateOf(nodes, 0))).toEqual([]);
});

test('hostile nodes', () => {
  fc.assert(
    fc.property(hostileNodes, hostileText, (nodes, nodeId) => {
      const views = nodes.map((text, nth) => nodeOf(text, `${nodeId}${nth}`));
      expect(errorsOf(stateOf(views, 0))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

describe('is not valid', () => {
  const row = { user: 'alice', is_system: false, nodes: 1, gpus: 1, procs: 1, vram_bytes: 5, power_watts: 1.5 };
  const head = {
    schema: 'all-smi-view/1',
    table: 'users',
    at: '2026-08-07T14:32:03Z',
    max_age_seconds: 2.1,
    coverage: { nodes: 1, answered: 1, reporting: 1, failed: [] },
  };

  test.each<[what: string, document: object]>([
    ['no coverage', { ...head, coverage: undefined, rows: [] }],
    ['another version', { ...head, schema: 'all-smi-view/2', rows: [] }],
    ['local time', { ...head, at: '2026-08-07 14:32', rows: [] }],
    ['a count as text', { ...head, rows: [{ ...row, gpus: '1' }] }],
    ['half a process', { ...head, rows: [{ ...row, procs: 0.5 }] }],
    ['negative memory', { ...head, rows: [{ ...row, vram_bytes: -1 }] }],
    ['an empty name', { ...head, rows: [{ ...row, user: '' }] }],
    ['a state that is not documented', { ...head, table: 'gpus', rows: [{ state: 'heldIdle' }] }],
    ['a node without a name', { ...head, table: 'nodes', rows: [{ node: null }] }],
  ])('%s', (_, document) => {
    expect(schemaErrors({ ...head, rows: [row] })).toEqual([]);
    expect(schemaErrors(JSON.parse(JSON.stringify(document)))).not.toEqual([]);
  });

  test('a line without its time', () => {
    expect(schemaErrors({ sample_at: head.at, ...row }, 'users_line')).toEqual([]);
    expect(schemaErrors(row, 'users_line')).not.toEqual([]);
  });
});
