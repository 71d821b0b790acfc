/** What is on screen as data, level by level, in the order shown. Rows that are in no sum are not exported either. */
import {
  commandOf,
  counted,
  gpuShares,
  usersDerivation,
  type AppView,
  type HostView,
  type Sheet,
  type SheetCell,
  type SheetColumn,
} from '../../lib/index.js';
import { processOf } from './process-details.js';
import { gpuRanges, hostsOf } from './nodes-level.js';
import { current, type HostsLevel, type ProcessesLevel, type ProcessLevel, type UsersLevel, type UsersUi } from './drilldown.js';
import { processesOf } from './processes-level.js';
import { rowsOf } from './level-rows.js';
import { lastAnswer, silentHosts, whatIsKnown } from './not-reporting.js';

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
  const { reporting, hosts: nodes } = app.derive(usersDerivation).totals;
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

const HOST_COLUMNS: readonly SheetColumn[] = [
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

function hosts({ user, table: { sort } }: HostsLevel, ui: UsersUi, app: AppView): Exported {
  const { rows: all } = hostsOf(app, user, sort, ui.countAll);
  const rows = shownRows(ui, app).flatMap((at): Row[] => {
    const row = all[at]!;
    const { host } = row;
    if (!counted(host)) return [];
    return [
      [
        written(user),
        host.label,
        host.hostId,
        row.slots.length,
        gpuRanges(host, row.slots),
        ui.countAll ? row.procsAll : row.procs,
        row.vramBytes,
        row.powerWatts,
        row.sm,
        row.longestSeconds,
        commandOf(host, row.topRow),
        row.powerPartial,
      ],
    ];
  });
  return { name: `users-${inFileName(user)}`, sheet: { about: about(app, 'hosts', { user: written(user) }), columns: HOST_COLUMNS, rows } };
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
  const host = app.hosts.get(level.hostId);
  const { rows: all } = processesOf(app, level, level.table.sort, ui.countAll);
  const rows = host && counted(host) ? shownRows(ui, app).map((at): Row => processRow(host, level, all[at]!)) : [];
  return { name: nameOf(level), sheet: { about: aboutHost(app, level, 'processes'), columns: PROCESS_COLUMNS, rows } };
}

const nameOf = ({ user, label }: { readonly user: string; readonly label: string }): string => `users-${inFileName(user)}-${label}`;
const aboutHost = (app: AppView, { user, label, hostId }: ProcessesLevel | ProcessLevel, table: string): Sheet['about'] =>
  about(app, table, { user: written(user), host: label, address: hostId });

function processRow(host: HostView, { user }: ProcessesLevel, row: ReturnType<typeof processesOf>['rows'][number]): Row {
  const [first = 0] = row.rows;
  return [
    written(user),
    host.label,
    row.pid,
    gpuRanges(host, row.slots),
    row.vramBytes,
    row.smPercent,
    row.cpuPercent,
    row.ageSeconds,
    host.text(host.procs.name[first]!),
    commandOf(host, first),
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
  const rows = found && counted(found.host) ? detailRows(found.host, level, found.process) : [];
  return { name: `${nameOf(level)}-${level.pid}`, sheet: { about: aboutHost(app, level, 'process'), columns: DETAIL_COLUMNS, rows } };
}

function detailRows(host: HostView, { user, pid }: ProcessLevel, process: Parameters<typeof gpuShares>[1]): readonly Row[] {
  const { gpus, procs } = host;
  const [first = 0] = process.rows;
  const row = (...gpu: Row): Row => [written(user), host.label, pid, ...gpu, host.text(procs.name[first]!), commandOf(host, first)];
  const rows = gpuShares(host, process).map(({ slot, vramBytes, smPercent, powerWatts }) =>
    row(gpus.index[slot], host.text(gpus.uuid[slot]!), host.text(gpus.name[slot]!), vramBytes, smPercent, powerWatts),
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
  const { rows: all } = silentHosts(app, current(ui).table.sort);
  const rows = shownRows(ui, app).map((at): Row => {
    const { host, why } = all[at]!;
    return [host.label, host.hostId, why, lastAnswer(host, app) / 1000, whatIsKnown(host, why)];
  });
  return { name: 'users-silent-nodes', sheet: { about: about(app, 'silent nodes'), columns: SILENT_COLUMNS, rows } };
}
