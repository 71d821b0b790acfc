/** One HTTP exchange: its time and size limits, and the checks on its response. */
import { STATUS_CODES, type ClientRequest, type IncomingMessage } from 'node:http';
import * as zlib from 'node:zlib';
import type { Duplex } from 'node:stream';
import type { Request } from 'got';
import { AppError, type ErrorCode } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { failureOf } from './failures.js';
import type { Clock, Ms } from '../../model/clock.js';

export interface Limits {
  readonly clock: Clock;
  /** Limit for connecting and receiving the response headers together, and for any pause in the body. */
  readonly timeoutMs: Ms;
  /** Limit for the whole response, while its body keeps arriving. */
  readonly maxBodyMs: Ms;
  /** Decompressed. */
  readonly maxBodyBytes: number;
  /** A refusal is an answer too: its body says why. Default: only 2xx is, and a missing or a wrong token never. */
  readonly readsRefusals?: boolean;
}

/** A complete response, with a 2xx status unless refusals are read too. */
export interface Answer {
  readonly status: number;
  /** When its last byte was received, by our clock. */
  readonly at: Ms;
  readonly latencyMs: Ms;
  /** The server's clock minus ours; undefined without a Date header. */
  readonly skewMs: Ms | undefined;
}

/** The server had closed a kept-alive connection. */
export class StaleConnection extends Error {}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const UNAUTHORIZED = new Set([401, 403]);
/** Successful statuses whose response never has a body. */
const BODILESS = new Set([204, 205]);
const NEWLINE = 10;
/** The encodings that got decodes, requested or not, and the one that leaves the body unchanged. */
const ENCODINGS = new Set(['', 'identity', 'gzip', 'deflate', 'br', ...('createZstdDecompress' in zlib ? ['zstd'] : [])]);
const MAX_ENCODING_BYTES = 40;

/**
 * Reads `stream` to its end; every chunk of the body is passed to `push` and not kept. Resolves with the response, or with the target of a
 * redirect. Rejects with an AppError, or with StaleConnection. Once it is settled, nothing more is pushed.
 */
