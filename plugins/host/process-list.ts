/** A node's processes: the table, and its rows in the order shown. */
import {
  FROM_COLS,
  argsort,
  commandOf,
  cutName,
  IDLE_SIGN,
  included,
  isIdleProcess,
  isoTime,
  NONE,
  percent,
  processFigures,
  sortedPositions,
  span,
  tableState,
  vramText,
  isTrespassing,
  type NodeView,
  type Owner,
  type Order,
  type ProcColumns,
  type ProcessFigures,
  type Sort,
  type Cell,
  type Table,
  type TableColumns,
  type TableState,
} from '../../lib/index.js';

/** The data of the rows: the processes of one node, or of many. */
export interface ProcessRows {
  node(row: number): NodeView;
  /** The first row of the process in the columns of its node. */
  first(row: number): number;
  /** All rows of a process that has several. */
  merged(row: number): ProcessFigures | undefined;
  /** Whether the job or the pod of any process is known. */
  readonly hasJobs: boolean;
  /** The position of its user's name among the names of the node. */
  userRank(row: number): number;
}

const userOf = (row: number, data: ProcessRows): string => data.node(row).userName(data.node(row).procs.user[data.first(row)]!);
/** 'alice (root)': the person, and the account that runs the process. */
function shownUserOf(row: number, data: ProcessRows): Cell {
  const node = data.node(row);
  const runsAs = node.userName(node.procs.known?.runsAs[data.first(row)] ?? 0);
  const user = userOf(row, data);
  if (user === '') return span('?', 'dim');
  const shown = runsAs === '' ? user : `${user} (${runsAs})`;
  const [text, tone] = isOnOthersGpu(row, data) ? [`!${shown}`, 'bad' as const] : [shown];
  // Names often differ at their ends.
  return { fit: (cols) => span(cutName(text, cols), tone) };
}

/** It holds memory of its GPUs and computes on none of them. */
const isIdle = (row: number, data: ProcessRows): boolean => isIdleProcess(data.node(row), data.merged(row)?.rows ?? [data.first(row)]);

/** On a GPU that the scheduler has given to somebody else. */
const isOnOthersGpu = (row: number, data: ProcessRows): boolean =>
  (data.merged(row)?.rows ?? [data.first(row)]).some((each) => isTrespassing(data.node(row), each));

const ownerOf =
  (which: Exclude<Owner, 'user'>) =>
  (row: number, data: ProcessRows): string =>
    data.node(row).userName(data.node(row).procs.known?.owners[which][data.first(row)] ?? 0);

const jobOrPod = (row: number, data: ProcessRows): string => ownerOf('job')(row, data) || ownerOf('pod')(row, data);

/** Whether the job or the pod of any process is known. */
const knowsJobs = ({ procs: { known } }: NodeView): boolean =>
  known !== undefined && [known.owners.job, known.owners.pod].some((column) => column.some((id) => id !== 0));

/** A reading of a process: from its only row, without an object, or over its rows. */
const figure =
  (column: (procs: ProcColumns) => ArrayLike<number>, of: (process: ProcessFigures) => number) =>
  (row: number, data: ProcessRows): number => {
    const process = data.merged(row);
    return process ? of(process) : column(data.node(row).procs)[data.first(row)]!;
  };
const slotOf = figure(
  ({ gpu }) => gpu,
  ({ slots }) => slots[0] ?? -1,
);
const vramRead = figure(
  ({ vramBytes }) => vramBytes,
  (process) => process.vramBytes,
);
/** A process on no GPU has no GPU memory and no share. */
const vramOf = (row: number, data: ProcessRows): number => (slotOf(row, data) < 0 ? NaN : vramRead(row, data));

const smOf = figure(
  ({ smPercent }) => smPercent,
  (process) => process.smPercent,
);

/** GPUs of a process, as the node numbers them. */
function gpusOf(row: number, data: ProcessRows): readonly number[] {
  const { procs, gpus } = data.node(row);
  const slots = (data.merged(row)?.rows ?? [data.first(row)]).map((each) => procs.gpu[each]!).filter((slot) => slot >= 0);
  return [...new Set(slots.map((slot) => gpus.index[slot]!))].sort((a, b) => a - b);
}

