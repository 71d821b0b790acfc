/** Requests over kept-alive connections, of a metrics page or of the answer to a query: redirects, token, stale connections. Uses got. */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Got } from 'got';
import { AppError } from '../../errors.js';
import { exchange, StaleConnection, type Answer } from './exchange.js';
import { failureOf } from './failures.js';
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
  /** Sent as a bearer token, over https only unless `tokenOverHttp`. Never logged, never part of an error. */
  readonly token?: string;
  readonly tokenOverHttp?: boolean;
  /** Requests a compressed body. Off: within a cluster's own network, decompression costs more than the saved bytes. */
  readonly compress?: boolean;
  readonly tls?: { readonly certificateAuthority?: string; readonly rejectUnauthorized?: boolean };
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
  #agent: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;
  #got: Promise<Got> | undefined;
  /** How often loading got has failed. */
  #notLoaded = 0;

  /** Throws AppError E_OPTION_BAD when the token is not valid in a header. */
  constructor(options: ClientOptions) {
    if (options.token !== undefined && !/^[\x21-\x7e]+$/.test(options.token)) {
      throw new AppError('E_OPTION_BAD', { option: 'ALL_SMI_AUTH_TOKEN', reason: 'contains characters that are not allowed in a header' });
    }
    this.#options = options;
  }

  /**
   * Passes the decompressed body to `push`, chunk by chunk: nothing is buffered. Rejects with an AppError; chunks pushed before are then
   * invalid. After `signal` aborts, nothing more is pushed. `form`: sent as the body of a POST.
   */
  async get(address: string, push: Push, signal: AbortSignal, form?: string): Promise<Answer> {
    let url = new URL(address);
    for (let redirects = 0; ; redirects++) {
      const outcome = await this.#insist(() => this.#try(url, push, signal, form), signal);
      if (typeof outcome !== 'string') return outcome;
      if (redirects === MAX_REDIRECTS) throw new AppError('S_REDIRECT', { reason: `more than ${MAX_REDIRECTS} in a row` });
      const next = redirected(url, outcome);
      if (typeof next === 'string') throw new AppError('S_REDIRECT', { reason: withoutToken(next, this.#options.token) });
      url = next;
    }
  }

  close(): void {
    this.#agent?.http.destroy();
    this.#agent?.https.destroy();
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

  async #try(url: URL, push: Push, signal: AbortSignal, form: string | undefined): Promise<Answer | string> {
    const got = await (this.#got ??= this.#load());
    if (signal.aborted) throw new AppError('S_CUT');
    const { clock, timeoutMs, maxBodyMs = MAX_BODY_MS, maxBodyBytes = MAX_BODY_BYTES, token, tokenOverHttp = false } = this.#options;
    const { readsRefusals = false } = this.#options;
    const withToken = token !== undefined && (tokenOverHttp || url.protocol === 'https:');
    const headers = {
      ...(withToken ? { authorization: `Bearer ${token}` } : {}),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const stream = got.stream(url, { headers, ...(form === undefined ? {} : { method: 'POST', body: form }) });
    return exchange(stream, push, { clock, timeoutMs, maxBodyMs, maxBodyBytes, readsRefusals }, signal);
  }

  /** Created at the first request, not before: the first frame should not wait for loading got and node's http. */
  async #load(): Promise<Got> {
    const [got, http, https] = await Promise.all([this.#loadGot(), import('node:http'), import('node:https')]);
    // Two sockets per node: one in use, and another while a cancelled one is being closed.
    const keeping = { keepAlive: this.#options.keepConnections ?? true, maxSockets: 2 };
    this.#agent = { http: new http.Agent(keeping), https: new https.Agent(keeping) };
    return got.extend({
      agent: this.#agent,
      headers: {
        'user-agent': 'all-smi-view',
        accept: this.#options.accept ?? 'text/plain; version=0.0.4, */*; q=0.1',
        'accept-encoding': this.#options.compress ? 'gzip' : 'identity',
        ...this.#options.headers,
      },
      https: { ...this.#options.tls },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: true,
    });
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

/**
 * Allowed redirects: the same host and port, or from http to https on the same host, without a user name and password, which would be sent
 * in place of the token. Otherwise why it is refused.
 */
function redirected(from: URL, location: string): URL | string {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!to) return 'to no valid address';
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return `to a ${to.protocol} address`;
  if (to.hostname !== from.hostname) return `to another host, ${to.host}`;
  if (to.username !== '' || to.password !== '') return 'with a user name or a password';
  if (to.protocol === from.protocol && to.host === from.host) return to;
  return from.protocol === 'http:' && to.protocol === 'https:' ? to : `to ${to.protocol}//${to.host}`;
}

/** A server may send the token back; in the name of a host it is in lower case. */
function withoutToken(text: string, token: string | undefined): string {
  const at = token === undefined ? -1 : text.toLowerCase().indexOf(token.toLowerCase());
  return at < 0 ? text : `${text.slice(0, at)}...`;
}
