/** GET of one metrics page over kept connections: redirects, token, stale connections. got does the talking. */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Got } from 'got';
import { AppError } from '../../errors.js';
import { exchange, StaleConnection, type Answer } from './exchange.js';
import { failureOf } from './failures.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Longest body, decompressed. A full host (50,000 processes) is 65 MB. */
export const MAX_BODY_BYTES = 128 * 2 ** 20;
/** Longest time for an answer whose body keeps moving. */
export const MAX_BODY_MS: Ms = 30_000;
const MAX_REDIRECTS = 2;

export interface ClientOptions {
  readonly clock: Clock;
  /** For connecting and the head of the answer together, and for any silence in the body. */
  readonly timeoutMs: Ms;
  readonly maxBodyMs?: Ms;
  readonly maxBodyBytes?: number;
  /** Sent as bearer token, over https only unless `tokenOverHttp`. Never logged, never part of an error. */
  readonly token?: string;
  readonly tokenOverHttp?: boolean;
  /** Asks for a compressed body. Off: in a cluster's own network inflating costs more than the bytes it saves. */
  readonly compress?: boolean;
  readonly tls?: { readonly certificateAuthority?: string; readonly rejectUnauthorized?: boolean };
}

type Push = (chunk: Uint8Array) => void;

export class HttpClient {
  readonly #options: ClientOptions;
  #agent: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;
  #got: Promise<Got> | undefined;

  /** Throws AppError E_OPTION_BAD when the token does not fit a header. */
  constructor(options: ClientOptions) {
    if (options.token !== undefined && !/^[\x21-\x7e]+$/.test(options.token)) {
      throw new AppError('E_OPTION_BAD', { option: 'ALL_SMI_AUTH_TOKEN', reason: 'has characters that a header cannot carry' });
    }
    this.#options = options;
  }

  /**
   * Hands the decompressed body to `push`, chunk by chunk: nothing is gathered. Rejects with an AppError; what was pushed before is void
   * then. Once `signal` aborts nothing is pushed any more.
   */
  async get(address: string, push: Push, signal: AbortSignal): Promise<Answer> {
    let url = new URL(address);
    for (let redirects = 0; ; redirects++) {
      const outcome = await this.#insist(url, push, signal);
      if (typeof outcome !== 'string') return outcome;
      if (redirects === MAX_REDIRECTS) throw new AppError('S_REDIRECT', { reason: `more than ${MAX_REDIRECTS} in a row` });
      url = redirected(url, outcome);
    }
  }

  close(): void {
    this.#agent?.http.destroy();
    this.#agent?.https.destroy();
  }

  /** The other side may have closed a kept connection just now; that is no failure of the host, a new one tells. */
  async #insist(url: URL, push: Push, signal: AbortSignal): Promise<Answer | string> {
    for (let left = 2; ; left--) {
      try {
        return await this.#try(url, push, signal);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw failureOf(error);
        if (left === 0 || signal.aborted) throw new AppError('S_CUT');
      }
    }
  }

  async #try(url: URL, push: Push, signal: AbortSignal): Promise<Answer | string> {
    const got = await (this.#got ??= this.#load());
    if (signal.aborted) throw new AppError('S_CUT');
    const { clock, timeoutMs, maxBodyMs = MAX_BODY_MS, maxBodyBytes = MAX_BODY_BYTES, token, tokenOverHttp = false } = this.#options;
    const withToken = token !== undefined && (tokenOverHttp || url.protocol === 'https:');
    const stream = got.stream(url, withToken ? { headers: { authorization: `Bearer ${token}` } } : {});
    return exchange(stream, push, { clock, timeoutMs, maxBodyMs, maxBodyBytes }, signal);
  }

  /** With the first request, not before: the first picture waits for neither got nor node's own part. */
  async #load(): Promise<Got> {
    const [{ default: got }, http, https] = await Promise.all([import('got'), import('node:http'), import('node:https')]);
    // Two sockets per host: one in use, and one more while a cancelled one is being closed.
    const keeping = { keepAlive: true, maxSockets: 2 };
    this.#agent = { http: new http.Agent(keeping), https: new https.Agent(keeping) };
    return got.extend({
      agent: this.#agent,
      headers: {
        'user-agent': 'all-smi-view',
        accept: 'text/plain; version=0.0.4, */*; q=0.1',
        'accept-encoding': this.#options.compress ? 'gzip' : 'identity',
      },
      https: { ...this.#options.tls },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: true,
    });
  }
}

/** Where a redirect leads: the same host and port, or from http to https on the same host. Anything else is refused. */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!to) throw new AppError('S_REDIRECT', { reason: 'to no valid address' });
  if (to.protocol === from.protocol && to.host === from.host) return to;
  if (from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname) return to;
  if (to.hostname === from.hostname) throw new AppError('S_REDIRECT', { reason: `to ${to.protocol}//${to.host}` });
  throw new AppError('S_REDIRECT', { reason: `to another host, ${to.host}` });
}
