/** The config file on disk. */
import { lstatSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MAX_CONFIG_BYTES, parseConfig } from '../lib/config.js';
import { AppError } from '../lib/errors.js';
import { NO_CONFIG, type ConfigFile, type Environment, type Flags } from '../lib/options.js';

const NAME = join('all-smi', 'config.toml');

/** Where a config file is looked for, the user's own first. */
export function configPaths(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): readonly [string, ...string[]] {
  if (platform === 'win32')
    return [join(env.APPDATA || join(home, 'AppData', 'Roaming'), NAME), ...(env.PROGRAMDATA ? [join(env.PROGRAMDATA, NAME)] : [])];
  if (platform === 'darwin') return [join(home, 'Library', 'Application Support', NAME), join(home, '.config', NAME), join('/etc', NAME)];
  return [join(env.XDG_CONFIG_HOME || join(home, '.config'), NAME), join('/etc', NAME)];
}

/** The file that is read; undefined: there is none. A file that is named has to be there. */
export function configPath(flags: Flags, env: Environment): string | undefined {
  const named = flags.config?.at(-1);
  return named ?? configPaths(env).find((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** Throws `E_CONFIG_UNREADABLE` or `E_CONFIG_BAD`. */
export function readConfig(flags: Flags, env: Environment): ConfigFile {
  const path = configPath(flags, env);
  return path === undefined ? NO_CONFIG : parseConfig(textOf(path), path);
}

function textOf(path: string): string {
  const refuse = (reason: string, cause?: unknown): AppError => new AppError('E_CONFIG_UNREADABLE', { file: path, reason }, { cause });
  try {
    const found = lstatSync(path);
    if (found.isSymbolicLink()) throw refuse('is a link; name the file itself with --config');
    if (!found.isFile()) throw refuse('is no file');
    if (found.size > MAX_CONFIG_BYTES) throw refuse(`is larger than ${MAX_CONFIG_BYTES / 2 ** 20} MiB`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw error instanceof AppError ? error : refuse(code === 'ENOENT' ? 'there is no such file' : (code ?? message), error);
  }
}
