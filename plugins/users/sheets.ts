/** What is on screen as data, level by level, in the order shown. Rows that are in no sum are not exported either. */
import {
  commandOf,
  included,
  gpuShares,
  usersDerivation,
  type AppView,
  type NodeView,
  type Sheet,
  type SheetCell,
  type SheetColumn,
} from '../../lib/index.js';
import { processOf } from './process-details.js';
import { gpuRanges, nodesOf } from './nodes-level.js';
import { current, type NodesLevel, type ProcessesLevel, type ProcessLevel, type UsersLevel, type UsersUi } from './drilldown.js';
import { processesOf } from './processes-level.js';
import { rowsOf } from './level-rows.js';
import { lastAnswer, notReportingNodes, whatIsKnown } from './not-reporting.js';

/** A file name without time and extension, and what goes into the file. */
export interface Exported {
  readonly name: string;
  readonly sheet: Sheet;
}

/** How all-smi writes a user without a name. */
const UNATTRIBUTED = '(unattributed)';
const written = (user: string): string => user || UNATTRIBUTED;
const inFileName = (user: string): string => user || 'unattributed';

export function exported(ui: UsersUi, app: AppView): Exported {
  const level = current(ui);
  switch (level.kind) {
    case 'users':
      return users(level, ui, app);
    case 'hosts':
      return hosts(level, ui, app);
    case 'processes':
      return processes(level, ui, app);
    case 'process':
      return details(level, app);
    case 'silent':
      return silent(ui, app);
  }
}

type Row = readonly SheetCell[];

/** Rows in the order shown, those that only keep their place left out. */
function shownRows(ui: UsersUi, app: AppView): readonly number[] {
  const order = rowsOf(ui, app);
  return Array.from({ length: order.count }, (_, position) => order.row(position)).filter((row) => row >= 0);
}

function about(app: AppView, table: string, more: Sheet['about'] = {}): Sheet['about'] {
  const { reporting, nodes: nodes } = app.derive(usersDerivation).totals;
  const filter = app.filter ? { filter: app.filter.text } : {};
  return { table, at: new Date(app.now).toISOString(), nodes, reporting_nodes: reporting, ...filter, ...more };
}

const WATTS: SheetColumn = { name: 'power_watts', decimals: 3, otherwise: '0.000' };
const LONGEST: SheetColumn = { name: 'longest_seconds', otherwise: '0' };

/** As all-smi has them, byte for byte; JSON has more. */
const USER_COLUMNS: readonly SheetColumn[] = [
  { name: 'user' },
  { name: 'is_system' },
  { name: 'nodes' },
  { name: 'gpus' },
  { name: 'procs' },
  { name: 'vram_bytes' },
  WATTS,
  LONGEST,
  { name: 'top_command' },
  { name: 'power_is_partial', jsonOnly: true },
  { name: 'sm_gpus', jsonOnly: true },
];

function users({ table: { sort } }: UsersLevel, ui: UsersUi, app: AppView): Exported {
  const table = app.derive(usersDerivation, app.listed);
  const rows = shownRows(ui, app).map((row): Row => [
    written(table.user(row)),
    table.system(row),
    (ui.countAll ? table.nodesAll : table.nodes)[row],
    table.gpus[row],
    (ui.countAll ? table.procsAll : table.procs)[row],
    table.vramBytes[row],
    table.powerWatts[row],
    table.longestSeconds[row],
    table.command(row),
    table.powerPartial[row] === 1,
    table.sm[row],
  ]);
  const more = { sorted_by: sort.key, descending: sort.descending, system_accounts: ui.showSystem, processes_on_no_gpu: ui.countAll };
  return { name: 'users', sheet: { about: about(app, 'users', more), columns: USER_COLUMNS, rows } };
}

const NODE_COLUMNS: readonly SheetColumn[] = [
  { name: 'user' },
  { name: 'host' },
  { name: 'address' },
  { name: 'gpus' },
  { name: 'gpu_indexes' },
  { name: 'procs' },
  { name: 'vram_bytes' },
  { ...WATTS, otherwise: '' },
  { name: 'sm_gpus', decimals: 2 },
  { name: 'longest_seconds' },
  { name: 'top_command' },
  { name: 'power_is_partial', jsonOnly: true },
];

