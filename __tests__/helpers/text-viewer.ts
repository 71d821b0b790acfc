/** The whole viewer without a terminal, fed with expositions: the screen of a user who scrapes them. */
import { App } from '../../lib/app/app.js';
import { Node } from '../../lib/model/node.js';
import type { Collector, Delivery } from '../../lib/model/collector.js';
import { MemoryPainter } from '../../lib/paint/memory-painter.js';
import type { TabPlugin } from '../../lib/plugin/types.js';
import { validatePlugin } from '../../lib/plugin/validate.js';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SteppedClock } from './clock.js';
import { BUILT_IN } from './driver.js';
import type { ScrapeParser } from '../../lib/exposition/parser/scanner.js';

class Fed implements Collector {
  readonly source: string;
  readonly intervalMs = 3000;
  readonly nodes: readonly Node[];
  readonly parsers: Parsers;
  readonly #parsers: readonly ScrapeParser[];
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(nodeIds: readonly string[], manyUsers?: number) {
    this.parsers = new Parsers(manyUsers);
    this.source = nodeIds.length === 1 ? 'one node' : `${nodeIds.length} nodes`;
    this.#parsers = nodeIds.map(() => this.parsers.newParser());
    this.nodes = nodeIds.map((nodeId, nth) => new Node({ nodeId }, this.#parsers[nth]!.data));
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  tell(delivery: Delivery): void {
    this.#deliver(delivery);
  }
  feed(text: string, at: number, nth: number): void {
    const [node, parser] = [this.nodes[nth]!, this.#parsers[nth]!];
    parser.push(Buffer.from(text));
    parser.commit(at, 0);
    node.commit({ at, latencyMs: 12 + nth });
    this.#deliver({ node, kind: 'data', continuity: 'next' });
    this.parsers.tidy();
  }
}

export class TextViewer {
  readonly #clock: SteppedClock;
  readonly #app: App;
  readonly #painter: MemoryPainter;
  readonly #collector: Fed;

  readonly parsers: Parsers;

  /** `plugins`: after the built-in ones. `manyUsers`: the number of user ids from which unused ones are looked for. */
  constructor(
    cols: number,
    rows: number,
    now: number,
    nodeIds: readonly string[] = ['node:9090'],
    plugins: readonly TabPlugin[] = [],
    manyUsers?: number,
  ) {
    this.#collector = new Fed(nodeIds, manyUsers);
    this.parsers = this.#collector.parsers;
    this.#clock = new SteppedClock(now);
    this.#painter = new MemoryPainter(cols, rows);
    const save = (): Promise<string> => Promise.reject(new Error('nothing is exported here'));
    const tabs: TabPlugin[] = [];
    for (const plugin of [...BUILT_IN, ...plugins]) tabs.push(validatePlugin(plugin, tabs));
    this.#app = new App({
      plugins: tabs,
      collector: this.#collector,
      painter: this.#painter,
      clock: this.#clock,
      save,
      memory: () => 96 * 2 ** 20,
      onRenumbered: (listen) => {
        this.parsers.onRenumbered(listen);
      },
    });
    this.#app.start();
  }

  press(...names: readonly string[]): this {
    for (const name of names) {
      this.#painter.press(name);
      this.#clock.step(0);
    }
    return this;
  }

  /** The `nth` node refuses connections from now on. */
  fail(nth: number): this {
    this.hosts[nth]!.fail({ at: this.#clock.now(), error: { code: 'S_REFUSED', text: 'connection refused' } });
    return this.#tell(nth, 'failed');
  }

  /** Three intervals pass without an answer from the `nth` node. */
  overdue(nth: number): this {
    this.hosts[nth]!.setStatus({ overdue: true });
    return this.#tell(nth, 'overdue');
  }

  #tell(nth: number, kind: 'failed' | 'overdue'): this {
    this.#collector.tell({ node: this.hosts[nth]!, kind, continuity: 'next' });
    this.#clock.step(250);
    this.#app.loop.soon();
    this.#clock.step(0);
    return this;
  }

  get hosts(): readonly Node[] {
    return this.#collector.nodes;
  }
  get screen(): string {
    return this.#painter.text();
  }

  /** The next scrape of every node at `now`, '' for none: one frame. */
  showAll(texts: readonly string[], now: number): string {
    this.#clock.step(now - this.#clock.now());
    for (const [nth, text] of texts.entries()) if (text !== '') this.#collector.feed(text, now, nth);
    return this.#settled();
  }

  /** The screen after this scrape of the `nth` node at `now`. */
  show(text: string, now: number, nth = 0): string {
    this.#clock.step(now - this.#clock.now());
    this.#collector.feed(text, now, nth);
    return this.#settled();
  }

  /** Paints what was delivered: a key was pressed recently, so painting is not postponed. */
  #settled(): string {
    this.#clock.step(250);
    this.press('F12');
    return this.#painter.text();
  }
}
