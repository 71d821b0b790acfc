/** Where exports go: `all-smi` in the user's cache folder. */
import { posix, win32 } from 'node:path';

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

/** `$XDG_CACHE_HOME` (if absolute, as its specification says), else `~/.cache`; Library/Caches on a Mac, LocalAppData on Windows. */
export function exportFolder({ platform, env, home }: Surroundings): string {
  const path = pathsOf(platform);
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'all-smi');
  const said = (platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME) ?? '';
  const usual = platform === 'win32' ? path.join(home, 'AppData', 'Local') : path.join(home, '.cache');
  return path.join(path.isAbsolute(said) ? said : usual, 'all-smi');
}

/** With `~` for the home folder: shorter, and no name of a person on a shared screen. */
export function shortPath(path: string, { home, platform }: Surroundings): string {
  const { sep } = pathsOf(platform);
  return home !== '' && home !== sep && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

const pathsOf = (platform: NodeJS.Platform): typeof posix => (platform === 'win32' ? win32 : posix);
