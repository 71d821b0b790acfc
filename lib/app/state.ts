/** The data and screen state of the program, and the two counters for all caching. No IO, no clock: `now` is a parameter. */
import { AlertLog } from '../alerts/alert-log.js';
import type { AlertChange } from '../alerts/alerts.js';
import { ALERT_DEFAULTS, type AlertSettings, type Level } from '../alerts/rules.js';
import type { NodeMatches } from '../aggregate/job-join.js';
import { usersDerivation } from '../aggregate/users.js';
import { clusterDerivation } from '../aggregate/cluster.js';
import { NO_PRICES, type Prices } from '../aggregate/prices.js';
import { Usage } from '../aggregate/usage.js';
import { History } from '../aggregate/history.js';
import { Derivations, WHOLE, type Derivation, type Scope } from '../aggregate/derivations.js';
import { FilterState, matcherOf } from '../filter/filter-state.js';
import type { FilteredNodes } from '../filter/filtered-nodes.js';
import { overlaysAfter, type Overlay, type OverlayChange } from './overlays.js';
import type { Health } from '../model/health.js';
import type { JobIds, JobLookup } from '../aggregate/attribution.js';
import type { Job, JobSourceState } from '../model/jobs.js';
import type { NodeView } from '../model/node-view.js';
import type { Delivery, Needs } from '../model/collector.js';
import type { RecordingStatus, ReplayStatus } from '../model/replay.js';
import { checkStep } from '../keys/router.js';
import type { AppView, Effect, FilterView, NodeList, Message, Step, TabPlugin, TabRef } from '../plugin/types.js';
import { clean } from '../text/sanitize.js';
import { tabId, tabsOf } from '../plugin/tabs.js';
import { commonDomain } from '../view/short-names.js';
import type { SourceFact } from '../view/server-notices.js';
import type { Ms } from '../model/clock.js';

export interface Toast {
  readonly text: string;
  readonly tone: 'accent' | 'warn' | 'bad';
  /** Wall time at which it disappears. */
  readonly until: Ms;
  /** Its subjects: messages that arrive while it is shown are merged into it. */
  readonly alerts?: readonly AlertChange[];
}

/** The exception of a plugin. */
export interface Fault {
  readonly text: string;
  readonly from: 'tabs' | 'init' | 'key' | 'message';
}

class NodeMap implements NodeList {
  readonly map = new Map<string, NodeView>();
  get size(): number {
    return this.map.size;
  }
  get(nodeId: string): NodeView | undefined {
    return this.map.get(nodeId);
  }
  [Symbol.iterator](): Iterator<NodeView> {
    return this.map.values();
  }
}

/** The filtered views of the nodes that a filter does not rule out. */
class MatchingNodes implements NodeList {
  readonly #all: NodeList;
  readonly #filtered: FilteredNodes;

  constructor(all: NodeList, filtered: FilteredNodes) {
    this.#all = all;
    this.#filtered = filtered;
  }
  get size(): number {
    return [...this].length;
  }
  /** Also for a node that is ruled out: nothing on it matches. */
  get(nodeId: string): NodeView | undefined {
    const node = this.#all.get(nodeId);
    return node && this.#filtered.filtered(node);
  }
  [Symbol.iterator](): Iterator<NodeView> {
    return this.#filtered.of(this.#all);
  }
}

const NO_TAB: TabRef = { plugin: '', key: '', title: '' };

/** The matches of the filter in the cluster. */
const KEPT: Scope = { key: '' };

