/** Opens a path as chunks: by the content of the file, not by its name. */
import { existsSync } from 'node:fs';
import { FileBytes } from './file-bytes.js';
import { CacheCopy } from './cache-copy.js';
import { MAX_COPY_BYTES, type CacheDirectory } from './cache-directory.js';
import { codecOf } from '../codec/codec.js';
import type { ChunkedFile } from './chunk.js';
import { GzipChunks } from './gzip-chunks.js';
import { hasFlushPoints, GZIP_HEADER } from '../codec/gzip-format.js';
import { linesOf } from './chunk.js';
import { PlainChunks } from './plain-chunks.js';
import { readLineHeader } from './line-times.js';
import { StreamChunks } from './stream-chunks.js';
import { MAX_FRAME_BYTES } from '../format/schema.js';
import { loadCompress, loadDecompress, type Decompress } from '../codec/zstd.js';
import { decodeIndex, walkFrame } from '../codec/zstd-format.js';
import { ZstdChunks } from './zstd-chunks.js';

export interface OpenedFile {
  readonly chunked: ChunkedFile;
  /** The current content of the file: data derived from it is found by this. */
  readonly identity: string;
  readonly bytes: number;
}

export interface OpenOptions {
  readonly cache: CacheDirectory;
  /** Smaller in tests. */
  readonly maxCopyBytes?: number;
  readonly pageBytes?: number;
  readonly maxFrameBytes?: number;
}

/** `turn`: see StreamChunks. Throws `E_RECORDING_UNREADABLE`. */
export async function openChunkedFile(path: string, options: OpenOptions, turn: Promise<void>): Promise<OpenedFile> {
  const file = new FileBytes(path);
  const { identity, size: bytes } = file;
  const head = Buffer.from(file.read(0, GZIP_HEADER.length));
  const codec = codecOf(head, path);
  if (codec === 'none' || bytes === 0) return { chunked: new PlainChunks(file, options.pageBytes), identity, bytes };
  if (codec === 'gzip' && hasFlushPoints(head)) return { chunked: new GzipChunks(file, options.pageBytes), identity, bytes };
  const decompress = await loadDecompress();
  if (codec === 'zstd' && isOurs(file, decompress)) return { chunked: new ZstdChunks(file, decompress), identity, bytes };
  file.close();
  const copied = options.cache.file(identity, '.zst');
  if (existsSync(copied)) return { chunked: named(new ZstdChunks(new FileBytes(copied), decompress), path, codec), identity, bytes };
  const copy = new CacheCopy({
    path: copied,
    growing: options.cache.file(`${identity} ${process.pid}`, '.part'),
    maxBytes: options.maxCopyBytes ?? MAX_COPY_BYTES,
    compress: await loadCompress(),
    decompress,
  });
  return { chunked: new StreamChunks(path, codec, copy, turn, options.maxFrameBytes ?? MAX_FRAME_BYTES), identity, bytes };
}

/** A copy has the name of its original. */
function named(chunked: ZstdChunks, path: string, codec: string): ChunkedFile {
  return {
    path,
    codec,
    seekable: true,
    complete: true,
    cut: false,
    ended: true,
    chunks: chunked.chunks,
    known: (chunk) => chunked.known(chunk),
    lines: (chunk) => chunked.lines(chunk),
    close: () => {
      chunked.close();
    },
  };
}

/** A zstd file whose frames are complete lines: it has our index, or its first frame has our header. */
function isOurs(file: FileBytes, decompress: Decompress): boolean {
  if (decodeIndex(file.read, file.size)) return true;
  const frame = walkFrame(file.read, 0);
  if (frame.kind !== 'zstd' || frame.contentBytes === undefined || Math.max(frame.contentBytes, frame.windowBytes) > MAX_FIRST_BYTES)
    return false;
  try {
    const [first] = linesOf(decompress(Buffer.from(file.read(0, frame.length)), MAX_FIRST_BYTES)).lines;
    const lineHeader = first && readLineHeader(first);
    return lineHeader?.kind === 'header' && lineHeader.header.writer.startsWith('all-smi-view');
  } catch {
    return false;
  }
}

const MAX_FIRST_BYTES = 64 * 2 ** 20;
