/** Where our files are on this machine: exports, the cache of recordings, the config file. */
import { homedir } from 'node:os';
import { join, posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

export interface PathContext {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** The user's home folder. */
  readonly home: string;
}

/** Where exports go: `all-smi` in the user's cache folder, which is `$XDG_CACHE_HOME` (if absolute, as its specification says), else `~/.cache`; Library/Caches on a Mac, LocalAppData on Windows. */
export function exportFolder({ platform, env, home }: PathContext): string {
  const path = pathsOf(platform);
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'all-smi');
  const said = (platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME) ?? '';
  const usual = platform === 'win32' ? path.join(home, 'AppData', 'Local') : path.join(home, '.cache');
  return path.join(path.isAbsolute(said) ? said : usual, 'all-smi');
}

/** With `~` for the home folder: shorter, and no name of a person on a shared screen. */
export function shortPath(path: string, { home, platform }: PathContext): string {
  const { sep } = pathsOf(platform);
  return home !== '' && home !== sep && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

const pathsOf = (platform: NodeJS.Platform): typeof posix => (platform === 'win32' ? win32 : posix);

/** Where decompressed recordings are kept: `$XDG_CACHE_HOME/all-smi-view/replay`, by default in `~/.cache`. */
export function cacheFolder(env: Environment): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'all-smi-view', 'replay');
}

const CONFIG_FILE = join('all-smi', 'config.toml');

/** Where a config file is looked for, the user's own first. */
export function configPaths(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): readonly [string, ...string[]] {
  if (platform === 'win32')
    return [
      join(env.APPDATA || join(home, 'AppData', 'Roaming'), CONFIG_FILE),
      ...(env.PROGRAMDATA ? [join(env.PROGRAMDATA, CONFIG_FILE)] : []),
    ];
  if (platform === 'darwin')
    return [join(home, 'Library', 'Application Support', CONFIG_FILE), join(home, '.config', CONFIG_FILE), join('/etc', CONFIG_FILE)];
  return [join(env.XDG_CONFIG_HOME || join(home, '.config'), CONFIG_FILE), join('/etc', CONFIG_FILE)];
}
