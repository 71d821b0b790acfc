/**
 * Every error a person may meet, as one table: what is said, the exit status, what to do. docs/ERRORS.md is generated from it.
 *
 * Codes that start with E_ end the program or refuse a request; codes that start with S_ belong to one host's scrape and are never fatal.
 */
import { clean } from './text/sanitize.js';

export interface ErrorRow {
  /** One sentence without a full stop; {name} stands for a parameter. */
  readonly text: string;
  /** Exit status; 0: never ends the program. */
  readonly exit: number;
  /** What the reader can do about it. One sentence. */
  readonly advice: string;
}

/** Exit statuses: 1 failed, 2 wrongly called, 70 a fault of the program itself. */
export const ERRORS = {
  E_INTERNAL: {
    text: 'internal error: {reason}',
    exit: 70,
    advice: 'Please report it with what you did; nothing you typed should cause this.',
  },
  E_OPTION_BAD: { text: '{option}: {reason}', exit: 2, advice: 'See --help for the values it takes.' },
  E_NO_HOSTS: { text: 'no hosts to watch', exit: 2, advice: 'Name them with --hosts or --hostfile, or try --demo.' },
  E_HOST_BAD: {
    text: 'host "{host}": {reason}',
    exit: 2,
    advice: 'Write host, host:port, http(s)://host:port or a range like node[01-16]:9090.',
  },
  E_HOSTS_TOO_MANY: { text: 'more than {max} hosts', exit: 2, advice: 'Narrow the ranges, or watch the cluster in parts.' },
  E_HOSTFILE_UNREADABLE: { text: 'host file {file}: {reason}', exit: 2, advice: 'Check the path and that the file may be read.' },
  E_HOSTFILE_BAD: {
    text: 'host file {file}, {where}: {reason}',
    exit: 2,
    advice: 'One host a line, CSV with the address first, or Prometheus file_sd JSON.',
  },
  E_HOSTFILE_EMPTY: {
    text: 'host file {file} names no host',
    exit: 2,
    advice: 'One host a line, CSV with the address first, or Prometheus file_sd JSON.',
  },
  E_CONFIG_UNREADABLE: { text: 'config file {file}: {reason}', exit: 2, advice: 'Check the path; `all-smi-view config init` writes one.' },
  E_CONFIG_BAD: {
    text: 'config file {file}: {reason}',
    exit: 2,
    advice: 'See docs/CONFIG.md; `all-smi-view config validate` looks at it.',
  },
  E_LOCAL_NONE: {
    text: 'this machine cannot be read: there is no {dir}',
    exit: 2,
    advice: 'Only Linux has it. Name the nodes to watch with --hosts or --hostfile, or try --demo.',
  },
  E_FILE_READ: { text: 'cannot read {file}: {reason}', exit: 2, advice: 'Check the path and that the file may be read.' },
  E_PORT_IN_USE: { text: 'port {port} is in use', exit: 1, advice: 'Choose another with --port, or stop what listens there.' },
  E_LISTEN: {
    text: 'cannot listen on {address}: {reason}',
    exit: 1,
    advice: 'Check the address; ports below 1024 often need more rights, and each port needs an open file.',
  },
  E_FILE_WRITE: { text: 'cannot write {file}: {reason}', exit: 1, advice: 'Name another file, or remove what is in its place.' },
  E_RECORD_STOPPED: {
    text: 'recording to {file} stopped: {reason}',
    exit: 1,
    advice: 'What was recorded until then is whole and replays.',
  },
  E_RECORDING_UNREADABLE: { text: 'recording {file}: {reason}', exit: 2, advice: 'Check the path and that the file may be read.' },
  E_RECORDING_BAD: {
    text: 'recording {file}: {reason}',
    exit: 1,
    advice: 'docs/RECORDING.md tells what can be replayed; replay-info shows what is in a recording.',
  },
  E_NOT_A_TTY: { text: 'not a terminal', exit: 2, advice: 'Start it in a terminal, without redirecting its input or output.' },
  E_TERM_DUMB: {
    text: 'the terminal cannot move its cursor (TERM={term})',
    exit: 2,
    advice: 'Set TERM to what your terminal is, for example xterm-256color.',
  },
  E_PLUGIN_LOAD: { text: 'plugin {plugin}: {reason}', exit: 2, advice: 'Check the path; a plugin is an ES module with a default export.' },
  E_PLUGIN_SHAPE: { text: 'plugin {plugin}, {field}: {reason}', exit: 2, advice: 'See docs/PLUGINS.md for the shape.' },

  E_EXPORT: {
    text: 'not exported: {reason}',
    exit: 0,
    advice: 'Exports go to the folder all-smi in the cache folder (XDG_CACHE_HOME, by default ~/.cache).',
  },

  S_REFUSED: { text: 'connection refused', exit: 0, advice: 'Start the exporter on the node, or check the port.' },
  S_DNS: { text: 'name not found', exit: 0, advice: 'Check the spelling and the resolver of this machine.' },
  S_NETWORK: { text: '{reason}', exit: 0, advice: 'Check that this machine can reach the node.' },
  S_TLS: { text: 'TLS: {reason}', exit: 0, advice: 'Check the certificate, or name the authority with NODE_EXTRA_CA_CERTS.' },
  S_TIMEOUT: { text: 'no answer within {seconds} s', exit: 0, advice: 'The node is down, busy or filtered; --timeout gives it longer.' },
  S_SLOW_BODY: { text: 'answer not complete within {seconds} s', exit: 0, advice: 'The link is too slow for what the node sends.' },
  S_HTTP: { text: 'HTTP {status}', exit: 0, advice: 'The address answers, but not with metrics; check port and token.' },
  S_AUTH: { text: 'HTTP {status}', exit: 0, advice: 'Set ALL_SMI_AUTH_TOKEN; it is sent over https only, unless you allow http.' },
  S_REDIRECT: { text: 'redirect refused: {reason}', exit: 0, advice: 'Name the address the metrics are really at.' },
  S_TOO_LARGE: { text: 'body larger than {mib} MiB', exit: 0, advice: 'Not an exporter of one node, or one that has gone wrong.' },
  S_CUT: { text: 'answer cut off', exit: 0, advice: 'The exporter or a proxy closed the connection early; the last good data stays.' },
  S_NOT_RECORDED: {
    text: 'not in the recording at this time',
    exit: 0,
    advice: 'The node failed when it was recorded, or was not watched yet.',
  },
  S_ENCODING: { text: 'answer badly encoded', exit: 0, advice: 'The exporter or a proxy compresses wrongly.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParams = Readonly<Record<string, string | number>>;

/** Longest text of an error, in bytes. */
const MAX_TEXT_BYTES = 400;

/** The row's text with its parameters in place, cleaned. */
export function errorText(code: ErrorCode, params: ErrorParams = {}): string {
  return clean(
    ERRORS[code].text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)),
    MAX_TEXT_BYTES,
  );
}

/** An error of the table. `message` is the row's text, ready to be shown. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, options: { cause?: unknown } = {}) {
    super(errorText(code, params), options);
    this.name = 'AppError';
    this.code = code;
    this.params = params;
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }

  get advice(): string {
    return ERRORS[this.code].advice;
  }
}
