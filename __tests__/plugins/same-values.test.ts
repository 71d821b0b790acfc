/** The same thing has the same value wherever it is read: on every tab, in every export, live and replayed. Any cluster. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppState } from '../../lib/app/state.js';
import { included, type NodeView } from '../../lib/model/node-view.js';
import { tableCells, type TableColumns } from '../../lib/view/table-columns.js';
import { GPU_COLUMNS, gpuTableRows } from '../../lib/view/gpu-cells.js';
import { gpuRowsDerivation } from '../../lib/aggregate/gpu-owners.js';
import { usersDerivation } from '../../lib/aggregate/users.js';
import { tableState } from '../../lib/view/table.js';
import { COLUMNS as ALL_COLUMNS, GPUS_TABLE } from '../../plugins/all/gpu-order.js';
import { orderOf, PROCESS_COLUMNS as NODE_PROCESSES, PROCESSES_TABLE } from '../../plugins/host/process-list.js';
import { START } from '../../plugins/users/drilldown.js';
import { NODE_COLUMNS, nodesOf } from '../../plugins/users/nodes-level.js';
import { PROCESS_COLUMNS as USER_PROCESSES, processesOf } from '../../plugins/users/processes-level.js';
import { USER_COLUMNS, userOrder, userRows } from '../../plugins/users/users-level.js';
import all from '../../plugins/all/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { cluster } from '../aggregate/random-cluster.js';
import { buildNodes, type NodeSpec } from '../helpers/hosts.js';
import { inNewFolder, place } from '../helpers/recording-player.js';
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

/** What is not known adds nothing. */
const known = (cell: unknown): number => Number(cell) || 0;

const SHARED = ['pid', 'gpu', 'vram', 'sm', 'cpu', 'running'];

/** Every process of a node as the node's tab has it. */
function onNode(node: NodeView): Map<string, Record<string, unknown>> {
  const order = orderOf(node, tableState('pid'), true);
  return new Map(Array.from({ length: order.count }, (_, at) => [order.id(at), read(NODE_PROCESSES, SHARED, order.row(at), order.data)]));
}

/** The same, as the Users tab has it user by user. */
function byUser(app: AppState, node: NodeView): Map<string, Record<string, unknown>> {
  const names = new Set(Array.from({ length: node.procs.count }, (_, row) => node.userName(node.procs.user[row]!)));
  return new Map(
    [...names].flatMap((user) => {
      const { rows } = processesOf(app, { user, nodeId: node.nodeId }, VRAM, true);
      return rows.map((row) => [`${row.pid} ${user}`, read(USER_PROCESSES, SHARED, row, { user, rows })] as const);
    }),
  );
}

const viewer = (nodes: readonly NodeView[]): AppState => new AppState([all, users, host], 3000, nodes);

describe('any cluster', () => {
  test('a process: on the tab of its node, among those of its user, in the table of all processes', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const nodes = buildNodes(specs);
        const app = viewer(nodes);
        for (const node of nodes) expect(byUser(app, node)).toEqual(onNode(node));
        const { data, rows } = PROCESSES_TABLE.rows(app);
        const listed = Array.from(rows, (row) => read(NODE_PROCESSES, SHARED, row, data));
        const counted = nodes.filter(included).flatMap((node) => [...onNode(node).values()].filter(({ gpu }) => gpu !== ''));
        const sorted = (list: readonly object[]): readonly string[] => list.map((one) => JSON.stringify(one)).sort();
        expect(sorted(listed)).toEqual(sorted(counted));
      }),
      { numRuns: 60 },
    );
  });

  test('a user: what stands in the table is the sum of what stands below it', () => {
    fc.assert(
      fc.property(cluster, (specs) => {
        const app = viewer(buildNodes(specs));
        const data = userRows({ ...START, showSystem: true }, app);
        const order = userOrder(data.users, VRAM, { ...START, showSystem: true });
        for (let at = 0; at < order.count; at++) {
          const user = order.id(at);
          const top = read(USER_COLUMNS, ['nodes', 'gpus', 'procs', 'vram'], order.row(at), data);
          const { rows } = nodesOf(app, user, VRAM, false);
          const below = rows
            .filter(({ node }) => included(node))
            .map((row) => read(NODE_COLUMNS, ['gpus', 'procs', 'vram'], row, { user, rows, countAll: false, app }));
          const sum = (id: string): number => below.reduce((total, row) => total + known(row[id]), 0);
          expect([below.length, sum('gpus'), sum('procs')]).toEqual([top.nodes, top.gpus, top.procs]);
          expect(sum('vram')).toBeCloseTo(known(top.vram), 3);
        }
        expect(data.users.totals).toEqual(app.derive(usersDerivation).totals);
      }),
      { numRuns: 60 },
    );
  });

  test('a GPU: on the All tab and on the tab of its node', () => {
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

describe('live and replayed', () => {
  inNewFolder();

  /** All values of all users, and of all processes of every node. */
  function values(app: AppState): unknown {
    const state = { ...START, showSystem: true };
    const data = userRows(state, app);
    const order = userOrder(data.users, VRAM, state);
    const ids = USER_COLUMNS.map(({ id }) => id);
    const listed = Array.from({ length: order.count }, (_, at) => [
      order.id(at),
      Object.fromEntries(USER_COLUMNS.filter(({ id }) => ids.includes(id)).map((column) => [column.id, column.value(order.row(at), data)])),
    ]);
    const nodes = [...app.allNodes].filter(included);
    return {
      users: Object.fromEntries(listed),
      totals: data.users.totals,
      processes: Object.fromEntries(nodes.map((node) => [node.nodeId, Object.fromEntries(byUser(app, node))])),
    };
  }

  test('a recording says what the screen said', async () => {
    const clusters = fc.sample(cluster, { numRuns: 25, seed: 11 });
    for (const specs of clusters) {
      // What a scrape cannot give is not recorded: readings below 0, processes of a node that says it tells none.
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

  test('a node of which nothing is recorded, first in the list, costs nobody his name', async () => {
    const viewer = await new ReplayViewer(120, 30).open([{ gpus: 0 }, { gpus: 1, procs: [{ pid: 1, gpu: 0, user: 'alice', vram: 5 }] }], 2);
    expect(await viewer.press('V')).toMatch(/▌ alice/);
    await viewer.app.stop();
  });

  test('a node that answers with nothing any more has nothing', async () => {
    const writer = await newWriter(place.folder.file('a.ndjson'), 'none');
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
