/**
 * What runs on a node while it is watched over SSH: a POSIX shell script that goes in over standard input, so that nothing is written on the
 * node. docs/SSH.md shows it, and how to install it for a key that may do nothing else.
 *
 * Its first line has the nonce, `ready`, and what the node is. After that, each line belongs to a job and begins with its number and a mark:
 * `@` the request was received, `>` a line that the job printed, `+` a part of a long one, `!` a line of its errors, `.` its exit status. The
 * text of a job cannot look like another line, whatever is in it, because number and mark are before it.
 */
import { clean } from '../../text/sanitize.js';
import { ENVIRONMENT_VARIABLES } from '../local/job-environment.js';
import template from './node-script.sh';

/** As it is sent and as docs/SSH.md shows it. */
export const NODE_SCRIPT = template.replace('VARIABLES', [...ENVIRONMENT_VARIABLES].join('|'));

export interface ScriptSettings {
  /** Hexadecimal. No output of a login shell can be mistaken for that of the script. */
  readonly nonce: string;
  readonly nvidiaSmi: string;
  readonly procDir: string;
  readonly passwdFile?: string | undefined;
}

/** A word for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

export const scriptFor = ({ nonce, nvidiaSmi, procDir, passwdFile = '' }: ScriptSettings): string =>
  `nonce=${nonce}\n` + `smi=${quoted(nvidiaSmi)} proc=${quoted(procDir)} passwd=${quoted(passwdFile)}\n${NODE_SCRIPT}`;

/** What the first line says. */
export interface Greeting {
  readonly hostname: string;
  /** As Node.js names it: 'linux'. */
  readonly os: string;
  readonly arch: string;
  readonly hasNvidiaSmi: boolean;
  readonly hasGetent: boolean;
  /** What the script needs and the node has not: 'setsid', 'proc'. */
  readonly lacks: readonly string[];
}

/** That of the requests and the answers: a script that is installed on a node may be another. */
const VERSION = 1;

/** Undefined: the line is not the script's. */
export function parseGreeting(line: string, nonce: string): Greeting | undefined {
  const [start, ready, version, os = '', hostname = '', arch = '', ...more] = line.split(' ').map((word) => clean(word, 256));
  if (start !== nonce || ready !== 'ready') return undefined;
  const words = (name: string): readonly string[] => {
    const word = more.find((one) => one.startsWith(`${name}=`)) ?? '';
    return word.slice(name.length + 1).split(',').filter(Boolean); // prettier-ignore
  };
  const has = words('has');
  return {
    hostname,
    os: os.toLowerCase(),
    arch,
    hasNvidiaSmi: has.includes('nvidia-smi'),
    hasGetent: has.includes('getent'),
    lacks: version === String(VERSION) ? words('lacks') : ['version'],
  };
}
