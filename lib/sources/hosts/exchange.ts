/** One HTTP exchange: how long it may take, how much may come, what of the answer is believed. */
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
  /** For connecting and the head of the answer together, and for any silence in the body. */
  readonly timeoutMs: Ms;
  /** For the whole answer, as long as its body keeps moving. */
  readonly maxBodyMs: Ms;
  /** Decompressed. */
  readonly maxBodyBytes: number;
}

/** A whole answer with a 2xx status. */
export interface Answer {
  /** When its last byte came, by our clock. */
  readonly at: Ms;
  readonly latencyMs: Ms;
  /** The host's clock minus ours; undefined without a Date header. */
  readonly skewMs: Ms | undefined;
}

/** A kept connection turned out to be closed by the other side. */
export class StaleConnection extends Error {}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Good answers that have no body whatever their head says. */
const BODILESS = new Set([204, 205]);
const NEWLINE = 10;
/** What got undoes, asked for or not, and what leaves the body as it is. */
const ENCODINGS = new Set(['', 'identity', 'gzip', 'deflate', 'br', ...('createZstdDecompress' in zlib ? ['zstd'] : [])]);
const MAX_ENCODING_BYTES = 40;

/**
 * Follows `stream` to its end; every chunk of the body goes to `push` and is forgotten. Resolves with the answer, or with the address a
 * redirect names. Rejects with an AppError, or with StaleConnection. When it is settled nothing is pushed any more.
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
      // got listens for it, so node leaves the connection to whoever takes it.
      request.once('upgrade', ({ statusCode = 101 }: IncomingMessage, socket: Duplex) => {
        socket.destroy();
        this.#refuse(statusCode);
      });
      // got shows the head only after it may have replaced it by that of the inflated body.
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
    // Stays to the end: an error after the outcome must not become an uncaught one.
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
    // A cut body must be noticed here: the inflating stream in between swallows it.
    head.once('error', (error) => {
      this.#onError(error);
    });
    if (REDIRECTS.has(statusCode) && headers.location !== undefined) this.#finish(headers.location);
    else if (statusCode < 200 || statusCode > 299) this.#refuse(statusCode);
    else if (!ENCODINGS.has((headers['content-encoding'] ?? '').toLowerCase()))
      this.fail('S_ENCODING', {
        reason: `content encoding ${clean(headers['content-encoding'] ?? '', MAX_ENCODING_BYTES)} is not supported`,
      });
    else if (Number(headers['content-length']) > this.#limits.maxBodyBytes) this.#tooLarge();
  }

  #refuse(status: number): void {
    const code = status === 401 || status === 403 ? 'S_AUTH' : 'S_HTTP';
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
    // A body that only ends with its connection may have been cut anywhere; the text format ends with a newline.
    const delimited = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || BODILESS.has(statusCode);
    if (!complete || (!delimited && (this.#bytes === 0 || this.#lastByte !== NEWLINE))) return this.fail('S_CUT');
    const at = this.#limits.clock.now();
    this.#finish({ at, latencyMs: at - this.#sentAt, skewMs: this.#skewMs });
  }

  #onError(error: NodeJS.ErrnoException): void {
    const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#finish(closed && !this.#head && this.#request?.reusedSocket ? new StaleConnection() : failureOf(error));
  }

  #restartQuiet(): void {
    this.#cancelQuiet?.();
    if (!this.#settle) return;
    this.#cancelQuiet = this.#limits.clock.after(this.#limits.timeoutMs, () => {
      // After the process was stopped the timer runs before the bytes that waited meanwhile: let them come first.
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

/** A Date header (whole seconds) minus the middle between question and answer. */
function skew(date: string | undefined, middle: Ms): Ms | undefined {
  const server = date !== undefined && HTTP_DATE.test(date) ? Date.parse(date) : NaN;
  return Number.isNaN(server) ? undefined : Math.round(server - middle);
}
