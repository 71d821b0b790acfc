/** The config file on disk. */
import { lstatSync, readFileSync } from 'node:fs';
import { AppError } from '../lib/errors.js';
import { NO_CONFIG, type ConfigFile, type Environment, type Flags } from '../lib/options/options.js';
import { configPaths, pathContext } from '../lib/paths.js';

/** The file to read; undefined if there is none. A file that is given with --config must exist. */
export function configPath(flags: Flags, env: Environment): string | undefined {
  const named = flags.config?.at(-1);
  return named ?? configPaths(pathContext(env)).find((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** Loads the TOML parser only if there is a config file. Throws `E_CONFIG_UNREADABLE` or `E_CONFIG_BAD`. */
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
    if (found.isSymbolicLink()) throw refuse('is a symbolic link; name the file itself with --config');
    if (!found.isFile()) throw refuse('is not a regular file');
    if (found.size > MAX_CONFIG_BYTES) throw refuse(`is larger than ${MAX_CONFIG_BYTES / 2 ** 20} MiB`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw error instanceof AppError ? error : refuse(code === 'ENOENT' ? 'no such file' : (code ?? message), error);
  }
}
