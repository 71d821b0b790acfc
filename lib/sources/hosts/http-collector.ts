/** The collector that scrapes nodes over HTTP: combines scheduler, connections, parsers and records. */
import { AppError } from '../../errors.js';
import { Endpoint } from '../../model/endpoint.js';
import { included } from '../../model/node-view.js';
import { Node, type AttributionSource } from '../../model/node.js';
import { NodeNames } from '../../model/node-names.js';
import { clean } from '../../text/sanitize.js';
import type { Collector, Delivery } from '../../model/collector.js';
import type { Answer } from './exchange.js';
import { adaptiveInterval } from '../schedule/pace.js';
import { HttpClient, type ClientOptions } from './request.js';
import { MAX_ACTIVE, MAX_OPEN, Scheduler, type Rounds } from '../schedule/scheduler.js';
import type { EndpointAddress, Target } from '../hostlists/targets.js';
import { HttpAccesses } from '../http/http-accesses.js';
import type { EndpointReader, NodeReader, ReadFrom } from './node-parser.js';
import type { Ms } from '../../model/clock.js';

export const DEFAULT_TIMEOUT_MS: Ms = 5000;

export interface HttpCollectorOptions extends Omit<ClientOptions, 'timeoutMs' | 'keepConnections'> {
  readonly targets: readonly Target[];
  /** Where the targets may change. */
  readonly changes?: TargetChanges;
  /** Default: no credentials, and the certificate authorities of the system. */
  readonly accesses?: HttpAccesses;
  /** What reads the endpoints of a node. */
  readonly newReader: (endpoints: readonly ReadFrom[]) => NodeReader;
  /** For the title. Default "3 hosts". */
  readonly source?: string;
  /** Default: adaptive, derived from the number of nodes. */
  readonly intervalMs?: Ms;
  /** Default 5 s. */
  readonly timeoutMs?: Ms;
  /** The names of all nodes of the run. Default: of these nodes. */
  readonly names?: NodeNames;
  /** What else is known of the owners of processes and GPUs. */
  readonly attribution?: AttributionSource;
  /** When the first round starts, and whether others follow. */
  readonly rounds?: Rounds;
  readonly random?: () => number;
  /** Connections open at once. If there are fewer than nodes, none is kept open between scrapes. Default: no limit. */
  readonly maxConnections?: number;
  /** Called after each delivery of data: the point at which user ids may be renumbered. */
  readonly afterCommit?: () => void;
}

/** Targets that come and go. */
export interface TargetChanges {
  /** Calls `changed` with all targets whenever they have changed. */
  start(changed: (targets: readonly Target[]) => void): void;
  stop(): void;
}

/** A node, with the numbers of its lanes. */
interface Member {
  readonly record: Node;
  readonly lanes: readonly number[];
}

/** One endpoint of a node. */
interface Lane {
  readonly address: EndpointAddress;
  readonly endpoint: Endpoint;
  readonly parser: EndpointReader;
  readonly record: Node;
  /** Of all endpoints of the node. */
  readonly reader: NodeReader;
  /** The scrape in progress. */
  attempt?: AbortController | undefined;
}

/** Whether each endpoint may keep its connection, with a second one for those being scraped while a cancelled one is being closed. */
export const keepsConnections = (endpoints: number, maxConnections: number): boolean =>
  endpoints + Math.min(endpoints, MAX_ACTIVE) <= maxConnections;

export function createHttpCollector(options: HttpCollectorOptions): Collector {
  return new HttpCollector(options);
}

