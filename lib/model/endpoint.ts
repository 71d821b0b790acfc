/** One endpoint that is scraped: a URL, this machine, a node of a recording. */
import { isOurs } from '../errors.js';
import type { Ms } from './clock.js';
import type { NodeFacts } from './columns.js';

/**
 * Number of refreshes that may be missed: after that many an endpoint is overdue, its node is down and not in any total, and its state is
 * unknown. Everything that carries values over missed scrapes uses this limit.
 */
export const MISSED_LIMIT = 3;

/** How long an endpoint may be silent. */
export const overdueAfter = (intervalMs: Ms): Ms => MISSED_LIMIT * intervalMs;

/**
 * Whether an endpoint has been silent for too long. `aliveAt`: the time of its last answer; before the first answer, the time of its first
 * scrape.
 */
export const isOverdue = (aliveAt: Ms, intervalMs: Ms, now: Ms): boolean => now >= aliveAt + overdueAfter(intervalMs);

/** Whether the last attempt failed here, or could not be made in time: nothing is known of the node. */
export const failedHere = ({ error }: Pick<EndpointStatus, 'error'>): boolean => error !== undefined && isOurs(error.code);

/**
 * `waiting`: never answered, and no attempt has ended. `live`: the last attempt succeeded. `failing`: the last attempt failed; the data, if
 * any, is from the last successful scrape.
 */
export type EndpointPhase = 'waiting' | 'live' | 'failing';

export interface EndpointStatus {
  readonly phase: EndpointPhase;
  /** Set after three intervals without an answer; only a success clears it. */
  readonly overdue: boolean;
  /** When the last successful scrape was received, by our clock; undefined: never. */
  readonly okAt: Ms | undefined;
  /** Since when all attempts have failed; undefined while they succeed. */
  readonly failingSince: Ms | undefined;
  readonly failures: number;
  /** The last error as text, cleaned, and its code in the ERRORS table. */
  readonly error: { readonly code: string; readonly text: string } | undefined;
  readonly nextTryAt: Ms | undefined;
  /** From sending the request to the last byte of the last successful answer. */
  readonly latencyMs: Ms | undefined;
  /** The node's clock minus ours, from the Date header (whole seconds); undefined when the header was missing. */
  readonly skewMs: Ms | undefined;
}

export const WAITING: EndpointStatus = {
  phase: 'waiting',
  overdue: false,
  okAt: undefined,
  failingSince: undefined,
  failures: 0,
  error: undefined,
  nextTryAt: undefined,
  latencyMs: undefined,
  skewMs: undefined,
};

/** One endpoint, read-only. */
export interface EndpointView {
  /** Identifies it: the address that is scraped. */
  readonly id: string;
  /** Milliseconds between two scrapes of it; NaN where nothing is scraped: a recording. */
  readonly intervalMs: Ms;
  readonly status: EndpointStatus;
  /** Whether it ever reported GPUs of the node. */
  readonly givesGpus: boolean;
  /** Of its last good answer; undefined: the facts of the node are its own. */
  readonly facts: NodeFacts | undefined;
}

/** What an answer provides besides its rows. */
export interface Answered {
  readonly at: Ms;
  readonly latencyMs?: Ms | undefined;
  readonly skewMs?: Ms | undefined;
}

export interface Failed {
  readonly at: Ms;
  readonly error: { readonly code: string; readonly text: string };
}

/** An endpoint as its source manages it. */
export class Endpoint implements EndpointView {
  readonly id: string;
  readonly intervalMs: Ms;
  /** How often its exporter renews its values, where that is known: an answer is not out of date before the next one could differ. */
  refreshMs: Ms = 0;
  givesGpus = false;
  facts: NodeFacts | undefined;
  #status: EndpointStatus = WAITING;

  constructor(id: string, intervalMs: Ms = NaN) {
    this.id = id;
    this.intervalMs = intervalMs;
  }

  get status(): EndpointStatus {
    return this.#status;
  }

  answered({ at, latencyMs, skewMs }: Answered): void {
    this.#status = { ...WAITING, phase: 'live', okAt: at, latencyMs, skewMs };
  }

  /** An attempt ended without an answer; the facts of the last successful answer stay. */
  failed({ at, error }: Failed): void {
    const { failingSince = at, failures } = this.#status;
    this.setStatus({ phase: 'failing', failingSince, failures: failures + 1, error });
  }

  /** It is overdue because no attempt could be made in time: not a failure of the node. */
  notScraped({ at, error }: Failed): void {
    const { failingSince = at } = this.#status;
    this.setStatus({ phase: 'failing', overdue: true, failingSince, error });
  }

  setStatus(change: Partial<EndpointStatus>): void {
    this.#status = { ...this.#status, ...change };
  }
}

/** How far an endpoint is from answering: the larger, the further. */
function trouble({ phase, overdue, okAt }: EndpointStatus): number {
  if (overdue) return 4;
  if (okAt === undefined) return phase === 'waiting' ? 2 : 3;
  return phase === 'failing' ? 1 : 0;
}

/**
 * The endpoint that decides how its node is. The node is up while every endpoint that ever reported its GPUs is: the worst of those, with the oldest
 * answer. Without GPUs it is up while any endpoint is: the best, with the newest answer.
 */
export function deciding<One extends Pick<EndpointView, 'status' | 'givesGpus'>>(endpoints: readonly One[]): One {
  const giving = endpoints.filter(({ givesGpus }) => givesGpus);
  const sign = giving.length > 0 ? 1 : -1;
  const rank = (a: One, b: One): number => sign * (trouble(a.status) - trouble(b.status) || (b.status.okAt ?? 0) - (a.status.okAt ?? 0));
  return (giving.length > 0 ? giving : endpoints).reduce((best, one) => (rank(one, best) > 0 ? one : best));
}
