/** Random clusters: a value is the same on every tab and in every export, live and replayed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import Papa from 'papaparse';
import fc from 'fast-check';
import { clusterDerivation } from '../../lib/aggregate/cluster.js';
import { saveSheet } from '../../lib/export/save.js';
import { nodeText } from '../../lib/exposition/write/node-text.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import { Node } from '../../lib/model/node.js';
import type { NodeSample } from '../../lib/model/sample.js';
import { AppState } from '../../lib/app/state.js';
import { included, type NodeView } from '../../lib/model/node-view.js';
import type { Table } from '../../lib/plugin/types.js';
import { tableCells, type TableColumns } from '../../lib/view/table-columns.js';
import { GPU_COLUMNS, gpuTableRows } from '../../lib/view/gpu-cells.js';
import { gpuRowsDerivation } from '../../lib/aggregate/gpu-owners.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { tableState } from '../../lib/view/table.js';
import { COLUMNS as ALL_COLUMNS, GPUS_TABLE } from '../../plugins/all/gpu-order.js';
import { orderOf, PROCESS_COLUMNS as NODE_PROCESSES, PROCESSES_TABLE } from '../../plugins/host/process-list.js';
import { nodesLevel, processesLevel, processLevel, START, type Level } from '../../plugins/users/drilldown.js';
import { exported } from '../../plugins/users/export.js';
import { GPU_COLUMNS as DETAIL_COLUMNS, gpuRows, processOf } from '../../plugins/users/process-details.js';
import { NODE_COLUMNS, nodesOf } from '../../plugins/users/nodes-level.js';
import { PROCESS_COLUMNS as USER_PROCESSES, processesOf } from '../../plugins/users/processes-level.js';
import { USAGE_COLUMNS, userOrder, userRows, USAGE_TABLES } from '../../plugins/users/users-level.js';
import all from '../../plugins/all/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { cluster } from '../aggregate/random-cluster.js';
import type { OracleHost } from '../aggregate/users-oracle.js';
import { buildNodes, type NodeSpec } from '../helpers/hosts.js';
import { inNewDirectory, place } from '../helpers/recording-player.js';
import { cycle, newWriter, timeOf } from '../helpers/recordings.js';
import { ReplayViewer } from '../helpers/replay-viewer.js';

const VRAM = { key: 'vram', descending: true };
const COLS = 200;

/** Values and cells of the columns that two tables share, by the ids of the first. */
function read<Data, Row>(columns: TableColumns<Data, Row>, ids: readonly string[], row: Row, data: Data): Record<string, unknown> {
  const cells = tableCells(columns, row, data, COLS);
  return Object.fromEntries(
    ids.flatMap((id) => {
      const column = columns.find((one) => one.id === id)!;
      return [
        [id, column.value(row, data)],
        [`${id} shown`, textOf(cells[id])],
      ];
    }),
  );
}
const textOf = (cell: unknown): string =>
  typeof cell === 'string' ? cell : Array.isArray(cell) ? cell.map(textOf).join('') : ((cell as { text?: string } | undefined)?.text ?? '');

/** Unknown values add nothing. */
const known = (cell: unknown): number => Number(cell) || 0;

const SHARED = ['pid', 'gpu', 'vram', 'sm', 'cpu', 'running'];

/** Every process on the tab of a node. */
function onNode(node: NodeView): Map<string, Record<string, unknown>> {
  const order = orderOf(node, tableState('pid'), true);
  return new Map(Array.from({ length: order.count }, (_, at) => [order.id(at), read(NODE_PROCESSES, SHARED, order.row(at), order.data)]));
}

/** The same processes on the Users tab, user by user. */
function byUser(app: AppState, node: NodeView): Map<string, Record<string, unknown>> {
  const names = new Set(Array.from({ length: node.procs.count }, (_, row) => node.userName(node.procs.user[row]!)));
  return new Map(
    [...names].flatMap((user) => {
      const { rows } = processesOf(app, { by: 'user', user, nodeId: node.nodeId }, VRAM, true);
      return rows.map((row) => [`${row.pid} ${user}`, read(USER_PROCESSES, SHARED, row, { by: 'user', user, rows })] as const);
    }),
  );
}

const viewer = (nodes: readonly NodeView[]): AppState => new AppState([all, users, host], 3000, nodes);

