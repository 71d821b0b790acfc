/** Saves what a tab shows to a new file in the cache directory. */
import { AppError } from '../errors.js';
import { twoDigits } from '../text/format.js';
import { clean } from '../text/sanitize.js';
import { exportDirectory, shortPath, type PathContext } from '../paths.js';
import { csvOf } from './csv.js';
import { jsonOf } from './json.js';
import { Refused, safeName, writeNew } from './safe-file.js';
import type { SaveRequest } from '../model/sheet.js';
import type { Ms } from '../model/clock.js';

const FORMATS = { csv: csvOf, json: jsonOf } as const;

/**
 * Writes the sheet to `<cache>/all-smi/<name>-<YYYYMMDDTHHMMSS>.<format>`, local time, and resolves with its path, `~` for home.
 * @throws AppError E_EXPORT
 */
export async function saveSheet({ name, format, sheet }: SaveRequest, now: Ms, surroundings: PathContext): Promise<string> {
  const directory = exportDirectory(surroundings);
  try {
    const stem = `${safeName(name)}-${stamp(now)}`;
    return shortPath(await writeNew(directory, stem, format, FORMATS[format](sheet)), surroundings);
  } catch (error) {
    throw new AppError('E_EXPORT', { reason: reasonOf(error, directory, surroundings) }, { cause: error });
  }
}

function stamp(now: Ms): string {
  const at = new Date(now);
  const day = `${String(at.getFullYear()).padStart(4, '0')}${twoDigits(at.getMonth() + 1)}${twoDigits(at.getDate())}`;
  return `${day}T${twoDigits(at.getHours())}${twoDigits(at.getMinutes())}${twoDigits(at.getSeconds())}`;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'is not writable',
  EPERM: 'is not writable',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'is on a full disk',
  EDQUOT: 'exceeds the disk quota',
  EFBIG: 'cannot hold a file this large',
  ENOTDIR: 'is below a path that is not a directory',
  ENOENT: 'cannot be created there',
  EEXIST: 'is not a directory',
  ELOOP: 'goes through too many links',
  EIO: 'is on a failed disk',
  EMFILE: 'cannot be opened now: too many open files; raise ulimit -n',
  ENFILE: 'cannot be opened now: too many open files on this machine',
};

function reasonOf(error: unknown, directory: string, surroundings: PathContext): string {
  if (error instanceof Refused) return `${shortPath(error.path, surroundings)} ${error.message}`;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const known = REASONS[code];
  return known ? `${shortPath(directory, surroundings)} ${known}` : clean(message, 200);
}
