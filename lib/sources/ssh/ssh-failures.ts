/** Why a connection could not be made or was lost, from what ssh printed and how it ended. Pure. */
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';

export interface Ended {
  /** What ssh, and whatever it started, wrote to standard error. Not trusted. */
  readonly errors: string;
  /** What came before the script answered: words of a login shell. Not trusted. */
  readonly preface: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why ssh could not be started. */
  readonly error?: NodeJS.ErrnoException;
  /** The script had answered: it is a connection that was lost. */
  readonly wasReady: boolean;
}

/** Exit status of ssh for its own errors; others are those of the remote command. */
const OWN_ERROR = 255;

type Found = (reason: string) => AppError;

/** The first that fits counts. The order is that of a connection. */
const BEFORE: readonly (readonly [said: RegExp, error: Found])[] = [
  [
    /bad configuration option|terminating, \d+ bad configuration|can't open user config file|bad owner or permissions on|no argument after keyword|unsupported option|extra arguments at end of line/i,
    (reason) => new AppError('S_SSH_CONFIG', { reason }),
  ],
  [/could not resolve hostname|name or service not known|nodename nor servname/i, () => new AppError('S_DNS')],
  [/connection refused/i, () => new AppError('S_SSH_REFUSED')],
  [
    /remote host identification has changed|host key .*(?:has changed|differ)|revoked host key|offending .*key/i,
    () => new AppError('S_SSH_HOST_CHANGED'),
  ],
  [/host key verification failed|no .*host key is known|host key is not known/i, () => new AppError('S_SSH_HOST_UNKNOWN')],
  [
    /permission denied \(|too many authentication failures|no supported authentication|sign_and_send_pubkey/i,
    (reason) => new AppError('S_SSH_AUTH', { reason }),
  ],
  [
    /timed out|no route to host|network is unreachable|host is down|not responding|operation timed out/i,
    (reason) => new AppError('S_SSH_UNREACHABLE', { reason }),
  ],
  [
    /kex_exchange_identification|ssh_exchange_identification|connection (?:closed|reset)|closed by remote host|broken pipe/i,
    (reason) => new AppError('S_SSH_CLOSED', { reason }),
  ],
];

export function failureOf({ errors, preface, code, signal, error, wasReady }: Ended): AppError {
  if (error !== undefined)
    return error.code === 'ENOENT' ? new AppError('S_SSH_MISSING') : new AppError('S_SSH_HERE', { reason: clean(error.message, 200) });
  const said = lastWords(errors);
  if (wasReady) return new AppError('S_SSH_LOST', { reason: said || 'the session on the node ended' });
  if (code === OWN_ERROR) {
    const [, found] = BEFORE.find(([pattern]) => pattern.test(errors)) ?? [];
    return found?.(said) ?? new AppError('S_SSH_CLOSED', { reason: said || 'ssh exited without a message' });
  }
  if (signal !== null) return new AppError('S_SSH_HERE', { reason: `ssh was killed by ${signal}` });
  return new AppError('S_SSH_SHELL', { reason: said || lastWords(preface) || `the login shell exited with status ${code ?? 0}` });
}

/** The last sentence, without the name of the program and the address, which is shown beside it. */
function lastWords(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => clean(line, 200).trim())
    .filter((line) => line !== '');
  return (lines.at(-1) ?? '').replace(/^ssh: (?:connect to host \S+ port \d+: )?/, '');
}