describe('random clusters', () => {
  test("a process has the same values on its node's tab, under its user and in the table of all processes", () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const nodes = buildNodes(specs);
        const app = viewer(nodes);
        for (const node of nodes) expect(byUser(app, node)).toEqual(onNode(node));
        const { data, rows } = PROCESSES_TABLE.rows(app);
        const listed = Array.from(rows, (row) => read(NODE_PROCESSES, SHARED, row, data));
        const counted = nodes
          .filter(included)
          .flatMap((node) => [...onNode(node).values()].filter(({ gpu }) => (gpu as readonly number[]).length > 0));
        const sorted = (list: readonly object[]): readonly string[] => list.map((one) => JSON.stringify(one)).sort();
        expect(sorted(listed)).toEqual(sorted(counted));
      }),
      { numRuns: 60 },
    );
  });

  test('the details of a process have the same command, and its GPUs add up to its totals', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const app = viewer(buildNodes(specs));
        const { data, rows } = PROCESSES_TABLE.rows(app);
        for (const row of Array.from(rows)) {
          const listed = read(NODE_PROCESSES, ['address', 'pid', 'user', 'gpu', 'vram', 'sm', 'cmd'], row, data);
          const [nodeId, user] = [String(listed.address), String(listed.user)];
          const found = processOf(app, { ...PROCESS_LEVEL, nodeId, user, pid: Number(listed.pid) })!;
          const parts = gpuRows(found);
          const value = (id: string) =>
            parts.map((part) => DETAIL_COLUMNS.find((column) => column.id === id)!.value(part, { byUse: false }));
          const sums = value('sm').filter((sm) => !Number.isNaN(sm));
          expect({
            gpu: [...new Set(value('gpu').map(Number))].sort((a, b) => a - b),
            vram: sum(value('vram')),
            sm: sums.length === 0 ? NaN : sum(sums),
            cmd: [...new Set(value('command'))],
          }).toEqual({ gpu: listed.gpu, vram: sum([listed.vram]), sm: listed.sm, cmd: [listed.cmd] });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('totals in headings are the sums of the tables', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const app = viewer(buildNodes(specs));
        const { totals, ...users } = app.derive(usersDerivation);
        const upTo = (column: ArrayLike<number>): number => sum(Array.from(column).slice(0, users.count));
        const gpus = GPUS_TABLE.rows(app);
        const counted = Array.from(gpus.rows).filter((row) => included(gpus.data.node(row)));
        const cluster = app.derive(clusterDerivation);
        expect(counted.filter((row) => gpus.data.owners(row).length > 0)).toHaveLength(totals.gpusInUse);
        expect([cluster.gpus, cluster.nodes]).toEqual([counted.length, totals.nodes]);
        expect(upTo(users.vramBytes)).toBeCloseTo(totals.ownedBytes, 3);
        expect(upTo(users.powerWatts)).toBeCloseTo(totals.attributedWatts, 6);
        expect(totals.attributedWatts + totals.unattributedWatts).toBeCloseTo(cluster.powerWatts, 6);
      }),
      { numRuns: 60 },
    );
  });

  test('the row of a user is the sum of the rows on the next level', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const app = viewer(buildNodes(specs));
        const data = userRows({ ...START, showSystem: true }, app, 'user');
        const order = userOrder(data, VRAM, { ...START, showSystem: true }, 'user');
        for (let at = 0; at < order.count; at++) {
          const user = order.id(at);
          const top = read(USAGE_COLUMNS.user, ['nodes', 'gpus', 'procs', 'vram'], order.row(at), data);
          const { rows } = nodesOf(app, { by: 'user', user }, VRAM, { countAll: false, byUse: false });
          const below = rows
            .filter(({ node }) => included(node))
            .map((row) =>
              read(NODE_COLUMNS.user, ['gpus', 'procs', 'vram'], row, { by: 'user', user, rows, countAll: false, byUse: false, app }),
            );
          const sum = (id: string): number => below.reduce((total, row) => total + known(row[id]), 0);
          expect([below.length, sum('gpus'), sum('procs')]).toEqual([top.nodes, top.gpus, top.procs]);
          expect(sum('vram')).toBeCloseTo(known(top.vram), 3);
        }
        expect(data.users.totals).toEqual(app.derive(usersDerivation).totals);
      }),
      { numRuns: 60 },
    );
  });

  test("a GPU has the same values on the All tab and on its node's tab", () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const app = viewer(buildNodes(specs));
        const rows = app.derive(gpuRowsDerivation);
        const ids = GPU_COLUMNS.filter(({ screen }) => screen).map(({ id }) => id);
        const table = GPUS_TABLE.rows(app);
        for (const row of Array.from(table.rows))
          expect(read(ALL_COLUMNS, ids, row, table.data)).toEqual(read(GPU_COLUMNS, ids, row, gpuTableRows(rows, app.history, app.now)));
      }),
      { numRuns: 30 },
    );
  });
});

