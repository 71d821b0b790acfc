/**
 * Every option, as a table: flag, environment variable, key of the config file, default, help. The command line, the environment, the
 * config file, docs/OPTIONS.md and docs/CONFIG.md are derived from it.
 */
import { MOCK_OPTIONS } from './mock-options.js';
import { ALERT_OPTIONS, ALERT_RULES, LOOK_OPTIONS } from './screen-options.js';
import { ENERGY_OPTIONS } from './energy-options.js';
import { SSH_OPTIONS } from './ssh-options.js';
import { choice, Invalid, last, list, number, onOff, size, span } from './values.js';
import type { OptionTable, TableSort, Values } from './option-types.js';

export { MOCK_OPTIONS } from './mock-options.js';
export { envOf, givenOf, resolveOptions } from './resolve.js';
export { NO_CONFIG } from './option-types.js';
export type { ConfigFile, Environment, Flags } from './option-types.js';

const CONFIG_FLAG = {
  config: { flag: 'config', value: 'FILE', otherwise: "all-smi's own (docs/CONFIG.md)", help: 'config file to read', parse: last },
} as const satisfies OptionTable;

/** For every command that reads the local machine. */
const MACHINE_OPTIONS = {
  nvidiaSmi: {
    flag: 'nvidia-smi',
    env: 'ALL_SMI_NVIDIA_SMI',
    value: 'PATH',
    default: 'nvidia-smi',
    help: 'nvidia-smi program to run',
    parse: last,
  },
  proc: { flag: 'proc', value: 'DIR', default: '/proc', help: 'directory to read instead of /proc', parse: last },
  passwd: {
    flag: 'passwd',
    value: 'FILE',
    otherwise: "the system's name service",
    help: 'file to read user names from',
    parse: last,
  },
  owner: {
    flag: 'owner',
    config: 'local.owner',
    value: 'person|process',
    default: 'person',
    help: 'user of processes of root and of containers: the person behind them, if known, or the account that runs them (docs/OWNERS.md)',
    parse: choice({ person: 'person', process: 'process' } as const),
  },
  redact: { flag: 'redact', help: 'hide what looks like a credential in command lines (default)', parse: () => true },
  noRedact: { flag: 'no-redact', help: 'show command lines unchanged (docs/NODES.md)', parse: () => true },
} as const satisfies OptionTable;

