/** What the HTTP servers of the exporter and the mock cluster have in common. */
import type { ServerResponse } from 'node:http';
import { AppError } from '../errors.js';

/** Sends a short plain-text response. */
export function refuse(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

export const atHost = (bind: string, port: number): string =>
  bind.includes(':') ? `[${bind}]:${String(port)}` : `${bind}:${String(port)}`;

export function listenError(error: NodeJS.ErrnoException, bind: string, port: number): AppError {
  if (error.code === 'EADDRINUSE') return new AppError('E_PORT_IN_USE', { port }, { cause: error });
  return new AppError('E_LISTEN', { address: atHost(bind, port), reason: error.code ?? error.message }, { cause: error });
}
