/** `all-smi-view`: everything that can be wrong is found before the terminal is touched. */
import { expandHosts, TargetList, type Target } from '../lib/collect/targets.js';
import { AppError } from '../lib/errors.js';
import * as api from '../lib/index.js';
import { resolveOptions, VIEW_OPTIONS, type Environment, type Flags, type ViewOptions } from '../lib/options.js';
import { isUsableTerminal } from '../lib/paint/lifetime.js';
import type { ViewSettings } from '../lib/settings.js';
import { runView } from '../lib/viewer.js';
import all from '../plugins/all/index.js';
import host from '../plugins/host/index.js';
import users from '../plugins/users/index.js';
import { machineOf } from './machine.js';
import { loadPlugins } from './plugins.js';

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

/** Other systems have no /proc: there, no source at all is a mistake. */
const isLinux = (): boolean => process.platform === 'linux';

/** There is one source; what the command line names goes before what the environment does. */
function checkSource({ demo, local }: ViewOptions, flags: Flags): void {
  const nodes = (flags.hosts ?? flags.hostfile) !== undefined;
  if (demo && (nodes || local))
    throw new AppError('E_OPTION_BAD', { option: '--demo', reason: 'brings its own nodes; leave out --local, --hosts and --hostfile' });
  if (local && nodes)
    throw new AppError('E_OPTION_BAD', { option: '--local', reason: 'is this machine alone; leave out --hosts and --hostfile' });
}

/** Those of --hosts, then those of the host file. A host that is in both comes once, with what the file says of it. */
async function targetsOf({ hosts, hostfile }: ViewOptions): Promise<readonly Target[]> {
  const named = expandHosts(hosts ?? []);
  const listed = hostfile === undefined ? [] : await (await import('../lib/collect/hostfile.js')).readHostfile(hostfile);
  const noted = new Map(listed.map((target) => [target.hostId, target]));
  const targets = new TargetList();
  targets.addAll(named.map((target) => noted.get(target.hostId) ?? target));
  targets.addAll(listed);
  if (targets.targets.length === 0) throw new AppError('E_NO_HOSTS');
  return targets.targets;
}

/** What the title calls the source: the host file, the only host, or how many there are. */
function sourceOf({ hostfile, hosts, demo }: ViewOptions, targets: readonly Target[]): string {
  if (demo) return 'demo';
  if (hostfile !== undefined && hosts === undefined) return hostfile.replace(/^.*[/\\]/, '');
  return targets.length === 1 ? (targets[0]?.hostId ?? '') : `${targets.length} hosts`;
}

function checkTerminal(env: Environment): void {
  const fault = isUsableTerminal(process.stdin, process.stdout, env);
  if (fault !== undefined) throw new AppError(fault, { term: env.TERM ?? '' });
}
