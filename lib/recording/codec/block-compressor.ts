/** What a BlockCompressor does, in whichever thread it runs. */
import type { Compress } from './zstd.js';

export class BlockBuffer {
  readonly #compress: Compress;
  #kept: Uint8Array[] = [];

  constructor(compress: Compress) {
    this.#compress = compress;
  }

  add(chunks: readonly Uint8Array[]): Uint8Array {
    const bytes = joined(chunks);
    this.#kept.push(bytes);
    return this.#compress(bytes);
  }

  block(): Uint8Array {
    const kept = this.#kept;
    this.#kept = [];
    return kept.length > 1 ? this.#compress(joined(kept)) : new Uint8Array();
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
