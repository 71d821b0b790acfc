import type { BlockCompressor } from '../write/segment-encoders.js';
import { BlockBuffer } from '../codec/block-compressor.js';
import { loadCompress } from '../codec/zstd.js';

/** A compressor that runs in the calling thread: for programs without a screen. */
export async function compressorHere(): Promise<BlockCompressor> {
  const buffer = new BlockBuffer(await loadCompress());
  return {
    add: (chunks) => Promise.resolve(buffer.add(chunks)),
    block: () => Promise.resolve(buffer.block()),
    close: () => Promise.resolve(),
  };
}
