/** `all-smi-view`: everything that can be wrong is found before the terminal is touched. */
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { resolveOptions, VIEW_OPTIONS, type Environment, type Flags } from '../lib/options.js';
import { isUsableTerminal } from '../lib/paint/lifetime.js';
import type { ViewSettings } from '../lib/settings.js';
import { runView } from '../lib/viewer.js';
import all from '../plugins/all/index.js';
import host from '../plugins/host/index.js';
import users from '../plugins/users/index.js';
import { machineOf } from './machine.js';
import { loadPlugins } from './plugins.js';
import { checkSource, isLinux, sourceOf, targetsOf } from './sources.js';

export async function view(flags: Flags, env: Environment): Promise<number> {
  const options = resolveOptions(VIEW_OPTIONS, flags, env);
  const { demo = false, interval, timeout, token } = options;
  checkSource(options, flags);
  const machine = machineOf(options);
  const local = options.local === true || (!demo && options.hosts === undefined && options.hostfile === undefined && isLinux());
  const targets = demo || local ? [] : await targetsOf(options);
  const plugins = await loadPlugins([all, users, host], options.plugin ?? [], api);
  checkTerminal(env);
  const settings: ViewSettings = {
    demo,
    targets,
    ...(local ? { local: machine } : {}),
    source: sourceOf(options, targets),
    plugins,
    timeoutMs: timeout * 1000,
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(token === undefined ? {} : { token }),
  };
  return runView(settings);
}

function checkTerminal(env: Environment): void {
  const fault = isUsableTerminal(process.stdin, process.stdout, env);
  if (fault !== undefined) throw new AppError(fault, { term: env.TERM ?? '' });
}
