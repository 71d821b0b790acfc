/**
 * The open connections. At the limit, the connection that has been idle longest is closed, or, where none is idle, the one whose answer has
 * been under way longest, so that clients that do nothing cannot lock out others.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Over TLS a request refers to the encrypted socket, not to the TCP socket; both have the same remote address. */
type OtherEnd = Pick<Socket, 'remoteAddress' | 'remotePort'>;
const otherEnd = ({ remoteAddress = '', remotePort = 0 }: OtherEnd): string => `${remoteAddress} ${remotePort}`;

export class Connections {
  readonly #max: number;
  readonly #all = new Map<string, Socket>();
  /** Connections without a pending answer, the longest idle first. */
  readonly #idle = new Set<Socket>();
  /** Connections with a pending answer, the longest pending first. */
  readonly #busy = new Set<Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  opened(socket: Socket): void {
    const key = otherEnd(socket);
    socket.once('close', () => {
      if (this.#all.get(key) === socket) this.#all.delete(key);
      this.#idle.delete(socket);
      this.#busy.delete(socket);
    });
    this.#all.set(key, socket);
    this.#idle.add(socket);
    if (this.#all.size <= this.#max) return;
    const [idle = socket] = this.#idle;
    const [busy] = this.#busy;
    (idle === socket ? (busy ?? socket) : idle).destroy();
  }

  /** A request has arrived; until it is answered its connection is not idle, and passes on no other request. */
  requested(socket: OtherEnd, response: ServerResponse): void {
    const guest = this.#all.get(otherEnd(socket));
    if (guest === undefined) return;
    this.#idle.delete(guest);
    this.#busy.add(guest);
    response.once('close', () => {
      this.#busy.delete(guest);
      if (!guest.destroyed) this.#idle.add(guest);
    });
  }

  closeAll(): void {
    for (const socket of this.#all.values()) socket.destroy();
  }
}
