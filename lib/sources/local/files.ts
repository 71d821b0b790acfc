/** Files of a machine as the readers ask for them, and this machine's own. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { NodeDisk } from '../../model/sample.js';
import { readDisks } from './disks.js';

/**
 * What is read next, so that a machine at the other end of a connection can send it in one answer. `state`: the system's files, and `stat` and
 * `status` of these processes; `texts`: where they come from and how they were started; `devices`: their open files.
 */
export type Wanted = 'state' | 'texts' | 'devices';

export interface MachineFiles {
  /** To be awaited before the reads. Never rejects: a read of what was not sent throws. */
  fetch(wanted: Wanted, pids: readonly number[]): Promise<void>;
  /** The whole text. Throws what the file system throws. */
  text(path: string): string;
  /** The beginning of a file; `into` has room for it, and may be where it is. Rejects with what the file system throws. */
  start(path: string, maxBytes: number, into: Uint8Array): Promise<Uint8Array>;
  /** The names in a directory. Throws. */
  list(path: string): readonly string[];
  /** The target of a link. Throws. */
  link(path: string): string;
  exists(path: string): boolean;
  /** Those of these mount points that can be queried. Never rejects. */
  disks(mountPoints: readonly string[]): Promise<readonly NodeDisk[]>;
}

export const OWN_FILES: MachineFiles = {
  fetch: () => Promise.resolve(),
  text: (path) => readFileSync(path, 'utf8'),
  async start(path, maxBytes, into) {
    const file = await open(path);
    try {
      let end = 0;
      // A read of /proc may return less than there is.
      for (let got = 1; got > 0 && end < maxBytes; end += got) got = (await file.read(into, end, maxBytes - end)).bytesRead;
      return into.subarray(0, end);
    } finally {
      await file.close();
    }
  },
  list: (path) => readdirSync(path),
  link: (path) => readlinkSync(path),
  exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  disks: readDisks,
};
