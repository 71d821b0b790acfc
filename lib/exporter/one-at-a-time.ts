/**
 * A connection that passes on one request at a time, each after the response to the previous one. The parser of Node.js creates an object
 * for each request in its input: a thousand for a client that sends a thousand at once and never reads. Only part of the input waits here;
 * the rest stays with the sender.
 */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

const [LF, CR] = [10, 13];

/** Finds where heads of requests end: at their first empty line. Those that come before a head are no end of one. */
class HeadEnds {
  #begun = false;
  #lineIsEmpty = true;

  /** How many of these bytes belong to the head that is under way, and whether it ends with them. */
  take(bytes: Uint8Array): { readonly length: number; readonly whole: boolean } {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === LF) {
        if (this.#begun && this.#lineIsEmpty) {
          this.#begun = false;
          return { length: at + 1, whole: true };
        }
        this.#lineIsEmpty = true;
      } else if (byte !== CR) {
        this.#begun = true;
        this.#lineIsEmpty = false;
      }
    }
    return { length: bytes.length, whole: false };
  }
}

export class OneAtATime extends Duplex {
  readonly #socket: Socket;
  readonly #heads = new HeadEnds();
  #rest: Buffer = Buffer.alloc(0);
  /** A request was passed on and is not answered yet. */
  #busy = false;
  #wanted = false;
  #ended = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
      this.#handOn();
    });
    socket.once('end', () => {
      this.#ended = true;
      this.#handOn();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
    socket.on('timeout', () => this.emit('timeout'));
  }

  /** As of a socket: the other end. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** The request is answered: the next may come. */
  next(): void {
    this.#busy = false;
    this.#handOn();
  }

  /** What a server of Node.js expects of a socket. */
  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    this.#wanted = true;
    this.#handOn();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  /** Header and body in one piece, without a copy. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.cork();
    for (const [nth, { chunk }] of chunks.entries()) this.#socket.write(chunk, nth === chunks.length - 1 ? done : undefined);
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest = Buffer.alloc(0);
    this.#socket.destroy();
    done(error);
  }

  #handOn(): void {
    if (this.destroyed) return;
    while (this.#wanted && !this.#busy && this.#rest.length > 0) {
      const { length, whole } = this.#heads.take(this.#rest);
      const part = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      this.#busy = whole;
      this.#wanted = this.push(part);
    }
    if (this.#rest.length > 0 || this.#busy) this.#socket.pause();
    else if (this.#ended) this.push(null);
    else this.#socket.resume();
  }
}
