/** The contract between the core and a tab. The built-in tabs use nothing else. */
import type { AlertChange } from '../alerts/alerts.js';
import type { Level } from '../alerts/rules.js';
import type { HistoryView } from '../aggregate/history.js';
import type { Derivation, Scope } from '../aggregate/derivations.js';
import type { FilterCommand, FilterMode, Matcher } from '../filter/filter-state.js';
import type { InputEvent, Key, Mouse } from '../keys/key-names.js';
import type { Health } from '../model/health.js';
import type { NodeView } from '../model/node-view.js';
import type { RecordingStatus, ReplayStatus, Transport } from '../model/replay.js';
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
  /** The host whose state the tab strip shows beside the title. */
  readonly nodeId?: string;
  /** Tabs are ordered by this, then by plugin registration, then as the plugin lists them. All 0, Users 10, hosts 100. Default 50. */
  readonly order?: number;
}

export interface NodeList extends Iterable<NodeView> {
  readonly size: number;
  get(nodeId: string): NodeView | undefined;
}

/** What a tab may see. Read-only; valid for one frame or one key. */
export interface AppView {
  /** Where a filter hides rows, the hosts with what it keeps. */
  readonly nodes: NodeList;
  /** Undefined: nothing is filtered. */
  readonly filter: FilterView | undefined;
  /** The user that everything is narrowed to. */
  readonly pinned: string | undefined;
  /** The scope of a list: what the filter keeps, or everything where it only dims the rest. */
  readonly listed: Scope;
  readonly versions: { readonly data: number; readonly collector: number };
  /** Frame time in a replay, wall time live. Ages hang on it. */
  readonly now: Ms;
  readonly intervalMs: Ms;
  /** Set while a recording is played: where it is. */
  readonly replay: ReplayStatus | undefined;
  /** Set while what is on screen is recorded. */
  readonly recording: RecordingStatus | undefined;
  readonly tab: TabRef;
  readonly tabs: readonly TabRef[];
  /** The domain that all names of nodes have, and that the screen leaves out (`shortName`, `withoutDomain`); '' for none. */
  readonly domain: string;
  /** How bad it is with a GPU of a host: the worst of its alerts that are on. */
  alertLevel(node: NodeView, slot: number): Level;
  /** How the program itself is; undefined before its first second. */
  readonly health: Health | undefined;
  /** Of the hosts that have tabs, the one whose tab was open last. */
  readonly lastNode: string | undefined;
  /** The last samples of the cluster, its nodes, GPUs and users. */
  readonly history: HistoryView;
  /**
   * Computes a figure over what the filter keeps of the cluster: parts once per host version, the merge at most once per collector version
   * and scope.
   */
  derive<P, T>(derivation: Derivation<P, T>, scope?: Scope): T;
}

/** The filter that holds. In `dim` mode `hosts` has all rows, and a list shows those dim that are not kept. */
export interface FilterView extends Matcher {
  readonly text: string;
  /** It is more than a user that is pinned: Esc takes it away. */
  readonly committed: boolean;
  readonly mode: FilterMode;
}

/** What a key may ask for; the app has the hands. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' }
  /** `show`: what the tab is to show, as a message that its plugin knows. */
  | { readonly type: 'open'; readonly plugin: string; readonly key?: string; readonly show?: Shown }
  | { readonly type: 'cycle'; readonly by: number }
  | { readonly type: 'filter'; readonly command: FilterCommand }
  /** Shows only what is of this user; without one, of everybody again. */
  | { readonly type: 'pin'; readonly user?: string }
  /** The selected row, into the clipboard of the terminal. */
  | { readonly type: 'copy' }
  | { readonly type: 'alerts' }
  /** Alerts have come or gone. */
  | { readonly type: 'tell-alerts'; readonly changes: readonly AlertChange[] }
  | { readonly type: 'help' }
  | { readonly type: 'close' }
  /** The text that is open, by lines: help or alerts. */
  | { readonly type: 'scroll'; readonly by: number }
  /** The list of tabs. */
  | { readonly type: 'picker'; readonly command: PickerCommand }
  | { readonly type: 'replay'; readonly command: Transport }
  /** The line in which a time is typed. */
  | { readonly type: 'timecode'; readonly edit: 'open' | 'erase' | 'clear' | 'apply' | { readonly insert: string } }
  /** Starts recording, or stops it. */
  | { readonly type: 'record' }
  /** Into a new file; a toast says where. */
  | ({ readonly type: 'export' } & SaveRequest)
  | { readonly type: 'toast'; readonly text: string; readonly tone?: 'accent' | 'warn' | 'bad' };

