/**
 * Every option, as a table: flag, environment variable, key of the config file, default, help. The command line, the environment, the
 * config file, docs/OPTIONS.md and docs/CONFIG.md are read from it.
 */
import { MOCK_OPTIONS } from './mock-options.js';
import { ALERT_OPTIONS, LOOK_OPTIONS } from './screen-options.js';
import { choice, Invalid, last, list, number, size, span } from './values.js';
import type { OptionTable, Values } from './option-types.js';

export { MOCK_OPTIONS } from './mock-options.js';
export { envOf, givenOf, resolveOptions } from './resolve.js';
export { NO_CONFIG } from './option-types.js';
export type { ConfigFile, Environment, Flags } from './option-types.js';

const CONFIG_FLAG = {
  config: { flag: 'config', value: 'FILE', otherwise: 'that of all-smi (docs/CONFIG.md)', help: 'config file to read', parse: last },
} as const satisfies OptionTable;

/** Of every command that reads the machine it runs on. */
const MACHINE_OPTIONS = {
  nvidiaSmi: {
    flag: 'nvidia-smi',
    env: 'ALL_SMI_NVIDIA_SMI',
    value: 'PATH',
    default: 'nvidia-smi',
    help: 'the nvidia-smi to ask',
    parse: last,
  },
  proc: { flag: 'proc', value: 'DIR', default: '/proc', help: 'directory to read instead of /proc', parse: last },
  passwd: {
    flag: 'passwd',
    value: 'FILE',
    otherwise: "the system's name service",
    help: 'file to take the names of users from',
    parse: last,
  },
  redact: { flag: 'redact', help: 'hide what looks like a credential in command lines; this is the default', parse: () => true },
  noRedact: { flag: 'no-redact', help: 'show command lines as they are (docs/NODES.md)', parse: () => true },
} as const satisfies OptionTable;

/** Of every command that scrapes nodes. */
const NODE_OPTIONS = {
  hosts: {
    flag: 'hosts',
    config: 'view.hosts',
    value: 'HOST..',
    many: 'words',
    help: 'nodes to scrape: host, host:port, http(s)://host:port, ranges like node[001-512]:9090',
    parse: (words) => words,
  },
  hostfile: {
    flag: 'hostfile',
    config: 'view.hostfile',
    value: 'FILE',
    help: 'nodes to scrape: one a line, CSV, or Prometheus file_sd JSON',
    parse: last,
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    config: 'view.interval_secs',
    value: 'SECONDS',
    otherwise: '3 to 6, by the number of nodes',
    help: 'time between two scrapes of a node',
    parse: number({ min: 0.5, max: 86_400 }),
  },
  timeout: {
    flag: 'timeout',
    config: 'view.timeout_secs',
    value: 'SECONDS',
    default: 5,
    help: 'how long a node may take to answer',
    parse: number({ min: 0.1, max: 600 }),
  },
  token: {
    env: 'ALL_SMI_AUTH_TOKEN',
    value: 'TOKEN',
    help: 'sent to every node as "Authorization: Bearer TOKEN"',
    parse: (words) => {
      if (!/^[\x21-\x7e]+$/.test(last(words))) throw new Invalid('holds characters that no header may carry');
      return last(words);
    },
  },
} as const satisfies OptionTable;

