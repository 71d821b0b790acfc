/**
 * Writes to a terminal that may stop reading. Node writes to a TTY synchronously, so a stalled terminal (Ctrl-S, a dead link) would block the
 * whole program; here the descriptor is non-blocking, and output that the terminal does not accept is queued.
 */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Clock, Ms } from '../model/clock.js';

/** How often a stalled terminal is retried. */
const RETRY_MS = 10;

/** The part of process.stdout that is used; `_handle` is what libuv made of the descriptor. */
export interface TerminalOut extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly fd?: number;
  readonly columns?: number;
  readonly rows?: number;
  /** Reads the size again and emits 'resize' when it changed. */
  _refreshSize?(): void;
  readonly _handle?: { setBlocking?(blocking: boolean): number } | null;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Sleeps synchronously: only for the last bytes before the process ends or stops. */
function pause(ms: Ms): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export class Output {
  bytesWritten = 0;
  readonly #stream: TerminalOut;
  readonly #clock: Clock;
  /** Set if the descriptor could be made non-blocking; otherwise the stream is used. */
  readonly #fd: number | undefined;
  #backlog: Buffer = Buffer.alloc(0);
  #inStream = 0;
  #waitingSince: Ms | undefined;
  #cancel: (() => void) | undefined;
  #gone = false;
  #drained: (waitedMs: Ms) => void = () => undefined;

  constructor(stream: TerminalOut, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#fd = this.#setBlocking(false) ? stream.fd : undefined;
  }

  /** The terminal is gone: output is discarded. */
  get gone(): boolean {
    return this.#gone || (this.#fd !== undefined && !isatty(this.#fd));
  }

  /** Part of an earlier write is still queued. */
  get waiting(): boolean {
    return this.#waitingSince !== undefined;
  }

  /** Called when the queue has been written, with the time that took. */
  onDrain(run: (waitedMs: Ms) => void): void {
    this.#drained = run;
  }

  write(text: string): void {
    if (this.#gone || text === '') return;
    if (this.#fd === undefined) {
      this.#writeStream(text);
      return;
    }
    const bytes = Buffer.from(text);
    this.#backlog = this.#backlog.length === 0 ? bytes : Buffer.concat([this.#backlog, bytes]);
    if (!this.waiting) this.#push();
  }

  /**
   * Writes `text` instead of whatever is waiting, now, blocking for at most `patienceMs`: for leaving the terminal. It has to begin with
   * ESC, since it may follow half a sequence.
   */
  finish(text: string, patienceMs: Ms = 500): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waitingSince = undefined;
    if (this.#gone) return;
    if (this.#fd === undefined) {
      this.#writeStream(text);
      return;
    }
    this.#backlog = Buffer.from(text);
    for (let waited = 0; !this.#drain() && waited < patienceMs; waited += RETRY_MS) pause(RETRY_MS);
    this.#backlog = Buffer.alloc(0);
  }

  /** Restores the descriptor. */
  release(): void {
    if (this.#fd !== undefined) this.#setBlocking(true);
  }

  /** Non-blocking again, after another program had the terminal. */
  hold(): void {
    if (this.#fd !== undefined) this.#setBlocking(false);
  }

  /** False if there is no such descriptor or it cannot be set. */
  #setBlocking(blocking: boolean): boolean {
    const { isTTY, fd, _handle: handle } = this.#stream;
    if (isTTY !== true || typeof fd !== 'number' || process.platform === 'win32') return false;
    try {
      return handle?.setBlocking?.(blocking) === 0;
    } catch {
      return false;
    }
  }

  /** Writes as much as the descriptor accepts; true if nothing is left. */
  #drain(): boolean {
    while (this.#backlog.length > 0) {
      let taken: number;
      try {
        taken = writeSync(this.#fd!, this.#backlog);
      } catch (error) {
        if (codeOf(error) === 'EINTR') continue;
        if (codeOf(error) === 'EAGAIN') return false;
        this.#gone = true;
        this.#backlog = Buffer.alloc(0);
        return true;
      }
      this.bytesWritten += taken;
      this.#backlog = this.#backlog.subarray(taken);
    }
    return true;
  }

  #push(): void {
    this.#cancel = undefined;
    if (this.#drain()) {
      this.#notifyDrained();
      return;
    }
    this.#waitingSince ??= this.#clock.now();
    this.#cancel = this.#clock.after(RETRY_MS, () => {
      this.#push();
    });
  }

  #writeStream(text: string): void {
    const size = Buffer.byteLength(text);
    this.#inStream += size;
    this.#waitingSince ??= this.#clock.now();
    this.#stream.write(text, (error) => {
      this.#inStream -= size;
      this.#gone ||= error !== undefined && error !== null;
      if (this.#inStream === 0) this.#notifyDrained();
    });
    this.bytesWritten += size;
  }

  #notifyDrained(): void {
    if (this.#waitingSince === undefined) return;
    const waited = this.#clock.now() - this.#waitingSince;
    this.#waitingSince = undefined;
    this.#drained(waited);
  }
}