/** RFC 3339, to the second: ages are reported in whole seconds. */
function startedAt(row: number, data: ProcessRows): string | undefined {
  const seconds = data.merged(row)?.ageSeconds ?? data.node(row).procs.ageSeconds[data.first(row)]!;
  return seconds >= 0 ? isoTime(data.node(row).at - seconds * 1000) : undefined;
}

const commandOfRow = (row: number, data: ProcessRows): string => commandOf(data.node(row), data.merged(row)?.rows[0] ?? data.first(row));

export const PROCESS_COLUMNS: TableColumns<ProcessRows, number> = [
  { id: 'node', value: (row, data) => data.node(row).name, export: { name: 'node', title: 'NODE' } },
  { id: 'address', value: (row, data) => data.node(row).nodeId, export: { name: 'node_id' } },
  {
    id: 'pid',
    unit: 'id',
    value: (row, data) => data.node(row).procs.pid[data.first(row)],
    screen: { title: 'PID', width: 7, drop: 4, sorts: 'ascending' },
    export: { name: 'pid' },
  },
  {
    id: 'user',
    value: userOf,
    screen: {
      title: 'USER',
      width: 12,
      fit: (cols) => (cols >= FROM_COLS.wide ? { width: 16 } : {}),
      sorts: 'ascending',
      order: (row, data) => data.userRank(row),
      cell: (row, data) => shownUserOf(row, data),
    },
    export: { name: 'user' },
  },
  {
    id: 'job',
    value: ownerOf('job'),
    screen: {
      title: 'JOB',
      width: 12,
      drop: 3,
      sorts: 'ascending',
      when: (data, cols) => cols >= FROM_COLS.standard && data.hasJobs,
      cell: (row, data) => jobOrPod(row, data) || span(NONE, 'dim'),
    },
    export: { name: 'job', jsonOnly: true },
  },
  { id: 'account', value: ownerOf('account'), export: { name: 'account', jsonOnly: true } },
  { id: 'namespace', value: ownerOf('namespace'), export: { name: 'namespace', jsonOnly: true } },
  { id: 'pod', value: ownerOf('pod'), export: { name: 'pod', jsonOnly: true } },
  {
    id: 'container',
    value: (row, data) => data.node(row).userName(data.node(row).procs.known?.container[data.first(row)] ?? 0),
    export: { name: 'container', jsonOnly: true },
  },
  {
    id: 'runs_as',
    value: (row, data) => data.node(row).userName(data.node(row).procs.known?.runsAs[data.first(row)] ?? 0),
    export: { name: 'runs_as', jsonOnly: true },
  },
  { id: 'on_others_gpu', value: isOnOthersGpu, export: { name: 'on_others_gpu', jsonOnly: true } },
  {
    id: 'gpu',
    value: gpusOf,
    screen: {
      title: 'GPU',
      width: 3,
      align: 'right',
      fit: (cols) => (cols >= FROM_COLS.standard ? { width: 5 } : {}),
      sorts: 'ascending',
      order: slotOf,
    },
    export: { name: 'gpu_indexes' },
  },
  {
    id: 'vram',
    unit: 'bytes',
    value: vramOf,
    screen: {
      title: 'VRAM',
      width: 8,
      sorts: 'descending',
      cell: (row, data) => vramText(vramOf(row, data), data.merged(row)?.vramPartial ?? false),
    },
    export: { name: 'vram_bytes' },
  },
  {
    id: 'sm',
    unit: 'percent',
    isRate: true,
    value: (row, data) => (slotOf(row, data) < 0 ? NaN : smOf(row, data)),
    screen: {
      title: 'SM%',
      width: 5,
      drop: 1,
      sorts: 'descending',
      cell: (row, data) => (isIdle(row, data) ? IDLE_SIGN : percent(slotOf(row, data) < 0 ? NaN : smOf(row, data))),
    },
    export: { name: 'sm_percent', decimals: 1 },
  },
  {
    id: 'cpu',
    unit: 'decimal',
    isRate: true,
    value: figure(
      ({ cpuPercent }) => cpuPercent,
      (process) => process.cpuPercent,
    ),
    screen: { title: 'CPU%', width: 6, drop: 2, sorts: 'descending' },
    export: { name: 'cpu_percent', decimals: 2 },
  },
  {
    id: 'running',
    unit: 'seconds',
    value: figure(
      ({ ageSeconds }) => ageSeconds,
      (process) => process.ageSeconds,
    ),
    screen: { title: 'RUNNING', width: 12, drop: 3, sorts: 'descending' },
    export: { name: 'running_seconds' },
  },
  { id: 'is_idle', value: isIdle, export: { name: 'is_idle', jsonOnly: true } },
  { id: 'started_at', value: startedAt, export: { name: 'started_at', jsonOnly: true } },
  {
    id: 'cmd',
    value: commandOfRow,
    screen: {
      title: 'COMMAND',
      width: 'rest',
      fit: (cols) => ({ min: cols >= FROM_COLS.standard ? 20 : 9 }),
      cell: (row, data) => span(commandOfRow(row, data) || NONE, 'dim'),
    },
    export: { name: 'command' },
  },
  {
    id: 'vram_is_partial',
    value: (row, data) => data.merged(row)?.vramPartial ?? (slotOf(row, data) >= 0 && Number.isNaN(vramRead(row, data))),
    export: { name: 'vram_is_partial', jsonOnly: true },
  },
];