/** Unknown values add nothing. */
const sum = (values: readonly unknown[]): number => values.reduce<number>((total, value) => total + (Number(value) || 0), 0);
const NO_TABLE = { table: tableState(''), frozen: undefined };
const PROCESS_LEVEL = { kind: 'process', by: 'user', nodeName: '', ...NO_TABLE } as const;

describe('exported files', () => {
  type Row = Readonly<Record<string, string | number | boolean | null>>;
  const directory = mkdtempSync(join(tmpdir(), 'all-smi-view-values-'));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  /** The export of a level, written to a file and parsed as other programs would. */
  async function written(app: AppState, level: Level): Promise<{ readonly json: readonly Row[]; readonly csv: readonly Row[] }> {
    const { name, sheet } = exported({ ...START, levels: [level], showSystem: true }, app);
    const save = async (format: 'csv' | 'json'): Promise<string> => {
      const path = await saveSheet({ name, format, sheet }, 0, {
        platform: 'linux',
        env: { XDG_CACHE_HOME: directory },
        home: '/dev/null',
      });
      return readFileSync(path, 'utf8');
    };
    const { data, errors } = Papa.parse<Row>(await save('csv'), { header: true, skipEmptyLines: true, delimiter: ',' });
    expect(errors.filter(({ type }) => type !== 'Quotes')).toEqual([]);
    return { json: (JSON.parse(await save('json')) as { rows: Row[] }).rows, csv: data };
  }
  const column = (rows: readonly Row[], name: string): unknown[] => rows.map((row) => row[name]);

  test('users, nodes, processes and GPUs add up in CSV and in JSON', async () => {
    for (const specs of fc.sample(cluster, { numRuns: 12, seed: 5 })) {
      const app = viewer(buildNodes(specs));
      const listed = PROCESSES_TABLE.rows(app);
      const onGpus = Array.from(listed.rows, (row) =>
        read(NODE_PROCESSES, ['address', 'user', 'pid', 'gpu', 'vram', 'running', 'cmd'], row, listed.data),
      );
      const top = await written(app, START.levels[0]!);
      for (const [at, user] of top.json.entries()) {
        const name = user.user === null ? '' : String(user.user);
        const nodes = await written(app, nodesLevel('user', name));
        expect([nodes.json.length, sum(column(nodes.json, 'gpus')), sum(column(nodes.json, 'procs'))]).toEqual([
          user.nodes,
          user.gpus,
          user.procs,
        ]);
        expect(sum(column(nodes.csv, 'vram_bytes'))).toBe(Number(top.csv[at]!.vram_bytes));
        expect(sum(column(nodes.json, 'power_watts'))).toBeCloseTo(Number(user.power_watts), 6);
        for (const node of nodes.json) {
          const processes = await written(app, processesLevel({ by: 'user', user: name }, String(node.address), ''));
          expect(sum(column(processes.json, 'vram_bytes'))).toBe(sum([node.vram_bytes]));
          const own = onGpus.filter((row) => row.address === node.address && row.user === name);
          const keyed = (rows: readonly unknown[][]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();
          expect(keyed(processes.json.map((row) => [row.pid, row.gpu_indexes, row.vram_bytes, row.running_seconds, row.command]))).toEqual(
            keyed(own.map((row) => [row.pid, row.gpu, row.vram, row.running, row.cmd === '' ? null : row.cmd])),
          );
          for (const process of processes.json) {
            const level = processLevel(
              { by: 'user', user: name, nodeId: String(node.address), nodeName: '', ...NO_TABLE },
              Number(process.pid),
            );
            const parts = await written(app, level);
            expect(sum(column(parts.csv, 'vram_bytes'))).toBe(sum([process.vram_bytes]));
            expect([...new Set(column(parts.json, 'gpu_index').map(Number))].sort((a, b) => a - b)).toEqual(process.gpu_indexes);
          }
        }
      }
    }
  });
});

describe('our own exporter', () => {
  const sampleOf = (spec: OracleHost, nth: number): NodeSample => ({
    at: timeOf(0),
    instance: `node-${nth}`,
    os: 'Linux',
    arch: 'x86_64',
    gpus: spec.gpus.map(({ ghost: _ghost, ...gpu }, index) => ({ index, uuid: `GPU-${nth}-${index}`, name: 'NVIDIA H100', ...gpu })),
    scope: 'all',
    processes: spec.procs.map(({ pid, gpu, user, vram, age, sm, command, name }) => ({
      pid,
      gpu: gpu < 0 ? undefined : gpu,
      gpuBytes: Number.isNaN(vram) ? undefined : vram,
      smPercent: Number.isNaN(sm) ? undefined : sm,
      name,
      user,
      command,
      ageSeconds: Number.isNaN(age) ? undefined : age,
      // A process without any reported value has no line.
      cpuPercent: 12.5,
      residentBytes: undefined,
    })),
    cpu: undefined,
    memory: undefined,
    disks: [],
    sources: [],
  });

  test('a local machine shows the same as when its exporter is scraped', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const samples = specs.map(sampleOf);
        const parsers = new Parsers();
        const local = samples.map((sample, nth) => {
          const columns = parsers.holding((users) => new SampleColumns(users, '0.1.0'));
          columns.load(sample);
          return committed(new Node({ nodeId: `n${nth}` }, columns));
        });
        const scraped = samples.map((sample, nth) => {
          const parser = parsers.newParser();
          parser.push(Buffer.from(nodeText(sample, '0.1.0')));
          parser.commit(sample.at, 0);
          return committed(new Node({ nodeId: `n${nth}` }, parser.data));
        });
        const [one, other] = [viewer(local), viewer(scraped)];
        for (const table of [USAGE_TABLES.user, PROCESSES_TABLE, GPUS_TABLE])
          expect(cells(table as Table, one)).toEqual(cells(table, other));
        expect(one.derive(usersDerivation).totals).toEqual(other.derive(usersDerivation).totals);
        expect(one.derive(clusterDerivation)).toEqual(other.derive(clusterDerivation));
      }),
      { numRuns: 60 },
    );
  });

  const committed = (node: Node): Node => {
    node.commit({ at: timeOf(0) });
    return node;
  };
  /** All values of a table, with rows sorted by their text. */
  function cells({ columns, rows }: Table, app: AppState): readonly string[] {
    const { data, rows: found } = rows(app);
    return Array.from(found, (row) => JSON.stringify(columns.map((column) => column.value(row, data)))).sort();
  }
});

