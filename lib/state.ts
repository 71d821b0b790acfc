/** What the program knows and shows, and the two counters that everything hangs on. No IO, no clock: `now` is handed in. */
import { Derivations, type Derivation, type Scope } from './derive.js';
import type { HostView, Ms } from './model/host.js';
import type { Delivery } from './model/ports.js';
import { clean } from './sanitize.js';
import type { AppView, Effect, HostList, Message, Step, TabPlugin, TabRef } from './plugin.js';
import { tabId, tabsOf } from './tabs.js';

export interface Toast {
  readonly text: string;
  readonly tone: 'accent' | 'warn' | 'bad';
  /** Wall time at which it goes. */
  readonly until: Ms;
}

/** A modal on the top rung: it takes all keys. */
export interface Overlay {
  readonly kind: 'help';
  readonly top: number;
}

class Hosts implements HostList {
  readonly map = new Map<string, HostView>();
  get size(): number {
    return this.map.size;
  }
  get(hostId: string): HostView | undefined {
    return this.map.get(hostId);
  }
  [Symbol.iterator](): Iterator<HostView> {
    return this.map.values();
  }
}

export class AppState implements AppView {
  /** `data`: anything that can change the picture. `collector`: a collector delivered. Only these two methods raise them. */
  readonly versions = { data: 0, collector: 0 };
  readonly derivations = new Derivations();
  now: Ms = 0;
  toast: Toast | undefined;
  overlays: readonly Overlay[] = [];
  /** What a plugin threw last, by plugin id: shown in its pane. */
  readonly broken = new Map<string, string>();
  #tabs: readonly TabRef[] = [];
  #tab: TabRef = { plugin: '', key: '', title: '' };
  #tabsStale = true;
  readonly #hosts = new Hosts();
  readonly #labels = new Map<string, string>();
  readonly #ui = new Map<string, unknown>();

  readonly plugins: readonly TabPlugin[];
  readonly intervalMs: Ms;

  constructor(plugins: readonly TabPlugin[], intervalMs: Ms, hosts: Iterable<HostView>) {
    this.plugins = plugins;
    this.intervalMs = intervalMs;
    for (const host of hosts) this.#keep(host);
  }

  get hosts(): HostList {
    return this.#hosts;
  }

  /** Made anew only after the host set, or what a host calls itself, has changed. */
  get tabs(): readonly TabRef[] {
    if (this.#tabsStale) this.#retab();
    return this.#tabs;
  }

  get tab(): TabRef {
    if (this.#tabsStale) this.#retab();
    return this.#tab;
  }

  derive<P, T>(derivation: Derivation<P, T>, scope?: Scope): T {
    return this.derivations.derive(derivation, this.#hosts, this.versions.collector, scope);
  }

  /** The picture may have changed. */
  touch(): void {
    this.versions.data++;
  }

  /** New data, a failure, or time that ran out: the only thing that raises `collector`. */
  deliver(delivery: Delivery): readonly Effect[] {
    this.versions.collector++;
    this.versions.data++;
    const { host } = delivery;
    if (delivery.kind === 'gone') return this.#remove(host.hostId);
    if (this.#labels.get(host.hostId) !== host.label || this.#hosts.get(host.hostId) !== host) {
      this.#keep(host);
      this.#tabsStale = true;
    }
    return [];
  }

  plugin(id: string): TabPlugin | undefined {
    return this.plugins.find((plugin) => plugin.id === id);
  }

  /** The UI state of a tab; made by the plugin's `init` the first time. */
  ui(tab: TabRef): unknown {
    const id = tabId(tab);
    if (!this.#ui.has(id))
      this.#ui.set(
        id,
        this.#walled(tab.plugin, () => this.plugin(tab.plugin)?.init(tab)),
      );
    return this.#ui.get(id);
  }

  /** Takes over the first part of a step; the effects are the caller's to carry out. */
  update(tab: TabRef, [ui, ...effects]: Step<unknown>): readonly Effect[] {
    this.#ui.set(tabId(tab), ui);
    this.touch();
    return effects;
  }

  open(plugin: string, key = ''): boolean {
    const found = this.tabs.find((tab) => tab.plugin === plugin && tab.key === key);
    if (found) this.#tab = found;
    this.touch();
    return found !== undefined;
  }

  cycle(by: number): void {
    const tabs = this.tabs;
    const at = tabs.findIndex((tab) => tabId(tab) === tabId(this.#tab));
    this.#tab = tabs[(((at + by) % tabs.length) + tabs.length) % tabs.length] ?? this.#tab;
    this.touch();
  }

  #keep(host: HostView): void {
    this.#hosts.map.set(host.hostId, host);
    this.#labels.set(host.hostId, host.label);
  }

  #remove(hostId: string): readonly Effect[] {
    this.#hosts.map.delete(hostId);
    this.#labels.delete(hostId);
    const message: Message = { type: 'host-removed', hostId };
    const effects: Effect[] = [];
    for (const tab of this.tabs) {
      const id = tabId(tab);
      const plugin = this.plugin(tab.plugin);
      if (!plugin?.on || !this.#ui.has(id)) continue;
      const step = this.#walled(plugin.id, () => plugin.on?.(this.#ui.get(id), message));
      if (step) effects.push(...this.update(tab, step));
    }
    this.#tabsStale = true;
    return effects;
  }

  /** The open tab stays open by identity; when it is gone the first one opens. */
  #retab(): void {
    this.#tabsStale = false;
    this.#tabs = tabsOf(this.plugins, this.#hosts, (plugin, error) => this.blame(plugin.id, error));
    const open = tabId(this.#tab);
    this.#tab = this.#tabs.find((tab) => tabId(tab) === open) ?? this.#tabs[0] ?? this.#tab;
    const alive = new Set(this.#tabs.map(tabId));
    for (const id of this.#ui.keys()) if (!alive.has(id)) this.#ui.delete(id);
  }

  /** Notes what a plugin threw; it costs the plugin its pane, nobody else anything. */
  blame(plugin: string, error: unknown): void {
    this.broken.set(plugin, clean(error instanceof Error ? `${error.name}: ${error.message}` : String(error), 200));
    this.touch();
  }

  #walled<T>(plugin: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.blame(plugin, error);
      return undefined;
    }
  }
}
