/** The command line of the system's ssh. Pure. */
import type { EndpointAddress } from '../hostlists/targets.js';
import type { Ms } from '../../model/clock.js';

/** What the user says about ssh. */
export interface SshSettings {
  /** Instead of ~/.ssh/config. */
  readonly config?: string;
  /** As `-o` takes them: KEY=VALUE. */
  readonly options: readonly string[];
  readonly identity?: string;
}

/** It never prompts, and nothing is forwarded, whatever the configuration says. */
const ALWAYS = [
  'BatchMode=yes',
  'ClearAllForwardings=yes',
  'Tunnel=no',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  // A connection that is shared may be used. None is opened for others: it would outlive the program.
  'ControlMaster=no',
  // Banners are not errors.
  'LogLevel=ERROR',
];

/**
 * The first value of an option counts: `ALWAYS`, then what the user says, then these, then the configuration of ssh. Host keys are checked as
 * it is configured.
 */
const unlessSaid = (timeoutMs: Ms): readonly string[] => [
  `ConnectTimeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
  'ServerAliveInterval=5',
  'ServerAliveCountMax=2',
];

/** `sh` and not a command line: it means the same to every login shell. */
export function sshArguments(
  { url }: Pick<EndpointAddress, 'url'>,
  { config, options, identity }: SshSettings,
  timeoutMs: Ms,
): readonly string[] {
  const { username, hostname, port } = new URL(url);
  const all = [...ALWAYS, ...options, ...unlessSaid(timeoutMs)];
  return [
    '-T',
    '-a',
    '-x',
    ...(config === undefined ? [] : ['-F', config]),
    ...(identity === undefined ? [] : ['-i', identity]),
    ...all.flatMap((option) => ['-o', option]),
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    ...(port === '' ? [] : ['-p', port]),
    decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'),
    'sh',
  ];
}