export interface ProcessOrder extends Order {
  readonly data: ProcessRows;
  /** The first row of the process. */
  row(position: number): number;
  /** All its rows. */
  rows(position: number): readonly number[];
  /** Processes on no GPU that are hidden. */
  readonly hidden: number;
}

const kept = new WeakMap<NodeView, { readonly key: string; readonly order: ProcessOrder }>();

/** Cached per version of the node, sort and choice of rows. */
export function orderOf(node: NodeView, { sort }: TableState, showAll: boolean): ProcessOrder {
  const key = `${node.version} ${sort.key} ${sort.descending} ${showAll}`;
  const known = kept.get(node);
  if (known?.key === key) return known.order;
  const order = makeOrder(node, sort, showAll);
  kept.set(node, { key, order });
  return order;
}

/** The processes on GPUs of all nodes that are included in totals, node by node. */
export const PROCESSES_TABLE: Table<ProcessRows, number> = {
  id: 'processes',
  columns: PROCESS_COLUMNS,
  rows(app) {
    const orders = [...app.nodes].filter(included).map((node) => ({ node, order: orderOf(node, BY_PID, false) }));
    const starts: number[] = [];
    let end = 0;
    for (const { order } of orders) {
      starts.push(end);
      end += order.count;
    }
    const at = Int32Array.from(orders.flatMap(({ order }, nth) => Array.from({ length: order.count }, () => nth)));
    const listed = (row: number): readonly [order: ProcessOrder, row: number] => {
      const { order } = orders[at[row]!]!;
      return [order, order.row(row - starts[at[row]!]!)];
    };
    const names = [...new Set(Array.from(at, (nth, row) => userOf(listed(row)[1], orders[nth]!.order.data)))].sort();
    const ranks = new Map(names.map((name, rank) => [name, rank]));
    const data: ProcessRows = {
      node: (row) => orders[at[row]!]!.node,
      first: (row) => listed(row)[1],
      merged: (row) => orders[at[row]!]!.order.data.merged(listed(row)[1]),
      userRank: (row) => ranks.get(userOf(row, data))!,
      hasJobs: orders.some(({ node }) => knowsJobs(node)),
    };
    return { data, rows: Array.from({ length: end }, (_, row) => row) };
  },
  nameOf: (row, data) => `${data.node(row).name}/${data.node(row).procs.pid[data.first(row)]}`,
};
const BY_PID = tableState('pid');

