/** Decompressed data, kept in a file of blocks that can be read one by one: a recording of our own, in the cache directory. */
import { closeSync, constants, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Compress, Decompress } from '../codec/zstd.js';
import { encodeIndex, type Block } from '../codec/zstd-format.js';
import type { Ms } from '../../model/clock.js';

const MAX_BLOCK_BYTES = 64 * 2 ** 20;

export interface CopyOptions {
  /** The path of the finished copy; undefined: none, the copy is deleted with the program. */
  readonly path: string | undefined;
  /** The path while it is written; deleted if it is closed unfinished. */
  readonly growing: string;
  readonly maxBytes: number;
  readonly compress: Compress;
  readonly decompress: Decompress;
}

/** Above `maxBytes`, the oldest blocks are dropped: those around the position of the replay remain. */
export class CacheCopy {
  readonly blocks: Block[] = [];
  readonly #options: CopyOptions;
  readonly #descriptor: number;
  #size = 0;
  #frames = 0;
  #finished = false;
  /** Number of blocks dropped from the start. */
  forgotten = 0;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#descriptor = openSync(options.growing, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  }

  append(content: Uint8Array, { firstAt, lastAt, frames }: { readonly firstAt: Ms; readonly lastAt: Ms; readonly frames: number }): void {
    const bytes = this.#options.compress(content);
    if (this.#size + bytes.length > this.#options.maxBytes && this.#size > 0) this.#forget();
    writeSync(this.#descriptor, bytes, 0, bytes.length, this.#size);
    this.blocks.push({
      offset: this.#size,
      length: bytes.length,
      bytes: content.length,
      firstAt,
      lastAt,
      firstFrame: this.#frames,
      frames,
    });
    this.#size += bytes.length;
    this.#frames += frames;
  }

  read(block: number): Uint8Array {
    const { offset, length } = this.blocks[block]!;
    if (block < this.forgotten) return new Uint8Array();
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#descriptor, bytes, 0, length, offset);
    return this.#options.decompress(bytes, MAX_BLOCK_BYTES);
  }

  /** It is complete: writes its end and gives it its name. */
  finish(): void {
    if (this.forgotten > 0 || this.#options.path === undefined) return;
    writeSync(this.#descriptor, encodeIndex(this.blocks), 0, undefined, this.#size);
    renameSync(this.#options.growing, this.#options.path);
    this.#finished = true;
  }

  close(): void {
    closeSync(this.#descriptor);
    if (!this.#finished) rmSync(this.#options.growing, { force: true });
  }

  /** Resets it to its initial state. */
  clear(): void {
    this.blocks.length = 0;
    this.#frames = 0;
    this.forgotten = 0;
    this.#truncate();
  }

  #forget(): void {
    this.forgotten = this.blocks.length;
    this.#truncate();
  }

  #truncate(): void {
    ftruncateSync(this.#descriptor, 0);
    this.#size = 0;
  }
}
