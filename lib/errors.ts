/**
 * Every error that a user may see, in one table: message, exit code, what to do. docs/ERRORS.md is generated from it.
 *
 * Codes that start with E_ end the program or refuse a request. Codes that start with S_ belong to the scrape of one node, or to the answer of a
 * scheduler (S_JOBS_), and are never fatal.
 */
import { clean } from './text/sanitize.js';

export interface ErrorRow {
  /** One sentence without a full stop; {name} stands for a parameter. */
  readonly text: string;
  /** Exit code; 0: never ends the program. */
  readonly exit: number;
  /** What the user can do about it. One or two short sentences. */
  readonly advice: string;
  /** It happened here, and says nothing about the node. */
  readonly ours?: true;
}

/** Exit codes: 1 failed, 2 wrong usage, 3 incomplete (`get --strict`), 4 no room (`get free`), 70 internal error. */
export const ERRORS = {
  E_INTERNAL: {
    text: 'internal error: {reason}',
    exit: 70,
    advice: 'Please report this, with what you did before; no input should cause it.',
    ours: true,
  },
  E_OPEN_FILES: { text: 'too many open files', exit: 1, advice: 'Raise the limit of open files (ulimit -n).' },
  E_INSTALLATION: { text: 'the installation is incomplete: {reason}', exit: 1, advice: 'Reinstall all-smi-view.' },
  E_OPTION_BAD: { text: '{option}: {reason}', exit: 2, advice: 'See --help for the allowed values.' },
  E_NO_HOSTS: { text: 'no nodes to watch', exit: 2, advice: 'Name them with --hosts, --hostfile or --ssh, or try --demo.' },
  E_HOST_BAD: {
    text: 'host "{host}": {reason}',
    exit: 2,
    advice: "Write host, host:port, host:port+port, http(s)://host:port or a range in quotes: 'node[01-16]:9090'.",
  },
  E_TOKEN_OVER_HTTP: {
    text: '{what} would be sent unencrypted: {where}',
    exit: 2,
    advice: 'Use https:// addresses, or allow it with --token-over-http.',
  },
  E_HOSTS_FROM: {
    text: 'hosts from {source}: {reason}',
    exit: 2,
    advice: 'It is the file_sd or http_sd of Prometheus, or the address of a server; docs/HOSTS.md describes them.',
  },
  E_DIALECTS: {
    text: 'dialects {file}: {reason}',
    exit: 2,
    advice: 'docs/DIALECTS.md describes the file.',
  },
  E_HTTP_CONFIG: {
    text: 'http config {file}: {reason}',
    exit: 2,
    advice: 'It is the http config of Prometheus, in YAML; docs/ACCESS.md lists what it may contain.',
  },
  E_HOSTS_TOO_MANY: { text: 'more than {max} hosts', exit: 2, advice: 'Narrow the ranges, or watch the cluster in parts.' },
  E_HOSTFILE_UNREADABLE: { text: 'host file {file}: {reason}', exit: 2, advice: 'Check the path and the permissions of the file.' },
  E_HOSTFILE_BAD: {
    text: 'host file {file}, {where}: {reason}',
    exit: 2,
    advice: 'Use one host per line, CSV with the address first, or the file_sd of Prometheus.',
  },
  E_HOSTFILE_EMPTY: {
    text: 'host file {file} lists no hosts',
    exit: 2,
    advice: 'Use one host per line, CSV with the address first, or the file_sd of Prometheus.',
  },
  E_CONFIG_UNREADABLE: {
    text: 'config file {file}: {reason}',
    exit: 2,
    advice: 'Check the path; `all-smi-view config init` creates a config file.',
  },
  E_CONFIG_BAD: {
    text: 'config file {file}: {reason}',
    exit: 2,
    advice: 'See docs/CONFIG.md; `all-smi-view config validate` checks the file.',
  },
  E_LOCAL_NONE: {
    text: 'cannot read this machine: {dir} does not exist',
    exit: 2,
    advice: 'Local mode needs Linux. Name nodes with --hosts or --hostfile, or try --demo.',
  },
  E_FILE_READ: { text: 'cannot read {file}: {reason}', exit: 2, advice: 'Check the path and the permissions of the file.' },
  E_PORT_IN_USE: {
    text: 'port {port} is in use',
    exit: 1,
    advice: 'Choose another port with --port, or stop the program that uses this one.',
  },
  E_LISTEN: {
    text: 'cannot listen on {address}: {reason}',
    exit: 1,
    advice: 'Check the address. Ports below 1024 often need privileges, and each port needs a file descriptor.',
  },
  E_FILE_WRITE: {
    text: 'cannot write {file}: {reason}',
    exit: 1,
    advice: 'Choose another file, remove the existing one, or free disk space.',
  },
  E_RECORD_STOPPED: {
    text: 'recording to {file} stopped: {reason}',
    exit: 1,
    advice: 'Everything up to then is complete and can be replayed.',
  },
  E_RECORDING_UNREADABLE: { text: 'recording {file}: {reason}', exit: 2, advice: 'Check the path and the permissions of the file.' },
  E_RECORDING_BAD: {
    text: 'recording {file}: {reason}',
    exit: 1,
    advice: 'docs/RECORDING.md lists what can be replayed; replay-info shows what a recording contains.',
  },
  E_NOT_A_TTY: { text: 'not a terminal', exit: 2, advice: 'Start it in a terminal, without redirecting input or output.' },
  E_TERM_DUMB: {
    text: 'the terminal cannot move its cursor (TERM={term})',
    exit: 2,
    advice: 'Set TERM to the type of your terminal, for example xterm-256color.',
  },
  E_PLUGIN_LOAD: { text: 'plugin {plugin}: {reason}', exit: 2, advice: 'Check the path; a plugin is an ES module with a default export.' },
  E_PLUGIN_SHAPE: { text: 'plugin {plugin}, {field}: {reason}', exit: 2, advice: 'docs/PLUGINS.md describes the plugin interface.' },

  E_NO_ANSWER: {
    text: 'no node answered: {reason}',
    exit: 1,
    advice: 'Check the addresses, and that an exporter runs on each node; the Diagnosis tab of the viewer shows every node.',
  },
  E_PARTIAL: {
    text: '{missing} of {nodes} nodes are missing',
    exit: 3,
    advice: 'The available data was printed; without --strict this is not an error.',
  },
  E_NO_ROOM: { text: 'not enough free GPUs: {gpus} requested', exit: 4, advice: 'Request fewer GPUs, or wait for them with --wait=2h.' },

  E_EXPORT: {
    text: 'export failed: {reason}',
    exit: 0,
    advice: 'Exports go to the directory all-smi in the cache directory (XDG_CACHE_HOME, ~/.cache by default).',
  },

  S_REFUSED: { text: 'connection refused', exit: 0, advice: 'Start the exporter on the node, or check the port.' },
  S_DNS: { text: 'host name not found', exit: 0, advice: 'Check the spelling, and DNS on this machine.' },
  S_NETWORK: { text: '{reason}', exit: 0, advice: 'Check that this machine can reach the node.' },
  S_NOT_SCRAPED: {
    text: '{reason}',
    exit: 0,
    advice:
      'The state of the node is unknown: it could not be scraped from here, or not in time. Raise the limit of open files (ulimit -n).',
    ours: true,
  },
  S_TLS: {
    text: 'TLS: {reason}',
    exit: 0,
    advice: 'Check the certificate, or name its authority and your own certificate in tls_config of --http-config (docs/ACCESS.md).',
  },
  S_ACCESS: {
    text: 'no request was sent: {reason}',
    exit: 0,
    advice: 'Check the files that the http config names (docs/ACCESS.md); --token-over-http allows http:// addresses.',
    ours: true,
  },
  S_TIMEOUT: {
    text: 'no response within {seconds} s',
    exit: 0,
    advice: 'The node is down, busy, or behind a firewall; increase --timeout to wait longer.',
  },
  S_SLOW_BODY: {
    text: 'response incomplete after {seconds} s',
    exit: 0,
    advice: 'The link is too slow for the size of the response; increase --timeout to wait longer.',
  },
  S_HTTP: { text: 'HTTP {status}', exit: 0, advice: 'The server answers, but not with metrics; check the port and the token.' },
  S_FOREIGN: {
    text: 'answered with {what}, not with all-smi metrics',
    exit: 0,
    advice: 'Check the port and which program listens on it; a proxy or a login page may answer instead of the exporter.',
  },
  S_OTHER_EXPORTER: {
    text: '{program}: {reason}',
    exit: 0,
    advice: 'It is another exporter, with nothing to show here. docs/EXPORTERS.md lists those that are read.',
  },
  S_OTHER_GPUS: {
    text: 'reports other GPUs than {other}: it is not the same node',
    exit: 0,
    advice:
      'Endpoints of one node report the same GPUs. List the address as a node of its own, or correct the list. Its values are not used.',
  },
  S_NOT_READY: {
    text: 'the exporter has not collected any data yet',
    exit: 0,
    advice: 'It has just started, or its collection hangs; see its log on the node.',
  },
  S_AUTH: {
    text: 'HTTP {status}',
    exit: 0,
    advice: 'Set or check ALL_SMI_AUTH_TOKEN or --http-config: the node rejected the credentials, or none were sent.',
  },
  S_REDIRECT: { text: 'redirect refused: {reason}', exit: 0, advice: 'Use the address at which the metrics are served.' },
  S_TOO_LARGE: {
    text: 'response larger than {mib} MiB',
    exit: 0,
    advice: 'This is not the exporter of a single node, or the exporter is faulty.',
  },
  S_CUT: { text: 'response cut off', exit: 0, advice: 'The exporter or a proxy closed the connection early. The last good data are kept.' },
  S_PENDING: { text: 'no response yet', exit: 0, advice: 'The deadline was reached first; increase --deadline to wait longer.' },
  S_NOT_RECORDED: {
    text: 'not in the recording at this time',
    exit: 0,
    advice: 'The node was failing when this was recorded, or was not yet being watched.',
  },
  S_ENCODING: {
    text: 'response cannot be decoded: {reason}',
    exit: 0,
    advice: 'The exporter or a proxy sends damaged or unsupported compressed data.',
  },

  S_SERVER: {
    text: 'the server does not answer: {reason}',
    exit: 0,
    advice: 'The last answer stays; the server is asked again.',
    ours: true,
  },
  S_NOT_PROMETHEUS: {
    text: 'answered with {what}, not as a Prometheus server',
    exit: 0,
    advice: 'Check the address: --prometheus takes what stands before /api/v1, with the path that a proxy or a tenant has.',
    ours: true,
  },
  S_QUERY: {
    text: 'the server refused a query: {reason}',
    exit: 0,
    advice: 'Check --prom-match; docs/PROMETHEUS.md lists the queries.',
    ours: true,
  },
  S_QUERY_LIMIT: {
    text: 'too much for the server: {reason}',
    exit: 0,
    advice: 'Narrow it with --prom-match. The nodes are asked for in parts, and the last answer stays.',
    ours: true,
  },
  S_NO_SERIES: {
    text: 'the server has no GPU metrics, or none that match',
    exit: 0,
    advice: 'Check --prom-match, and that the server scrapes the exporters (docs/PROMETHEUS.md).',
    ours: true,
  },
  S_NO_HISTORY: {
    text: 'the server has nothing at {when}, and nothing near it',
    exit: 0,
    advice: 'It may keep less than that (its retention), or did not scrape the nodes at that time.',
    ours: true,
  },
  S_TARGET_DOWN: { text: 'the server cannot scrape it', exit: 0, advice: 'The Targets page of the server has the reason.' },
  S_OLD_SAMPLES: { text: 'no new samples for {age}', exit: 0, advice: 'The server no longer scrapes the node, or is behind.', ours: true },
  S_NOT_SERVED: {
    text: 'the server no longer has it',
    exit: 0,
    advice: 'It was removed from the scrape targets, or its exporter sends no GPU metrics any more. After five minutes it is dropped.',
    ours: true,
  },

  S_SSH_MISSING: {
    text: 'ssh is not on the PATH',
    exit: 0,
    advice: 'Install the OpenSSH client on this machine.',
    ours: true,
  },
  S_SSH_CONFIG: {
    text: 'ssh: {reason}',
    exit: 0,
    advice: 'Check ~/.ssh/config, --ssh-config and --ssh-option; `ssh -G HOST` prints what applies.',
    ours: true,
  },
  S_SSH_HERE: { text: 'ssh: {reason}', exit: 0, advice: 'ssh could not be started on this machine, or was killed.', ours: true },
  S_SSH_UNREACHABLE: {
    text: 'SSH: {reason}',
    exit: 0,
    advice: 'The node is down or hangs, or a firewall is in the way; increase --timeout to wait longer.',
  },
  S_SSH_REFUSED: {
    text: 'SSH: connection refused',
    exit: 0,
    advice: 'Start sshd on the node, or check the port: --ssh HOST:PORT, or Port in ~/.ssh/config.',
  },
  S_SSH_CLOSED: {
    text: 'SSH: {reason}',
    exit: 0,
    advice: 'The node or a jump host closed the connection during login. Try `ssh HOST true`; the reason is in the log of sshd there.',
  },
  S_SSH_HOST_CHANGED: {
    text: 'SSH: the host key has changed',
    exit: 0,
    advice:
      'The node was reinstalled, or the connection is being intercepted. If you are sure that it was reinstalled, remove the old key: ssh-keygen -R HOST.',
  },
  S_SSH_HOST_UNKNOWN: {
    text: 'SSH: the host key is not known',
    exit: 0,
    advice: 'Connect once with ssh and check the fingerprint, or add the key to known_hosts.',
  },
  S_SSH_AUTH: {
    text: 'SSH: authentication failed: {reason}',
    exit: 0,
    advice:
      'ssh cannot prompt here: load the key into ssh-agent, or name it with --ssh-identity. `ssh -o BatchMode=yes HOST true` must work.',
  },
  S_SSH_SHELL: {
    text: 'SSH: no shell: {reason}',
    exit: 0,
    advice: 'The account needs a login shell, or a key whose forced command is the script (docs/SSH.md). `ssh HOST sh` must work.',
  },
  S_SSH_TOOLS: {
    text: 'SSH: the node has no {what}',
    exit: 0,
    advice: 'Install what is missing on the node (util-linux, coreutils, awk), or run an exporter there (docs/NODES.md).',
  },
  S_SSH_VERSION: {
    text: 'SSH: the script on the node is another version',
    exit: 0,
    advice: 'Install the script of this version there (docs/SSH.md).',
  },
  S_SSH_PROC: {
    text: 'SSH: /proc cannot be read on the node',
    exit: 0,
    advice: 'The node must run Linux, and the account must be allowed to read /proc; check --proc.',
  },
  S_SSH_LOST: {
    text: 'SSH: connection lost: {reason}',
    exit: 0,
    advice: 'The viewer reconnects by itself; the delay between attempts grows up to a minute.',
  },
  S_SSH_GARBLED: {
    text: 'SSH: the node sent {reason}',
    exit: 0,
    advice:
      'Something on the node prints to the connection, usually a startup file of the login shell. `ssh HOST true` should print nothing.',
  },

  S_JOBS_MISSING: {
    text: '{program} is not on the PATH',
    exit: 0,
    advice: 'Start the viewer where the commands of the scheduler are, or read what they print with --jobs FILE (docs/JOBS.md).',
  },
  S_JOBS_FAILED: { text: '{program}: {reason}', exit: 0, advice: 'Run the command by hand; docs/JOBS.md lists what it needs.' },
  S_JOBS_TIMEOUT: {
    text: '{program}: no answer within {seconds} s',
    exit: 0,
    advice: 'The scheduler is busy or cannot be reached. It is asked again every minute, and the last answer stays.',
  },
  S_JOBS_TOO_LARGE: {
    text: '{program}: its answer is larger than {mib} MiB',
    exit: 0,
    advice: 'Ask for fewer jobs, and read them with --jobs FILE.',
  },
  S_JOBS_BAD: {
    text: '{program}: its answer cannot be used: {reason}',
    exit: 0,
    advice: 'docs/JOBS.md lists the commands whose output is read. The last good answer stays.',
  },
  S_JOBS_FILE: {
    text: '{file}: {reason}',
    exit: 0,
    advice: 'Check the path, the permissions and the job that writes the file (docs/JOBS.md). The last good answer stays.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParams = Readonly<Record<string, string | number>>;

/** Whether an error with this code, which a recording may have, happened here and says nothing about the node. */
export function isOurs(code: string): boolean {
  return Object.hasOwn(ERRORS, code) && (ERRORS[code as ErrorCode] as ErrorRow).ours === true;
}

/** Longest message, in bytes. */
const MAX_TEXT_BYTES = 400;

/** The message of a row with its parameters filled in, cleaned. */
export function errorText(code: ErrorCode, params: ErrorParams = {}): string {
  return clean(
    ERRORS[code].text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)),
    MAX_TEXT_BYTES,
  );
}