function hosts({ user, table: { sort } }: NodesLevel, ui: UsersUi, app: AppView): Exported {
  const { rows: all } = nodesOf(app, user, sort, ui.countAll);
  const rows = shownRows(ui, app).flatMap((at): Row[] => {
    const row = all[at]!;
    const { node } = row;
    if (!included(node)) return [];
    return [
      [
        written(user),
        node.name,
        node.nodeId,
        row.slots.length,
        gpuRanges(node, row.slots),
        ui.countAll ? row.procsAll : row.procs,
        row.vramBytes,
        row.powerWatts,
        row.sm,
        row.longestSeconds,
        commandOf(node, row.topRow),
        row.powerPartial,
      ],
    ];
  });
  return { name: `users-${inFileName(user)}`, sheet: { about: about(app, 'hosts', { user: written(user) }), columns: NODE_COLUMNS, rows } };
}

const PROCESS_COLUMNS: readonly SheetColumn[] = [
  { name: 'user' },
  { name: 'host' },
  { name: 'pid' },
  { name: 'gpu_indexes' },
  { name: 'vram_bytes' },
  { name: 'sm_percent', decimals: 1 },
  { name: 'cpu_percent', decimals: 2 },
  { name: 'running_seconds' },
  { name: 'name' },
  { name: 'command' },
];

function processes(level: ProcessesLevel, ui: UsersUi, app: AppView): Exported {
  const node = app.nodes.get(level.nodeId);
  const { rows: all } = processesOf(app, level, level.table.sort, ui.countAll);
  const rows = node && included(node) ? shownRows(ui, app).map((at): Row => processRow(node, level, all[at]!)) : [];
  return { name: nameOf(level), sheet: { about: aboutHost(app, level, 'processes'), columns: PROCESS_COLUMNS, rows } };
}

const nameOf = ({ user, nodeName }: { readonly user: string; readonly nodeName: string }): string =>
  `users-${inFileName(user)}-${nodeName}`;
const aboutHost = (app: AppView, { user, nodeName, nodeId }: ProcessesLevel | ProcessLevel, table: string): Sheet['about'] =>
  about(app, table, { user: written(user), host: nodeName, address: nodeId });

function processRow(node: NodeView, { user }: ProcessesLevel, row: ReturnType<typeof processesOf>['rows'][number]): Row {
  const [first = 0] = row.rows;
  return [
    written(user),
    node.name,
    row.pid,
    gpuRanges(node, row.slots),
    row.vramBytes,
    row.smPercent,
    row.cpuPercent,
    row.ageSeconds,
    node.text(node.procs.name[first]!),
    commandOf(node, first),
  ];
}

const DETAIL_COLUMNS: readonly SheetColumn[] = [
  { name: 'user' },
  { name: 'host' },
  { name: 'pid' },
  { name: 'gpu_index' },
  { name: 'gpu_uuid' },
  { name: 'gpu' },
  { name: 'vram_bytes' },
  { name: 'sm_percent', decimals: 1 },
  { ...WATTS, otherwise: '' },
  { name: 'name' },
  { name: 'command' },
];

/** A row per GPU of the process, one without a GPU where it is on none. */
function details(level: ProcessLevel, app: AppView): Exported {
  const found = processOf(app, level);
  const rows = found && included(found.node) ? detailRows(found.node, level, found.process) : [];
  return { name: `${nameOf(level)}-${level.pid}`, sheet: { about: aboutHost(app, level, 'process'), columns: DETAIL_COLUMNS, rows } };
}

function detailRows(node: NodeView, { user, pid }: ProcessLevel, process: Parameters<typeof gpuShares>[1]): readonly Row[] {
  const { gpus, procs } = node;
  const [first = 0] = process.rows;
  const row = (...gpu: Row): Row => [written(user), node.name, pid, ...gpu, node.text(procs.name[first]!), commandOf(node, first)];
  const rows = gpuShares(node, process).map(({ slot, vramBytes, smPercent, powerWatts }) =>
    row(gpus.index[slot], node.text(gpus.uuid[slot]!), node.text(gpus.name[slot]!), vramBytes, smPercent, powerWatts),
  );
  return rows.length > 0 ? rows : [row('', '', '', 0, undefined, undefined)];
}

const SILENT_COLUMNS: readonly SheetColumn[] = [
  { name: 'host' },
  { name: 'address' },
  { name: 'why' },
  { name: 'last_answer_seconds_ago' },
  { name: 'known' },
];

function silent(ui: UsersUi, app: AppView): Exported {
  const { rows: all } = notReportingNodes(app, current(ui).table.sort);
  const rows = shownRows(ui, app).map((at): Row => {
    const { node, why } = all[at]!;
    return [node.name, node.nodeId, why, lastAnswer(node, app) / 1000, whatIsKnown(node, why)];
  });
  return { name: 'users-silent-nodes', sheet: { about: about(app, 'silent nodes'), columns: SILENT_COLUMNS, rows } };
}
