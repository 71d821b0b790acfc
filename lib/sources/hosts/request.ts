/** Requests over kept-alive connections, of a metrics page or of the answer to a query: redirects, stale connections. Uses got. */
import type { Got } from 'got';
import { AppError } from '../../errors.js';
import { exchange, StaleConnection, type Answer } from './exchange.js';
import { failureOf } from './failures.js';
import type { HttpAccess } from '../http/http-access.js';
import { HttpAgents } from '../http/http-agents.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Maximum size of a body, decompressed. A full node (50,000 processes) has 65 MB. */
export const MAX_BODY_BYTES = 128 * 2 ** 20;
/** Time limit for a response while its body keeps arriving. */
export const MAX_BODY_MS: Ms = 30_000;
const MAX_REDIRECTS = 2;

export interface ClientOptions {
  readonly clock: Clock;
  /** Limit for connecting and receiving the response headers together, and for any pause in the body. */
  readonly timeoutMs: Ms;
  readonly maxBodyMs?: Ms;
  readonly maxBodyBytes?: number;
  /** Requests a compressed body. Off: within a cluster's own network, decompression costs more than the saved bytes. */
  readonly compress?: boolean;
  /** Off: a connection ends with its scrape. Default on. */
  readonly keepConnections?: boolean;
  /** What is asked for. Default: metrics as text. */
  readonly accept?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A refusal is an answer too: its body says why. */
  readonly readsRefusals?: boolean;
}

type Push = (chunk: Uint8Array) => void;

export class HttpClient {
  readonly #options: ClientOptions;
  readonly #agents: HttpAgents;
  #got: Promise<Got> | undefined;
  /** How often loading got has failed. */
  #notLoaded = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#agents = new HttpAgents(options.keepConnections);
  }

  /**
   * Passes the decompressed body to `push`, chunk by chunk: nothing is buffered. Rejects with an AppError; chunks pushed before are then
   * invalid. After `signal` aborts, nothing more is pushed. `form`: sent as the body of a POST.
   */
  async get(address: string, access: HttpAccess, push: Push, signal: AbortSignal, form?: string): Promise<Answer> {
    let url = new URL(address);
    for (let redirects = 0; ; redirects++) {
      const outcome = await this.#insist(() => this.#try(url, access, push, signal, form), signal);
      if (typeof outcome !== 'string') return outcome;
      if (redirects === MAX_REDIRECTS) throw new AppError('S_REDIRECT', { reason: `more than ${MAX_REDIRECTS} in a row` });
      url = access.redirected(url, outcome);
    }
  }

  close(): void {
    this.#agents.close();
  }

  /** The server may just have closed a kept-alive connection; that is not a failure of the node, so it is retried on a new connection. */
  async #insist(attempt: () => Promise<Answer | string>, signal: AbortSignal): Promise<Answer | string> {
    for (let left = 2; ; left--) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw failureOf(error);
        if (left === 0 || signal.aborted) throw new AppError('S_CUT');
      }
    }
  }

  async #try(url: URL, access: HttpAccess, push: Push, signal: AbortSignal, form: string | undefined): Promise<Answer | string> {
    const [got, parts] = await Promise.all([(this.#got ??= this.#load()), access.request(url)]);
    const agent = await this.#agents.of(access, parts);
    if (signal.aborted) throw new AppError('S_CUT');
    const { clock, timeoutMs, maxBodyMs = MAX_BODY_MS, maxBodyBytes = MAX_BODY_BYTES, readsRefusals = false } = this.#options;
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const body = form === undefined ? {} : { method: 'POST' as const, body: form };
    const stream = got.stream(url, { agent, headers: { ...parts.headers, ...type }, ...body });
    return exchange(stream, push, { clock, timeoutMs, maxBodyMs, maxBodyBytes, readsRefusals }, signal);
  }

  /** Created at the first request, not before: the first frame should not wait for loading got. */
  async #load(): Promise<Got> {
    const got = await this.#loadGot();
    const client = got.extend({
      mutableDefaults: true,
      headers: {
        'user-agent': 'all-smi-view',
        accept: this.#options.accept ?? 'text/plain; version=0.0.4, */*; q=0.1',
        'accept-encoding': this.#options.compress ? 'gzip' : 'identity',
        ...this.#options.headers,
      },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: true,
    });
    // Nothing is cached. The members of this object, all undefined, would come first in the options of each request, which V8 then gives
    // a new hidden class each time: 16 KiB of old space and 60 us per request.
    client.defaults.options.cacheOptions = {};
    return client;
  }

  /** A failure is that of the scrapes which wait for it; the next scrape tries again. */
  async #loadGot(): Promise<Got> {
    try {
      // Node.js never reads a file again that it could not load, so each attempt has an address of its own.
      const file = `./got.js?${this.#notLoaded}`;
      const { default: got } = await (this.#notLoaded === 0 ? import('./got.js') : (import(file) as Promise<{ readonly default: Got }>));
      return got;
    } catch (error) {
      this.#notLoaded++;
      this.#got = undefined;
      throw notLoaded(error);
    }
  }
}

/** It is not the node that fails. */
function notLoaded(error: unknown): AppError {
  const failure = failureOf(error);
  return failure.code === 'S_NOT_SCRAPED' ? failure : new AppError('S_NOT_SCRAPED', { reason: `cannot load got.js: ${failure.message}` });
}
