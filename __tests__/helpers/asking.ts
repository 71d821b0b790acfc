/** The collector of a server, and what it delivers. */
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import type { Delivery } from '../../lib/model/collector.js';
import { NodeNames } from '../../lib/model/node-names.js';
import type { ReplayStatus } from '../../lib/model/replay.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { NodeParser } from '../../lib/sources/hosts/node-parser.js';
import { PrometheusCollector, type PrometheusOptions } from '../../lib/sources/prometheus/prometheus-collector.js';

export class Asking {
  readonly collector: PrometheusCollector;
  readonly deliveries: Delivery[] = [];
  readonly said: string[] = [];
  #changed: () => void = () => undefined;

  constructor(url: string, options: Partial<PrometheusOptions> = {}) {
    const parsers = new Parsers();
    this.collector = new PrometheusCollector({
      url,
      clock: systemClock,
      timeoutMs: 5000,
      names: new NodeNames(),
      newParser: () =>
        new NodeParser(
          [{ id: '', intervalMs: 0 }],
          () => parsers.newParser(),
          () => parsers.holding((users) => new SampleColumns(users, '')),
        ).endpoints[0]!,
      ...options,
    });
    this.collector.onStatus((problem) => {
      if (problem !== undefined) this.said.push(problem);
      this.#changed();
    });
  }

  async start(): Promise<this> {
    await this.collector.open();
    this.collector.start((delivery) => {
      this.deliveries.push(delivery);
      this.#changed();
    });
    return this;
  }

  get status(): ReplayStatus {
    return this.collector.status!;
  }

  /** Looks after each delivery, and in between: not everything is delivered. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, 20);
      });
    }
  }

  async arrive(command: Parameters<PrometheusCollector['command']>[0]): Promise<void> {
    this.deliveries.length = 0;
    this.collector.command(command);
    await this.until(() => this.collector.status?.seeking !== true);
  }

  power(nodeId: string): number[] {
    return [...this.collector.nodes.find((node) => node.nodeId === nodeId)!.gpus.field.powerWatts];
  }
}
