/** `all-smi-view`: finds everything that can be wrong before it touches the terminal. */
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { resolveOptions, VIEW_OPTIONS, type Environment, type Flags } from '../lib/options/options.js';
import { isUsableTerminal } from '../lib/paint/lifetime.js';
import type { ViewSettings } from '../lib/run/settings.js';
import { runView } from '../lib/run/viewer.js';
import all from '../plugins/all/index.js';
import free from '../plugins/free/index.js';
import diagnosis from '../plugins/diagnosis/index.js';
import host from '../plugins/host/index.js';
import topology from '../plugins/topology/index.js';
import users from '../plugins/users/index.js';
import { readConfig } from './read-config.js';
import { loadPlugins } from './load-plugins.js';
import { screenOf } from './screen-settings.js';
import { jobsOf, teamsOf, notesOf, onlyNamed, sourcesOf } from './source-settings.js';

export async function view(flags: Flags, env: Environment): Promise<number> {
  const file = await readConfig(flags, env);
  const options = onlyNamed(resolveOptions(VIEW_OPTIONS, flags, env, file), flags);
  const sources = await sourcesOf(options, flags, env);
  if (options.replay && options.check) return (await import('./replay-info-command.js')).checkRecording(options.replay, env);
  const plugins = await loadPlugins([all, users, free, topology, host, diagnosis], options.plugin ?? [], api);
  const shown = await screenOf(options);
  checkTerminal(env);
  for (const warning of file.warnings) process.stderr.write(`all-smi-view: config file ${file.path}, ${warning}\n`);
  for (const note of notesOf(sources)) process.stderr.write(note);
  const settings: ViewSettings = {
    sources,
    jobs: jobsOf(options, flags),
    ...(await teamsOf(options)),
    plugins,
    ...shown,
  };
  return runView(settings);
}

function checkTerminal(env: Environment): void {
  const fault = isUsableTerminal(process.stdin, process.stdout, env);
  if (fault !== undefined) throw new AppError(fault, { term: env.TERM ?? '' });
}