export function exchange(
  stream: Request,
  push: (chunk: Uint8Array) => void,
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer | string> {
  return new Promise((resolve, reject) => {
    const following = new Exchange(push, limits, (outcome) => {
      signal.removeEventListener('abort', cancel);
      if (outcome instanceof Error) {
        stream.destroy();
        reject(outcome);
      } else {
        if (typeof outcome === 'string') stream.destroy();
        resolve(outcome);
      }
    });
    const cancel = (): void => {
      following.fail('S_CUT');
    };
    signal.addEventListener('abort', cancel, { once: true });
    following.follow(stream);
  });
}

class Exchange {
  readonly #push: (chunk: Uint8Array) => void;
  readonly #limits: Limits;
  readonly #sentAt: Ms;
  #settle: ((outcome: Answer | string | Error) => void) | undefined;
  #request: ClientRequest | undefined;
  #head: IncomingMessage | undefined;
  #skewMs: Ms | undefined;
  #bytes = 0;
  #lastByte = NEWLINE;
  #cancelQuiet: (() => void) | undefined;
  readonly #cancelTotal: () => void;

  constructor(push: (chunk: Uint8Array) => void, limits: Limits, settle: (outcome: Answer | string | Error) => void) {
    const totalMs = Math.max(limits.maxBodyMs, limits.timeoutMs);
    this.#push = push;
    this.#limits = limits;
    this.#settle = settle;
    this.#sentAt = limits.clock.now();
    this.#cancelTotal = limits.clock.after(totalMs, () => {
      this.fail('S_SLOW_BODY', { seconds: totalMs / 1000 });
    });
    this.#restartQuiet();
  }

  follow(stream: Request): void {
    stream.once('request', (request: ClientRequest) => {
      this.#request = request;
      // Because got listens for this event, node leaves the connection to its listeners.
      request.once('upgrade', ({ statusCode = 101 }: IncomingMessage, socket: Duplex) => {
        socket.destroy();
        this.#refuse(statusCode);
      });
      // got may expose the headers only after replacing them with those of the decompressed body.
      request.prependOnceListener('response', (head: IncomingMessage) => {
        this.#onHead(head);
      });
    });
    stream.once('response', () => {
      if (!this.#settle) return;
      stream.on('data', (chunk: Uint8Array) => {
        this.#onChunk(chunk);
      });
    });
    stream.once('end', () => {
      this.#onEnd();
    });
    // Stays attached to the end: an error after the result must not become an uncaught one.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#onError(error);
    });
    stream.once('close', () => {
      this.fail('S_CUT');
    });
  }

  fail(code: ErrorCode, params: Readonly<Record<string, string | number>> = {}): void {
    this.#finish(new AppError(code, params));
  }

  #onHead(head: IncomingMessage): void {
    const { statusCode = 0, headers } = head;
    const now = this.#limits.clock.now();
    this.#head = head;
    this.#skewMs = skew(headers.date, (this.#sentAt + now) / 2);
    this.#restartQuiet();
    // A truncated body has to be detected here: the decompression stream in between hides it.
    head.once('error', (error) => {
      this.#onError(error);
    });
    if (REDIRECTS.has(statusCode) && headers.location !== undefined) this.#finish(headers.location);
    else if (!this.#accepts(statusCode)) this.#refuse(statusCode);
    else if (!ENCODINGS.has((headers['content-encoding'] ?? '').toLowerCase()))
      this.fail('S_ENCODING', {
        reason: `content encoding ${clean(headers['content-encoding'] ?? '', MAX_ENCODING_BYTES)} is not supported`,
      });
    else if (Number(headers['content-length']) > this.#limits.maxBodyBytes) this.#tooLarge();
  }

  #accepts(status: number): boolean {
    return (status >= 200 && status <= 299) || (this.#limits.readsRefusals === true && status >= 400 && !UNAUTHORIZED.has(status));
  }

  #refuse(status: number): void {
    const code = UNAUTHORIZED.has(status) ? 'S_AUTH' : 'S_HTTP';
    this.fail(code, { status: `${status} ${STATUS_CODES[status] ?? ''}`.trim() });
  }

  #tooLarge(): void {
    this.fail('S_TOO_LARGE', { mib: this.#limits.maxBodyBytes / 2 ** 20 });
  }

  #onChunk(chunk: Uint8Array): void {
    if (!this.#settle || chunk.length === 0) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBodyBytes) return this.#tooLarge();
    this.#lastByte = chunk[chunk.length - 1]!;
    this.#restartQuiet();
    try {
      this.#push(chunk);
    } catch (error) {
      this.fail('E_INTERNAL', { reason: clean(String(error), 200) });
    }
  }

  #onEnd(): void {
    const { headers = {}, complete = false, statusCode = 0 } = this.#head ?? {};
    // A body that ends with its connection may be truncated anywhere; the text format ends with a newline.
    const delimited = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || BODILESS.has(statusCode);
    if (!complete || (!delimited && (this.#bytes === 0 || this.#lastByte !== NEWLINE))) return this.fail('S_CUT');
    const at = this.#limits.clock.now();
    this.#finish({ status: statusCode, at, latencyMs: at - this.#sentAt, skewMs: this.#skewMs });
  }

  #onError(error: NodeJS.ErrnoException): void {
    const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#finish(closed && !this.#head && this.#request?.reusedSocket ? new StaleConnection() : failureOf(error));
  }

  #restartQuiet(): void {
    this.#cancelQuiet?.();
    if (!this.#settle) return;
    this.#cancelQuiet = this.#limits.clock.after(this.#limits.timeoutMs, () => {
      // After the process was stopped, the timer fires before the bytes that arrived meanwhile: let them be read first.
      this.#cancelQuiet = this.#limits.clock.after(0, () => {
        this.fail('S_TIMEOUT', { seconds: this.#limits.timeoutMs / 1000 });
      });
    });
  }

  #finish(outcome: Answer | string | Error): void {
    const settle = this.#settle;
    if (!settle) return;
    this.#settle = undefined;
    this.#cancelQuiet?.();
    this.#cancelTotal();
    settle(outcome);
  }
}

const HTTP_DATE = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The Date header (whole seconds) minus the midpoint between request and response. */
function skew(date: string | undefined, middle: Ms): Ms | undefined {
  const server = date !== undefined && HTTP_DATE.test(date) ? Date.parse(date) : NaN;
  return Number.isNaN(server) ? undefined : Math.round(server - middle);
}