export const VIEW_OPTIONS = {
  ...NODE_OPTIONS,
  local: { flag: 'local', help: 'watch this machine; so it is when nothing else is named', parse: () => true },
  demo: { flag: 'demo', help: 'show a made-up cluster; needs no nodes', parse: () => true },
  plugin: {
    flag: 'plugin',
    value: 'FILE',
    many: 'repeat',
    help: 'add the tab of an ES module (docs/PLUGINS.md)',
    parse: (words) => words,
  },
  replay: {
    flag: 'replay',
    value: 'FILE..',
    many: 'words',
    help: 'play a recording: files, or a folder of them; segments are chained by time',
    parse: (words) => words,
  },
  start: { flag: 'start', value: 'TIME', help: 'where the replay begins: 1:02:03, 90, @14:32 or 2026-08-07 14:32', parse: last },
  speed: { flag: 'speed', value: 'N', default: 1, help: 'speed of the replay, 0.05 to 16', parse: number({ min: 0.05, max: 16 }) },
  loop: { flag: 'loop', help: 'play again from the start when the recording ends', parse: () => true },
  check: { flag: 'check', help: 'read all of the recording without showing it; fails if anything in it cannot be read', parse: () => true },
  ...MACHINE_OPTIONS,
  ...LOOK_OPTIONS,
  ...ALERT_OPTIONS,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

export const RECORD_OPTIONS = {
  ...NODE_OPTIONS,
  local: { flag: 'local', help: 'record this machine; so it is when nothing else is named', parse: () => true },
  output: {
    flag: 'output',
    alias: 'o',
    value: 'FILE',
    otherwise: 'all-smi-DATE-TIME.ndjson.zst in the current folder',
    help: 'where to; .zst and .gz say how it is compressed',
    parse: last,
  },
  duration: { flag: 'duration', value: 'TIME', otherwise: 'until it is stopped', help: 'how long: 90s, 10m, 2h, 1d', parse: span },
  include: {
    flag: 'include',
    value: 'LIST',
    otherwise: 'all of them',
    help: 'what of a node: gpu,cpu,memory,chassis,process',
    parse: list(['gpu', 'cpu', 'memory', 'chassis', 'process']),
  },
  maxSize: { flag: 'max-size', value: 'SIZE', otherwise: 'one file', help: 'begin another file at this size: 100M, 2G', parse: size },
  maxFiles: {
    flag: 'max-files',
    value: 'N',
    otherwise: 'all are kept',
    help: 'keep this many files and delete the oldest; needs --max-size',
    parse: number({ min: 1, max: 9999, whole: true }),
  },
  compress: {
    flag: 'compress',
    config: 'record.compress',
    value: 'HOW',
    otherwise: 'by the name of the file; else zstd',
    help: 'zstd, gzip or none',
    parse: choice({ zstd: 'zstd', gzip: 'gzip', none: 'none' } as const),
  },
  outputDir: {
    config: 'record.output_dir',
    value: 'FOLDER',
    otherwise: 'the current one',
    help: 'folder of recordings that --output gives no name',
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
    help: 'path, print (what holds, and why), validate, or init (a file to fill in)',
    parse: choice({ path: 'path', print: 'print', validate: 'validate', init: 'init' } as const),
  },
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

export const REPLAY_INFO_OPTIONS = {
  file: { flag: 'file', value: 'FILE..', many: 'words', help: 'the recording: files, or a folder of them', parse: (words) => words },
} as const satisfies OptionTable;

export const API_OPTIONS = {
  bind: {
    flag: 'bind',
    config: 'api.bind',
    value: 'ADDRESS',
    default: '127.0.0.1',
    help: 'address to listen on; 0.0.0.0 is all of them',
    parse: last,
  },
  port: {
    flag: 'port',
    alias: 'p',
    config: 'api.port',
    value: 'PORT',
    default: 9090,
    help: 'port to listen on; 0 takes any that is free',
    parse: number({ min: 0, max: 65_535, whole: true }),
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    config: 'api.interval_secs',
    value: 'SECONDS',
    default: 3,
    help: 'time between two collections; a scrape never causes one',
    parse: number({ min: 1, max: 3600 }),
  },
  processes: {
    flag: 'processes',
    config: 'api.processes',
    value: 'gpu|all',
    bare: true,
    otherwise: 'none; gpu when it is given alone',
    help: 'export the processes that use a GPU, or all processes',
    parse: choice({ gpu: 'gpu', all: 'all', true: 'gpu', 1: 'gpu', false: 'off', 0: 'off' } as const),
  },
  tlsCert: { flag: 'tls-cert', value: 'FILE', help: 'serve https with this certificate (PEM, with its chain)', parse: last },
  tlsKey: { flag: 'tls-key', value: 'FILE', help: 'the key of the certificate (PEM)', parse: last },
  allowHost: {
    flag: 'allow-host',
    value: 'NAME',
    many: 'repeat',
    otherwise: 'names of this machine, and any address',
    help: 'answer requests for this host name too; .example.com for a domain, * for any',
    parse: (words) => words,
  },
  tokenFile: {
    flag: 'token-file',
    value: 'FILE',
    help: 'answer only those who send "Authorization: Bearer" and what it holds',
    parse: last,
  },
  ...MACHINE_OPTIONS,
  ...CONFIG_FLAG,
} as const satisfies OptionTable;

interface CommandRow {
  readonly help: string;
  readonly options: OptionTable;
  /** The option that words without a flag belong to. */
  readonly words?: string;
}

/** Commands of the program; `view` is the one that runs when none is named. */
export const COMMANDS = {
  view: { help: 'watch a cluster', options: VIEW_OPTIONS },
  record: { help: 'write what the nodes say into a file, to be played later', options: RECORD_OPTIONS },
  'replay-info': { help: 'tell what is in a recording', options: REPLAY_INFO_OPTIONS, words: 'file' },
  api: { help: 'serve this machine over HTTP, for viewers to scrape', options: API_OPTIONS },
  mock: { help: 'serve a made-up cluster over HTTP', options: MOCK_OPTIONS },
  config: { help: 'tell of the config file', options: CONFIG_OPTIONS, words: 'action' },
} as const satisfies Readonly<Record<string, CommandRow>>;
export type Command = keyof typeof COMMANDS;
export type ViewOptions = Values<typeof VIEW_OPTIONS>;
export type RecordOptions = Values<typeof RECORD_OPTIONS>;
export type MockOptions = Values<typeof MOCK_OPTIONS>;
export type ApiOptions = Values<typeof API_OPTIONS>;
