/** The interface between the core and a tab. The built-in tabs use nothing else. */
import type { AlertChange } from '../alerts/alerts.js';
import type { Level } from '../alerts/rules.js';
import type { NodeMatches } from '../aggregate/job-join.js';
import type { Prices } from '../aggregate/prices.js';
import type { UsageView } from '../aggregate/usage.js';
import type { HistoryView } from '../aggregate/history.js';
import type { Derivation, Scope } from '../aggregate/derivations.js';
import type { FilterCommand, FilterMode, Matcher } from '../filter/filter-state.js';
import type { InputEvent, Key, Mouse } from '../keys/key-names.js';
import type { JobIds } from '../aggregate/attribution.js';
import type { Job, JobSourceState } from '../model/jobs.js';
import type { Health } from '../model/health.js';
import type { Needs } from '../model/collector.js';
import type { NodeView } from '../model/node-view.js';
import type { RecordingStatus, ReplayStatus, Transport } from '../model/replay.js';
import type { SourceFact } from '../view/server-notices.js';
import type { TableColumns } from '../view/table-columns.js';
import type { RegionId, Size, View } from '../view/frame.js';
import type { SaveRequest } from '../model/sheet.js';
import type { Edit } from '../filter/line-editor.js';
import type { Ms } from '../model/clock.js';

export interface TabRef {
  readonly plugin: string;
  /** Unique within the plugin: '' for an only tab, the nodeId for the tabs of nodes. */
  readonly key: string;
  readonly title: string;
  /** The node whose state the tab strip shows next to the title. */
  readonly nodeId?: string;
  /** Tabs are sorted by this, then by plugin registration, then in the plugin's order. All 0, Users 10, nodes 100. Default 50. */
  readonly order?: number;
}

export interface NodeList extends Iterable<NodeView> {
  readonly size: number;
  get(nodeId: string): NodeView | undefined;
}

/** The data available to a tab. Read-only; valid for one frame or one key. */
export interface AppView {
  /** In hide mode, the filtered view of the nodes. */
  readonly nodes: NodeList;
  /** Undefined: there is no filter. */
  readonly filter: FilterView | undefined;
  /** The pinned user. */
  readonly pinned: string | undefined;
  /** The scope of a list: the matching rows, or everything when the filter only dims the rest. */
  readonly listed: Scope;
  readonly versions: { readonly data: number; readonly collector: number };
  /** Frame time in a replay, wall time live. Ages are relative to it. */
  readonly now: Ms;
  readonly intervalMs: Ms;
  /** Set during a replay: its position. */
  readonly replay: ReplayStatus | undefined;
  /** Set while a recording is in progress. */
  readonly recording: RecordingStatus | undefined;
  readonly tab: TabRef;
  readonly tabs: readonly TabRef[];
  /** The domain that all names of nodes have, and that the screen leaves out (`shortName`, `withoutDomain`); '' for none. */
  readonly domain: string;
  /** The active alerts, each as the change that raised it, node by node. */
  readonly alerts: readonly AlertChange[];
  /** The highest level of the active alerts of a GPU. */
  alertLevel(node: NodeView, slot: number): Level;
  /** The health of the program itself; undefined during its first second. */
  readonly health: Health | undefined;
  /** What the lists of nodes contain that is merged or left out, a sentence each: known from the start. */
  readonly startNotes: readonly string[];
  /** What is known of a server that is asked for the nodes, a line each; empty without one. */
  readonly sourceFacts: readonly SourceFact[];
  /** The schedulers that are asked for the jobs of the cluster, and how they answer; empty without --jobs. */
  readonly jobSources: readonly JobSourceState[];
  /** How the nodes were joined to those of the schedulers; undefined: without --jobs. */
  readonly jobMatches: NodeMatches | undefined;
  /** Finds the job of a scheduler by any of its ids; undefined: no scheduler is asked, or it does not have it. */
  jobOf(ids: JobIds): Job | undefined;
  /** Of the nodes that have tabs, the one whose tab was open last. */
  readonly lastNode: string | undefined;
  /** The last samples of the cluster, its nodes, GPUs and users. */
  readonly history: HistoryView;
  /** What each user has used since the start. Not affected by filters. */
  readonly usage: UsageView;
  /** What energy and GPU-hours cost; none are known without options. */
  readonly prices: Prices;
  /**
   * Computes a figure over the matching part of the cluster: parts once per node version, the merge at most once per collector version and
   * scope.
   */
  derive<P, T>(derivation: Derivation<P, T>, scope?: Scope): T;
}

/** The active filter. In `dim` mode `nodes` has all rows, and a list shows those that do not match dim. */
export interface FilterView extends Matcher {
  readonly text: string;
  /** There is a filter besides a pinned user: Esc clears it. */
  readonly committed: boolean;
  readonly mode: FilterMode;
}

