/** How full the disks of this machine are. */
import { stat, statfs } from 'node:fs/promises';
import type { NodeDisk } from '../../model/sample.js';
import type { Mount } from './proc-text.js';

/** Disks of a machine that has lost count of its mounts. */
const MAX_DISKS = 64;

/** One that can't be asked, or isn't a directory (a file of a container's image), is left out. */
export async function readDisks(mounts: readonly Mount[]): Promise<readonly NodeDisk[]> {
  const disks: NodeDisk[] = [];
  for (const { mountPoint } of mounts.slice(0, MAX_DISKS)) {
    try {
      if (!(await stat(mountPoint)).isDirectory()) continue;
      const { bsize, blocks, bavail } = await statfs(mountPoint);
      if (blocks > 0) disks.push({ mountPoint, totalBytes: blocks * bsize, availableBytes: bavail * bsize });
    } catch {
      // Not ours to see.
    }
  }
  return disks;
}
