/** The sources of a run: what the command line names to watch or record. */
import { HttpAccesses } from '../lib/sources/http/http-accesses.js';
import type { DiscoveredHosts, DiscoveredOptions } from '../lib/sources/hostlists/discovered-hosts.js';
import { TargetList, type EndpointAddress, type Target, type Transport } from '../lib/sources/hostlists/targets.js';
import { AppError } from '../lib/errors.js';
import { count } from '../lib/text/format.js';
import type { RecordOptions, ReportOptions, ViewOptions } from '../lib/options/options.js';
import type { Environment, Flags } from '../lib/options/option-types.js';
import { cacheDirectory, pathContext } from '../lib/paths.js';
import { systemClock } from '../lib/run/system-clock.js';
import {
  startNotes,
  type HostsSource,
  type LocalSource,
  type PrometheusSource,
  type ReplaySource,
  type Source,
  type SshSource,
} from '../lib/run/settings.js';
import { machineOf } from './machine-settings.js';

type Named = Pick<ViewOptions, 'hosts' | 'hostfile' | 'hostsFrom' | 'ssh' | 'sshHostfile' | 'prometheus'> &
  Partial<Pick<ViewOptions, 'demo' | 'local'>>;
type Options = Pick<RecordOptions, keyof RecordOptions & keyof ViewOptions> &
  Partial<Pick<ViewOptions, 'demo' | 'replay' | 'start' | 'loop' | 'check' | 'speed'>>;

type Secrets = Pick<Options, 'token' | 'tokenOverHttp' | 'httpConfig'>;

/** What is named on the command line replaces what the environment and the config file name. */
export function onlyNamed<Options extends Named>(options: Options, flags: Flags): Options {
  const { hosts, hostfile, prometheus } = flags;
  if ((nodesIn(flags) ?? prometheus) === undefined) return options;
  return {
    ...options,
    ...(hosts ? {} : { hosts: undefined }),
    ...(hostfile ? {} : { hostfile: undefined }),
    ...(flags['hosts-from'] ? {} : { hostsFrom: undefined }),
    ...(prometheus ? {} : { prometheus: undefined }),
  };
}

/** The first of the options that name nodes. */
const nodesIn = ({ hosts, hostfile, 'hosts-from': hostsFrom, ssh, sshHostfile }: Flags): Flags[string] | undefined =>
  hosts ?? hostfile ?? hostsFrom ?? ssh ?? sshHostfile;

/**
 * The sources, at least one. A demo and a replay stand alone; this machine and other nodes may be combined. Throws `E_OPTION_BAD` for options
 * that cannot be combined, and whatever reading a host file throws.
 */
export async function sourcesOf(options: Options, flags: Flags, env: Environment): Promise<readonly Source[]> {
  checkReplay(options, flags);
  checkDemo(options, flags);
  checkPrometheus(options, flags);
  const machine = machineOf(options);
  const interval = options.interval === undefined ? {} : { intervalMs: options.interval * 1000 };
  const timeoutMs = options.timeout * 1000;
  if (options.replay) return [replayOf(options, options.replay, env)];
  const scraped = { timeoutMs, ...interval, ...(options.owner === 'process' ? { owner: options.owner } : {}) };
  if (options.demo) return [{ kind: 'demo', ...scraped }];
  const read = { ...scraped, ...(await dialectsOf(options)) };
  if (options.prometheus !== undefined) return [await prometheusOf(options, options.prometheus, read)];
  const isRemote = (options.ssh ?? options.sshHostfile) !== undefined;
  const isScraped = (options.hosts ?? options.hostfile ?? options.hostsFrom) !== undefined;
  // Other systems have no /proc; there, a source must be given.
  const isHere = options.local === true || (!isScraped && !isRemote && process.platform === 'linux');
  const here: readonly LocalSource[] = isHere ? [{ kind: 'local', machine, ...interval }] : [];
  if (isHere && nodesIn(flags) === undefined) return here;
  const hosts = isScraped || !isRemote ? [await hostsOf(options, read)] : [];
  return [...here, ...hosts, ...(isRemote ? [await sshOf(options, hosts, { machine, timeoutMs, ...interval })] : [])];
}