/** An error of the table. `message` is the row's text, ready to show. */
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

/** Why a file cannot be written, by the error code of the file system. */
const WRITE_REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'already exists',
  ENOENT: 'the directory does not exist',
  EACCES: 'no permission to write to the directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is exceeded',
  EISDIR: 'is a directory',
  ESPECIAL: 'is a device or a pipe; -o - writes to standard output',
  EPIPE: 'the reader closed the pipe',
  ENOTDIR: 'part of the path is not a directory',
  ELOOP: 'is a symbolic link',
  ELINK: 'its directory is a symbolic link of another user',
  EFBIG: 'the file would be too large',
  EIO: 'disk I/O error',
  EMFILE: 'too many open files; raise ulimit -n',
  ENFILE: 'too many open files on this machine',
};

/** The error of the file system for writing to `path`, as `E_FILE_WRITE`. */
export function writeError(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new AppError('E_FILE_WRITE', { file: clean(path, 200), reason: WRITE_REASONS[code] ?? clean(message, 200) }, { cause: error });
}

/** Why a file cannot be read, by the error code of the file system. */
const READ_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ENOTFILE: 'is not a file',
  ENXIO: 'is not a file',
  ELOOP: 'too many links',
  ENAMETOOLONG: 'the name is too long',
  ENOTDIR: 'part of the path is not a directory',
  ESTALE: 'is no longer on the file server',
  EIO: 'cannot be read',
};

/** The error of the file system for reading a file, in words. */
export function readReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return READ_REASONS[code] ?? clean(message, 200);
}
