/** A real HTTP server that misbehaves on request. Everything goes over real sockets; nothing is faked. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { gzipSync } from 'node:zlib';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  readonly port: number;
  /** '127.0.0.1:PORT'. */
  readonly nodeId: string;
  readonly url: string;
  /** Requests so far. */
  readonly requests: readonly { readonly url: string; readonly headers: http.IncomingHttpHeaders }[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Resolves once all connections are closed. */
  quiet(): Promise<void>;
  behave(behaviour: Behaviour): void;
  /** Stops at once: all connections are dropped, and the port refuses new ones. */
  kill(): Promise<void>;
  /** Listens again on the same port. */
  revive(): Promise<void>;
}

export interface ServerOptions {
  /** `ca`: clients need a certificate of this authority. */
  readonly tls?: { key: string; cert: string; ca?: string; minVersion?: SecureVersion; maxVersion?: SecureVersion };
  /** How long the server keeps an idle connection. Default 5 s, as in node. */
  readonly keepAliveTimeoutMs?: number;
}

export async function startServer(behaviour: Behaviour, options: ServerOptions = {}): Promise<TestServer> {
  let current = behaviour;
  let connections = 0;
  const sockets = new Set<Socket>();
  const requests: { url: string; headers: http.IncomingHttpHeaders }[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    current(request, response);
  };
  const server = options.tls
    ? https.createServer({ ...options.tls, requestCert: options.tls.ca !== undefined }, onRequest)
    : http.createServer(onRequest);
  if (options.keepAliveTimeoutMs !== undefined) server.keepAliveTimeout = options.keepAliveTimeoutMs;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    nodeId: `127.0.0.1:${port}`,
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/metrics`,
    requests,
    get connections() {
      return connections;
    },
    behave(next) {
      current = next;
    },
    async quiet() {
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    },
    async kill() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    revive: () => listen(port),
  };
}

const until = (response: ServerResponse, everyMs: number, step: () => void): void => {
  const timer = setInterval(step, everyMs);
  response.on('close', () => {
    clearInterval(timer);
  });
};

/** Answers with `body`. */
export const answers =
  (body: string | Uint8Array, headers: http.OutgoingHttpHeaders = {}): Behaviour =>
  (_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-length': Buffer.byteLength(body), ...headers })
      .end(body);
  };

/** Accepts the connection, reads the request and never answers. */
export const hangs: Behaviour = () => undefined;

/** Sends the start of a body, then nothing, and keeps the connection open. */
export const stallsAfter =
  (start: string): Behaviour =>
  (_, response) => {
    response.writeHead(200).write(start);
  };

/** Sends `body` in `pieces`, one every `everyMs`. */
export const drips =
  (pieces: readonly string[], everyMs: number): Behaviour =>
  (_, response) => {
    response.writeHead(200);
    let next = 0;
    until(response, everyMs, () => {
      const piece = pieces[next++];
      if (piece === undefined) response.end();
      else response.write(piece);
    });
  };

/** Sends `piece` every `everyMs`, forever. */
export const dripsForEver =
  (piece: string, everyMs: number): Behaviour =>
  (_, response) => {
    response.writeHead(200);
    until(response, everyMs, () => response.write(piece));
  };

/** Sends a status line and then one endless header, a byte every `everyMs`. */
export const dripsHead =
  (everyMs: number): Behaviour =>
  (request, response) => {
    request.socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
    until(response, everyMs, () => request.socket.write('x'));
  };

/** Writes `bytes` to the socket unchanged, header included, and closes it or leaves that to the client. */
export const raw =
  (bytes: string | Uint8Array, then: 'closes' | 'stays open' = 'closes'): Behaviour =>
  (request) => {
    if (then === 'closes') request.socket.end(bytes);
    else request.socket.write(bytes);
  };

/** Announces the whole `body` but closes after `bytes` of it. `how`: how the length of the body is announced. */
export const cutsAfter = (body: string, bytes: number, how: 'length' | 'chunked' | 'close'): Behaviour => {
  const head = { length: `Content-Length: ${Buffer.byteLength(body)}`, chunked: 'Transfer-Encoding: chunked', close: 'Connection: close' }[
    how
  ];
  const start = Buffer.from(body).subarray(0, bytes);
  const chunk =
    how === 'chunked' && bytes > 0 ? Buffer.concat([Buffer.from(`${bytes.toString(16)}\r\n`), start, Buffer.from('\r\n')]) : start;
  return raw(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), chunk]));
};

/** Closes without an answer. */
export const closesAtOnce: Behaviour = (request) => {
  request.socket.destroy();
};

/** Another status, with a body that must not be read as metrics. */
export const fails =
  (status: number): Behaviour =>
  (_, response) => {
    response.writeHead(status).end('all_smi_gpu_utilization{gpu="x"} 99\n');
  };

export const redirects =
  (location: string, status = 302): Behaviour =>
  (_, response) => {
    response.writeHead(status, { location }).end();
  };

/** A different behaviour for each path; the last one for all others. */
export const routes =
  (table: Readonly<Record<string, Behaviour>>, otherwise: Behaviour): Behaviour =>
  (request, response) => {
    (table[request.url ?? ''] ?? otherwise)(request, response);
  };

/** Sends `bytes` of comment lines as fast as the client reads, without announcing the length. */
export const floods =
  (bytes: number): Behaviour =>
  (_, response) => {
    const block = Buffer.from(`# ${'x'.repeat(1021)}\n`.repeat(64));
    let left = bytes;
    const go = (): void => {
      while (left > 0) {
        left -= block.length;
        if (!response.write(block)) return void response.once('drain', go);
      }
      response.end();
    };
    response.writeHead(200);
    go();
  };

/** `bytes` of comment lines, gzipped to a thousandth of the size. */
export const gzipBomb = (bytes: number): Behaviour =>
  answers(gzipSync(Buffer.alloc(bytes, `# ${'x'.repeat(125)}\n`)), { 'content-encoding': 'gzip' });