/** For every command that scrapes nodes. */
const NODE_OPTIONS = {
  hosts: {
    flag: 'hosts',
    config: 'view.hosts',
    value: 'HOST..',
    many: 'words',
    help: "nodes to scrape: host, host:port, host:port+port (exporters of one node), http(s)://host:port/path, ranges in quotes: 'node[001-512]:9090'",
    parse: (words) => words,
  },
  hostfile: {
    flag: 'hostfile',
    config: 'view.hostfile',
    value: 'FILE',
    help: 'file of nodes to scrape: one per line, CSV, or the file_sd of Prometheus',
    parse: last,
  },
  hostsFrom: {
    flag: 'hosts-from',
    config: 'view.hosts_from',
    value: 'LIST',
    many: 'repeat',
    help: "nodes that come and go: file_sd (a FILE or 'DIR/*.json'), http_sd, or the targets of a Prometheus server (a URL); read again when they change",
    parse: discoveryLists,
  },
  groupBy: {
    flag: 'group-by',
    value: 'host',
    help: 'targets of file_sd and http_sd on the same host are endpoints of one node',
    parse: choice({ host: 'host' } as const),
  },
  prometheus: {
    flag: 'prometheus',
    config: 'view.prometheus',
    value: 'URL',
    help: 'ask this Prometheus-compatible server instead of scraping nodes (docs/PROMETHEUS.md)',
    parse: serverAddress,
  },
  promMatch: {
    flag: 'prom-match',
    config: 'view.prom_match',
    value: 'MATCHERS',
    help: 'only series with these labels: \'cluster="a",job="gpus"\'',
    parse: matchers,
  },
  promOrg: {
    flag: 'prom-org',
    config: 'view.prom_org',
    value: 'ID',
    help: 'tenant of the server, sent as X-Scope-OrgID',
    parse: (words) => {
      if (!/^[\x21-\x7e]+$/.test(last(words))) throw new Invalid('contains characters that are not allowed in a header');
      return last(words);
    },
  },
  httpConfig: {
    flag: 'http-config',
    config: 'view.http_config',
    value: 'FILE',
    help: 'how to reach secured nodes: the http config of Prometheus (basic_auth, authorization, tls_config, ...), in YAML (docs/ACCESS.md)',
    parse: last,
  },
  ...SSH_OPTIONS,
  dialects: {
    flag: 'dialects',
    config: 'view.dialects',
    value: 'FILE',
    help: 'exporters that are not known, or names that your site has for their metrics: a table in YAML (docs/DIALECTS.md)',
    parse: last,
  },
  jobs: {
    flag: 'jobs',
    config: 'view.jobs',
    value: 'WHAT',
    many: 'repeat',
    help: 'learn jobs and allocations from slurm or kube (asked every minute), or from a FILE of what a scheduler prints (docs/JOBS.md)',
    parse: jobSources,
  },
  teams: {
    flag: 'teams',
    config: 'view.teams',
    value: 'FILE',
    help: 'teams of users, as lines of user,team or @group,team: for usage by team (docs/JOBS.md)',
    parse: last,
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    config: 'view.interval_secs',
    value: 'SECONDS',
    otherwise: '3 to 6, depending on the number of nodes',
    help: 'time from one scrape of a node to the next',
    parse: number({ min: 0.5, max: 86_400 }),
  },
  timeout: {
    flag: 'timeout',
    config: 'view.timeout_secs',
    value: 'SECONDS',
    default: 5,
    help: 'how long to wait for a response',
    parse: number({ min: 0.1, max: 600 }),
  },
  token: {
    env: 'ALL_SMI_AUTH_TOKEN',
    value: 'TOKEN',
    help: 'sent to every node as "Authorization: Bearer TOKEN"; nodes with http:// addresses need --token-over-http',
    parse: (words) => {
      if (!/^[\x21-\x7e]+$/.test(last(words))) throw new Invalid('contains characters that are not allowed in a header');
      return last(words);
    },
  },
  tokenOverHttp: {
    flag: 'token-over-http',
    env: 'ALL_SMI_TOKEN_OVER_HTTP',
    help: 'send credentials to http:// addresses as well, where others on the network can read it',
    parse: onOff,
  },
} as const satisfies OptionTable;

/** What stands before /api/v1; the page of its user interface is accepted too. */
function serverAddress(words: readonly string[]): string {
  const typed = last(words);
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Invalid(`"${typed}" is not like https://prometheus.example.com:9090`);
  if (url.username !== '' || url.password !== '') throw new Invalid('must not contain a user name or a password');
  return `${url.origin}${url.pathname.replace(/\/+(?:graph|vmui|query|api\/v1(?:\/query)?)?\/*$/, '')}`;
}

/** Label matchers, with or without their braces. */
function matchers(words: readonly string[]): string {
  const typed = last(words)
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/,\s*$/, '')
    .trim();
  const one = String.raw`[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"`;
  if (!new RegExp(`^${one}(?:\\s*,\\s*${one})*$`).test(typed)) throw new Invalid(`"${last(words)}" is not like cluster="a",job="gpus"`);
  return typed;
}

const PLUGIN_OPTION = {
  plugin: {
    flag: 'plugin',
    value: 'FILE',
    many: 'repeat',
    help: 'load a plugin: an ES module (docs/PLUGINS.md)',
    parse: (words) => words,
  },
} as const satisfies OptionTable;

/** This machine, and what the command does with it. */
const localOption = (verb: string) =>
  ({
    local: { flag: 'local', help: `${verb} this machine (default when no other source is given)`, parse: () => true },
  }) as const satisfies OptionTable;

/** Every source that is not a list of nodes. */
const sourceOptions = (verbs: { readonly local: string; readonly demo: string; readonly replay: string }) =>
  ({
    ...localOption(verbs.local),
    demo: { flag: 'demo', help: `${verbs.demo} a made-up cluster; no nodes needed`, parse: () => true },
    replay: {
      flag: 'replay',
      value: 'FILE..',
      many: 'words',
      help: `${verbs.replay} a recording: files, or a directory of them, in order of time`,
      parse: (words) => words,
    },
  }) as const satisfies OptionTable;

