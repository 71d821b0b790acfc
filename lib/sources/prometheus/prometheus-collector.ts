/**
 * The collector of a Prometheus server: asks it for all nodes at once, again and again, and never while it is still asking. It shows the present until
 * it is told to go to the past.
 */
import { AppError } from '../../errors.js';
import type { ScrapeParser } from '../../exposition/parser/index.js';
import type { Ms } from '../../model/clock.js';
import type { Delivery, Needs } from '../../model/collector.js';
import type { Replay, ReplayStatus, Transport } from '../../model/replay.js';
import type { AttributionSource } from '../../model/node.js';
import type { NodeNames } from '../../model/node-names.js';
import type { NodeView } from '../../model/node-view.js';
import { clean } from '../../text/sanitize.js';
import { OUR_DIALECTS, type Dialects } from '../dialects/dialects.js';
import { FrameReader, type ReadFacts, type ReadFrame } from './frame-reader.js';
import { PrometheusServer, type ServerOptions } from './prometheus-server.js';
import { ServerNodes } from './server-nodes.js';
import { TimeTravel } from './time-travel.js';

export interface PrometheusOptions extends ServerOptions {
  /** Label matchers that narrow everything. */
  readonly match?: string;
  /** Other exporters. Default: those that are known. */
  readonly dialects?: Dialects | undefined;
  readonly newParser: () => ScrapeParser;
  readonly names: NodeNames;
  readonly attribution?: AttributionSource;
  /** Default: that of the server's scrapes. */
  readonly intervalMs?: Ms;
  /** The past at first, at this time. */
  readonly startAt?: Ms;
  /** Of playing the past. Default 1. */
  readonly speed?: number;
  /** Only one frame, as soon as possible. */
  readonly once?: boolean;
  /** Everything that is known of processes is wanted, not only what is on screen. */
  readonly wholeProcesses?: boolean;
  readonly afterCommit?: () => void;
}

const MIN_INTERVAL_MS: Ms = 2000;
const SECOND: Ms = 1000;
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

export class PrometheusCollector implements Replay {
  readonly source: string;
  intervalMs: Ms;
  readonly #options: PrometheusOptions;
  readonly #server: PrometheusServer;
  readonly #reader: FrameReader;
  readonly #pastReader: FrameReader;
  readonly #nodes: ServerNodes;
  #deliver: (delivery: Delivery) => void = () => undefined;
  #listen: (problem?: string) => void = () => undefined;
  #first: ReadFrame | undefined;
  #travel: TimeTravel | undefined;
  /** What is shown next replaces whatever was on screen: it is of another time. */
  #isJump = false;
  #failure: { readonly error: AppError; readonly since: Ms } | undefined;
  #frames = 0;
  #program = '';
  #cancel: (() => void) | undefined;
  #stopped = false;
  #isHurried = false;
  #opening: Promise<AppError | undefined> = Promise.resolve(undefined);
  #isOpen = false;
  #needs: Needs;

