/** Who is connected. When the house is full, who has been idle longest makes room: nobody keeps others out by doing nothing. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Over TLS a request names the encrypted socket, and not the one that connected; both have the same other end. */
const otherEnd = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;

export class Connections {
  readonly #max: number;
  readonly #all = new Map<string, Socket>();
  /** Those that aren't being answered, who was so longest first. */
  readonly #idle = new Set<Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  opened(socket: Socket): void {
    const key = otherEnd(socket);
    socket.once('close', () => {
      if (this.#all.get(key) === socket) this.#all.delete(key);
      this.#idle.delete(socket);
    });
    this.#all.set(key, socket);
    this.#idle.add(socket);
    if (this.#all.size <= this.#max) return;
    const [longest = socket] = this.#idle;
    longest.destroy();
  }

  /** A request has come; until its answer is gone its sender isn't idle. */
  requested(socket: Socket, response: ServerResponse): void {
    const guest = this.#all.get(otherEnd(socket));
    if (guest === undefined) return;
    this.#idle.delete(guest);
    response.once('close', () => {
      if (!guest.destroyed) this.#idle.add(guest);
    });
  }

  closeAll(): void {
    for (const socket of this.#all.values()) socket.destroy();
  }
}