/** Nodes have up to 50,000 rows, and each scrape sorts them again: no object is created for a process with one row. */
function makeOrder(node: NodeView, sort: Sort, showAll: boolean): ProcessOrder {
  const { procs } = node;
  const { first, merged } = processesOf(node);
  let ranks: ReadonlyMap<number, number> | undefined;
  const data: ProcessRows = {
    node: () => node,
    first: (row) => row,
    merged: (row) => merged.get(row),
    userRank: (row) => (ranks ??= userRanks(node)).get(procs.user[row]!)!,
    hasJobs: knowsJobs(node),
  };
  const shown = showAll ? first : first.filter((row) => procs.gpu[row]! >= 0 || (merged.get(row)?.slots.length ?? 0) > 0);
  const listed = byPid(shown, procs.pid);
  const positions = sortedPositions(PROCESS_COLUMNS, listed, data, sort);
  const rows = positions.map((at) => listed[at]!);
  return {
    data,
    count: rows.length,
    id: (position) => idOf(node, rows[position]!),
    find: (id) => placeOf(node, rows, id),
    hidden: first.length - shown.length,
    row: (position) => rows[position]!,
    rows: (position) => merged.get(rows[position]!)?.rows ?? [rows[position]!],
  };
}

/** Ties are sorted by pid. */
function byPid(rows: Int32Array, pid: Uint32Array): Int32Array {
  const pids = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) pids[at] = pid[rows[at]!]!;
  return argsort(pids).map((at) => rows[at]!);
}

/** By first row: rows of the same pid and user. */
type Merged = ReadonlyMap<number, ProcessFigures>;

/** The first row of each process, in order; by that row, the processes with several rows. */
function processesOf(node: NodeView): { readonly first: Int32Array; readonly merged: Merged } {
  const { count, pid, user } = node.procs;
  const first = new Int32Array(count);
  const several = new Map<number, number[]>();
  const byPid = new Map<number, number>();
  // Rare: one pid under two users.
  const others = new Map<string, number>();
  let processes = 0;
  for (let row = 0; row < count; row++) {
    let known = byPid.get(pid[row]!);
    if (known !== undefined && user[known] !== user[row]) known = others.get(`${pid[row]} ${user[row]}`) ?? -1;
    if (known !== undefined && known >= 0) {
      const rows = several.get(known);
      if (rows) rows.push(row);
      else several.set(known, [known, row]);
      continue;
    }
    if (known === undefined) byPid.set(pid[row]!, row);
    else others.set(`${pid[row]} ${user[row]}`, row);
    first[processes++] = row;
  }
  return { first: first.subarray(0, processes), merged: new Map([...several].map(([row, rows]) => [row, processFigures(node, rows)])) };
}

/** By user: the position of the name among those of the node. */
function userRanks(node: NodeView): ReadonlyMap<number, number> {
  const { user, count } = node.procs;
  const names = new Map<number, string>();
  for (let row = 0; row < count; row++) if (!names.has(user[row]!)) names.set(user[row]!, node.userName(user[row]!));
  const sorted = [...names].sort(([, a], [, b]) => (a === b ? 0 : a < b ? -1 : 1));
  return new Map(sorted.map(([id], rank) => [id, rank]));
}

/** A process, on any GPUs. Users are compared by name, since their numbers may change. */
const idOf = (node: NodeView, row: number): string => `${node.procs.pid[row]} ${node.userName(node.procs.user[row]!)}`;

/** The position in `rows` of the process with an id; -1: it is not there. Numbers are compared first, so that few names are decoded. */
function placeOf(node: NodeView, rows: ArrayLike<number>, id: string): number {
  const pid = Number(id.slice(0, id.indexOf(' ')));
  for (let at = 0; at < rows.length; at++) if (node.procs.pid[rows[at]!] === pid && idOf(node, rows[at]!) === id) return at;
  return -1;
}

/** The rows of an id. */
export function rowsOf(node: NodeView, id: string): readonly number[] {
  const { count } = node.procs;
  const pid = Number(id.slice(0, id.indexOf(' ')));
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (node.procs.pid[row] === pid && idOf(node, row) === id) rows.push(row);
  return rows;
}

/** The first of them; -1: there are none. */
export const rowOf = (node: NodeView, id: string): number => rowsOf(node, id)[0] ?? -1;
