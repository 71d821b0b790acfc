/** A server with the HTTP API of Prometheus: its queries, its limits, and what its answers and refusals mean. */
import { AppError } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { clean } from '../../text/sanitize.js';
import { HttpClient } from '../hosts/request.js';
import { HttpAccesses } from '../http/http-accesses.js';
import { SeriesReader, type Envelope, type Series } from './series-reader.js';

export interface ServerOptions {
  /** Before `/api/v1`: whatever path the server, a proxy or a tenant has. */
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs: Ms;
  /** The tenant, where the server has several. */
  readonly orgId?: string;
  /** Credentials and certificates. Default: none. */
  readonly accesses?: HttpAccesses;
}

export interface Result {
  readonly series: readonly Series[];
  readonly warnings: readonly string[];
  readonly partial: boolean;
  /** Of the body, decompressed. */
  readonly bytes: number;
  readonly latencyMs: Ms;
  /** The server's clock minus ours, in whole seconds; undefined: not known. */
  readonly skewMs: Ms | undefined;
}

export interface Range {
  readonly from: Ms;
  readonly to: Ms;
  readonly step: Ms;
}

/** A server may answer four queries at a time before it lets them wait, and others ask it too. */
const MAX_ACTIVE = 3;
/** A query is the work of many scrapes. */
const TIMEOUTS_PER_QUERY = 4;
const MAX_BYTES = 64 * 2 ** 20;
export const MAX_SERIES = 250_000;
/** Longer queries are sent as a form: addresses of this length pass everywhere. */
const MAX_QUERY_IN_ADDRESS = 1500;
const MAX_REASON_BYTES = 200;
/** The answers that say: the query is too large. */
const TOO_LARGE_STATUS: ReadonlySet<number> = new Set([422, 503]);
/** VictoriaMetrics sends 422 for queries that it cannot read, too. */
const UNREADABLE_QUERY = /cannot parse|parse error|unknown func/i;

type Sent = Pick<Result, 'bytes' | 'latencyMs' | 'skewMs'> & { readonly envelope: Envelope };

/** A proxy that only lets through what it takes for reading refuses a POST. */
class PostRefused extends Error {}
const POST_REFUSED: ReadonlySet<string> = new Set(['S_AUTH', 'S_NOT_PROMETHEUS']);

export class PrometheusServer {
  readonly address: string;
  readonly #client: HttpClient;
  readonly #accesses: HttpAccesses;
  readonly #timeoutMs: Ms;
  #active = 0;
  #posts = true;
  readonly #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();

  constructor({ url, clock, timeoutMs, orgId, accesses = new HttpAccesses({ clock }) }: ServerOptions) {
    this.address = url.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs * TIMEOUTS_PER_QUERY;
    this.#accesses = accesses;
    this.#client = new HttpClient({
      clock,
      timeoutMs: this.#timeoutMs,
      maxBodyBytes: MAX_BYTES,
      compress: true,
      accept: 'application/json',
      readsRefusals: true,
      ...(orgId === undefined ? {} : { headers: { 'x-scope-orgid': orgId } }),
    });
  }

  /** The values at a time, by the server's clock; without one, now. Rejects with an AppError. */
  query(query: string, at?: Ms, signal?: AbortSignal): Promise<Result> {
    return this.#ask('query', { query, ...(at === undefined ? {} : { time: secondsText(at) }) }, signal);
  }

  /** The values at several times. Rejects with an AppError. */
  range(query: string, { from, to, step }: Range, signal?: AbortSignal): Promise<Result> {
    return this.#ask('query_range', { query, start: secondsText(from), end: secondsText(to), step: secondsText(step) }, signal);
  }

  /** Something else that it knows: its version, its targets. Rejects with an AppError. */
  async about(path: string): Promise<unknown> {
    const { envelope } = await this.#send(path, '', () => undefined, this.#closing.signal);
    return envelope.data;
  }

  close(): void {
    this.#closing.abort();
    this.#client.close();
  }

  async #ask(path: string, params: Readonly<Record<string, string>>, signal = this.#closing.signal): Promise<Result> {
    const form = new URLSearchParams({
      ...params,
      timeout: `${Math.ceil(this.#timeoutMs / 1000)}s`,
      // VictoriaMetrics leaves out the last 30 seconds otherwise. Others do not know them.
      nocache: '1',
      latency_offset: '1ms',
    }).toString();
    const series: Series[] = [];
    const take = (one: Series): void => {
      if (series.length === MAX_SERIES) throw new AppError('S_QUERY_LIMIT', { reason: `more than ${MAX_SERIES} series` });
      series.push(one);
    };
    const send = (): Promise<Sent> => this.#send(path, form, take, signal);
    const { envelope, ...answer } = await send().catch((thrown: unknown) => {
      if (thrown instanceof PostRefused) return send();
      throw thrown;
    });
    return { series, warnings: envelope.warnings.map((text) => clean(text, MAX_REASON_BYTES)), partial: envelope.partial, ...answer };
  }

  async #send(path: string, form: string, take: (series: Series) => void, signal: AbortSignal): Promise<Sent> {
    await this.#turn();
    const isPosted = this.#posts && form.length > MAX_QUERY_IN_ADDRESS;
    try {
      let bytes = 0;
      const reader = new SeriesReader(take);
      let broken: unknown;
      const push = (chunk: Uint8Array): void => {
        bytes += chunk.length;
        if (broken !== undefined) return;
        try {
          reader.push(chunk);
        } catch (thrown) {
          broken = thrown;
        }
      };
      const url = `${this.address}/api/v1/${path}${form === '' || isPosted ? '' : `?${form}`}`;
      const { status, latencyMs, skewMs } = await this.#client.get(
        url,
        await this.#accesses.of(),
        push,
        signal,
        isPosted ? form : undefined,
      );
      return { envelope: envelopeOf(reader, broken, status), bytes, latencyMs, skewMs };
    } catch (thrown) {
      if (isPosted && thrown instanceof AppError && POST_REFUSED.has(thrown.code)) {
        this.#posts = false;
        throw new PostRefused();
      }
      throw thrown instanceof AppError && thrown.code === 'S_TOO_LARGE'
        ? new AppError('S_QUERY_LIMIT', { reason: thrown.message })
        : thrown;
    } finally {
      this.#active--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#active >= MAX_ACTIVE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active++;
  }
}

/** Throws AppError for a refusal, and for an answer that is not one of such a server. */
function envelopeOf(reader: SeriesReader, broken: unknown, status: number): Envelope {
  if (broken instanceof AppError) throw broken;
  const envelope = broken === undefined ? ended(reader) : undefined;
  if (!envelope) throw new AppError('S_NOT_PROMETHEUS', { what: whatItIs(reader.beginning, status) });
  if (envelope.status === 'success') return envelope;
  const reason = clean(envelope.error || `HTTP ${status}`, MAX_REASON_BYTES);
  const isTooLarge = TOO_LARGE_STATUS.has(status) && !UNREADABLE_QUERY.test(envelope.error);
  throw new AppError(isTooLarge ? 'S_QUERY_LIMIT' : 'S_QUERY', { reason });
}

function ended(reader: SeriesReader): Envelope | undefined {
  try {
    return reader.end();
  } catch {
    return undefined;
  }
}

function whatItIs(beginning: string, status: number): string {
  const first = clean(beginning.trim().split('\n', 1)[0] ?? '', 60).trim();
  const what = first.startsWith('<') ? 'a web page' : first === '' ? 'nothing' : `"${first}"`;
  return status === 200 ? what : `HTTP ${status}, ${what}`;
}

const secondsText = (ms: Ms): string => String(ms / 1000);
