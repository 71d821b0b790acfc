/** Where copies and indexes of recordings are kept between replays: in the cache directory, readable by its owner only, up to a total size. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectorySync } from '../../paths.js';

/** Limit for all copies together; the oldest are deleted first. */
const MAX_TOTAL_BYTES = 8 * 2 ** 30;
/** Limit for one copy. */
export const MAX_COPY_BYTES = 4 * 2 ** 30;

export class CacheDirectory {
  readonly path: string;
  /** It is deleted with the program, because nothing could find it later. */
  readonly #temporary: boolean;

  /** Falls back to a directory that is deleted at the end if `path` is not writable. */
  constructor(path: string) {
    const kept = usable(path);
    this.#temporary = !kept;
    this.path = kept ? path : mkdtempSync(join(tmpdir(), 'all-smi-view-'));
    if (kept) makeRoom(path);
  }

  /** The name for data derived from a file's current content. */
  file(identity: string, extension: string): string {
    return join(this.path, `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}${extension}`);
  }

  readJson(identity: string): unknown {
    try {
      return JSON.parse(readFileSync(this.file(identity, '.json'), 'utf8')) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Does nothing if it is not writable. */
  writeJson(identity: string, value: object): void {
    const path = this.file(identity, '.json');
    const growing = `${path}.${process.pid}`;
    try {
      writeFileSync(growing, JSON.stringify(value), { flag: 'wx', mode: 0o600 });
      renameSync(growing, path);
    } catch {
      rmSync(growing, { force: true });
    }
  }

  close(): void {
    if (this.#temporary) rmSync(this.path, { recursive: true, force: true });
  }
}

function usable(path: string): boolean {
  try {
    makeDirectorySync(path);
    const probe = join(path, `.${process.pid}`);
    writeFileSync(probe, '', { mode: 0o600 });
    rmSync(probe);
    return true;
  } catch {
    return false;
  }
}

function makeRoom(directory: string): void {
  const files = readdirSync(directory).flatMap((name) => {
    const stat = statSync(join(directory, name), { throwIfNoEntry: false });
    return stat?.isFile() ? [{ name, at: stat.mtimeMs, bytes: stat.size }] : [];
  });
  files.sort((a, b) => b.at - a.at);
  let total = 0;
  for (const { name, bytes } of files) {
    total += bytes;
    if (total > MAX_TOTAL_BYTES) rmSync(join(directory, name), { force: true });
  }
}
