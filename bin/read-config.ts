/** The config file on disk. */
import { lstatSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../lib/errors.js';
import { NO_CONFIG, type ConfigFile, type Environment, type Flags } from '../lib/options/options.js';

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

/** Most runs have no config file: what reads one is loaded when there is one. Throws `E_CONFIG_UNREADABLE` or `E_CONFIG_BAD`. */
export async function readConfig(flags: Flags, env: Environment): Promise<ConfigFile> {
  const path = configPath(flags, env);
  if (path === undefined) return NO_CONFIG;
  const text = textOf(path);
  return (await import('../lib/options/config-file.js')).parseConfig(text, path);
}

const MAX_CONFIG_BYTES = 2 ** 20;

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
