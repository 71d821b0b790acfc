/**
 * Every option, as a table: flag, environment variable, default, help. The command line, the environment and docs/OPTIONS.md are read
 * from it. A flag goes before the environment, the environment before the default.
 */
import { AppError } from './errors.js';

export interface Option<T = unknown> {
  /** Long name without dashes; absent: only the environment sets it. */
  readonly flag?: string;
  /** One letter. */
  readonly alias?: string;
  readonly env?: string;
  /** What stands for the value in the help; absent: a switch. */
  readonly value?: string;
  /** The value may be left out (`--flag` or `--flag=VALUE`); then it has the word 'true', as a switch. */
  readonly bare?: true;
  /** 'words': takes all words that follow; 'repeat': may be given again. Else the last one counts. */
  readonly many?: 'words' | 'repeat';
  readonly default?: string | number;
  /** What holds when it isn't given, where no single default says it. */
  readonly otherwise?: string;
  readonly help: string;
  /** Reads the words given, at least one and none empty; throws `Invalid`. */
  parse(words: readonly string[]): T;
}
export type OptionTable = Readonly<Record<string, Option>>;

/** Why a value is refused, as the end of a sentence that begins with the option's name. */
export class Invalid extends Error {}

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

export const VIEW_OPTIONS = {
  hosts: {
    flag: 'hosts',
    env: 'ALL_SMI_VIEW_HOSTS',
    value: 'HOST..',
    many: 'words',
    help: 'nodes to scrape: host, host:port, http(s)://host:port, ranges like node[001-512]:9090',
    parse: (words) => words,
  },
  hostfile: {
    flag: 'hostfile',
    env: 'ALL_SMI_VIEW_HOSTFILE',
    value: 'FILE',
    help: 'nodes to scrape: one a line, CSV, or Prometheus file_sd JSON',
    parse: last,
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    env: 'ALL_SMI_VIEW_INTERVAL_SECS',
    value: 'SECONDS',
    otherwise: '3 to 6, by the number of nodes',
    help: 'time between two scrapes of a node',
    parse: number({ min: 0.5, max: 86_400 }),
  },
  timeout: {
    flag: 'timeout',
    value: 'SECONDS',
    default: 5,
    help: 'how long a node may take to answer',
    parse: number({ min: 0.1, max: 600 }),
  },
  local: { flag: 'local', help: 'watch this machine; so it is when nothing else is named', parse: () => true },
  demo: { flag: 'demo', help: 'show a made-up cluster; needs no nodes', parse: () => true },
  plugin: {
    flag: 'plugin',
    value: 'FILE',
    many: 'repeat',
    help: 'add the tab of an ES module (docs/PLUGINS.md)',
    parse: (words) => words,
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
  ...MACHINE_OPTIONS,
} as const satisfies OptionTable;

export const API_OPTIONS = {
  bind: { flag: 'bind', value: 'ADDRESS', default: '127.0.0.1', help: 'address to listen on; 0.0.0.0 is all of them', parse: last },
  port: {
    flag: 'port',
    alias: 'p',
    env: 'ALL_SMI_API_PORT',
    value: 'PORT',
    default: 9090,
    help: 'port to listen on; 0 takes any that is free',
    parse: number({ min: 0, max: 65_535, whole: true }),
  },
  interval: {
    flag: 'interval',
    alias: 'i',
    env: 'ALL_SMI_API_INTERVAL_SECS',
    value: 'SECONDS',
    default: 3,
    help: 'time between two collections; a scrape never causes one',
    parse: number({ min: 1, max: 3600 }),
  },
  processes: {
    flag: 'processes',
    env: 'ALL_SMI_API_PROCESSES',
    value: 'gpu|all',
    bare: true,
    otherwise: 'none; gpu when it is given alone',
    help: 'export the processes that use a GPU, or all processes',
    parse: choice({ true: 'gpu', gpu: 'gpu', all: 'all', false: 'off' } as const),
  },
  tlsCert: { flag: 'tls-cert', value: 'FILE', help: 'serve https with this certificate (PEM, with its chain)', parse: last },
  tlsKey: { flag: 'tls-key', value: 'FILE', help: 'the key of the certificate (PEM)', parse: last },
  tokenFile: {
    flag: 'token-file',
    value: 'FILE',
    help: 'answer only those who send "Authorization: Bearer" and what it holds',
    parse: last,
  },
  ...MACHINE_OPTIONS,
} as const satisfies OptionTable;

/** Most nodes of a mock cluster. */
const MAX_NODES = 2000;

export const MOCK_OPTIONS = {
  portRange: {
    flag: 'port-range',
    value: 'FIRST-LAST',
    otherwise: '10001-10010',
    help: 'ports to serve on, a node each',
    parse: last,
  },
  nodes: {
    flag: 'nodes',
    value: 'N',
    help: 'number of nodes, on ports that follow each other',
    parse: number({ min: 1, max: MAX_NODES, whole: true }),
  },
  port: {
    flag: 'port',
    value: 'PORT',
    otherwise: '10001',
    help: 'the first of these ports; 0 takes any that are free',
    parse: number({ min: 0, max: 65_535, whole: true }),
  },
  platform: { flag: 'platform', value: 'NAME', default: 'nvidia', help: 'hardware to imitate: nvidia', parse: last },
  gpuName: { flag: 'gpu-name', value: 'NAME', default: 'NVIDIA B200 192GB HBM3', help: 'name that the GPUs report', parse: last },
  output: { flag: 'output', alias: 'o', value: 'FILE', help: 'write the addresses to a file that --hostfile reads', parse: last },
  failureNodes: {
    flag: 'failure-nodes',
    value: 'N',
    default: 0,
    help: 'number of nodes that fail now and then',
    parse: number({ min: 0, max: MAX_NODES, whole: true }),
  },
  startIndex: {
    flag: 'start-index',
    value: 'N',
    default: 1,
    help: 'number in the name of the first node',
    parse: number({ min: 0, max: 999_999, whole: true }),
  },
  processes: { env: 'ALL_SMI_MOCK_PROCESSES', value: '1', help: 'any value: the nodes export their processes', parse: () => true },
} as const satisfies OptionTable;

/** Commands of the program; `view` is the one that runs when none is named. */
export const COMMANDS = {
  view: { help: 'watch a cluster', options: VIEW_OPTIONS },
  api: { help: 'serve this machine over HTTP, for viewers to scrape', options: API_OPTIONS },
  mock: { help: 'serve a made-up cluster over HTTP', options: MOCK_OPTIONS },
} as const satisfies Readonly<Record<string, { help: string; options: OptionTable }>>;
export type Command = keyof typeof COMMANDS;

/** What a table comes to. Options without a default may be undefined. */
export type Values<Table extends OptionTable> = {
  readonly [Key in keyof Table]: ReturnType<Table[Key]['parse']> | (Table[Key] extends { readonly default: unknown } ? never : undefined);
};
export type ViewOptions = Values<typeof VIEW_OPTIONS>;
export type MockOptions = Values<typeof MOCK_OPTIONS>;
export type ApiOptions = Values<typeof API_OPTIONS>;

/** The words given for each flag of the command line, by long name. A switch has the word 'true'. */
export type Flags = Readonly<Record<string, readonly string[]>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `E_OPTION_BAD`, naming the flag or variable at fault. */
export function resolveOptions<Table extends OptionTable>(table: Table, flags: Flags, env: Environment): Values<Table> {
  const values = Object.entries(table).map(([name, option]) => [name, resolveOption(option, flags, env)] as const);
  return Object.fromEntries(values) as unknown as Values<Table>;
}

function resolveOption(option: Option, flags: Flags, env: Environment): unknown {
  const given = option.flag === undefined ? undefined : flags[option.flag];
  if (given) return parsed(option, `--${String(option.flag)}`, given);
  const variable = option.env === undefined ? '' : (env[option.env] ?? '');
  return variable === '' ? option.default : parsed(option, String(option.env), [variable]);
}

function parsed(option: Option, name: string, words: readonly string[]): unknown {
  try {
    if (words.length === 0 || words.some((word) => word.trim() === '')) throw new Invalid(`needs a value (${option.value ?? ''})`);
    return option.parse(words);
  } catch (error) {
    throw bad(name, error);
  }
}

function bad(option: string, error: unknown): unknown {
  return error instanceof Invalid ? new AppError('E_OPTION_BAD', { option, reason: error.message }) : error;
}

function last(words: readonly string[]): string {
  return words.at(-1) ?? '';
}

/** One of the words, and what it stands for. */
function choice<Table extends Readonly<Record<string, string>>>(table: Table): (words: readonly string[]) => Table[keyof Table] {
  return (words) => {
    const word = last(words);
    if (!Object.hasOwn(table, word)) throw new Invalid(`"${word}" is not one of: ${Object.keys(table).join(', ')}`);
    return table[word] as Table[keyof Table];
  };
}

function number({ min, max, whole = false }: { min: number; max: number; whole?: boolean }): (words: readonly string[]) => number {
  return (words) => {
    const word = last(words);
    const value = /^[+-]?\d+(\.\d*)?$|^[+-]?\.\d+$/.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) throw new Invalid(`"${word}" is not a number`);
    if (whole && !Number.isInteger(value)) throw new Invalid(`"${word}" is not a whole number`);
    if (value < min || value > max) throw new Invalid(`"${word}" is not between ${min} and ${max}`);
    return value;
  };
}
