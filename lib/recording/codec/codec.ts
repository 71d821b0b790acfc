/** The codec of a recording: by its first bytes, or, for a file to be written, by its name. */
import { ZSTD_MAGIC } from './zstd-format.js';

export const CODECS = ['zstd', 'gzip', 'none'] as const;
export type Codec = (typeof CODECS)[number];

const EXTENSIONS: readonly (readonly [extension: RegExp, codec: Codec])[] = [
  [/\.zst$/i, 'zstd'],
  [/\.gz$/i, 'gzip'],
];
export const EXTENSION_OF: Readonly<Record<Codec, string>> = { zstd: '.zst', gzip: '.gz', none: '' };

export function codecOfName(path: string): Codec {
  return EXTENSIONS.find(([extension]) => extension.test(path))?.[1] ?? 'none';
}

/** The first bytes count more than the name: all-smi may write compressed data to files with any name. */
export function codecOf(first: Uint8Array, path: string): Codec {
  if (first.length === 0) return codecOfName(path);
  const magic = first[0]! | (first[1]! << 8) | (first[2]! << 16) | (first[3]! << 24);
  if (magic >>> 0 === ZSTD_MAGIC || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  return first[0] === 0x1f && first[1] === 0x8b ? 'gzip' : 'none';
}