/** Notes on the node lists about merged or omitted entries, one per line. */
export const notesOf = (sources: readonly Source[]): readonly string[] => startNotes(sources).map((note) => `all-smi-view: ${note}\n`);

/** Throws `E_DIALECTS`. */
async function dialectsOf({ dialects }: Pick<Options, 'dialects'>): Promise<Pick<HostsSource, 'dialects'>> {
  return dialects === undefined
    ? {}
    : { dialects: await (await import('../lib/sources/dialects/dialects-file.js')).readDialects(dialects) };
}

async function prometheusOf(
  options: Secrets & Pick<Options, 'promMatch' | 'promOrg' | 'start' | 'speed'>,
  url: string,
  scraped: Pick<PrometheusSource, 'timeoutMs' | 'intervalMs' | 'owner' | 'dialects'>,
): Promise<PrometheusSource> {
  const { promMatch, promOrg, start, speed } = options;
  const accesses = accessesOf(options);
  await checkSent(options, accesses, [{ url }], () => `the server has an http:// address, ${url}`);
  return {
    kind: 'prometheus',
    url,
    ...scraped,
    ...(start === undefined ? {} : { start }),
    ...(speed === undefined ? {} : { speed }),
    ...(promMatch === undefined ? {} : { match: promMatch }),
    ...(promOrg === undefined ? {} : { orgId: promOrg }),
    accesses,
  };
}

async function hostsOf(
  options: Options,
  scraped: Pick<HostsSource, 'timeoutMs' | 'intervalMs' | 'owner' | 'dialects'>,
): Promise<HostsSource> {
  const accesses = accessesOf(options);
  const lists = (options.hostsFrom ?? []).filter((name) => name.includes('://')).map((url) => ({ url }));
  await checkSent(options, accesses, lists, ([first]) => `a list has an http:// address, ${first!.url}`);
  const { targets, notes, changes } = await targetsOf(options, 'http', accesses);
  await checkSent(
    options,
    accesses,
    targets.flatMap(({ endpoints }) => endpoints),
    (plain) => {
      const there = targets.filter(({ endpoints }) => endpoints.some((endpoint) => plain.includes(endpoint)));
      const nodes = targets.length === 1 ? '1 node' : `${count(there.length)} of ${count(targets.length)} nodes`;
      return `${nodes} with an http:// address, the first is ${there[0]!.nodeId}`;
    },
  );
  return { kind: 'hosts', targets, notes, title: titleOf(options, targets), ...scraped, accesses, ...(changes ? { changes } : {}) };
}

type Asked = Omit<EndpointAddress, 'id'>;

const accessesOf = ({ token, tokenOverHttp = false, httpConfig }: Secrets): HttpAccesses =>
  new HttpAccesses({ clock: systemClock, overHttp: tokenOverHttp, ...(token === undefined ? {} : { token }) }, httpConfig);

/**
 * Credentials are sent to every address that they are for, or the program does not start: a secret that cannot be read, or that would be sent
 * unencrypted, is found here. `where`: describes addresses that are not encrypted. Throws `E_HTTP_CONFIG` and `E_TOKEN_OVER_HTTP`.
 */
async function checkSent<One extends Asked>(
  { token, tokenOverHttp = false }: Secrets,
  accesses: HttpAccesses,
  asked: readonly One[],
  where: (plain: readonly One[]) => string,
): Promise<void> {
  const plain: One[] = [];
  for (const one of asked) {
    const { hasCredentials } = await accesses.of(one.httpConfig);
    if (hasCredentials && !tokenOverHttp && one.url.startsWith('http:')) plain.push(one);
  }
  if (plain.length === 0) return;
  throw new AppError('E_TOKEN_OVER_HTTP', { what: token === undefined ? 'credentials' : 'the token', where: where(plain) });
}

