/** The current level of the Users tab: a stack of levels, each with its own table. Users and nodes are kept by name, never by number. */
import { tableState, type Grouping, type Shown, type TableState } from '../../lib/index.js';

interface Table {
  readonly table: TableState;
  /** Row ids in the order frozen by F; undefined: rows move with their values. */
  readonly frozen: readonly string[] | undefined;
}
/** What the rows belong to: a user, or the account, job, namespace or team that the first level is grouped by. */
export interface OwnedBy {
  readonly by: Grouping;
  /** Its name; '' for what has no owner that is known. */
  readonly user: string;
}
/** Who is using the cluster. */
export type UsersLevel = Table & { readonly kind: 'users'; readonly by: Grouping };
/** The nodes of one user. */
export type NodesLevel = Table & OwnedBy & { readonly kind: 'hosts' };
interface OnNode extends Table, OwnedBy {
  readonly nodeId: string;
  /** The name of the node, for when it is gone. */
  readonly nodeName: string;
}
/** The processes of the user on one node. */
export interface ProcessesLevel extends OnNode {
  readonly kind: 'processes';
  /** Columns by which commands are scrolled. */
  readonly shift: number;
}
/** One process. Its table has no rows: `top` is the scroll position of the text. */
export interface ProcessLevel extends OnNode {
  readonly kind: 'process';
  readonly pid: number;
}
/** The nodes that do not report processes. */
export type NotReportingLevel = Table & { readonly kind: 'silent' };

export type Level = UsersLevel | NodesLevel | ProcessesLevel | ProcessLevel | NotReportingLevel;

export interface UsersUi {
  /** From the top level down; the last one is on screen. */
  readonly levels: readonly Level[];
  readonly showSystem: boolean;
  /** PROCS and NODES include processes that are on no GPU. */
  readonly countAll: boolean;
  readonly showTrend: boolean;
  /** Power by SM share instead of by memory. */
  readonly byUse: boolean;
  /** What was used since the start. */
  readonly showUsage: boolean;
}

const NEW = { frozen: undefined };

export const usersLevel = (by: Grouping): UsersLevel => ({ kind: 'users', by, table: tableState('user'), ...NEW });

export const START: UsersUi = {
  levels: [usersLevel('user')],
  showSystem: false,
  countAll: false,
  showTrend: false,
  byUse: false,
  showUsage: false,
};

export const nodesLevel = (by: Grouping, user: string): Level => ({ kind: 'hosts', by, user, table: tableState('vram', true), ...NEW });
export const processesLevel = ({ by, user }: OwnedBy, nodeId: string, label: string): Level => ({
  kind: 'processes',
  by,
  user,
  nodeId,
  nodeName: label,
  shift: 0,
  table: tableState('vram', true),
  ...NEW,
});
export const processLevel = ({ by, user, nodeId, nodeName: label }: OnNode, pid: number): Level => ({
  kind: 'process',
  by,
  user,
  nodeId,
  nodeName: label,
  pid,
  table: tableState(''),
  ...NEW,
});
export const notReportingLevel = (): Level => ({ kind: 'silent', table: tableState('host'), ...NEW });

export const current = ({ levels }: UsersUi): Level => levels.at(-1)!;
export const push = (ui: UsersUi, level: Level): UsersUi => ({ ...ui, levels: [...ui.levels, level] });
export const pop = (ui: UsersUi): UsersUi => ({ ...ui, levels: ui.levels.slice(0, -1) });
export const put = (ui: UsersUi, level: Level): UsersUi => ({ ...ui, levels: [...ui.levels.slice(0, -1), level] });

/** Opens a process directly, with the levels above it: Esc goes to the other processes of the user there. */
export function shownProcess(ui: UsersUi, { user, nodeId, nodeName, pid, onGpu }: Shown): UsersUi {
  const on = { by: 'user' as const, user, nodeId, nodeName };
  const levels = [
    ...START.levels,
    nodesLevel('user', user),
    processesLevel(on, nodeId, nodeName),
    processLevel({ ...on, table: tableState(''), ...NEW }, pid),
  ];
  return { ...ui, countAll: ui.countAll || !onGpu, levels };
}
