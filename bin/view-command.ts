/** `all-smi-view`: everything that can be wrong is found before the terminal is touched. */
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { resolveOptions, VIEW_OPTIONS, type Environment, type Flags, type ViewOptions } from '../lib/options/options.js';
import { isUsableTerminal } from '../lib/paint/lifetime.js';
import type { ReplaySettings, ViewSettings } from '../lib/run/settings.js';
import { runView } from '../lib/run/viewer.js';
import all from '../plugins/all/index.js';
import diagnosis from '../plugins/diagnosis/index.js';
import host from '../plugins/host/index.js';
import topology from '../plugins/topology/index.js';
import users from '../plugins/users/index.js';
import { readConfig } from './read-config.js';
import { machineOf } from './machine-settings.js';
import { loadPlugins } from './load-plugins.js';
import { screenOf } from './screen-settings.js';
import { checkSource, isLinux, onlyNamed, sourceOf, targetsOf } from './source-settings.js';
import { cacheFolder } from '../lib/paths.js';

export async function view(flags: Flags, env: Environment): Promise<number> {
  const file = await readConfig(flags, env);
  const options = onlyNamed(resolveOptions(VIEW_OPTIONS, flags, env, file), flags);
  checkReplay(options, flags);
  if (options.replay && options.check) return (await import('./replay-info-command.js')).checkRecording(options.replay, env);
  const { demo = false, interval, timeout, token } = options;
  checkSource(options, flags);
  const machine = machineOf(options);
  const local = isLocal(options);
  const targets = demo || local || options.replay ? [] : await targetsOf(options);
  const plugins = await loadPlugins([all, users, topology, host, diagnosis], options.plugin ?? [], api);
  const shown = await screenOf(options);
  checkTerminal(env);
  for (const warning of file.warnings) process.stderr.write(`all-smi-view: config file ${file.path}, ${warning}\n`);
  const settings: ViewSettings = {
    demo,
    targets,
    ...(local ? { local: machine } : {}),
    ...(options.replay ? { replay: replayOf(options, options.replay, env) } : {}),
    source: sourceOf(options, targets),
    plugins,
    timeoutMs: timeout * 1000,
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(token === undefined ? {} : { token }),
    ...shown,
  };
  return runView(settings);
}

/** This machine, where that was asked for or nothing else is named. */
function isLocal({ local, replay, demo, hosts, hostfile }: ViewOptions): boolean {
  return local === true || ((replay ?? demo ?? hosts ?? hostfile) === undefined && isLinux());
}

/** A recording is a source of its own; what is said of a replay needs one. */
function checkReplay({ replay, start, loop, check, demo, local }: ViewOptions, flags: Flags): void {
  const of = [
    ...(start === undefined ? [] : ['--start']),
    ...(loop ? ['--loop'] : []),
    ...(check ? ['--check'] : []),
    ...(flags.speed ? ['--speed'] : []),
  ];
  if (!replay && of.length > 0)
    throw new AppError('E_OPTION_BAD', { option: of[0]!, reason: 'is about a recording; name it with --replay' });
  const nodes = demo ?? local ?? flags.hosts ?? flags.hostfile;
  if (replay && nodes !== undefined)
    throw new AppError('E_OPTION_BAD', {
      option: '--replay',
      reason: 'brings its own nodes; leave out --demo, --local, --hosts and --hostfile',
    });
}

const replayOf = ({ start, speed, loop = false }: ViewOptions, files: readonly string[], env: Environment): ReplaySettings => ({
  files,
  cache: cacheFolder(env),
  speed,
  loop,
  ...(start === undefined ? {} : { start }),
});

function checkTerminal(env: Environment): void {
  const fault = isUsableTerminal(process.stdin, process.stdout, env);
  if (fault !== undefined) throw new AppError(fault, { term: env.TERM ?? '' });
}