class HttpCollector implements Collector {
  readonly source: string;
  nodes: readonly Node[];
  readonly intervalMs: Ms;
  readonly #options: HttpCollectorOptions;
  readonly #client: HttpClient;
  readonly #accesses: HttpAccesses;
  /** By number; undefined: its node is gone. */
  readonly #lanes: (Lane | undefined)[] = [];
  readonly #members = new Map<string, Member>();
  readonly #names: NodeNames;
  readonly #scheduler: Scheduler;
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(options: HttpCollectorOptions) {
    const { targets, names = new NodeNames(), timeoutMs = DEFAULT_TIMEOUT_MS, maxConnections = Infinity } = options;
    this.#options = options;
    this.#names = names;
    this.intervalMs = options.intervalMs ?? adaptiveInterval(endpointCount(targets));
    this.source = options.source ?? (targets.length === 1 ? targets[0]!.nodeId : `${targets.length} hosts`);
    this.#accesses = options.accesses ?? new HttpAccesses({ clock: options.clock });
    this.#client = new HttpClient({ ...options, timeoutMs, keepConnections: keepsConnections(endpointCount(targets), maxConnections) });
    this.#scheduler = new Scheduler({
      endpoints: [],
      intervalMs: this.intervalMs,
      clock: options.clock,
      maxOpen: Math.min(MAX_OPEN, maxConnections),
      ...(options.random ? { random: options.random } : {}),
      ...(options.rounds ? { rounds: options.rounds } : {}),
      begin: (host) => void this.#scrape(host),
      cancel: (host) => {
        this.#cancel(host);
      },
      overdue: (host) => {
        this.#overdue(host);
      },
    });
    this.nodes = targets.map((target) => this.#add(target));
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
    this.#scheduler.start();
    if (this.#options.rounds !== 'one') this.#options.changes?.start((targets) => this.#retarget(targets));
  }

  stop(): Promise<void> {
    this.#deliver = () => undefined;
    this.#options.changes?.stop();
    this.#scheduler.stop();
    this.#client.close();
    return Promise.resolve();
  }

  #add(target: Target): Node {
    const endpoints = target.endpoints.map(({ id }) => new Endpoint(id, this.intervalMs));
    const reader = this.#options.newReader(endpoints);
    const record = new Node(target, reader.data, endpoints, this.#names, this.#options.attribution);
    const lanes = endpoints.map((endpoint, at) => {
      this.#lanes.push({ address: target.endpoints[at]!, endpoint, parser: reader.endpoints[at]!, record, reader });
      return this.#scheduler.add(endpoint);
    });
    this.#members.set(keyOf(target), { record, lanes });
    return record;
  }

  /** A target with other labels or endpoints is another node: what was known of it is not carried over. */
  #retarget(targets: readonly Target[]): void {
    const wanted = new Map(targets.map((target) => [keyOf(target), target]));
    const gone = [...this.#members].filter(([key]) => !wanted.has(key));
    for (const [key, { record, lanes }] of gone) {
      this.#members.delete(key);
      this.#names.release(record);
      for (const lane of lanes) {
        this.#scheduler.remove(lane);
        this.#lanes[lane] = undefined;
      }
    }
    for (const [key, target] of wanted) if (!this.#members.has(key)) this.#add(target);
    this.nodes = [...wanted.keys()].map((key) => this.#members.get(key)!.record);
    for (const [, { record }] of gone) this.#deliver({ node: record, kind: 'gone', continuity: 'next' });
  }

  async #scrape(host: number): Promise<void> {
    const lane = this.#lanes[host]!;
    const attempt = (lane.attempt = new AbortController());
    const outcome = await this.#get(lane, attempt.signal).catch((thrown: unknown) => internal(thrown));
    // A cancelled scrape no longer owns its parser, which may already be used for the next one.
    if (attempt.signal.aborted) return;
    lane.attempt = undefined;
    const delivery = outcome instanceof AppError ? this.#fail(host, outcome) : this.#commit(host, outcome);
    // Called last, because it starts other scrapes: the result of this one is in the node by now.
    this.#scheduler.settle(host);
    this.#deliver(delivery);
    if (delivery.kind === 'data') this.#options.afterCommit?.();
  }

  async #get({ address, parser }: Lane, signal: AbortSignal): Promise<Answer> {
    const access = await this.#accesses.of(address.httpConfig);
    return this.#client.get(address.url, access, (chunk) => void parser.push(chunk), signal);
  }

  #commit(host: number, { at, latencyMs, skewMs }: Answer): Delivery {
    const { parser, record, endpoint, reader } = this.#lanes[host]!;
    try {
      const refusal = parser.refusal();
      if (refusal) return this.#fail(host, refusal);
      const change = parser.commit(at, skewMs);
      const isStranger = reader.strangers?.has(parser) === true;
      if (isStranger) record.changed(change);
      else record.commit({ at, latencyMs, skewMs }, change, endpoint);
      endpoint.refreshMs = parser.refreshMs ?? 0;
      endpoint.facts = parser.facts;
      endpoint.givesGpus ||= parser.hasGpus !== false;
      this.#refuseStrangers(host, reader);
      return { node: record, kind: isStranger ? 'failed' : 'data', continuity: 'next', endpoint };
    } catch (thrown) {
      return this.#fail(host, internal(thrown));
    }
  }

  /** Endpoints that report other GPUs than those before them, the one that has just answered among them or not. */
  #refuseStrangers(host: number, { strangers }: NodeReader): void {
    if (strangers === undefined || strangers.size === 0) return;
    for (const [at, lane] of this.#lanes.entries()) {
      const error = lane && strangers.get(lane.parser);
      if (!error) continue;
      const { endpoint, record } = lane;
      endpoint.givesGpus = false;
      if (at === host || endpoint.status.error?.code !== error.code)
        record.fail({ at: this.#options.clock.now(), error: { code: error.code, text: error.message } }, endpoint);
    }
  }

  #fail(host: number, { code, message }: AppError): Delivery {
    const { parser, record, endpoint } = this.#lanes[host]!;
    parser.abort();
    record.fail({ at: this.#options.clock.now(), error: { code, text: message } }, endpoint);
    return { node: record, kind: 'failed', continuity: 'next', endpoint };
  }

  #cancel(host: number): void {
    const lane = this.#lanes[host]!;
    lane.attempt?.abort();
    lane.attempt = undefined;
    lane.parser.abort();
  }

  #overdue(host: number): void {
    const { record, endpoint, parser } = this.#lanes[host]!;
    // The node is up without it, and what it reported is not known any more.
    if (!endpoint.givesGpus && included(record) && parser.drop) record.changed(parser.drop());
    this.#deliver({ node: record, kind: 'overdue', continuity: 'next', endpoint });
  }
}

const endpointCount = (targets: readonly Target[]): number => targets.reduce((sum, { endpoints }) => sum + endpoints.length, 0);

const keyOf = ({ nodeId, name, groups, endpoints }: Target): string => JSON.stringify([nodeId, name, [...groups], endpoints]);

const internal = (thrown: unknown): AppError =>
  thrown instanceof AppError ? thrown : new AppError('E_INTERNAL', { reason: clean(String(thrown), 200) });
