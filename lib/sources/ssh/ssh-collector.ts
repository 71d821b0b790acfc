/** The collector of nodes over SSH: to each node one connection, which stays, and the readers of local mode at its end. */
import { AppError } from '../../errors.js';
import type { SampleColumns } from '../../exposition/write/sample-columns.js';
import type { Clock, Ms } from '../../model/clock.js';
import type { Collector, Delivery } from '../../model/collector.js';
import { Endpoint } from '../../model/endpoint.js';
import { Node, type AttributionSource } from '../../model/node.js';
import { NodeNames } from '../../model/node-names.js';
import type { NodeSample } from '../../model/sample.js';
import { clean } from '../../text/sanitize.js';
import type { Target } from '../hostlists/targets.js';
import { Machine, type MachineOptions } from '../local/machine.js';
import { adaptiveInterval } from '../schedule/pace.js';
import { Scheduler, type Rounds } from '../schedule/scheduler.js';
import { remoteAccess } from './remote-access.js';
import { Session } from './session.js';
import { sshArguments, type SshSettings } from './ssh-command.js';
import { StartGate } from './start-gate.js';

export interface SshCollectorOptions extends Pick<MachineOptions, 'nvidiaSmi' | 'procDir' | 'passwdFile' | 'redact' | 'owner'> {
  readonly targets: readonly Target[];
  readonly ssh: SshSettings;
  /** Receives the samples of one node. */
  readonly newColumns: () => SampleColumns;
  readonly clock: Clock;
  /** For the title. */
  readonly source: string;
  /** Default: adaptive, derived from the number of nodes. */
  readonly intervalMs?: Ms;
  /** How long a node may take to be connected, and to acknowledge a request. */
  readonly timeoutMs: Ms;
  readonly names?: NodeNames;
  readonly attribution?: AttributionSource;
  readonly rounds?: Rounds;
  readonly random?: () => number;
  /** Path or name of ssh. Default: on the path. */
  readonly program?: string;
  /** Called after each delivery of data: the point at which user ids may be renumbered. */
  readonly afterCommit?: () => void;
}

interface Lane {
  readonly target: Target;
  readonly columns: SampleColumns;
  readonly node: Node;
  /** The connection, from its beginning. */
  session: Session | undefined;
  link: Link | undefined;
  /** The collection in progress. */
  attempt: object | undefined;
}

/** A connection, and the machine at its end. */
interface Link {
  readonly session: Session;
  readonly machine: Machine;
}

export function createSshCollector(options: SshCollectorOptions): Collector {
  return new SshCollector(options);
}

