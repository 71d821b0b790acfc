/** The collector of a Prometheus server: asks it for all nodes at once, again and again, and never while it is still asking. */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import type { Ms } from '../../model/clock.js';
import type { Collector, Delivery, Needs } from '../../model/collector.js';
import type { AttributionSource } from '../../model/node.js';
import type { NodeNames } from '../../model/node-names.js';
import type { NodeView } from '../../model/node-view.js';
import { clean } from '../../text/sanitize.js';
import { FrameReader, type ReadFacts, type ReadFrame } from './frame-reader.js';
import { PrometheusServer, type ServerOptions } from './prometheus-server.js';
import { ServerNodes } from './server-nodes.js';

export interface PrometheusOptions extends ServerOptions {
  /** Label matchers that narrow everything. */
  readonly match?: string;
  readonly newParser: () => ScrapeParser;
  readonly names: NodeNames;
  readonly attribution?: AttributionSource;
  /** Default: that of the server's scrapes. */
  readonly intervalMs?: Ms;
  /** Only one frame, as soon as possible. */
  readonly once?: boolean;
  /** Everything that is known of processes is wanted, not only what is on screen. */
  readonly wholeProcesses?: boolean;
  readonly afterCommit?: () => void;
}

const MIN_INTERVAL_MS: Ms = 2000;
/** Asking takes at most this part of the server's time. */
const REST_PER_COST = 10;

/** What is known of the server, for the screen. */
export interface ServerFacts extends ReadFacts {
  readonly address: string;
  /** 'Prometheus 2.42.0'; '' while it is not known. */
  readonly program: string;
  /** Why the last question had no answer; '' if it had one. */
  readonly problem: string;
  /** Since when; undefined: the last question had an answer. */
  readonly failingSince: Ms | undefined;
  readonly intervalMs: Ms;
}

export class PrometheusCollector implements Collector {
  readonly source: string;
  intervalMs: Ms;
  readonly #options: PrometheusOptions;
  readonly #server: PrometheusServer;
  readonly #reader: FrameReader;
  readonly #nodes: ServerNodes;
  #deliver: (delivery: Delivery) => void = () => undefined;
  #first: ReadFrame | undefined;
  #failure: { readonly error: AppError; readonly since: Ms } | undefined;
  #program = '';
  #cancel: (() => void) | undefined;
  #stopped = false;
  #isHurried = false;
  #needs: Needs;

  constructor(options: PrometheusOptions) {
    this.#options = options;
    this.#server = new PrometheusServer(options);
    this.#reader = new FrameReader(this.#server, options.match ?? '', options.clock);
    this.#nodes = new ServerNodes(options);
    this.source = new URL(options.url).host;
    this.intervalMs = options.intervalMs ?? MIN_INTERVAL_MS;
    this.#needs = { processes: options.wholeProcesses ?? false };
  }

  get nodes(): readonly NodeView[] {
    return this.#nodes.all;
  }

  get facts(): ServerFacts {
    return {
      ...this.#reader.facts,
      address: this.#server.address,
      program: this.#program,
      problem: this.#failure?.error.message ?? '',
      failingSince: this.#failure?.since,
      intervalMs: this.intervalMs,
    };
  }

  /** Asks for the first frame, so that the nodes are known. If it fails, it is asked for again once started. */
  async open(): Promise<AppError | undefined> {
    void this.#learnProgram();
    try {
      this.#first = await this.#read();
      this.#nodes.expect(this.#first.frame, this.intervalMs);
      return undefined;
    } catch (thrown) {
      return this.#failed(thrown);
    }
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
    if (this.#first) this.#show(this.#first);
    this.#first = undefined;
    this.#rest();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#deliver = () => undefined;
    this.#cancel?.();
    this.#server.close();
    return Promise.resolve();
  }

  want({ nodes = [], users = [], processes = false }: Needs): void {
    const needs = { nodes, users, processes: processes || this.#options.wholeProcesses === true };
    if (JSON.stringify(needs) === JSON.stringify(this.#needs)) return;
    this.#needs = needs;
    if (nodes.length + users.length > 0 || processes) this.#soon();
  }

  async #tick(): Promise<void> {
    try {
      this.#show(await this.#read());
    } catch (thrown) {
      if (this.#stopped) return;
      const { message } = this.#failed(thrown);
      const error = new AppError('S_SERVER', { reason: message });
      for (const delivery of this.#nodes.silent(error, this.#options.clock.now(), this.intervalMs)) this.#deliver(delivery);
    }
    this.#rest();
  }

  async #read(): Promise<ReadFrame> {
    const frame = await this.#reader.read(this.#needs);
    this.#failure = undefined;
    this.intervalMs =
      this.#options.intervalMs ?? Math.max(this.#reader.intervalMs, REST_PER_COST * this.#reader.facts.costMs, MIN_INTERVAL_MS);
    return frame;
  }

  #show({ frame, offset }: ReadFrame): void {
    const now = this.#options.clock.now();
    const intervalMs = Math.max(this.intervalMs, this.#reader.intervalMs);
    for (const delivery of this.#nodes.show({ frame, now, offset, intervalMs, continuity: 'next' })) this.#deliver(delivery);
    this.#options.afterCommit?.();
  }

  #failed(thrown: unknown): AppError {
    const error = thrown instanceof AppError ? thrown : new AppError('E_INTERNAL', { reason: clean(String(thrown), 200) });
    this.#failure = { error, since: this.#failure?.since ?? this.#options.clock.now() };
    return error;
  }

  /** Now, or once the answer is there that is being waited for. */
  #soon(): void {
    this.#isHurried = this.#cancel === undefined;
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    void this.#tick();
  }

  #rest(): void {
    if (this.#stopped || this.#options.once) return;
    const waitMs = this.#isHurried ? 0 : this.intervalMs;
    this.#isHurried = false;
    this.#cancel = this.#options.clock.after(waitMs, () => {
      this.#cancel = undefined;
      void this.#tick();
    });
  }

  async #learnProgram(): Promise<void> {
    try {
      const data = await this.#server.about('status/buildinfo');
      const version = typeof data === 'object' && data !== null && 'version' in data ? clean(String(data.version), 40) : '';
      this.#program = version === '' ? 'VictoriaMetrics' : `Prometheus ${version}`;
    } catch {
      this.#program = '';
    }
  }
}