export class AppState implements AppView {
  /** `data`: anything that can change the screen. `collector`: a collector delivered. Only these two methods increase them. */
  readonly versions = { data: 0, collector: 0 };
  readonly derivations = new Derivations();
  readonly filtering = new FilterState();
  readonly alerting: AlertLog;
  /** Wall time until which the alerts in the tab strip are highlighted. */
  flashUntil: Ms = 0;
  now: Ms = 0;
  health: Health | undefined;
  startNotes: readonly string[] = [];
  prices: Prices = NO_PRICES;
  /** Where the facts about the source come from. */
  aboutSource: () => readonly SourceFact[] = () => [];
  jobSources: readonly JobSourceState[] = [];
  /** The jobs in their answers, and what was made of them. */
  knownJobs: (Pick<JobLookup, 'find'> & { readonly matches: NodeMatches }) | undefined;
  #lastNode: string | undefined;
  toast: Toast | undefined;
  #overlays: readonly Overlay[] = [];
  replay: ReplayStatus | undefined;
  recording: RecordingStatus | undefined;
  /** The last error of a plugin, by its id: shown in its pane. */
  readonly faults = new Map<string, Fault>();
  #tabs: readonly TabRef[] = [];
  #domain = '';
  /** Index of the open tab. */
  #at = 0;
  /** The version of the data when the cluster's history last took a sample. */
  #sampled = -1;
  #tabsStale = true;
  #waiting: NodeView | undefined;
  readonly #nodes = new NodeMap();
  readonly #labels = new Map<string, string>();
  readonly #ui = new Map<string, { readonly value: unknown } | undefined>();

  readonly plugins: readonly TabPlugin[];
  readonly intervalMs: Ms;
  readonly history: History;
  readonly usage: Usage;

  constructor(plugins: readonly TabPlugin[], intervalMs: Ms, nodes: Iterable<NodeView>, alerts: AlertSettings = ALERT_DEFAULTS) {
    this.plugins = plugins;
    this.intervalMs = intervalMs;
    this.alerting = new AlertLog(alerts, intervalMs);
    this.history = new History(intervalMs);
    this.usage = new Usage('user', intervalMs);
    for (const node of nodes) this.#keep(node);
  }

  get overlays(): readonly Overlay[] {
    return this.#overlays;
  }

  /** Opens, changes or closes a modal: the only way to do so. */
  overlay(change: OverlayChange): void {
    this.#overlays = overlaysAfter(this.#overlays, change);
  }

  get sourceFacts(): readonly SourceFact[] {
    return this.aboutSource();
  }

  get jobMatches(): NodeMatches | undefined {
    return this.knownJobs?.matches;
  }

  /** All monitored nodes, regardless of the filter. */
  get allNodes(): NodeList {
    return this.#nodes;
  }