/** What a key may request; the app carries it out. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' }
  /** `show`: what the tab should show, as a message to its plugin. */
  | { readonly type: 'open'; readonly plugin: string; readonly key?: string; readonly show?: Shown }
  | { readonly type: 'cycle'; readonly by: number }
  | { readonly type: 'filter'; readonly command: FilterCommand }
  /** Pins a user; without one, unpins. */
  | { readonly type: 'pin'; readonly user?: string }
  /** Copies the selected row to the clipboard of the terminal. */
  | { readonly type: 'copy' }
  | { readonly type: 'alerts' }
  /** Alerts were raised or resolved. */
  | { readonly type: 'announce-alerts'; readonly changes: readonly AlertChange[] }
  | { readonly type: 'help' }
  | { readonly type: 'close' }
  /** The open text, by lines: help or alerts. */
  | { readonly type: 'scroll'; readonly by: number }
  /** The list of tabs. */
  | { readonly type: 'picker'; readonly command: PickerCommand }
  | { readonly type: 'replay'; readonly command: Transport }
  /** The input line for a time. */
  | { readonly type: 'timecode'; readonly edit: 'open' | 'erase' | 'clear' | 'apply' | { readonly insert: string } }
  /** Starts or stops recording. */
  | { readonly type: 'record' }
  /** Into a new file; a toast shows the path. */
  | ({ readonly type: 'export' } & SaveRequest)
  | { readonly type: 'toast'; readonly text: string; readonly tone?: 'accent' | 'warn' | 'bad' };

/** The next UI state and further effects. */
export type Step<Ui> = readonly [ui: Ui, ...effects: Effect[]];

/** Results that are sent to the plugin. */
export type Message =
  | { readonly type: 'node-removed'; readonly nodeId: string }
  /** The tab was opened to show this. */
  | { readonly type: 'show'; readonly show: Shown };

/** Targets for opening a tab. */
export interface Shown {
  readonly kind: 'process';
  readonly user: string;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly pid: number;
  readonly onGpu: boolean;
}

export interface KeyContext {
  readonly app: AppView;
  readonly event: InputEvent;
  readonly frame: {
    /** The size of the last `view` call for this tab. */
    readonly size: Size;
    /** `pageRows` of the last view. */
    readonly pageRows: number;
    /** Region under the mouse. */
    readonly hit?: RegionId;
  };
}

export interface Binding<Ui> {
  /** 'users.sort.vram': the stable name, prefixed with the plugin's id. */
  readonly id: string;
  /** Canonical names (lib/keys/key-names.ts), or 'Click', 'DoubleClick', 'WheelUp', 'WheelDown'. */
  readonly keys: readonly string[];
  readonly label: string;
  /** Footer priority, 1 first; absent: only in the help. */
  readonly hint?: number;
  /** Shorter label for the footer. */
  readonly short?: string;
  /** Id of the column that it sorts by: the footer offers it only while the table on screen has that column. */
  readonly sorts?: string;
  /** False: the key goes to the next layer. */
  when?(ui: Ui, app: AppView): boolean;
  /** The reason why it does nothing now; shown, and the key is consumed. */
  disabled?(ui: Ui, app: AppView): string | undefined;
  run(ui: Ui, context: KeyContext): Step<Ui>;
}

/** From top to bottom. The first layer that binds a key, and whose `when` is true, handles it. */
export const KEY_SCOPES = ['filter-edit', 'replay', 'tab', 'global'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface KeyLayer<Ui> {
  readonly scope: KeyScope;
  /** Heading in the help and in docs/KEYS.md. */
  readonly title: string;
  readonly bindings: readonly Binding<Ui>[];
}

/** The rows of a table, as handles, and the data they refer to. */
export interface TableRows<Data, Row> {
  readonly data: Data;
  /** In tie-break order: sorting is stable. */
  readonly rows: ArrayLike<Row>;
}

/** A table that is available by name, with or without a screen. Its columns define everything about a value: see `TableColumn`. */
export interface Table<Data = unknown, Row = unknown> {
  /** 'users', 'gpus': unique among the tables of all plugins. */
  readonly id: string;
  readonly columns: TableColumns<Data, Row>;
  /** The current rows, in the order of a newly opened tab. */
  rows(app: AppView): TableRows<Data, Row>;
  /** The name of a row for other programs: `node-0001/gpu3`. Absent: the value of the first column. */
  nameOf?(row: Row, data: Data): string;
}

/**
 * A tab, or a family of tabs. `view` is pure: it is called at most once per frame, while a tab of the plugin is open. An exception affects
 * only its own pane.
 */
export interface TabPlugin<Ui = unknown> {
  readonly apiVersion: 1;
  /** Lower-case letters, digits and dashes. */
  readonly id: string;
  readonly layers: readonly KeyLayer<Ui>[];
  /** What the tab lists, for use without a screen. */
  readonly tables?: readonly Table[];
  /** Additional lines at the end of the help: the meaning of signs and columns. */
  readonly notes?: readonly string[];
  /** Called when the set of nodes changes, not per frame. */
  tabs(nodes: NodeList): readonly TabRef[];
  init(tab: TabRef): Ui;
  on?(ui: Ui, message: Message): Step<Ui>;
  /**
   * What it shows beyond figures of nodes, GPUs and users: a source that is asked only for what is on screen needs to know. Absent: nothing; a node's
   * own tab shows everything of that node.
   */
  needs?(ui: Ui, app: AppView): Needs;
  /** `size` is the area between tab strip and key hints, without chips and breadcrumb. */
  view(ui: Ui, app: AppView, size: Size): View;
}

/** Keeps the Ui type inside the plugin, so that the list of plugins has one type. */
export function definePlugin<Ui>(plugin: TabPlugin<Ui>): TabPlugin {
  return plugin;
}

export type { Derivation, Scope, InputEvent, Key, Mouse };

/** What can be requested of the list. `move`: rows down, up when negative. */
export type PickerCommand =
  'open' | 'go' | { readonly insert: string } | { readonly edit: Edit } | { readonly move: number } | { readonly choose: string };