/** The next UI state and what else is to happen. */
export type Step<Ui> = readonly [ui: Ui, ...effects: Effect[]];

/** Outcomes that come back to the plugin. */
export type Message =
  | { readonly type: 'node-removed'; readonly nodeId: string }
  /** The tab was opened to show this. */
  | { readonly type: 'show'; readonly show: Shown };

/** What a tab can be opened at. */
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
    /** What `view` was last called with for this tab. */
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
  /** False: the key falls to the next layer. */
  when?(ui: Ui, app: AppView): boolean;
  /** A reason why it does nothing now; shown, and the key is consumed. */
  disabled?(ui: Ui, app: AppView): string | undefined;
  run(ui: Ui, context: KeyContext): Step<Ui>;
}

/** From the top down. The first layer that binds a key, and says `when`, answers. */
export const KEY_SCOPES = ['filter-edit', 'replay', 'tab', 'global'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface KeyLayer<Ui> {
  readonly scope: KeyScope;
  /** Heading in the help and in docs/KEYS.md. */
  readonly title: string;
  readonly bindings: readonly Binding<Ui>[];
}

/** The rows of a table, as handles, and what they are looked up in. */
export interface TableRows<Data, Row> {
  readonly data: Data;
  /** In the order of ties: a sort leaves rows that are equal as they stand here. */
  readonly rows: ArrayLike<Row>;
}

/** A table that can be had by its name, with a screen or without. Its columns are all that is known of a value: see `TableColumn`. */
export interface Table<Data = unknown, Row = unknown> {
  /** 'users', 'gpus': unique among the tables of all plugins. */
  readonly id: string;
  readonly columns: TableColumns<Data, Row>;
  /** What the table lists now; as the tab shows it when it is opened. */
  rows(app: AppView): TableRows<Data, Row>;
}

/**
 * A tab, or a family of tabs. `view` is pure: it is called at most once a frame, while a tab of the plugin is open. What it throws costs
 * its own pane only.
 */
export interface TabPlugin<Ui = unknown> {
  readonly apiVersion: 1;
  /** Lower-case letters, digits and dashes. */
  readonly id: string;
  readonly layers: readonly KeyLayer<Ui>[];
  /** What the tab lists, for whoever has no screen. */
  readonly tables?: readonly Table[];
  /** Further lines at the end of the help: what signs and columns mean. */
  readonly notes?: readonly string[];
  /** Asked when the host set changes, not per frame. */
  tabs(nodes: NodeList): readonly TabRef[];
  init(tab: TabRef): Ui;
  on?(ui: Ui, message: Message): Step<Ui>;
  /** `size` is what lies between tab strip and key hints: chips and crumb are taken from it. */
  view(ui: Ui, app: AppView, size: Size): View;
}

/** Keeps the Ui type inside the plugin while the list of plugins has one type. */
export function definePlugin<Ui>(plugin: TabPlugin<Ui>): TabPlugin {
  return plugin;
}

export type { Derivation, Scope, InputEvent, Key, Mouse };

/** What may be asked of the list. `move`: rows down, up when negative. */
export type PickerCommand =
  'open' | 'go' | { readonly insert: string } | { readonly edit: Edit } | { readonly move: number } | { readonly choose: string };
