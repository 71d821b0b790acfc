/** A file with random access. Synchronous: only used where nothing else has to be done. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { AppError, readReason } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { readJournal, JOURNAL_SUFFIX } from '../write/segment-file.js';

/** The buffer for small reads. */
const WINDOW_BYTES = 64 * 1024;

export class FileBytes {
  readonly path: string;
  readonly size: number;
  /** Identifies the current content of the file: size, modification time, location on disk. */
  readonly identity: string;
  readonly #descriptor: number;
  /** The true end of the file, if the program that wrote it was killed while replacing its end. */
  readonly #journal: { readonly from: number; readonly bytes: Uint8Array } | undefined;
  #window: Uint8Array = new Uint8Array();
  #windowAt = 0;

  /** Throws `E_RECORDING_UNREADABLE`. */
  constructor(path: string) {
    this.path = path;
    try {
      // Does not wait for a writer if it is a pipe.
      this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = fstatSync(this.#descriptor);
      if (!stat.isFile()) throw Object.assign(new Error(), { code: stat.isDirectory() ? 'EISDIR' : 'ENOTFILE' });
      this.#journal = journalOf(path, stat.size);
      this.size = this.#journal ? this.#journal.from + this.#journal.bytes.length : stat.size;
      this.identity = [stat.dev, stat.ino, this.size, stat.mtimeMs].join('-');
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /** At most `length` bytes from `at`; fewer at the end of the file. Read-only, and valid until the next read. */
  read = (at: number, length: number): Uint8Array => {
    const end = Math.min(this.size, at + length);
    if (end <= at) return new Uint8Array();
    if (at >= this.#windowAt && end <= this.#windowAt + this.#window.length)
      return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
    if (end - at > WINDOW_BYTES / 2) return this.#fetch(at, end);
    this.#windowAt = at;
    this.#window = this.#fetch(at, Math.min(this.size, at + WINDOW_BYTES));
    return this.#window.subarray(0, end - at);
  };

  close(): void {
    closeSync(this.#descriptor);
  }

  #fetch(at: number, end: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(end - at);
    const journal = this.#journal;
    const fromFile = journal ? Math.max(0, Math.min(bytes.length, journal.from - at)) : bytes.length;
    let got = 0;
    while (got < fromFile) {
      const more = readSync(this.#descriptor, bytes, got, fromFile - got, at + got);
      // The file has become shorter.
      if (more === 0) return bytes.subarray(0, got);
      got += more;
    }
    if (journal && got < bytes.length) bytes.set(journal.bytes.subarray(at + got - journal.from, end - journal.from), got);
    return bytes;
  }
}

function journalOf(path: string, size: number): ReturnType<typeof readJournal> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path + JOURNAL_SUFFIX);
  } catch {
    return undefined;
  }
  const journal = readJournal(bytes);
  return journal && journal.from <= size ? journal : undefined;
}

export function unreadable(path: string, error: unknown): AppError {
  return new AppError('E_RECORDING_UNREADABLE', { file: clean(path, 200), reason: readReason(error) }, { cause: error });
}
