/** Plugins that are loaded with --plugin: ES modules. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../lib/errors.js';
import type { TabPlugin } from '../lib/plugin/types.js';
import { validatePlugin } from '../lib/plugin/validate.js';

/** `builtin` and the plugins of `files`, in that order. Throws `E_PLUGIN_LOAD` or `E_PLUGIN_SHAPE`, naming the file. */
export async function loadPlugins(builtin: readonly unknown[], files: readonly string[], api: unknown): Promise<TabPlugin[]> {
  const plugins: TabPlugin[] = [];
  for (const plugin of builtin) plugins.push(validatePlugin(plugin, plugins));
  for (const file of files) plugins.push(validatePlugin(await candidate(file, api), plugins, file));
  return plugins;
}

/** Calls the module's default export with the plugin API. */
async function candidate(file: string, api: unknown): Promise<unknown> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('E_PLUGIN_LOAD', { plugin: file, reason: found ? 'is not a file' : 'no such file' });
  const module = await settled(file, () => import(pathToFileURL(path).href) as Promise<{ default?: unknown }>);
  const make = module.default;
  if (typeof make !== 'function') {
    throw new AppError('E_PLUGIN_SHAPE', { plugin: file, field: 'default export', reason: 'is not a function that takes the api' });
  }
  return settled(file, () => (make as (api: unknown) => unknown)(api));
}

async function settled<T>(file: string, run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    throw new AppError(
      'E_PLUGIN_LOAD',
      { plugin: file, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) },
      { cause: error },
    );
  }
}
