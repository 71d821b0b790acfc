/** The collector of this machine: writes what it reads to the columns of one node. */
import { AppError } from '../../errors.js';
import type { SampleColumns } from '../../exposition/write/sample-columns.js';
import type { Clock, Ms } from '../../model/clock.js';
import type { Collector, Delivery } from '../../model/collector.js';
import { Endpoint, overdueAfter } from '../../model/endpoint.js';
import { Node, type AttributionSource } from '../../model/node.js';
import type { NodeNames } from '../../model/node-names.js';
import type { NodeSource } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import { every } from './interval.js';
import { Machine, type MachineOptions } from './machine.js';

/** Default interval for reading this machine. */
export const LOCAL_INTERVAL_MS: Ms = 2_000;

export interface LocalCollectorOptions extends Omit<MachineOptions, 'scope' | 'intervalMs'> {
  /** Receives the samples. */
  readonly columns: SampleColumns;
  /** Default 2 s. */
  readonly intervalMs?: Ms;
  /** Default 'localhost'. */
  readonly nodeId?: string;
  /** The names of all nodes of the run. */
  readonly names?: NodeNames;
  /** What else is known of the owners of processes and GPUs. */
  readonly attribution?: AttributionSource;
  /** Called after each delivery of data: the point at which user ids may be renumbered. */
  readonly afterCommit?: () => void;
}

export interface LocalCollector extends Collector {
  /** The state of the sources at the last collection; empty before the first. */
  readonly sources: readonly NodeSource[];
}

/** @throws AppError E_LOCAL_NONE where there is no /proc */
export function createLocalCollector(options: LocalCollectorOptions): LocalCollector {
  const machine = new Machine({ ...options, intervalMs: options.intervalMs ?? LOCAL_INTERVAL_MS, scope: 'all' });
  if (!machine.readable) throw new AppError('E_LOCAL_NONE', { dir: options.procDir });
  return new OneMachine(machine, options);
}

class OneMachine implements LocalCollector {
  readonly source = 'this machine';
  readonly nodes: readonly Node[];
  readonly intervalMs: Ms;
  sources: readonly NodeSource[] = [];
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #columns: SampleColumns;
  readonly #node: Node;
  readonly #afterCommit: () => void;
  #deliver: (delivery: Delivery) => void = () => undefined;
  #end: () => void = () => undefined;
  #disarm: () => void = () => undefined;

  constructor(
    machine: Machine,
    {
      clock,
      columns,
      names,
      attribution,
      nodeId = 'localhost',
      intervalMs = LOCAL_INTERVAL_MS,
      afterCommit = () => undefined,
    }: LocalCollectorOptions,
  ) {
    this.#machine = machine;
    this.#clock = clock;
    this.#columns = columns;
    this.#afterCommit = afterCommit;
    this.intervalMs = intervalMs;
    this.#node = new Node({ nodeId, name: machine.identity.instance }, columns, [new Endpoint(nodeId, intervalMs)], names, attribution);
    this.nodes = [this.#node];
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
    this.#watch();
    this.#end = every(this.#clock, this.intervalMs, () => this.#collect());
  }

  async stop(): Promise<void> {
    this.#deliver = () => undefined;
    this.#end();
    this.#disarm();
    await this.#machine.stop();
  }

  async #collect(): Promise<void> {
    const startedAt = this.#clock.now();
    try {
      const sample = await this.#machine.read();
      this.sources = sample.sources;
      const change = this.#columns.load(sample);
      this.#node.commit({ at: sample.at, latencyMs: sample.at - startedAt, skewMs: 0 }, change);
      this.#node.setStatus({ nextTryAt: startedAt + this.intervalMs });
      this.#watch();
      this.#deliver({ node: this.#node, kind: 'data', continuity: 'next' });
      this.#afterCommit();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Only a bug of ours gets here: failures of sources are part of a sample. */
  #fail(thrown: unknown): void {
    const { code, message: text } = new AppError('E_INTERNAL', { reason: clean(String(thrown), 200) });
    const at = this.#clock.now();
    this.#node.fail({ at, error: { code, text } });
    this.#node.setStatus({ nextTryAt: at + this.intervalMs });
    this.#deliver({ node: this.#node, kind: 'failed', continuity: 'next' });
  }

  /** If the machine is so busy that no result arrives, that is reported, and the old values are not shown as current. */
  #watch(): void {
    this.#disarm();
    this.#disarm = this.#clock.after(overdueAfter(this.intervalMs), () => {
      if (this.#node.status.overdue) return;
      this.#node.setStatus({ overdue: true });
      this.#deliver({ node: this.#node, kind: 'overdue', continuity: 'next' });
    });
  }
}
