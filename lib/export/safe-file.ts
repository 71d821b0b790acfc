/** New files that are nobody's link, nobody else's to read, and never in the place of another. */
import { constants } from 'node:fs';
import { lstat, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../paths.js';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | ((constants.O_NOFOLLOW as number | undefined) ?? 0);
const FILE_MODE = 0o600;
/** Names tried beside one that is taken. */
const MAX_NAMES = 1000;
const MAX_STEM_BYTES = 160;

/** Why nothing was written: the end of a sentence that begins with what is wrong. */
export class Refused extends Error {
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** A name as part of a file's: letters, digits, `.`, `_` and `-` stay, all else is `_`; it is neither hidden nor empty nor too long. */
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
 * Writes `text` into a file that was not there: `stem.extension` in `folder`, else `stem-2`, `stem-3`, ... The folder is made for its owner
 * only where it is missing, and refused where it is a link. Resolves with the path. Throws `Refused`, or what the file system says.
 */
export async function writeNew(folder: string, stem: string, extension: string, text: string): Promise<string> {
  await ownFolder(folder);
  for (let nth = 1; ; nth++) {
    const path = join(folder, `${stem}${nth === 1 ? '' : `-${nth}`}.${extension}`);
    if (await written(path, text)) return path;
    if (nth === MAX_NAMES) throw new Refused(path, 'and all names like it are taken');
  }
}

async function ownFolder(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isSymbolicLink()) throw new Refused(folder, 'is a symbolic link');
  if (!found) await makeFolder(folder);
  else if (!found.isDirectory()) throw new Refused(folder, 'is not a folder');
}

/** False: the name is taken. What could not be written whole is removed. */
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
