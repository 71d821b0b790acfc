/** Every format of every table: golden texts of a small cluster and of the demo, and literals of a real GPU. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Attribution } from '../../lib/aggregate/attribution.js';
import { AppState } from '../../lib/app/state.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { startDemo } from '../../lib/mock/demo.js';
import { Endpoint } from '../../lib/model/endpoint.js';
import { NodeNames } from '../../lib/model/node-names.js';
import { Node } from '../../lib/model/node.js';
import { agesOf, coverageOf } from '../../lib/query/coverage.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../../lib/query/tables.js';
import { FORMATS, type Format } from '../../lib/run/printed.js';
import { isoTime } from '../../lib/text/timecode.js';
import all from '../../plugins/all/index.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { fixture } from '../helpers/captures.js';

const PLUGINS = [all, users, host, diagnosis];
const TABLES = tablesOf(PLUGINS);
const FOLDER = new URL('../golden/get/', import.meta.url);
const START = Date.UTC(2026, 7, 7, 14, 30);
/** More than a minute: GPUs are free only after one. */
const TIMES = Array.from({ length: 13 }, (_, nth) => START + nth * 6000);
const GIB = 2 ** 30;

/** Nodes that are scraped by hand. */
class Fed {
  readonly app: AppState;
  readonly #parsers = new Parsers();
  readonly #nodes: readonly { readonly node: Node; feed(text: string, at: number): void }[];

  constructor(nodeIds: readonly string[]) {
    const names = new NodeNames();
    const attribution = this.#parsers.holding((users) => new Attribution(users, { people: true }));
    this.#nodes = nodeIds.map((nodeId) => {
      const parser = this.#parsers.newParser();
      const node = new Node({ nodeId }, parser.data, [new Endpoint(nodeId, 3000)], names, attribution);
      const feed = (text: string, at: number): void => {
        parser.push(Buffer.from(text));
        node.commit({ at, latencyMs: 12, skewMs: 0 }, parser.commit(at, 0));
      };
      return { node, feed };
    });
    this.app = new AppState(
      PLUGINS,
      3000,
      this.#nodes.map(({ node }) => node),
    );
  }

  /** Undefined: refuses the connection. */
  scrape(texts: readonly (string | undefined)[], at: number): this {
    this.app.now = at;
    for (const [nth, text] of texts.entries()) {
      const { node, feed } = this.#nodes[nth]!;
      if (text === undefined) node.fail({ at, error: { code: 'S_REFUSED', text: 'connection refused' } });
      else feed(text, at);
      this.app.deliver({ node, kind: text === undefined ? 'failed' : 'data', continuity: 'next' });
    }
    return this;
  }
}

function printed(app: AppState, name: string, format: Format): string {
  const table = tableNamed(name, TABLES);
  const { column, print } = FORMATS[format];
  if (column !== undefined && !table.columns.some(({ export: file }) => file?.name === column)) return '(the table does not list nodes)\n';
  const ages = agesOf(app.allNodes);
  return print({
    table: name,
    result: queryTable(table, app, column === undefined ? {} : { columns: [column] }),
    at: ages && isoTime(ages.at),
    maxAgeSeconds: ages && (app.now - ages.oldestAt) / 1000,
    coverage: coverageOf(app.allNodes),
    headers: true,
    addressOf: (nodeId) => (nodeId.endsWith(':9443') ? `https://${nodeId}` : nodeId),
  });
}

/** Compares all formats of a table with a file in golden/get. */
function expectFormats(app: AppState, cluster: string, table: string): void {
  const file = new URL(`${cluster}-${table}.txt`, FOLDER);
  const text = (Object.keys(FORMATS) as Format[]).map((format) => `# -o ${format}\n${printed(app, table, format)}`).join('\n');
  if ((process.env.UPDATE_GOLDEN ?? '') !== '') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '(no file: npm run golden)').toBe(text);
}

