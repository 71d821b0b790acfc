/** The whole viewer without a terminal, fed with expositions: what a person would see who scraped them. */
import { App } from '../../lib/app.js';
import { HostRecord } from '../../lib/model/record.js';
import type { Collector, Delivery } from '../../lib/model/ports.js';
import { MemoryPainter } from '../../lib/paint/painter.js';
import type { ScrapeParser } from '../../lib/wire/parser.js';
import { Wire } from '../../lib/wire/wire.js';
import { SteppedClock } from './clock.js';
import { BUILT_IN } from './driver.js';

class Fed implements Collector {
  readonly source: string;
  readonly intervalMs = 3000;
  readonly hosts: readonly HostRecord[];
  readonly #parsers: readonly ScrapeParser[];
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(hostIds: readonly string[]) {
    const wire = new Wire();
    this.source = hostIds.length === 1 ? 'one node' : `${hostIds.length} nodes`;
    this.#parsers = hostIds.map(() => wire.newParser());
    this.hosts = hostIds.map((hostId, nth) => new HostRecord({ hostId }, this.#parsers[nth]!.data));
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  feed(text: string, at: number, nth: number): void {
    const [host, parser] = [this.hosts[nth]!, this.#parsers[nth]!];
    parser.push(Buffer.from(text));
    const change = parser.commit(at, 0);
    host.commit({ at });
    this.#deliver({ host, kind: 'data', continuity: 'next', change });
  }
}

export class TextViewer {
  readonly #clock: SteppedClock;
  readonly #painter: MemoryPainter;
  readonly #collector: Fed;

  constructor(cols: number, rows: number, now: number, hostIds: readonly string[] = ['node:9090']) {
    this.#collector = new Fed(hostIds);
    this.#clock = new SteppedClock(now);
    this.#painter = new MemoryPainter(cols, rows);
    const save = (): Promise<string> => Promise.reject(new Error('nothing is exported here'));
    new App({ plugins: BUILT_IN, collector: this.#collector, painter: this.#painter, clock: this.#clock, save }).start();
  }

  press(...names: readonly string[]): this {
    for (const name of names) {
      this.#painter.press(name);
      this.#clock.step(0);
    }
    return this;
  }

  get hosts(): readonly HostRecord[] {
    return this.#collector.hosts;
  }
  get screen(): string {
    return this.#painter.text();
  }

  /** The screen after this scrape of the `nth` host, at `now`. */
  show(text: string, now: number, nth = 0): string {
    this.#clock.step(now - this.#clock.now());
    this.#collector.feed(text, now, nth);
    this.#clock.step(250);
    return this.#painter.text();
  }
}
