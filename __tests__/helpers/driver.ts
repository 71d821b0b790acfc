/** The whole viewer without a terminal or a network, driven in the user's terms. */
import { App, type AppParts } from '../../lib/app/app.js';
import { ALERT_DEFAULTS, type AlertSettings } from '../../lib/alerts/rules.js';
import type { PathContext } from '../../lib/paths.js';
import { saveSheet } from '../../lib/export/save.js';
import type { InputEvent } from '../../lib/keys/key-names.js';
import type { Collector, Delivery } from '../../lib/model/collector.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import type { TabPlugin } from '../../lib/plugin/types.js';
import { validatePlugin } from '../../lib/plugin/validate.js';
import type { ChartDrawer } from '../../lib/view/chart.js';
import { width } from '../../lib/text/format.js';
import type { Line } from '../../lib/view/frame.js';
import all from '../../plugins/all/index.js';
import host from '../../plugins/host/index.js';
import users from '../../plugins/users/index.js';
import { SteppedClock } from './clock.js';
import { buildNodes, UserIds, type NodeSpec, type ScrapeSpec, type TestNode } from './hosts.js';
import type { Save } from '../../lib/model/sheet.js';

/** The plugins of most tests. Topology and Diagnosis are added on request (`plugins`). */
export const BUILT_IN: readonly TabPlugin[] = [all, users, host];

/** 14:32:07 local time, whatever the time zone of the tests. */
export const NOW = new Date(2026, 7, 7, 14, 32, 7).getTime();
/** The default time of the last scrape. */
const ANSWERED = NOW - 2000;
const INTERVAL_MS = 3000;

export interface DriverOptions {
  readonly hosts?: readonly NodeSpec[];
  /** In place of `hosts`: a collector that runs on the driver's clock. */
  readonly source?: (clock: SteppedClock) => Collector;
  /** Plugins after the built-in ones. */
  readonly plugins?: readonly TabPlugin[];
  readonly cols?: number;
  readonly rows?: number;
  readonly chips?: readonly Line[];
  readonly startNotes?: readonly string[];
  readonly alerts?: Partial<AlertSettings>;
  readonly onAlerts?: NonNullable<AppParts['onAlerts']>;
  readonly bell?: boolean;
  readonly onRenumbered?: NonNullable<AppParts['onRenumbered']>;
  /** If absent, charts stay blank. */
  readonly charts?: ChartDrawer;
  /** The environment of exports: by default a cache directory that cannot be created. */
  readonly surroundings?: Partial<PathContext>;
}

class Hand implements Collector {
  readonly source = 'hosts.csv';
  readonly intervalMs = INTERVAL_MS;
  readonly nodes: readonly TestNode[];
  stopped = false;
  deliver: (delivery: Delivery) => void = () => {
    throw new Error('not started');
  };

  constructor(hosts: readonly TestNode[]) {
    this.nodes = hosts;
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.deliver = deliver;
  }
  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
}

export class Driver {
  readonly clock = new SteppedClock(NOW);
  readonly painter: MemoryPainter;
  readonly collector: Hand;
  readonly app: App;
  readonly #users = new UserIds();
  hasQuit = false;

  constructor({ hosts = [], plugins = [], cols = 120, rows = 30, surroundings = {}, alerts, chips, source, ...parts }: DriverOptions = {}) {
    const all: TabPlugin[] = [];
    for (const plugin of [...BUILT_IN, ...plugins]) all.push(validatePlugin(plugin, all));
    this.painter = new MemoryPainter(cols, rows);
    this.collector = new Hand(
      buildNodes(
        hosts.map((spec) => ({ at: ANSWERED, ...spec })),
        this.#users,
      ),
    );
    const found: PathContext = { platform: 'linux', env: {}, home: '/dev/null', ...surroundings };
    const save: Save = (request) => saveSheet(request, this.clock.now(), found);
    this.app = new App({
      plugins: all,
      collector: source?.(this.clock) ?? this.collector,
      painter: this.painter,
      clock: this.clock,
      save,
      memory: () => 96 * 2 ** 20,
      alerts: { ...ALERT_DEFAULTS, ...alerts },
      ...(chips ? { chips: () => chips } : {}),
      ...parts,
    });
    void this.app.quit.then(() => {
      this.hasQuit = true;
    });
    this.app.start();
  }

  get ran(): { readonly parts: number; readonly merges: number } {
    return { ...this.app.state.derivations.ran };
  }
  get versions(): { readonly data: number; readonly collector: number } {
    return { ...this.app.state.versions };
  }

  /** The screen once everything due is painted. */
  frame(): string {
    this.step(0);
    // The width stored in a span must be that of its text, also after the span was copied with another text.
    for (const { spans } of this.painter.frame?.lines ?? [])
      for (const { text, cols } of spans)
        if (cols !== undefined && cols !== width(text)) throw new Error(`'${text}' does not take ${cols} columns`);
    return this.painter.text();
  }

  /** The frame as lines. */
  lines(): readonly string[] {
    return this.frame().split('\n');
  }

  step(ms: number): this {
    this.clock.step(ms);
    return this;
  }

  /** Shows what was delivered, without waiting for the pace at which new data is painted. */
  look(): this {
    this.step(250);
    this.app.loop.soon();
    return this.step(0);
  }

  /** Presses keys by name, one after the other; each is handled before the next. */
  press(...names: readonly string[]): this {
    for (const name of names) {
      this.painter.press(name);
      this.step(0);
    }
    return this;
  }

  /** Left click at the position of a text. */
  click(text: string, clicks = 1): this {
    this.painter.click(text, clicks);
    return this.step(0);
  }

  send(event: InputEvent): this {
    this.painter.send(event);
    return this.step(0);
  }

  resize(cols: number, rows: number): this {
    this.painter.resize(cols, rows);
    return this.step(0);
  }

  host(label: string): TestNode {
    const found = [...this.app.state.allNodes].find((one) => one.name === label) as TestNode | undefined;
    if (!found) throw new Error(`no host ${label}`);
    return found;
  }

  /** Delivers a good scrape of a node, and paints what the frame rate allows. */
  scrape(label: string, spec: ScrapeSpec): this {
    return this.deliver({ node: this.host(label).scrape(spec, this.clock.now()), kind: 'data' });
  }

  /** A scrape of a node fails. */
  fail(label: string, text = 'connection refused'): this {
    const found = this.host(label);
    found.fail({ at: this.clock.now(), error: { code: 'S_REFUSED', text } });
    found.setStatus({ nextTryAt: this.clock.now() + INTERVAL_MS });
    return this.deliver({ node: found, kind: 'failed' });
  }

  /** Three intervals pass without an answer. */
  overdue(label: string): this {
    const found = this.host(label);
    found.setStatus({ overdue: true });
    return this.deliver({ node: found, kind: 'overdue' });
  }

  /** The node is no longer scraped. */
  gone(label: string): this {
    return this.deliver({ node: this.host(label), kind: 'gone' });
  }

  /** Delivers without waiting for the frame. */
  deliverQuietly(delivery: Omit<Delivery, 'continuity'>): this {
    this.collector.deliver({ continuity: 'next', ...delivery });
    return this;
  }

  deliver(delivery: Omit<Delivery, 'continuity'>): this {
    return this.deliverQuietly(delivery).look();
  }

  /** Title of the open tab. */
  get tab(): string {
    return this.app.state.tab.title;
  }
}
