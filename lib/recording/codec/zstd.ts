/**
 * Compresses and decompresses zstd: with node if it supports zstd (22.15 and later), otherwise with packages that are loaded on demand.
 * Callers that decompress must have checked the frame first (zstd-format.ts): the packages trust its header.
 */
import zlib from 'node:zlib';
import type * as ZstdWasm from '@bokuweb/zstd-wasm';
import { lazy } from '../../model/lazy.js';
import { Damaged } from '../read/chunk.js';
import { Xxh64 } from './xxh64.js';
import { frameHeader } from './zstd-format.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Missing in node's types of version 20. */
interface BuiltIn {
  readonly zstdCompressSync: (bytes: Uint8Array, options: object) => Bytes;
  readonly zstdDecompressSync: (bytes: Uint8Array, options: object) => Bytes;
}
const builtIn = 'zstdCompressSync' in zlib ? (zlib as unknown as BuiltIn) : undefined;

const LEVEL = 3;

/** One frame of all `bytes`. May take 10 ms per MiB: not for the thread that paints. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

/** Loaded once: the package must not be initialised twice. */
export const loadCompress = lazy(newCompress);

async function newCompress(): Promise<Compress> {
  if (builtIn) {
    const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants as unknown as Record<string, number>;
    const params = { [ZSTD_c_compressionLevel!]: LEVEL, [ZSTD_c_checksumFlag!]: 1 };
    return (bytes) => builtIn.zstdCompressSync(bytes, { params });
  }
  // CommonJS: in the bundle it only has a default export.
  const { default: zstd } = (await import('@bokuweb/zstd-wasm')) as unknown as { readonly default: typeof ZstdWasm };
  await zstd.init();
  return (bytes) => zstd.compress(bytes, LEVEL);
}

/** The content of one complete frame, at most `maxBytes`. Throws if it is damaged or larger. */
export type Decompress = (frame: Uint8Array, maxBytes: number) => Uint8Array;

export async function loadDecompress(): Promise<Decompress> {
  if (builtIn) return (frame, maxBytes) => builtIn.zstdDecompressSync(frame, { maxOutputLength: maxBytes });
  const { Decompress: Stream } = await import('fzstd');
  return (frame, maxBytes) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const checksum = frameHeader(new DataView(frame.buffer, frame.byteOffset, frame.byteLength))?.checksum === true;
    const hash = checksum ? new Xxh64() : undefined;
    const stream = new Stream((chunk) => {
      hash?.update(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Damaged(`a block of more than ${maxBytes} bytes`);
      chunks.push(chunk);
    });
    // In pieces, so that a decompression bomb is detected early.
    const PIECE = 64 * 1024;
    for (let at = 0; at < frame.length; at += PIECE) stream.push(frame.subarray(at, at + PIECE), at + PIECE >= frame.length);
    if (hash && Buffer.from(frame.subarray(-4)).readUInt32LE(0) !== hash.low32()) throw new Damaged('a checksum does not match');
    return Buffer.concat(chunks);
  };
}
