/** Paths of our files on this machine: exports, cached recordings, the config file. */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, posix, resolve, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

export interface PathContext {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** The user's home directory. */
  readonly home: string;
}

/** The user's cache directory: `$XDG_CACHE_HOME` (if absolute, as its specification requires), else `~/.cache`; Library/Caches on a Mac, LocalAppData on Windows. */
function cacheHome({ platform, env, home }: PathContext): string {
  const path = pathsOf(platform);
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches');
  const configured = (platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME) ?? '';
  const usual = platform === 'win32' ? path.join(home, 'AppData', 'Local') : path.join(home, '.cache');
  return path.isAbsolute(configured) ? configured : usual;
}

/** Where exports go: next to those of all-smi. */
export const exportDirectory = (context: PathContext): string => pathsOf(context.platform).join(cacheHome(context), 'all-smi');

/** Where decompressed recordings are kept between two replays. */
export const cacheDirectory = (context: PathContext): string =>
  pathsOf(context.platform).join(cacheHome(context), 'all-smi-view', 'replay');

/** Paths of the config file in the order they are tried, the user's own first. */
export function configPaths({ platform, env, home }: PathContext): readonly [string, ...string[]] {
  const path = pathsOf(platform);
  const file = (...directory: readonly string[]): string => path.join(...directory, 'all-smi', 'config.toml');
  if (platform === 'win32')
    return [file(env.APPDATA || path.join(home, 'AppData', 'Roaming')), ...(env.PROGRAMDATA ? [file(env.PROGRAMDATA)] : [])];
  if (platform === 'darwin') return [file(home, 'Library', 'Application Support'), file(home, '.config'), file('/etc')];
  return [file(env.XDG_CONFIG_HOME || path.join(home, '.config')), file('/etc')];
}

/** With `~` for the home directory: shorter, and no user name on a shared screen. */
export function shortPath(path: string, { home, platform }: PathContext): string {
  const { sep } = pathsOf(platform);
  return home !== '' && home !== sep && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

/** This machine and its user. */
export const pathContext = (env: Environment): PathContext => ({ platform: process.platform, env, home: homedir() });

const pathsOf = (platform: NodeJS.Platform): typeof posix => (platform === 'win32' ? win32 : posix);

const OWNER_ONLY = 0o700;

/** A directory and all its parents, outermost first. */
function directoriesTo(path: string): readonly string[] {
  const directories: string[] = [];
  for (let directory = resolve(path); !directories.includes(directory); directory = dirname(directory)) directories.push(directory);
  return directories.reverse();
}

/**
 * Creates a directory for its owner, and missing parent directories, one after the other. Throws the error of the file system. mkdir's own
 * `recursive` retries forever in a directory where nothing can be created, such as /proc.
 */
export async function makeDirectory(path: string): Promise<void> {
  let failed: unknown;
  for (const directory of directoriesTo(path))
    if (!isDirectory(directory)) await mkdir(directory, OWNER_ONLY).catch((error: unknown) => (failed = error));
  // Another process may have been faster, so check what exists.
  if (!isDirectory(path)) throw failed;
}

export function makeDirectorySync(path: string): void {
  let failed: unknown;
  for (const directory of directoriesTo(path)) {
    try {
      if (!isDirectory(directory)) mkdirSync(directory, OWNER_ONLY);
    } catch (error) {
      failed = error;
    }
  }
  if (!isDirectory(path)) throw failed;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
