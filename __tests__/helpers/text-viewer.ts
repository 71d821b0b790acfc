/** The whole viewer without a terminal, fed with expositions of one host: what a person would see who scraped them. */
import { App } from '../../lib/app.js';
import { HostRecord } from '../../lib/model/record.js';
import type { Collector, Delivery } from '../../lib/model/ports.js';
import { MemoryPainter } from '../../lib/paint/painter.js';
import type { ScrapeParser } from '../../lib/wire/parser.js';
import { Wire } from '../../lib/wire/wire.js';
import { SteppedClock } from './clock.js';
import { BUILT_IN } from './driver.js';

class Fed implements Collector {
  readonly source = 'one node';
  readonly intervalMs = 3000;
  readonly hosts: readonly HostRecord[];
  readonly #parser: ScrapeParser = new Wire().newParser();
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor() {
    this.hosts = [new HostRecord({ hostId: 'node:9090' }, this.#parser.data)];
  }
  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  feed(text: string, at: number): void {
    this.#parser.push(Buffer.from(text));
    const change = this.#parser.commit(at, 0);
    this.hosts[0]!.commit({ at });
    this.#deliver({ host: this.hosts[0]!, kind: 'data', continuity: 'next', change });
  }
}

export class TextViewer {
  readonly #clock: SteppedClock;
  readonly #painter: MemoryPainter;
  readonly #collector = new Fed();

  constructor(cols: number, rows: number, now: number) {
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

  /** The screen after this scrape, at `now`. */
  show(text: string, now: number): string {
    this.#clock.step(now - this.#clock.now());
    this.#collector.feed(text, now);
    this.#clock.step(250);
    return this.#painter.text();
  }
}