  constructor(options: PrometheusOptions) {
    this.#options = options;
    this.#server = new PrometheusServer(options);
    const { all } = options.dialects ?? OUR_DIALECTS;
    const newReader = (): FrameReader => new FrameReader(this.#server, options.match ?? '', options.clock, all);
    this.#reader = newReader();
    this.#pastReader = newReader();
    this.#nodes = new ServerNodes(options);
    this.source = new URL(options.url).host;
    this.intervalMs = options.intervalMs ?? MIN_INTERVAL_MS;
    if (options.startAt !== undefined) this.#travel = this.#newTravel(options.startAt);
    this.#needs = { processes: options.wholeProcesses ?? false };
  }

  get nodes(): readonly NodeView[] {
    return this.#nodes.all;
  }

  get status(): ReplayStatus | undefined {
    return this.#travel?.status;
  }

  onStatus(listen: (problem?: string) => void): void {
    this.#listen = listen;
  }

  command(transport: Transport): string | undefined {
    if (!this.#travel && transport.action !== 'seek') return undefined;
    if (!this.#travel) {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#travel = this.#newTravel(this.#options.clock.now());
    }
    const notice = this.#travel.command(transport);
    this.#listen();
    return notice;
  }

  get facts(): ServerFacts {
    return {
      ...(this.#travel ? this.#pastReader : this.#reader).facts,
      address: this.#server.address,
      program: this.#program,
      problem: this.#failure?.error.message ?? '',
      failingSince: this.#failure?.since,
      intervalMs: this.intervalMs,
    };
  }

  /** Asks for the first frame, so that the nodes are known. If it fails, it is asked for again once started. */
  open(): Promise<AppError | undefined> {
    return (this.#opening = this.#open());
  }

  async #open(): Promise<AppError | undefined> {
    void this.#learnProgram();
    try {
      this.#first = this.#travel ? await this.#travel.open() : await this.#read();
      this.#nodes.expect(this.#first.frame, this.intervalMs);
      return undefined;
    } catch (thrown) {
      return this.#failed(thrown);
    } finally {
      this.#isOpen = true;
    }
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
    // A server that takes its time does not keep the screen from opening.
    if (this.#isOpen) this.#begin();
    else
      void this.#opening.then(() => {
        this.#begin();
      });
  }

  #begin(): void {
    if (this.#stopped) return;
    if (this.#first && this.#options.startAt !== undefined) this.#showPast(this.#first, 'next');
    else if (this.#first && !this.#travel) this.#show(this.#first);
    this.#first = undefined;
    this.#rest();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#deliver = this.#listen = () => undefined;
    this.#travel?.stop();
    this.#cancel?.();
    this.#server.close();
    return Promise.resolve();
  }

  want({ nodes = [], users = [], processes = false }: Needs): void {
    const needs = { nodes, users, processes: processes || this.#options.wholeProcesses === true };
    if (JSON.stringify(needs) === JSON.stringify(this.#needs)) return;
    this.#needs = needs;
    if (nodes.length + users.length === 0 && !processes) return;
    if (this.#travel) this.#travel.refresh();
    else this.#soon();
  }

  async #tick(): Promise<void> {
    try {
      const read = await this.#read();
      if (this.#travel) return;
      this.#show(read);
    } catch (thrown) {
      if (this.#stopped || this.#travel) return;
      const { message } = this.#failed(thrown);
      const error = new AppError('S_SERVER', { reason: message });
      for (const delivery of this.#nodes.silent(error, this.#options.clock.now(), this.intervalMs)) this.#deliver(delivery);
    }
    this.#rest();
  }

  async #read(): Promise<ReadFrame> {
    const frame = await this.#reader.read(this.#needs);
    this.#failure = undefined;
    // The first frame costs more: it finds out what there is.
    const restMs = this.#frames++ === 0 ? 0 : REST_PER_COST * this.#reader.facts.costMs;
    const intervalMs = Math.max(this.#reader.intervalMs, restMs, MIN_INTERVAL_MS);
    this.intervalMs = this.#options.intervalMs ?? Math.ceil(intervalMs / SECOND) * SECOND;
    return frame;
  }

  #show({ frame, offset }: ReadFrame): void {
    const now = this.#options.clock.now();
    const intervalMs = Math.max(this.intervalMs, this.#reader.intervalMs);
    const continuity = this.#isJump ? 'jump' : 'next';
    this.#isJump = false;
    for (const delivery of this.#nodes.show({ frame, now, offset, intervalMs, continuity })) this.#deliver(delivery);
    this.#options.afterCommit?.();
  }

  /** By the server's clock: there is no other in the past. */
  #showPast({ frame, at }: ReadFrame, continuity: Delivery['continuity']): void {
    const { intervalMs } = this.#pastReader;
    for (const delivery of this.#nodes.show({ frame, now: at, offset: 0, intervalMs, continuity })) this.#deliver(delivery);
    this.#options.afterCommit?.();
  }

  #newTravel(at: Ms): TimeTravel {
    const { clock, speed = 1 } = this.#options;
    return new TimeTravel(
      {
        server: this.#server,
        reader: this.#pastReader,
        clock,
        speed,
        needs: () => this.#needs,
        show: (read, continuity) => {
          this.#showPast(read, continuity);
        },
        changed: (problem) => {
          this.#listen(problem);
        },
        live: () => {
          this.#goLive();
        },
      },
      at,
    );
  }

  #goLive(): void {
    this.#travel?.stop();
    this.#travel = undefined;
    this.#isJump = true;
    this.#listen();
    void this.#tick();
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
    if (this.#stopped || this.#options.once || this.#travel) return;
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
