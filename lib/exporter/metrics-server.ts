/**
 * The HTTP edge of a node: `/metrics` and `/-/ready`. It serves what was last published and never triggers a collection. A body is built
 * once and shared by all clients, so that a thousand slow clients use no more memory than one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AppError } from '../errors.js';
import { Connections } from './connections.js';
import { ownNames } from './host-names.js';
import { OneAtATime } from './one-at-a-time.js';
import type { Clock, Ms } from '../model/clock.js';
import { affordable } from '../http/open-files.js';
import { atHost, listenError, refuse } from '../http/server.js';

export interface ApiOptions {
  readonly bind: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Pick<Clock, 'now'>;
  /** PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** The token required in `Authorization: Bearer`; absent: anyone may scrape. */
  readonly token?: string | undefined;
  /** Names of this machine that requests may be for, in addition to addresses and localhost. Default: any name. */
  readonly hostNames?: readonly string[];
  /** Additional names: a name, `.example.com` for all of a domain, `*` for any. */
  readonly allowHosts?: readonly string[] | undefined;
  /** The answer until the first publication. */
  readonly waiting: string;
  readonly maxConnections?: number;
  /** A client that takes longer to read an answer is disconnected. Default 15 s. */
  readonly answerMs?: Ms;
}

export interface Api {
  /** 'http://127.0.0.1:9090'. */
  readonly url: string;
  /** How many connections may be open, where that is fewer than usual because open files are limited. */
  readonly limitedTo: number | undefined;
  /** Makes this the answer from now on; the node is ready. */
  publish(text: string): void;
  /** Closes all connections; resolves when the port is free. */
  stop(): Promise<void>;
}

/** A viewer keeps one connection and Prometheus another. */
const MAX_CONNECTIONS = 128;
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** Longer than any sensible scrape interval, so that viewers keep their connection. */
const KEEP_ALIVE_MS = 75_000;
const ANSWER_MS = 15_000;
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const zip = promisify(gzip);

/** A body, and its compressed form, made for the first client that asks for it. */
class Body {
  readonly plain: Buffer;
  #zipped: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
  }
  get zipped(): Promise<Buffer> {
    return (this.#zipped ??= zip(this.plain, { level: 3 }));
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, so that the time does not reveal the token. */
function allowed({ headers }: IncomingMessage, token: Buffer | undefined): boolean {
  if (token === undefined) return true;
  const given = /^bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), token);
}

/** Whether gzip is among the accepted encodings, and not with `q=0`. */
const takesGzip = ({ headers }: IncomingMessage): boolean =>
  (headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some((one) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/.test(one));

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

class Answers {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #token: Buffer | undefined;
  readonly #answerMs: Ms;
  readonly #isOurs: (host: string | undefined) => boolean;
  #body: Body;
  #ready = false;

  constructor({ clock, token, waiting, answerMs = ANSWER_MS, hostNames = [], allowHosts = ['*'] }: ApiOptions) {
    this.#isOurs = ownNames(hostNames, allowHosts);
    this.#clock = clock;
    this.#token = token === undefined ? undefined : digest(token);
    this.#answerMs = answerMs;
    this.#body = new Body(waiting);
  }

  publish(text: string): void {
    this.#body = new Body(text);
    this.#ready = true;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Date', new Date(this.#clock.now()).toUTCString());
    const late = setTimeout(() => request.socket.destroy(), this.#answerMs);
    response.once('close', () => {
      clearTimeout(late);
    });
    if (!this.#isOurs(request.headers.host))
      return refuse(response, 421, 'this exporter does not answer for that host name; allow it with --allow-host\n', {
        Connection: 'close',
      });
    // The body is not read, so the next request after it is not searched for.
    if (hasBody(request)) response.setHeader('Connection', 'close');
    const path = (request.url ?? '').replace(/[?#].*$/s, '');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, 'only GET and HEAD are allowed\n', { Allow: 'GET, HEAD', Connection: 'close' });
    if (path === '/-/ready') return this.#readiness(response);
    if (path !== '/metrics') return refuse(response, 404, 'not found: only /metrics and /-/ready are served\n', {});
    if (!allowed(request, this.#token))
      return refuse(response, 401, 'a token is required\n', { 'WWW-Authenticate': 'Bearer', Connection: 'close' });
    void this.#metrics(request, response);
  }

  #readiness(response: ServerResponse): void {
    if (this.#ready) refuse(response, 200, 'ready\n', { 'Cache-Control': 'no-store' });
    else refuse(response, 503, 'no data collected yet\n', { 'Cache-Control': 'no-store', 'Retry-After': '1' });
  }

  async #metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const zipped = takesGzip(request);
    const body = zipped ? await this.#body.zipped : this.#body.plain;
    const encoding = zipped ? { 'Content-Encoding': 'gzip' } : {};
    response.writeHead(200, {
      'Content-Type': TYPE,
      'Content-Length': body.length,
      Vary: 'Accept-Encoding',
      'Cache-Control': 'no-store',
      ...encoding,
    });
    response.end(body);
  }
}

function serverOf({ tls }: ApiOptions, listener: RequestListener): Server {
  const limits = {
    keepAlive: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
  };
  if (tls === undefined) return createHttp(limits, listener);
  try {
    return createHttps({ ...limits, ...tls, handshakeTimeout: HEADERS_MS }, listener);
  } catch (error) {
    throw new AppError('E_OPTION_BAD', { option: '--tls-cert and --tls-key', reason: (error as Error).message }, { cause: error });
  }
}

/** Puts a `OneAtATime` between each connection and the server. */
function oneAtATime(server: Server, event: 'connection' | 'secureConnection'): void {
  const accept = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    const gate = new OneAtATime(socket);
    for (const listener of accept) listener.call(server, gate);
  });
  server.prependListener('request', ({ socket }: { readonly socket: unknown }, response) => {
    response.once('close', () => {
      if (socket instanceof OneAtATime) socket.next();
    });
  });
}

/** Files reserved for the collection: three pipes for each nvidia-smi that may run at a time, and the files read from /proc. */
const KEPT_FILES = 40;

/** @throws AppError E_PORT_IN_USE, E_LISTEN, E_OPTION_BAD for an invalid certificate */
export async function serveApi(options: ApiOptions): Promise<Api> {
  const { bind, port, tls, maxConnections = affordable(MAX_CONNECTIONS, KEPT_FILES) } = options;
  const answers = new Answers(options);
  const guests = new Connections(maxConnections);
  const server = serverOf(options, (request, response) => {
    guests.requested(request.socket, response);
    answers.answer(request, response);
  });
  oneAtATime(server, tls ? 'secureConnection' : 'connection');
  server.on('connection', (socket: Socket) => {
    guests.opened(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(error, bind, port));
    });
    server.listen(port, bind, resolve);
  });
  // From here on, a connection that could not be accepted affects only itself.
  server.on('error', () => undefined);
  const address = atHost(bind, (server.address() as AddressInfo).port);
  return {
    url: `${tls ? 'https' : 'http'}://${address}`,
    limitedTo: maxConnections < MAX_CONNECTIONS ? maxConnections : undefined,
    publish: (text) => {
      answers.publish(text);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        guests.closeAll();
        server.closeAllConnections();
      }),
  };
}