  get nodes(): NodeList {
    const { nodes, mode } = this.filtering;
    return nodes && mode === 'hide' ? new MatchingNodes(this.#nodes, nodes) : this.#nodes;
  }

  get filter(): FilterView | undefined {
    const { nodes, mode, committed } = this.filtering;
    return nodes && { text: nodes.filter.key, mode, committed: committed !== '', ...matcherOf(nodes) };
  }

  /** What the open tab and the filter read, for a source that is asked only for what is on screen. */
  get needs(): Needs {
    const { tab } = this;
    const ui = this.ui(tab);
    const plugin = this.plugin(tab.plugin);
    const of = ui && plugin?.needs ? this.#guarded(tab.plugin, 'tabs', () => plugin.needs?.(ui.value, this)) : undefined;
    const { nodes = tab.nodeId === undefined ? [] : [tab.nodeId], users = [], processes = false } = of ?? {};
    return { nodes, users, processes: processes || this.filtering.nodes?.filter.details === true };
  }

  get pinned(): string | undefined {
    return this.filtering.user;
  }

  get listed(): Scope {
    return this.filtering.mode === 'dim' ? WHOLE : KEPT;
  }

  /** Rebuilt only after the node set, or the name of a node, has changed. */
  get tabs(): readonly TabRef[] {
    if (this.#tabsStale) this.#retab();
    return this.#tabs;
  }

  get domain(): string {
    if (this.#tabsStale) this.#retab();
    return this.#domain;
  }

  get tab(): TabRef {
    return this.tabs[this.tabAt] ?? NO_TAB;
  }

  get lastNode(): string | undefined {
    return this.#lastNode;
  }

  /** Index of the open tab in `tabs`. */
  get tabAt(): number {
    if (this.#tabsStale) this.#retab();
    return this.#at;
  }

  /** Nodes that are down, regardless of the filter. */
  get down(): number {
    return this.derive(clusterDerivation, WHOLE).nodesDown;
  }

  derive<P, T>(derivation: Derivation<P, T>, scope: Scope = KEPT): T {
    const { collector } = this.versions;
    const filtered = scope.whole ? undefined : this.filtering.nodes;
    if (!filtered) return this.derivations.derive(derivation, this.#nodes, collector, scope);
    const key = `${filtered.id}\0${scope.key}`;
    return this.derivations.derive(derivation, filtered.of(this.#nodes), collector, { ...scope, key });
  }

  /** User ids were renumbered. */
  forget(): void {
    this.derivations.forget();
    this.filtering.forget();
  }

  jobOf(ids: JobIds): Job | undefined {
    return this.knownJobs?.find(ids);
  }

  /** A scheduler has answered: whose the rows of the nodes are may have changed. */
  ownersChanged(): void {
    this.versions.collector++;
    this.versions.data++;
  }

  alertLevel({ nodeId, gpus }: NodeView, slot: number): Level {
    return this.alerting.alerts.level(nodeId, gpus.index[slot]!);
  }

  get alerts(): readonly AlertChange[] {
    return this.alerting.alerts.active;
  }

  /** The screen may have changed. */
  touch(): void {
    this.versions.data++;
  }

  /** New data, a failure, or a timeout: the only caller that increases `collector`. */
  deliver(delivery: Delivery): readonly Effect[] {
    this.versions.collector++;
    this.versions.data++;
    const { node } = delivery;
    const changes = this.alerting.take(delivery, this.now);
    if (delivery.kind === 'gone') return this.#remove(node.nodeId);
    if (this.#labels.get(node.nodeId) !== node.name || this.#nodes.get(node.nodeId) !== node) {
      this.#keep(node);
      this.#tabsStale = true;
    }
    this.#remember(delivery);
    return changes.length > 0 ? [{ type: 'announce-alerts', changes }] : [];
  }

  plugin(id: string): TabPlugin | undefined {
    return this.plugins.find((plugin) => plugin.id === id);
  }

  /** The UI state of a tab, created by the plugin's `init` the first time; undefined if that threw: such a tab only shows the error. */
  ui(tab: TabRef): { readonly value: unknown } | undefined {
    const id = tabId(tab);
    if (!this.#ui.has(id)) {
      const made = this.#guarded(tab.plugin, 'init', () => ({ value: this.plugin(tab.plugin)?.init(tab) }));
      this.#ui.set(id, made);
    }
    return this.#ui.get(id);
  }

  /** Applies the state of a step; the caller carries out the effects. */
  update(tab: TabRef, [ui, ...effects]: Step<unknown>): readonly Effect[] {
    this.#ui.set(tabId(tab), { value: ui });
    if (this.faults.get(tab.plugin)?.from === 'key') this.faults.delete(tab.plugin);
    this.touch();
    return effects;
  }

  open(plugin: string, key = ''): boolean {
    const found = this.tabs.findIndex((tab) => tab.plugin === plugin && tab.key === key);
    if (found >= 0) this.#goTo(found);
    this.touch();
    return found >= 0;
  }

  /** Passes a message to the plugin whose tab is open. */
  send(message: Message): readonly Effect[] {
    const { tab } = this;
    const plugin = this.plugin(tab.plugin);
    const ui = this.ui(tab);
    if (!plugin?.on || !ui) return [];
    const step = this.#guarded(plugin.id, 'message', () => checkStep(plugin.on?.(ui.value, message)));
    return step ? this.update(tab, step) : [];
  }

  cycle(by: number): void {
    const { length } = this.tabs;
    if (length > 0 && Number.isInteger(by)) this.#goTo((((this.#at + by) % length) + length) % length);
    this.touch();
  }

  #goTo(at: number): void {
    this.#at = at;
    this.#lastNode = this.#tabs[at]?.nodeId ?? this.#lastNode;
  }

  #remember({ node, kind, continuity, endpoint }: Delivery): void {
    const { history, usage } = this;
    if (continuity === 'jump') {
      history.jump(node.nodeId);
      usage.jump(node.nodeId);
    }
    // What another endpoint answers says nothing new of the GPUs.
    const isOfGpus = endpoint === undefined || endpoint.givesGpus || !node.endpoints.some(({ givesGpus }) => givesGpus);
    if (kind === 'data' && isOfGpus) {
      history.add(node);
      usage.add(node);
    }
    // Also when nothing is painted because the terminal does not read. After a seek all nodes are delivered at once: their sum belongs to
    // the next frame.
    if (continuity === 'next' && history.isMissing(this.now)) this.sample();
  }

  /**
   * Adds the state of the cluster to its history, but not before every node has answered or failed, since sums of a part would look like a
   * rise.
   */
  sample(): void {
    const { collector } = this.versions;
    if (this.#sampled === collector) return;
    if (this.#isWaiting()) return;
    const totals = this.derivations.derive(clusterDerivation, this.#nodes, collector);
    this.history.record(this.now, totals, () => this.derive(usersDerivation, WHOLE));
    this.#sampled = collector;
  }

  /**
   * Whether a node has neither answered nor failed. Looks at the last such node that was found: in a first round, that is the last one in
   * the list, and it ends late.
   */
  #isWaiting(): boolean {
    const waits = (node: NodeView): boolean => node.status.phase === 'waiting' && this.#nodes.get(node.nodeId) === node;
    if (this.#waiting && waits(this.#waiting)) return true;
    this.#waiting = undefined;
    for (const node of this.#nodes) if (waits(node)) this.#waiting = node;
    return this.#waiting !== undefined;
  }

  #keep(node: NodeView): void {
    this.#nodes.map.set(node.nodeId, node);
    this.#labels.set(node.nodeId, node.name);
  }

  #remove(nodeId: string): readonly Effect[] {
    this.#nodes.map.delete(nodeId);
    this.#labels.delete(nodeId);
    this.history.remove(nodeId);
    const message: Message = { type: 'node-removed', nodeId };
    const effects: Effect[] = [];
    for (const tab of this.tabs) {
      const plugin = this.plugin(tab.plugin);
      const ui = this.#ui.get(tabId(tab));
      if (!plugin?.on || !ui) continue;
      const step = this.#guarded(plugin.id, 'message', () => checkStep(plugin.on?.(ui.value, message)));
      if (step) effects.push(...this.update(tab, step));
    }
    this.#tabsStale = true;
    return effects;
  }

  /** Keeps the open tab by identity; if it no longer exists, opens the first one. */
  #retab(): void {
    this.#tabsStale = false;
    this.#domain = commonDomain([...this.#labels.values()]);
    const open = tabId(this.#tabs[this.#at] ?? NO_TAB);
    for (const [id, { from }] of this.faults) if (from === 'tabs') this.faults.delete(id);
    this.#tabs = tabsOf(this.plugins, this.#nodes, (plugin, error) => this.blame(plugin.id, 'tabs', error));
    this.#at = Math.max(
      0,
      this.#tabs.findIndex((tab) => tabId(tab) === open),
    );
    const alive = new Set(this.#tabs.map(tabId));
    for (const id of this.#ui.keys()) if (!alive.has(id)) this.#ui.delete(id);
  }

  /** Records a plugin's exception; only that plugin's pane is affected. */
  blame(plugin: string, from: Fault['from'], error: unknown): void {
    this.faults.set(plugin, { text: faultText(error), from });
    this.touch();
  }

  #guarded<T>(plugin: string, from: Fault['from'], run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.blame(plugin, from, error);
      return undefined;
    }
  }
}

const MAX_FAULT_BYTES = 200;

/** A plugin's exception as text: it may be any value. */
export function faultText(error: unknown): string {
  try {
    return clean(error instanceof Error ? `${error.name}: ${error.message}` : String(error), MAX_FAULT_BYTES);
  } catch {
    return 'threw a value without a message';
  }
}
