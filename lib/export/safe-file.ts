/** Creates files safely: never through a link, readable by the owner only, never overwriting. */
import { constants } from 'node:fs';
import { lstat, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../paths.js';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | ((constants.O_NOFOLLOW as number | undefined) ?? 0);
const FILE_MODE = 0o600;
/** How many numbered names are tried when a name is taken. */
const MAX_NAMES = 1000;
const MAX_STEM_BYTES = 160;

/** Why nothing was written, as the end of a sentence. */
export class Refused extends Error {
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** A name made safe for use in a file name: letters, digits, `.`, `_` and `-` stay, everything else becomes `_`; never hidden, empty or too long. */
export function safeName(name: string): string {
  const kept = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._-]/gu, '_')
    .replace(/^[.-]+/, '');
  let short = '';
  for (const ch of kept) {
    if (Buffer.byteLength(short + ch) > MAX_STEM_BYTES) break;
    short += ch;
  }
  return short || '_';
}

/**
 * Writes `text` to a new file: `stem.extension` in `directory`, or `stem-2`, `stem-3`, ... if that exists. A missing directory is created, for its
 * owner only; a directory that is a link is refused. Resolves with the path. Throws `Refused`, or the error of the file system.
 */
export async function writeNew(directory: string, stem: string, extension: string, text: string): Promise<string> {
  await ownDirectory(directory);
  for (let nth = 1; ; nth++) {
    const path = join(directory, `${stem}${nth === 1 ? '' : `-${nth}`}.${extension}`);
    if (await written(path, text)) return path;
    if (nth === MAX_NAMES) throw new Refused(path, 'and all names like it are taken');
  }
}

async function ownDirectory(directory: string): Promise<void> {
  const found = await lstat(directory).catch(() => undefined);
  if (found?.isSymbolicLink()) throw new Refused(directory, 'is a symbolic link');
  if (!found) await makeDirectory(directory);
  else if (!found.isDirectory()) throw new Refused(directory, 'is not a directory');
}

/** False: the name is taken. A file that cannot be written completely is removed. */
async function written(path: string, text: string): Promise<boolean> {
  const handle = await open(path, FLAGS, FILE_MODE).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  });
  if (!handle) {
    if ((await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw new Refused(path, 'is a symbolic link');
    return false;
  }
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  return true;
}