export const VIEW_OPTIONS = {
  ...NODE_OPTIONS,
  ...sourceOptions({ local: 'watch', demo: 'show', replay: 'replay' }),
  ...PLUGIN_OPTION,
  start: {
    flag: 'start',
    value: 'TIME',
    help: 'where to start the replay: 1:02:03, 90, @14:32 or 2026-08-07 14:32; of a server, a past time',
    parse: last,
  },
  speed: { flag: 'speed', value: 'N', default: 1, help: 'replay speed, 0.05 to 16', parse: number({ min: 0.05, max: 16 }) },
  loop: { flag: 'loop', help: 'start again when the recording ends', parse: () => true },
  check: { flag: 'check', help: 'verify the recording without showing it; fails if any part of it cannot be read', parse: () => true },
  ...MACHINE_OPTIONS,
  ...LOOK_OPTIONS,
  ...ALERT_OPTIONS,
  ...ENERGY_OPTIONS,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

/** Sources of commands without a screen. */
const READ_OPTIONS = {
  ...sourceOptions({ local: 'read', demo: 'read', replay: 'read' }),
  at: {
    flag: 'at',
    value: 'TIME',
    otherwise: 'the last frame; of a server, now',
    help: 'time in the recording: 1:02:03, 90, @14:32 or 2026-08-07 14:32; of a server, a past time',
    parse: last,
  },
} as const satisfies OptionTable;

/** Without a screen: what is printed, and how long is waited. */
export const GET_OPTIONS = {
  table: {
    flag: 'table',
    value: 'TABLE',
    help: 'users, accounts, jobs, namespaces, teams, gpus, processes, nodes, free, idle, alerts, scrapes, or the table of a plugin',
    parse: last,
  },
  ...NODE_OPTIONS,
  ...READ_OPTIONS,
  ...PLUGIN_OPTION,
  by: {
    flag: 'by',
    value: 'OWNER',
    help: 'users: add up by user, account, job, namespace or team; the same as the table accounts, jobs, ...',
    parse: choice({ user: 'user', account: 'account', job: 'job', namespace: 'namespace', team: 'team' } as const),
  },
  output: {
    flag: 'output',
    alias: 'o',
    value: 'FORMAT',
    default: 'table',
    help: 'table, wide, csv, json, ndjson, name, hostlist or addresses (docs/JSON.md)',
    parse: choice({
      table: 'table',
      wide: 'wide',
      csv: 'csv',
      json: 'json',
      ndjson: 'ndjson',
      name: 'name',
      hostlist: 'hostlist',
      addresses: 'addresses',
    } as const),
  },
  columns: {
    flag: 'columns',
    value: 'LIST',
    otherwise: 'those of the table',
    help: 'columns in this order, by their JSON keys; a unit suffix may be left out: user,vram,gpus',
    parse: names,
  },
  sort: { flag: 'sort', value: 'COLUMN', help: 'sort by this column; vram_bytes:asc or :desc sets the direction', parse: sortBy },
  limit: {
    flag: 'limit',
    value: 'N',
    otherwise: 'all rows',
    help: 'print only the first rows',
    parse: number({ min: 1, max: 1_000_000, whole: true }),
  },
  noHeaders: { flag: 'no-headers', help: 'leave out the line of column names (table, wide, csv)', parse: () => true },
  filter: LOOK_OPTIONS.filter,
  user: { flag: 'user', value: 'NAME', config: 'view.user', help: 'only this user', parse: last },
  watch: {
    flag: 'watch',
    alias: 'w',
    value: 'SECONDS',
    bare: true,
    help: 'print again at this interval, in seconds (10 without a value), until stopped; not with json',
    parse: watched,
  },
  deadline: {
    flag: 'deadline',
    value: 'SECONDS',
    otherwise: 'until every node has answered or failed',
    help: 'print what is known after this time',
    parse: number({ min: 0.1, max: 86_400 }),
  },
  strict: { flag: 'strict', help: 'exit with 3 when a node is missing', parse: () => true },
  gpus: {
    flag: 'gpus',
    value: 'N',
    help: 'free: list this many GPUs; exit with 4 if fewer are free',
    parse: number({ min: 1, max: 100_000, whole: true }),
  },
  model: { flag: 'model', value: 'TEXT', help: 'free: only GPUs whose model contains this text', parse: last },
  sameNode: { flag: 'same-node', help: 'free: all of the --gpus on one node', parse: () => true },
  wait: {
    flag: 'wait',
    value: 'TIME',
    bare: true,
    help: 'free: wait until --gpus are free; 30m, 2h: at most that long',
    parse: (words) => (last(words) === 'true' ? Infinity : span(words)),
  },
  ...MACHINE_OPTIONS,
  ...ALERT_RULES,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

/** One line for a monitoring system. */
export const CHECK_OPTIONS = {
  ...NODE_OPTIONS,
  ...READ_OPTIONS,
  minFree: {
    flag: 'min-free',
    value: 'N',
    help: 'WARNING when fewer GPUs are free',
    parse: number({ min: 0, max: 1_000_000, whole: true }),
  },
  maxDown: {
    flag: 'max-down',
    value: 'N',
    default: 0,
    help: 'CRITICAL when more nodes are down',
    parse: number({ min: 0, max: 1_000_000, whole: true }),
  },
  over: {
    flag: 'over',
    value: 'TIME',
    help: 'keep scraping for this long, for rules about durations: 15m, 1h',
    parse: span,
  },
  deadline: {
    flag: 'deadline',
    value: 'SECONDS',
    otherwise: 'until every node has answered or failed',
    help: 'check what is known after this time',
    parse: number({ min: 0.1, max: 86_400 }),
  },
  ...MACHINE_OPTIONS,
  ...ALERT_RULES,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

/** Asked where the viewer runs. Anything else is the path of a file, and a mere word is more likely a slip. */
const SCHEDULERS = ['slurm', 'kube'];
const MAX_JOB_SOURCES = 16;

/** 'slurm', 'slurm,/var/lib/jobs.json' */
function jobSources(words: readonly string[]): readonly string[] {
  const all = [...new Set(words.flatMap((word) => word.split(',')).map((word) => word.trim()))];
  const wrong = all.find((word) => !SCHEDULERS.includes(word) && !/[./]/.test(word));
  if (wrong === '') throw new Invalid(`"${last(words)}" has an empty name`);
  if (wrong !== undefined) throw new Invalid(`"${wrong}" is not ${SCHEDULERS.join(', ')} or a file; a file of this name is ./${wrong}`);
  if (all.length > MAX_JOB_SOURCES) throw new Invalid(`names more than ${MAX_JOB_SOURCES} sources`);
  return all;
}

/** 'targets/*.json', 'https://sd.example.org/gpu' */
function discoveryLists(words: readonly string[]): readonly string[] {
  const all = [...new Set(words.map((word) => word.trim()))];
  for (const word of all) {
    if (!/^\w+:\/\//.test(word)) continue;
    if (!URL.canParse(word) || !/^https?:/i.test(word)) throw new Invalid('has an address that is not http:// or https://');
    const { username, password } = new URL(word);
    if (username !== '' || password !== '') throw new Invalid('has an address with a user name or a password; use --http-config');
  }
  return all;
}

/** 'user, vram' */
function names(words: readonly string[]): readonly string[] {
  const given = words.flatMap((word) => word.split(',')).map((word) => word.trim());
  if (given.some((name) => name === '')) throw new Invalid(`"${last(words)}" has an empty name`);
  return given;
}

/** 'vram_bytes:desc' */
function sortBy(words: readonly string[]): TableSort {
  const [, column = '', direction] = /^([^:]+)(?::(asc|desc))?$/.exec(last(words)) ?? [];
  if (column === '') throw new Invalid(`"${last(words)}" is not like vram_bytes or vram_bytes:desc`);
  return { column, ...(direction === undefined ? {} : { descending: direction === 'desc' }) };
}

const WATCH_SECONDS = 10;
const seconds = number({ min: 0.5, max: 86_400 });

function watched(words: readonly string[]): number {
  return last(words) === 'true' ? WATCH_SECONDS : seconds(words);
}

export const RECORD_OPTIONS = {
  ...NODE_OPTIONS,
  ...localOption('record'),
  source: {
    flag: 'source',
    value: 'KIND',
    otherwise: 'depends on the other options',
    help: 'as in all-smi: local (this machine, same as --local) or remote (the nodes of --hosts, --hostfile or --ssh)',
    parse: choice({ local: 'local', remote: 'remote' } as const),
  },
  output: {
    flag: 'output',
    alias: 'o',
    value: 'FILE',
    otherwise: 'all-smi-DATE-TIME.ndjson.zst in the current directory',
    help: 'file to write; .zst or .gz selects the compression; - writes plain NDJSON to standard output',
    parse: last,
  },
  duration: {
    flag: 'duration',
    value: 'TIME',
    otherwise: 'until stopped',
    help: 'how long to record: 90s, 10m, 2h, 1d; 0: until stopped',
    parse: span,
  },
  include: {
    flag: 'include',
    value: 'LIST',
    otherwise: 'everything',
    help: 'what to record from each node: gpu,cpu,memory,chassis,process',
    parse: list(['gpu', 'cpu', 'memory', 'chassis', 'process'], ['gpu', 'cpu', 'process']),
  },
  maxSize: {
    flag: 'max-size',
    value: 'SIZE',
    otherwise: 'a single file',
    help: 'start a new file at this size: 100M, 2G; 0: never',
    parse: size,
  },
  maxFiles: {
    flag: 'max-files',
    value: 'N',
    otherwise: 'keep all',
    help: 'keep this many files and delete older ones; without --max-size, of 100M each',
    parse: number({ min: 1, max: 9999, whole: true }),
  },
  compress: {
    flag: 'compress',
    config: 'record.compress',
    value: 'HOW',
    otherwise: 'from the file extension, else zstd',
    help: 'zstd, gzip or none',
    parse: choice({ zstd: 'zstd', gzip: 'gzip', none: 'none' } as const),
  },
  outputDir: {
    config: 'record.output_dir',
    value: 'FOLDER',
    otherwise: 'the current directory',
    help: 'directory for recordings when --output is not given',
    parse: last,
  },
  ...MACHINE_OPTIONS,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

export const CONFIG_OPTIONS = {
  action: {
    flag: 'action',
    value: 'WHAT',
    default: 'path',
    help: 'path, print (values in effect, and where they come from), validate, or init (create a file)',
    parse: choice({ path: 'path', print: 'print', validate: 'validate', init: 'init' } as const),
  },
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

export const REPLAY_INFO_OPTIONS = {
  file: { flag: 'file', value: 'FILE..', many: 'words', help: 'the recording: files, or a directory of them', parse: (words) => words },
  verify: { flag: 'verify', help: 'read the whole recording; fails if anything is damaged, missing or unreadable', parse: () => true },
} as const satisfies OptionTable;

export const REPORT_OPTIONS = {
  file: {
    flag: 'file',
    value: 'FILE..',
    many: 'words',
    help: 'recordings, one after the other: files, or a directory of them',
    parse: (words) => words,
  },
  by: {
    flag: 'by',
    value: 'WHAT',
    default: 'user',
    help: 'a row per user, account, job, namespace, team, node, model, or value of a label of the host file (group.LABEL)',
    parse: usageBy,
  },
  prometheus: NODE_OPTIONS.prometheus,
  since: {
    flag: 'since',
    value: 'TIME',
    help: 'with --prometheus: from this time on, 14:32 or 2026-08-07 14:32',
    parse: last,
  },
  until: { flag: 'until', value: 'TIME', otherwise: 'now', help: 'with --prometheus: up to this time', parse: last },
  step: {
    flag: 'step',
    value: 'TIME',
    otherwise: 'the time between scrapes of the server',
    help: 'with --prometheus: time from one moment to the next: 15s, 1m',
    parse: span,
  },
  promMatch: NODE_OPTIONS.promMatch,
  promOrg: NODE_OPTIONS.promOrg,
  httpConfig: NODE_OPTIONS.httpConfig,
  dialects: NODE_OPTIONS.dialects,
  timeout: NODE_OPTIONS.timeout,
  token: NODE_OPTIONS.token,
  tokenOverHttp: NODE_OPTIONS.tokenOverHttp,
  teams: NODE_OPTIONS.teams,
  ...ENERGY_OPTIONS,
  output: {
    flag: 'output',
    alias: 'o',
    value: 'FORMAT',
    default: 'table',
    help: 'table, wide, csv, json, ndjson or name (docs/JSON.md)',
    parse: choice({ table: 'table', wide: 'wide', csv: 'csv', json: 'json', ndjson: 'ndjson', name: 'name' } as const),
  },
  columns: GET_OPTIONS.columns,
  sort: GET_OPTIONS.sort,
  limit: GET_OPTIONS.limit,
  noHeaders: GET_OPTIONS.noHeaders,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

/** What the rows of a report are. */
function usageBy(words: readonly string[]): string {
  const word = last(words);
  if (/^group\.[^.]+$/.test(word)) return word;
  const known = ['user', 'account', 'job', 'namespace', 'team', 'node', 'model'];
  if (!known.includes(word)) throw new Invalid(`"${word}" is not one of: ${known.join(', ')}, group.LABEL`);
  return word;
}

export const API_OPTIONS = {
  bind: {
    flag: 'bind',
    config: 'api.bind',
    value: 'ADDRESS',
    default: '127.0.0.1',
    help: 'address to listen on; 0.0.0.0 for all',
    parse: last,
  },
  port: {
    flag: 'port',
    alias: 'p',
    config: 'api.port',
    value: 'PORT',
    default: 9090,
    help: 'port to listen on; 0 for any free port',
    parse: number({ min: 0, max: 65_535, whole: true }),
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    config: 'api.interval_secs',
    value: 'SECONDS',
    default: 3,
    help: 'time from one collection to the next; a scrape never triggers one',
    parse: number({ min: 1, max: 3600 }),
  },
  processes: {
    flag: 'processes',
    config: 'api.processes',
    value: 'gpu|all',
    bare: true,
    otherwise: 'none; gpu when given without a value',
    help: 'export the processes that use a GPU, or all processes',
    parse: choice({ gpu: 'gpu', all: 'all', true: 'gpu', 1: 'gpu', false: 'off', 0: 'off' } as const),
  },
  tlsCert: { flag: 'tls-cert', value: 'FILE', help: 'serve https with this certificate (PEM, including the chain)', parse: last },
  tlsKey: { flag: 'tls-key', value: 'FILE', help: 'private key of the certificate (PEM)', parse: last },
  allowHost: {
    flag: 'allow-host',
    value: 'NAME',
    many: 'repeat',
    otherwise: 'the names of this machine, and any IP address',
    help: 'also answer requests for this host name; .example.com for a domain, * for any',
    parse: (words) => words,
  },
  tokenFile: {
    flag: 'token-file',
    value: 'FILE',
    help: 'require "Authorization: Bearer" with the token in this file',
    parse: last,
  },
  ...MACHINE_OPTIONS,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

interface CommandRow {
  readonly help: string;
  readonly options: OptionTable;
  /** The option that takes the positional arguments. */
  readonly words?: string;
}

/** The commands; `view` is the default. */
export const COMMANDS = {
  view: { help: 'watch a cluster', options: VIEW_OPTIONS },
  get: { help: 'print a table, for scripts', options: GET_OPTIONS, words: 'table' },
  check: { help: 'check the cluster, for a monitoring system', options: CHECK_OPTIONS },
  record: { help: 'record the nodes to a file, to replay later', options: RECORD_OPTIONS },
  report: { help: 'GPU-hours and energy over time, by user, job, node, ...', options: REPORT_OPTIONS, words: 'file' },
  'replay-info': { help: 'show what a recording contains', options: REPLAY_INFO_OPTIONS, words: 'file' },
  api: { help: 'export the metrics of this machine over HTTP', options: API_OPTIONS },
  mock: { help: 'export the metrics of a made-up cluster over HTTP', options: MOCK_OPTIONS },
  config: { help: 'show, check or create the config file', options: CONFIG_OPTIONS, words: 'action' },
} as const satisfies Readonly<Record<string, CommandRow>>;
export type Command = keyof typeof COMMANDS;
export type ViewOptions = Values<typeof VIEW_OPTIONS>;
export type RecordOptions = Values<typeof RECORD_OPTIONS>;
export type GetOptions = Values<typeof GET_OPTIONS>;
export type ReportOptions = Values<typeof REPORT_OPTIONS>;
export type MockOptions = Values<typeof MOCK_OPTIONS>;
export type ApiOptions = Values<typeof API_OPTIONS>;
