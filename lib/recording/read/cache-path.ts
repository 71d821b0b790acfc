/** Where the cache of recordings is; apart from the cache, so that whoever plays none does not load it. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/all-smi-view/replay`, by default in `~/.cache`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'all-smi-view', 'replay');
}
