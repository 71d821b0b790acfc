/** The files of a recording: those that were named, those of a directory, and the segments that belong to a file. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { unreadable } from './file-bytes.js';
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';

const RECORDING = /\.ndjson(\.zst|\.gz)?$/i;

/** Without duplicates, in no particular order. Throws `E_RECORDING_UNREADABLE`. */
export function filesOf(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => expanded(resolve(path))))];
}

function expanded(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [...segmentsOf(path), path];
    const found = readdirSync(path).filter((name) => RECORDING.test(name));
    if (found.length > 0) return found.map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new AppError('E_RECORDING_UNREADABLE', {
    file: clean(path, 200),
    reason: 'the directory contains no recording (*.ndjson, .zst, .gz)',
  });
}

/** `name.0001.ndjson`, `name.0002.ndjson`, ... next to `name.ndjson`. */
function segmentsOf(path: string): readonly string[] {
  const name = basename(path);
  const point = name.indexOf('.', 1);
  if (point < 0) return [];
  const [stem, rest] = [name.slice(0, point), name.slice(point)];
  const isSegment = (other: string): boolean =>
    other.startsWith(`${stem}.`) && other.endsWith(rest) && /^\d{4,9}$/.test(other.slice(stem.length + 1, other.length - rest.length));
  return readdirSync(dirname(path))
    .filter(isSegment)
    .map((other) => join(dirname(path), other));
}