class SshCollector implements Collector {
  readonly source: string;
  readonly nodes: readonly Node[];
  readonly intervalMs: Ms;
  readonly #options: SshCollectorOptions;
  readonly #lanes: readonly Lane[];
  readonly #scheduler: Scheduler;
  readonly #gate: StartGate;
  /** Connections that are being ended. */
  readonly #ending = new Set<Promise<void>>();
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(options: SshCollectorOptions) {
    const { targets, clock, names = new NodeNames(), attribution, intervalMs = adaptiveInterval(targets.length), rounds, random } = options;
    this.#options = options;
    this.source = options.source;
    this.intervalMs = intervalMs;
    this.#gate = new StartGate(clock);
    this.#lanes = targets.map((target): Lane => {
      const columns = options.newColumns();
      const node = new Node(target, columns, [new Endpoint(target.nodeId, intervalMs)], names, attribution);
      return { target, columns, node, session: undefined, link: undefined, attempt: undefined };
    });
    this.nodes = this.#lanes.map(({ node }) => node);
    this.#scheduler = new Scheduler({
      endpoints: this.nodes.flatMap(({ endpoints }) => endpoints),
      intervalMs,
      clock,
      begin: (nth) => void this.#collect(nth),
      cancel: (nth) => {
        this.#drop(this.#lanes[nth]!);
      },
      overdue: (nth) => {
        this.#deliver({ node: this.#lanes[nth]!.node, kind: 'overdue', continuity: 'next' });
      },
      ...(rounds === undefined ? {} : { rounds }),
      ...(random === undefined ? {} : { random }),
    });
  }

  start(deliver: (delivery: Delivery) => void): void {
    this.#deliver = deliver;
    this.#scheduler.start();
  }

  async stop(): Promise<void> {
    this.#deliver = () => undefined;
    this.#scheduler.stop();
    for (const lane of this.#lanes) this.#drop(lane);
    await Promise.all(this.#ending);
  }

  async #collect(nth: number): Promise<void> {
    const lane = this.#lanes[nth]!;
    const attempt = (lane.attempt = {});
    const isCurrent = (): boolean => lane.attempt === attempt;
    const outcome = await this.#read(lane, isCurrent).catch((thrown: unknown) => internal(thrown));
    if (!isCurrent() || outcome === undefined) return;
    lane.attempt = undefined;
    const delivery = outcome instanceof AppError ? this.#fail(lane, outcome) : this.#commit(lane, outcome);
    // Called last, because it starts others: the result of this one is in the node by now.
    this.#scheduler.settle(nth);
    this.#deliver(delivery);
    if (delivery.kind === 'data') this.#options.afterCommit?.();
  }

  /** Undefined: it is no longer wanted. */
  async #read(lane: Lane, isCurrent: () => boolean): Promise<Outcome | AppError | undefined> {
    const link = lane.link ?? (await this.#connect(lane, isCurrent));
    if (link === undefined || link instanceof AppError) return link;
    const { session, machine } = link;
    // A connection that was lost since the last collection is a failure, and the next attempt makes another.
    if (!session.isOpen) return session.closed;
    const startedAt = this.#options.clock.now();
    const sample = await Promise.race([machine.read(), session.closed]);
    return sample instanceof AppError ? sample : { sample, latencyMs: sample.at - startedAt };
  }

  async #connect(lane: Lane, isCurrent: () => boolean): Promise<Link | AppError | undefined> {
    const leave = await this.#gate.enter(isCurrent);
    if (leave === undefined) return undefined;
    const { clock, ssh, timeoutMs, program = 'ssh', nvidiaSmi, procDir, passwdFile, redact, owner } = this.#options;
    const session = new Session({
      clock,
      ssh: program,
      args: sshArguments(lane.target.endpoints[0]!, ssh, timeoutMs),
      script: { nvidiaSmi, procDir, passwdFile },
      silenceMs: timeoutMs,
    });
    lane.session = session;
    const greeting = await Promise.race([session.ready.catch(() => session.closed), session.closed]);
    leave(!(greeting instanceof AppError));
    if (greeting instanceof AppError || !isCurrent()) return greeting instanceof AppError ? greeting : undefined;
    const access = remoteAccess({ clock, session, greeting, nvidiaSmi, procDir });
    const reading = { nvidiaSmi, procDir, passwdFile, redact, ...(owner === undefined ? {} : { owner }) };
    return (lane.link = { session, machine: new Machine({ ...reading, clock, access, intervalMs: this.intervalMs, scope: 'gpu' }) });
  }

  #commit({ node, columns }: Lane, { sample, latencyMs }: Outcome): Delivery {
    node.commit({ at: sample.at, latencyMs }, columns.load(sample));
    return { node, kind: 'data', continuity: 'next' };
  }

  #fail(lane: Lane, { code, message }: AppError): Delivery {
    this.#drop(lane);
    lane.node.fail({ at: this.#options.clock.now(), error: { code, text: message } });
    return { node: lane.node, kind: 'failed', continuity: 'next' };
  }

  /** The next collection makes another connection. */
  #drop(lane: Lane): void {
    const { session } = lane;
    lane.attempt = lane.link = lane.session = undefined;
    if (session === undefined) return;
    const ended = session.end();
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
  }
}

interface Outcome {
  readonly sample: NodeSample;
  readonly latencyMs: Ms;
}

const internal = (thrown: unknown): AppError =>
  thrown instanceof AppError ? thrown : new AppError('E_INTERNAL', { reason: clean(String(thrown), 200) });
