/** The HTTP servers of the mock cluster: one port per node; every path serves its metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AppError } from '../errors.js';
import type { Clock, Ms } from '../model/clock.js';
import { refuse, atHost, listenError } from '../http/server.js';

export interface ServedNode {
  readonly port: number;
  /** The exposition at `step`. Called at most once per step, and only for a scrape. */
  text(step: number, elapsedSeconds: number): string;
  /** False: it answers 503. */
  up(elapsedSeconds: number): boolean;
}

export interface ServeOptions {
  readonly bind: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds from one set of values to the next. */
  readonly updateMs: number;
}

export interface Cluster {
  /** `host:port`, in the order of the nodes. */
  readonly addresses: readonly string[];
  /** Ends all connections; resolves when every port is free again. */
  stop(): Promise<void>;
}

/** A viewer keeps one connection; this is enough for ten of them. */
const MAX_CONNECTIONS = 10;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** Longer than any sensible scrape interval, so that viewers keep their connection. */
const KEEP_ALIVE_MS = 75_000;

/** Serves one node. The text of a step is made once, for the first scrape. */
function answering(
  node: ServedNode,
  { clock, updateMs }: ServeOptions,
  startedAt: Ms,
): (request: IncomingMessage, response: ServerResponse) => void {
  let madeFor = -1;
  let body = Buffer.alloc(0);
  return (request, response) => {
    const now = clock.now();
    response.setHeader('Date', new Date(now).toUTCString());
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'only GET and HEAD are allowed\n', { Allow: 'GET, HEAD', Connection: 'close' });
      return;
    }
    const elapsedMs = Math.max(0, now - startedAt);
    if (!node.up(elapsedMs / 1000)) {
      refuse(response, 503, 'this node is down for now\n', { 'Cache-Control': 'no-store' });
      return;
    }
    const step = Math.floor(elapsedMs / updateMs);
    if (step !== madeFor) body = Buffer.from(node.text(step, (step * updateMs) / 1000));
    madeFor = step;
    const type = 'text/plain; version=0.0.4; charset=utf-8';
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length, 'Cache-Control': 'max-age=2' });
    response.end(body);
  };
}

function listen(node: ServedNode, options: ServeOptions, startedAt: Ms): Promise<Server> {
  const server = createServer(
    { keepAlive: true, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    answering(node, options, startedAt),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(error, options.bind, node.port));
    });
    server.listen(node.port, options.bind, () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

/**
 * Serves each node on its port (0: any free one). All or none: when a port can't be had the others are given back.
 * @throws AppError E_PORT_IN_USE, E_LISTEN
 */
export async function serveNodes(nodes: readonly ServedNode[], options: ServeOptions): Promise<Cluster> {
  const startedAt = options.clock.now();
  const outcomes = await Promise.allSettled(nodes.map((node) => listen(node, options, startedAt)));
  const servers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map(close));
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason as AppError;
  }
  return { addresses: servers.map((server) => atHost(options.bind, (server.address() as AddressInfo).port)), stop };
}