/** A node that is also scraped at the same address keeps a name of its own. */
async function sshOf(
  options: Options,
  hosts: readonly HostsSource[],
  reading: Pick<SshSource, 'machine' | 'timeoutMs' | 'intervalMs'>,
): Promise<SshSource> {
  const { ssh, sshHostfile, sshConfig, sshOption = [], sshIdentity } = options;
  const { targets, notes } = await targetsOf({ hosts: ssh, hostfile: sshHostfile }, 'ssh');
  const scraped = new Set(hosts.flatMap((source) => source.targets.map(({ nodeId }) => nodeId)));
  return {
    kind: 'ssh',
    targets: targets.map((target) => (scraped.has(target.nodeId) ? { ...target, nodeId: target.endpoints[0]!.url } : target)),
    notes,
    title: titleOf({ hosts: ssh, hostfile: sshHostfile }, targets),
    ssh: {
      options: sshOption,
      ...(sshConfig === undefined ? {} : { config: sshConfig }),
      ...(sshIdentity === undefined ? {} : { identity: sshIdentity }),
    },
    ...reading,
  };
}

type Lists = Pick<Named, 'hosts' | 'hostfile'> & Partial<Pick<Options, 'hostsFrom' | 'groupBy' | 'timeout'>>;

/** The targets of --hosts, then those of the host file and of --hosts-from. A node in several is listed once, with its labels from the last. */
async function targetsOf(
  lists: Lists,
  over: Transport = 'http',
  accesses = new HttpAccesses({ clock: systemClock }),
): Promise<Pick<HostsSource, 'targets' | 'notes' | 'changes'>> {
  const { hosts, hostfile, hostsFrom, groupBy } = lists;
  const byHost = groupBy === 'host';
  const named = new TargetList(over === 'ssh' ? '--ssh' : '--hosts', over);
  for (const word of hosts ?? []) named.add(word);
  const listed =
    hostfile === undefined
      ? new TargetList('', over)
      : await (await import('../lib/sources/hostlists/hostfile.js')).readHostfile(hostfile, over, byHost);
  const fixed = named.with(listed);
  const timeoutMs = (lists.timeout ?? 0) * 1000;
  const changes = hostsFrom && (await discovered(hostsFrom, { byHost, accesses, timeoutMs, clock: systemClock, fixed }));
  const targets = changes?.targets ?? fixed.targets;
  if (targets.length === 0) throw new AppError('E_NO_HOSTS');
  const notes = [...named.notes, ...listed.notes, ...(changes?.list.notes ?? [])];
  return { targets, notes, ...(changes ? { changes } : {}) };
}

const discovered = async (names: readonly string[], options: DiscoveredOptions): Promise<DiscoveredHosts> =>
  (await import('../lib/sources/hostlists/discovered-hosts.js')).DiscoveredHosts.open(names, options);

/** The source as the title shows it: the host file, the only node, or the number of nodes. */
function titleOf({ hostfile, hosts, hostsFrom = [] }: Lists, targets: readonly Target[]): string {
  const [file, ...more] = [...(hostfile === undefined ? [] : [hostfile]), ...hostsFrom];
  if (file !== undefined && more.length === 0 && hosts === undefined)
    return URL.canParse(file) ? new URL(file).host : file.replace(/^.*[/\\]/, '');
  return targets.length === 1 ? (targets[0]?.nodeId ?? '') : `${targets.length} hosts`;
}

/** The server of a report; undefined: it is over recordings. Throws as `sourcesOf` does. */
export async function reportServer(options: ReportOptions): Promise<PrometheusSource | undefined> {
  if (options.file !== undefined || options.prometheus === undefined) return undefined;
  return prometheusOf(options, options.prometheus, { timeoutMs: options.timeout * 1000, ...(await dialectsOf(options)) });
}

/** The teams of --teams, to be spread into the settings of a run. Throws `E_OPTION_BAD`. */
export async function teamsOf({ teams }: { readonly teams?: string | undefined }): Promise<{ readonly teamOf?: (user: string) => string }> {
  return teams === undefined ? {} : { teamOf: await (await import('../lib/sources/jobs/teams.js')).readTeams(teams) };
}