describe('live and replayed', () => {
  inNewDirectory();

  /** All values of all users, and of all processes of every node. */
  function values(app: AppState): unknown {
    const state = { ...START, showSystem: true };
    const data = userRows(state, app, 'user');
    const order = userOrder(data, VRAM, state, 'user');
    const ids = USAGE_COLUMNS.user.map(({ id }) => id);
    const listed = Array.from({ length: order.count }, (_, at) => [
      order.id(at),
      Object.fromEntries(
        USAGE_COLUMNS.user.filter(({ id }) => ids.includes(id)).map((column) => [column.id, column.value(order.row(at), data)]),
      ),
    ]);
    const nodes = [...app.allNodes].filter(included);
    return {
      users: Object.fromEntries(listed),
      totals: data.users.totals,
      processes: Object.fromEntries(nodes.map((node) => [node.nodeId, Object.fromEntries(byUser(app, node))])),
    };
  }

  test('a recording has the values of the screen', async () => {
    const clusters = fc.sample(cluster, { numRuns: 25, seed: 11 });
    for (const specs of clusters) {
      // Values that a scrape cannot produce are not recorded: negative readings, and processes of a node that reports none.
      const live = specs.map((spec): NodeSpec => ({
        ...spec,
        at: timeOf(0),
        state: 'live',
        facts: spec.procs.length > 0 ? { hasProcessFamily: true } : spec.facts,
        gpus: spec.gpus.map((gpu) => ((gpu.powerWatts ?? 0) < 0 ? { ...gpu, powerWatts: 0 } : gpu)),
      }));
      const replayed = await new ReplayViewer(120, 30).open(live, 2);
      expect(values(replayed.app.state)).toEqual(values(viewer(buildNodes(live))));
      await replayed.app.stop();
    }
  });

  test('a first node without recorded data does not change the names of users', async () => {
    const viewer = await new ReplayViewer(120, 30).open([{ gpus: 0 }, { gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 5 }] }], 2);
    expect(await viewer.press('V')).toMatch(/▌ alice/);
    await viewer.app.stop();
  });

  test('a node whose response becomes empty shows nothing', async () => {
    const writer = await newWriter(place.directory.file('a.ndjson'), 'none');
    for (const [nth, gpus] of [2, 2, 0, 0].entries()) await writer.write(cycle(nth, [{ gpus: 1 }, { gpus }]), timeOf(nth));
    await writer.finish();
    const viewer = await new ReplayViewer(120, 30).openFile(writer.path);
    const gpus = (): number[] => [...viewer.app.state.allNodes].map((node) => node.gpus.count);
    expect(gpus()).toEqual([1, 2]);
    await viewer.press(']', ']', ']');
    expect([viewer.nth, gpus()]).toEqual([3, [1, 0]]);
    await viewer.app.stop();
  });
});
