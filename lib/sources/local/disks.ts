/** Usage of this machine's disks. */
import { stat, statfs } from 'node:fs/promises';
import type { NodeDisk } from '../../model/sample.js';

/** Limit, for a machine with an unreasonable number of mounts. */
const MAX_DISKS = 64;

/** A mount that cannot be queried, or is not a directory (a file of a container's image), is left out. */
export async function readDisks(mountPoints: readonly string[]): Promise<readonly NodeDisk[]> {
  const disks: NodeDisk[] = [];
  for (const mountPoint of mountPoints.slice(0, MAX_DISKS)) {
    try {
      if (!(await stat(mountPoint)).isDirectory()) continue;
      const { bsize, blocks, bavail } = await statfs(mountPoint);
      if (blocks > 0) disks.push({ mountPoint, totalBytes: blocks * bsize, availableBytes: bavail * bsize });
    } catch {
      // No permission.
    }
  }
  return disks;
}