/** What is asked for jobs. A recording and a made-up cluster have none of their own, and those of a scheduler are not theirs. */
export function jobsOf({ jobs = [], replay, demo }: Options, flags: Flags): readonly string[] {
  const other = replay ? '--replay' : demo ? '--demo' : undefined;
  if (other === undefined) return jobs;
  if (flags.jobs !== undefined) throw new AppError('E_OPTION_BAD', { option: '--jobs', reason: `cannot be combined with ${other}` });
  return [];
}

/** Only flags conflict with --demo: it overrides the nodes of the environment and the config file. */
function checkDemo({ demo, local }: Options, flags: Flags): void {
  if (demo && (local || nodesIn(flags) !== undefined))
    throw new AppError('E_OPTION_BAD', {
      option: '--demo',
      reason: 'cannot be combined with --local, --hosts, --hostfile, --hosts-from or --ssh',
    });
}

/** A server knows all nodes; it is not combined with others. */
function checkPrometheus({ prometheus, replay, demo, local }: Options, flags: Flags): void {
  const option = flags.promMatch === undefined ? '--prom-org' : '--prom-match';
  if (prometheus === undefined && (flags.promMatch ?? flags.promOrg) !== undefined)
    throw new AppError('E_OPTION_BAD', { option, reason: 'needs --prometheus' });
  const nodes = replay ?? demo ?? local ?? nodesIn(flags);
  if (flags.prometheus !== undefined && nodes !== undefined)
    throw new AppError('E_OPTION_BAD', {
      option: '--prometheus',
      reason: 'cannot be combined with --demo, --local, --hosts, --hostfile, --hosts-from, --ssh or --replay',
    });
}

/** Options of a replay need --replay, those of the past a source that has one. */
function checkReplay({ replay, prometheus, start, loop, check, demo, local }: Options, flags: Flags): void {
  const ofPast = [...(start === undefined ? [] : ['--start']), ...(flags.speed ? ['--speed'] : [])];
  const ofFiles = [...(loop ? ['--loop'] : []), ...(check ? ['--check'] : [])];
  if (!replay && ofFiles[0] !== undefined) throw new AppError('E_OPTION_BAD', { option: ofFiles[0], reason: 'needs --replay' });
  if (!replay && prometheus === undefined && ofPast[0] !== undefined)
    throw new AppError('E_OPTION_BAD', { option: ofPast[0], reason: 'needs --replay or --prometheus' });
  const nodes = demo ?? local ?? nodesIn(flags);
  if (replay && nodes !== undefined)
    throw new AppError('E_OPTION_BAD', {
      option: '--replay',
      reason: 'cannot be combined with --demo, --local, --hosts, --hostfile, --hosts-from or --ssh',
    });
}

const replayOf = ({ start, speed = 1, loop = false }: Options, files: readonly string[], env: Environment): ReplaySource => ({
  kind: 'replay',
  files,
  cache: cacheDirectory(pathContext(env)),
  speed,
  loop,
  ...(start === undefined ? {} : { start }),
});

/** The address of a node of these sources as --hosts takes it; recordings do not have the scheme. */
export function addressesOf(sources: readonly Source[]): (nodeId: string) => string {
  const targets = sources.flatMap((source) => (source.kind === 'hosts' ? source.targets : []));
  const secure = new Set(targets.filter(({ endpoints }) => endpoints[0]?.url.startsWith('https:')).map(({ nodeId }) => nodeId));
  const overSsh = new Map(
    sources.flatMap((source) => (source.kind === 'ssh' ? source.targets.map(({ nodeId, endpoints }) => [nodeId, endpoints[0]!.url]) : [])),
  );
  return (nodeId) => overSsh.get(nodeId) ?? (secure.has(nodeId) ? `https://${nodeId}` : nodeId);
}

/** For commands that call the time in a recording --at, which the viewer calls --start. */
export async function timedAt<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof AppError && error.params.option === '--start')
      throw new AppError('E_OPTION_BAD', { ...error.params, option: '--at' }, { cause: error });
    throw error;
  }
}