/** Four GPUs: one computes, one is held idle, one is free, one does not report its utilization. Its users have awkward names. */
function smallNode(name: string, { busy = 90 } = {}): string {
  const gpu = (index: number): string => `gpu="NVIDIA H100 80GB HBM3",instance="${name}",uuid="GPU-${name}-${index}",index="${index}"`;
  const gpus = [busy, 0, 0, 0].map((util, index) => {
    const memory = [40, 30.5, 0, 2][index]! * GIB;
    return `${index === 3 ? '' : `all_smi_gpu_utilization{${gpu(index)}} ${util}\n`}all_smi_gpu_memory_used_bytes{${gpu(index)}} ${memory}
all_smi_gpu_memory_total_bytes{${gpu(index)}} ${80 * GIB}
${index === 2 ? '' : `all_smi_gpu_power_consumption_watts{${gpu(index)}} ${100.25 * (index + 1)}\n`}all_smi_gpu_temperature_celsius{${gpu(index)}} ${index === 0 ? 91 : 35}
`;
  });
  const process = (pid: number, user: string, index: number, gib: number, command: string): string => {
    const labels = `pid="${pid}",name="python",user="${user}",device_id="${index}",device_uuid="GPU-${name}-${index}",command="${command}"`;
    return `all_smi_process_memory_used_bytes{${labels}} ${gib * GIB}\nall_smi_process_cpu_percent{${labels}} 104.25\n`;
  };
  return `${gpus.join('')}${process(100, 'alice', 0, 40, 'train --lr 0.1, \\"fast\\"')}${process(101, '=bob', 1, 30.5, '')}${process(102, '', 3, 2, '-o x')}`;
}

/** GPU 1 of gpu-1 is held idle from the first sample, GPU 0 of gpu-2 later; GPU 2 of both is free for more than a minute. */
const SMALL = new Fed(['10.0.0.1:9090', '10.0.0.2:9443', 'gpu-3:9090']);
for (const at of TIMES) SMALL.scrape([smallNode('gpu-1'), smallNode('gpu-2', { busy: at > START + 20_000 ? 0 : 50 }), undefined], at);

test.each(TABLES.map(({ id }) => id))('a small cluster: %s', (table) => {
  expectFormats(SMALL.app, 'small', table);
});

test('the demo', async () => {
  const clock = { at: START, now: () => clock.at };
  const demo = await startDemo(clock);
  const fed = new Fed(demo.addresses.map((_, nth) => `demo-${nth + 1}:9090`));
  try {
    for (const at of TIMES) {
      clock.at = at;
      fed.scrape(await Promise.all(demo.addresses.map(async (address) => (await fetch(`http://${address}/metrics`)).text())), at);
    }
  } finally {
    await demo.stop();
  }
  for (const { id } of TABLES) expectFormats(fed.app, 'demo', id);
});

test('a real GPU: the numbers of the driver', () => {
  const { app } = new Fed(['gpu-h100-01:9090']).scrape([fixture('h100-exposition/static.prom')], Date.parse('2026-11-23T07:42:08Z'));
  const MIB = 2 ** 20;
  const records = (table: string, columns: readonly string[]): readonly (readonly unknown[])[] =>
    queryTable(tableNamed(table, TABLES), app, { columns }).rows;
  // nvidia-smi: 21702 of 81559 MiB, 689.35 of 700 W, 62 °C, 100 %; its list of processes has 9772, 1142, 2642, 1342 and 6772 MiB.
  expect(
    records('gpus', ['uuid', 'util', 'vram_used', 'vram_total', 'temperature', 'power', 'power_limit', 'clock', 'state', 'users']),
  ).toEqual([
    [
      'GPU-11111111-2222-3333-4444-555555555501',
      100,
      21_702 * MIB,
      81_559 * MIB,
      62,
      689.35,
      700,
      1560,
      'computing',
      ['bob', 'alice', 'root', 'svc-metrics'],
    ],
  ]);
  expect(records('processes', ['pid', 'user', 'gpu_indexes', 'vram', 'cpu', 'command'])).toEqual([
    [451, 'root', [0], 1342 * MIB, 15.4, 'python3 /tmp/train.py 700 idle 100 --as-root'],
    [454, 'bob', [0], 9772 * MIB, 95.9, '/opt/conda/bin/python3 /tmp/train.py 9000 busy 100 --config=/home/bob/exp.yaml'],
    [455, 'svc-metrics', [0], 1142 * MIB, 14.5, '/opt/conda/bin/python3 /tmp/train.py 500 idle 100'],
    [456, 'alice', [0], 2642 * MIB, 15.1, '/opt/conda/bin/python3 /tmp/train.py 2000 idle 100 --notebook quoted arg \\ back'],
    [457, 'alice', [0], 6772 * MIB, 97, '/opt/conda/bin/python3 /tmp/train.py 6000 busy 100 --model llama-7b --lr=3e-4'],
  ]);
  expect(records('users', ['user', 'is_system', 'gpus', 'procs', 'vram'])).toEqual([
    ['alice', false, 1, 2, 9414 * MIB],
    ['bob', false, 1, 1, 9772 * MIB],
    ['root', true, 1, 1, 1342 * MIB],
    ['svc-metrics', false, 1, 1, 1142 * MIB],
  ]);
  expect(records('nodes', ['node', 'status', 'gpus', 'gpus_busy', 'power'])).toEqual([['gpu-h100-01', 'up', 1, 1, 689.35]]);
});
