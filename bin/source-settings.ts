/** What a command line says is to be watched, or recorded. */
import { expandHosts, TargetList, type Target } from '../lib/sources/hostlists/targets.js';
import { AppError } from '../lib/errors.js';
import type { Flags, ViewOptions } from '../lib/options/options.js';

type Named = Pick<ViewOptions, 'hosts' | 'hostfile'> & Partial<Pick<ViewOptions, 'demo' | 'local'>>;

/** Other systems have no /proc: there, no source at all is a mistake. */
export const isLinux = (): boolean => process.platform === 'linux';

/** What the command line names is all there is to watch: the environment and the config file add nothing to it. */
export function onlyNamed<Options extends Named>(options: Options, { hosts, hostfile }: Flags): Options {
  if (hosts === undefined && hostfile === undefined) return options;
  return { ...options, ...(hosts ? {} : { hosts: undefined }), ...(hostfile ? {} : { hostfile: undefined }) };
}

/** There is one source; what the command line names goes before what the environment does. */
export function checkSource({ demo, local }: Named, flags: Flags): void {
  const nodes = (flags.hosts ?? flags.hostfile) !== undefined;
  if (demo && (nodes || local))
    throw new AppError('E_OPTION_BAD', { option: '--demo', reason: 'brings its own nodes; leave out --local, --hosts and --hostfile' });
  if (local && nodes)
    throw new AppError('E_OPTION_BAD', { option: '--local', reason: 'is this machine alone; leave out --hosts and --hostfile' });
}

/** Those of --hosts, then those of the host file. A host that is in both comes once, with what the file says of it. */
export async function targetsOf({ hosts, hostfile }: Named): Promise<readonly Target[]> {
  const named = expandHosts(hosts ?? []);
  const listed = hostfile === undefined ? [] : await (await import('../lib/sources/hostlists/hostfile.js')).readHostfile(hostfile);
  const noted = new Map(listed.map((target) => [target.nodeId, target]));
  const targets = new TargetList();
  targets.addAll(named.map((target) => noted.get(target.nodeId) ?? target));
  targets.addAll(listed);
  if (targets.targets.length === 0) throw new AppError('E_NO_HOSTS');
  return targets.targets;
}

/** What the title calls the source: the host file, the only host, or how many there are. */
export function sourceOf({ hostfile, hosts, demo }: Named, targets: readonly Target[]): string {
  if (demo) return 'demo';
  if (hostfile !== undefined && hosts === undefined) return hostfile.replace(/^.*[/\\]/, '');
  return targets.length === 1 ? (targets[0]?.nodeId ?? '') : `${targets.length} hosts`;
}
