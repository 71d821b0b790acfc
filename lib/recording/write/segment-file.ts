/** A file that only grows, and that is intact whenever the program is killed: each write is either complete or removed again. */
import { constants } from 'node:fs';
import { lstat, open, rename, link, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, writeError } from '../../errors.js';

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE = 0o600;
/** How many numbered names are tried when a name is taken. */
const MAX_NAMES = 1000;

/** Suffix of a file whose last block is being replaced. */
export const JOURNAL_SUFFIX = '.block';

/** The target of a recording. */
export interface RecordingFile {
  readonly path: string;
  /** Bytes so far. */
  readonly size: number;
  append(chunks: readonly Uint8Array[]): Promise<void>;
  replaceEnd(from: number, bytes: Uint8Array): Promise<boolean>;
  moveTo(path: string): Promise<void>;
  close(): Promise<void>;
  /** Deletes it if it is empty. */
  discardEmpty(): Promise<void>;
}

export class SegmentFile implements RecordingFile {
  path: string;
  size = 0;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Creates the file: never through a link, never overwriting. Throws `E_FILE_WRITE`. */
  static async create(path: string): Promise<SegmentFile> {
    try {
      await noStrangeLink(dirname(path));
      return new SegmentFile(path, await open(path, FLAGS, MODE));
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** The same, under the first free name of `path`, `path` with `-2` before its extensions, `-3`, ... */
  static async createBeside(path: string): Promise<SegmentFile> {
    for (let nth = 1; ; nth++) {
      try {
        return await SegmentFile.create(nth === 1 ? path : named(path, `-${nth}`));
      } catch (error) {
        const taken = error instanceof AppError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST';
        if (!taken || nth === MAX_NAMES) throw error;
        if (await isSpecial(path)) throw writeError(path, Object.assign(new Error(), { code: 'ESPECIAL' }));
      }
    }
  }

  /** Appends, all or nothing: a partial write on a full disk is cut off again. Throws the error of the file system. */
  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const end = await writeAll(this.#handle, chunks, this.size).catch(async (error: unknown) => {
      await this.#handle.truncate(this.size).catch(() => undefined);
      throw error;
    });
    this.size = end;
  }

  /**
   * Replaces everything after `from` with `bytes`, which are shorter. They are first written to a separate file: if the program is killed
   * in between, either the old end or the new one is found (`readJournal`). False: there was no space for it, and nothing has changed.
   */
  async replaceEnd(from: number, bytes: Uint8Array): Promise<boolean> {
    const path = this.path + JOURNAL_SUFFIX;
    if (!(await writeJournal(path, [journalHead(from, bytes), bytes]))) return false;
    // If this fails, the journal remains, and with it all the data.
    this.size = await writeAll(this.#handle, [bytes], from);
    await this.#handle.truncate(this.size);
    await unlink(path);
    return true;
  }

  /** Renames the file, unless the name is taken. */
  async moveTo(path: string): Promise<void> {
    try {
      // A link fails if the name is taken; a rename would not.
      await link(this.path, path);
      await unlink(this.path);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EMLINK'].includes(code)) throw error;
      if (await lstat(path).catch(() => undefined)) throw error;
      await rename(this.path, path);
    }
    this.path = path;
  }

  async discardEmpty(): Promise<void> {
    if (this.size === 0) await unlink(this.path).catch(() => undefined);
  }

  /** Flushes to disk and closes. */
  async close(): Promise<void> {
    try {
      await this.#handle.sync();
    } finally {
      await this.#handle.close();
    }
  }
}

async function writeJournal(path: string, chunks: readonly Uint8Array[]): Promise<boolean> {
  await unlink(path).catch(() => undefined);
  const journal = await open(path, FLAGS, MODE);
  try {
    await writeAll(journal, chunks, 0);
    return true;
  } catch {
    await unlink(path);
    return false;
  } finally {
    await journal.close();
  }
}

/** A device, pipe or socket, also through a link. */
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Maximum number of buffers per call. */
const MAX_BUFFERS = 512;

/** Returns the position after the last byte. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], at: number): Promise<number> {
  for (let from = 0; from < chunks.length; from += MAX_BUFFERS) {
    const some = chunks.slice(from, from + MAX_BUFFERS);
    const bytes = some.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await handle.writev(some, at);
    if (bytesWritten < bytes) await writeRest(handle, Buffer.concat(some).subarray(bytesWritten), at + bytesWritten);
    at += bytes;
  }
  return at;
}

/** After a partial write, the next call reports the reason. */
async function writeRest(handle: FileHandle, rest: Uint8Array, at: number): Promise<void> {
  while (rest.length > 0) {
    const { bytesWritten } = await handle.write(rest, 0, rest.length, at);
    at += bytesWritten;
    rest = rest.subarray(bytesWritten);
  }
}

const SPARE_TAG = 'ASMIVIEW block 1\n';
const SPARE_HEAD_BYTES = SPARE_TAG.length + 16;

/** Tag, position of the bytes, and their number. */
function journalHead(from: number, { length }: Uint8Array): Uint8Array {
  const head = Buffer.alloc(SPARE_HEAD_BYTES);
  head.write(SPARE_TAG);
  head.writeDoubleLE(from, SPARE_TAG.length);
  head.writeDoubleLE(length, SPARE_TAG.length + 8);
  return head;
}

/** The content of a journal file; undefined: it was not finished, so the end of the file itself is unchanged. */
export function readJournal(journal: Buffer): { readonly from: number; readonly bytes: Uint8Array } | undefined {
  if (journal.length < SPARE_HEAD_BYTES || journal.toString('latin1', 0, SPARE_TAG.length) !== SPARE_TAG) return undefined;
  const [from, length] = [journal.readDoubleLE(SPARE_TAG.length), journal.readDoubleLE(SPARE_TAG.length + 8)];
  return journal.length === SPARE_HEAD_BYTES + length && Number.isSafeInteger(from) && from >= 0
    ? { from, bytes: journal.subarray(SPARE_HEAD_BYTES) }
    : undefined;
}

/** `name.ndjson.zst` with something before its first point. */
export function named(path: string, addition: string): string {
  const name = basename(path);
  const point = name.indexOf('.', 1);
  const end = point < 0 ? name.length : point;
  return join(dirname(path), name.slice(0, end) + addition + name.slice(end));
}

/** A directory may be a link of the system (`/tmp` is one on some) or of the user; the link of another user could lead anywhere. */
async function noStrangeLink(directory: string): Promise<void> {
  const { uid } = await lstat(directory).then((found) => (found.isSymbolicLink() ? found : { uid: 0 }));
  if (uid !== 0 && uid !== process.getuid?.()) throw Object.assign(new Error(), { code: 'ELINK' });
}
