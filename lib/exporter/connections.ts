/** The open connections. At the limit, the connection that has been idle longest is closed, so that idle clients cannot lock out others. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Over TLS a request refers to the encrypted socket, not to the TCP socket; both have the same remote address. */
const otherEnd = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Maximum of pipelined requests waiting on one connection: no viewer and no Prometheus sends more than one. */
const MAX_WAITING = 4;

export class Connections {
  readonly #max: number;
  /** Requests without an answer, by connection. */
  readonly #open = new Map<Socket, number>();
  readonly #all = new Map<string, Socket>();
  /** Connections without a pending answer, the longest idle first. */
  readonly #idle = new Set<Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  opened(socket: Socket): void {
    const key = otherEnd(socket);
    socket.once('close', () => {
      if (this.#all.get(key) === socket) this.#all.delete(key);
      this.#idle.delete(socket);
      this.#open.delete(socket);
    });
    this.#all.set(key, socket);
    this.#idle.add(socket);
    if (this.#all.size <= this.#max) return;
    const [longest = socket] = this.#idle;
    longest.destroy();
  }

  /**
   * A request has arrived; until it is answered its connection is not idle. False: do not answer, the client keeps sending requests without
   * reading the answers, and is disconnected.
   */
  requested(socket: Socket, response: ServerResponse): boolean {
    const guest = this.#all.get(otherEnd(socket));
    if (guest === undefined || socket.destroyed) return false;
    const open = (this.#open.get(guest) ?? 0) + 1;
    if (open > MAX_WAITING) {
      socket.destroy();
      guest.destroy();
      return false;
    }
    this.#open.set(guest, open);
    this.#idle.delete(guest);
    response.once('close', () => {
      const left = (this.#open.get(guest) ?? 1) - 1;
      if (left > 0) this.#open.set(guest, left);
      else this.#open.delete(guest);
      if (left === 0 && !guest.destroyed) this.#idle.add(guest);
    });
    return true;
  }

  closeAll(): void {
    for (const socket of this.#all.values()) socket.destroy();
  }
}
