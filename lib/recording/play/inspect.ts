/** Reads a whole recording without showing it: what it contains, and whether any of it is unreadable. */
import type { CacheDirectory } from '../read/cache-directory.js';
import { Reader } from '../read/recording-reader.js';
import type { RecordingInfo } from '../read/recording-info.js';

export interface Inspection {
  readonly info: RecordingInfo;
  readonly hosts: readonly string[];
  readonly users: readonly string[];
  /** Rows of readable frames that are invalid. */
  readonly badRows: number;
}

/** Throws as `Reader.open` does. */
export async function inspect(paths: readonly string[], cache: CacheDirectory): Promise<Inspection> {
  const reader = await Reader.open(paths, { cache });
  try {
    const hosts = new Map<string, string>();
    const users = new Set<string>();
    let badRows = 0;
    for (let found = await reader.first(); found; found = await reader.next(found.ref)) {
      if (!found.frame) continue;
      badRows += found.frame.badRows;
      for (const { nodeId, name, rows } of found.frame.nodes) {
        hosts.set(nodeId, name);
        for (const { user } of rows?.procs ?? []) if (user !== '') users.add(user);
      }
    }
    await reader.index(() => Promise.resolve(true));
    return { info: reader.info, hosts: [...hosts.values()].sort(), users: [...users].sort(), badRows };
  } finally {
    reader.close();
  }
}
