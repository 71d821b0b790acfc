/**
 * Hides text that looks like a credential in the arguments of a process, because command lines are visible to everyone who may scrape. What
 * is hidden and what is not is documented in docs/NODES.md; change both together. Pure.
 */

export const HIDDEN = '***';

/** Last words of a name whose value is secret: `--password`, `--credentials`. */
const SECRET_WORDS = new Set(
  ['pass', 'passw', 'passin', 'passout', 'passcode', 'pw', 'pwd', 'psw', 'pswd', 'secrets', 'cookie', 'jwt', 'pat', 'otp'].concat([
    'cred',
    'creds',
    'credential',
    'credentials',
    'bearer',
    'sig',
    'signature',
  ]),
);
/** `--auth`: a secret, unless the value names a kind of authentication. */
const AUTH_KINDS =
  /^(?:auto|basic|digest|bearer|oauth2?|oidc|saml|ldap|kerberos|gssapi|ntlm|negotiate|iam|m?tls|ssl|token|password|anonymous|(?:en|dis)abled|required|optional|any|all)$/i;
/** Endings of such words: `HF_TOKEN`, `PGPASSWORD`, `--apikey`. */
const SECRET_END = /^(.*)(?:password|passwd|passphrase|secret|token|(?:api|access|secret|private|auth|account)key)$/;
/** `key` alone may be a sort key or a key of a dictionary; after one of these words it is a secret. */
const KEY_KINDS = new Set(['api', 'access', 'secret', 'private', 'auth', 'account', 'license', 'encryption', 'signing', 'master', 'ssh']);
/** Tokens of language models, and other tokens that are not secret. */
const HARMLESS_TOKENS = new Set(
  ['bos', 'cls', 'end', 'eos', 'eot', 'image', 'img', 'mask', 'max', 'pad', 'sep', 'special', 'start', 'stop', 'unk', 'vision'].concat([
    'audio',
    'video',
    'per',
    'separator',
  ]),
);

/** `hfToken`, `HF_TOKEN`, `hf-token` -> hf, token. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

/** Whether a value of this name is a secret. */
function secretName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (SECRET_WORDS.has(last) || last === 'auth' || (last === 'key' && KEY_KINDS.has(before))) return true;
  const stem = SECRET_END.exec(last)?.[1];
  if (stem === undefined) return false;
  return !(last.endsWith('token') && HARMLESS_TOKENS.has(stem || before));
}

/** A value that is the location of a secret, or a switch, does not contain one. */
const HARMLESS_VALUE = /^(?:true|false|yes|no|on|off|none|null|\d{1,3}|)$/i;

const isHarmless = (name: string, value: string): boolean =>
  HARMLESS_VALUE.test(value) || (wordsOf(name).at(-1) === 'auth' && AUTH_KINDS.test(value));

/** Flags whose value is `name:secret`: the name stays. Except for programs where it is a user and a group. */
const USER_FLAG = /^(?:-u|--(?:[\w-]*-)?user(?:name)?)$/;
const USER_AND_SECRET = /^([^:\s]+):(?!\d+$)(.+)$/s;
const USER_AND_GROUP = new Set(
  ['docker', 'podman', 'nerdctl', 'apptainer', 'singularity', 'enroot', 'runc', 'crun', 'gosu', 'su-exec', 'chroot'].concat([
    'setpriv',
    'rsync',
    'install',
    'chown',
    'systemd-run',
  ]),
);

/** Short flags that hold a secret, by program: as the next argument, or attached. */
const SHORT_FLAGS: readonly { readonly program: RegExp; readonly flag: string; readonly attached: boolean; readonly alone: boolean }[] = [
  { program: /^(?:mysql|mariadb)/, flag: '-p', attached: true, alone: false },
  { program: /^mongo/, flag: '-p', attached: false, alone: true },
  { program: /^sshpass$/, flag: '-p', attached: true, alone: true },
  { program: /^redis-cli$/, flag: '-a', attached: false, alone: true },
  { program: /^ldap/, flag: '-w', attached: true, alone: true },
  { program: /^(?:docker|podman|nerdctl|helm)$/, flag: '-p', attached: false, alone: true },
];

/** `-u bob:secret`, `-ubob:secret` of HTTP clients. */
const ATTACHED_USER = /^(-u[^:\s]+):(.+)$/s;
const SPEAKS_HTTP = /^(?:curl|wget|https?|xh)$/;

/** Secrets with a recognizable format, wherever they occur. */
const KNOWN_LOOKS = new RegExp(
  [
    'hf_[A-Za-z0-9]{16,}', // Hugging Face
    'gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\\w{20,}', // GitHub
    'glpat-[\\w-]{16,}', // GitLab
    'sk-[\\w-]{16,}', // OpenAI, Anthropic
    '(?:AKIA|ASIA)[A-Z0-9]{16}', // AWS
    'xox[abeprs]-[\\w-]{10,}', // Slack
    'AIza[\\w-]{35}', // Google
    'ya29\\.[\\w-]{20,}',
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*', // JSON Web Token
  ]
    .map((look) => `(?:${look})`)
    .join('|'),
  'g',
);

/** `scheme://user:secret@host`. */
const IN_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;
/** `Authorization: Bearer secret`. */
const IN_HEADER = /\b((?:authorization|proxy-authorization|x-api-key|cookie)\s*:\s*(?:bearer\s+|basic\s+|token\s+)?)[^\s"']+/gi;
const BEARER = /\b(bearer\s+)[\w.~+/=-]{8,}/gi;
/** A name that may be followed by a value, within a text such as the argument of `sh -c`. */
const NAME = /(?<=^|[\s;&|?"'({,])(--?)?[A-Za-z_][\w.-]*/g;
/** What may separate a name from its value, and the value, quoted or not. Only the value of a flag may follow a mere blank. */
const VALUE = /(=|"?\s*:\s*|\s+(?!-))("[^"]*"?|'[^']*'?|[^\s;&|"')},]+)/y;

function hideNamed(text: string): string {
  let hidden = '';
  let from = 0;
  for (const { 0: name, 1: flag, index } of text.matchAll(NAME)) {
    if (index < from || !secretName(name)) continue;
    VALUE.lastIndex = index + name.length;
    const [whole, between = '', value = ''] = VALUE.exec(text) ?? [];
    if (whole === undefined || isHarmless(name, value) || (between.trim() === '' && flag === undefined)) continue;
    hidden += `${text.slice(from, index)}${name}${between}${HIDDEN}`;
    from = index + name.length + whole.length;
  }
  return hidden + text.slice(from);
}

const hideInText = (text: string): string =>
  hideNamed(text)
    .replace(IN_URL, `$1:${HIDDEN}@`)
    .replace(IN_HEADER, `$1${HIDDEN}`)
    .replace(BEARER, `$1${HIDDEN}`)
    .replace(KNOWN_LOOKS, HIDDEN);

/** A flag without an attached value: the next argument is its value. */
const BARE_FLAG = /^--?[A-Za-z][\w.-]*$/;
const ASSIGNMENT = /^((?:--?)?[A-Za-z_][\w.-]*)=(.*)$/s;

/** The programs that are started: argv[0], and the program that a wrapper such as env or sudo starts. */
const programsOf = (argv: readonly string[]): readonly string[] =>
  argv.filter((argument) => /^[\w./+-]+$/.test(argument) && !argument.startsWith('-')).map((argument) => argument.replace(/^.*\//, ''));

/** The same arguments with `***` in place of secrets. `argv[0]`, the program, stays. */
export function redact(argv: readonly string[]): string[] {
  const programs = programsOf(argv.slice(0, 6));
  const shorts = SHORT_FLAGS.filter(({ program, flag }) => programs.some((name) => program.test(name)) && !publishes(programs, flag));
  const group = programs.some((name) => USER_AND_GROUP.has(name));
  let before = '';
  return argv.map((argument, at) => {
    const flag = before;
    before = argument;
    // A process that sets its own title turns its arguments into one.
    if (at === 0) return argument.includes(' ') ? hideInText(argument) : argument;
    const isValue = !argument.startsWith('-');
    if (isValue && BARE_FLAG.test(flag) && secretName(flag) && !isHarmless(flag, argument)) return HIDDEN;
    if (isValue && shorts.some((one) => one.alone && one.flag === flag)) return HIDDEN;
    if (isValue && USER_FLAG.test(flag) && !group && USER_AND_SECRET.test(argument))
      return argument.replace(USER_AND_SECRET, `$1:${HIDDEN}`);
    if (programs.some((name) => SPEAKS_HTTP.test(name)) && ATTACHED_USER.test(argument))
      return argument.replace(ATTACHED_USER, `$1:${HIDDEN}`);
    const short = shorts.find((one) => one.attached && argument.startsWith(one.flag) && argument.length > one.flag.length);
    if (short) return `${short.flag}${HIDDEN}`;
    const [, name = '', value = ''] = ASSIGNMENT.exec(argument) ?? [];
    if (name !== '' && USER_FLAG.test(name) && !group && USER_AND_SECRET.test(value))
      return `${name}=${value.replace(USER_AND_SECRET, `$1:${HIDDEN}`)}`;
    if (name !== '' && secretName(name) && !isHarmless(name, value)) return `${name}=${HIDDEN}`;
    return hideInText(argument);
  });
}

/** `docker run -p 80:80` publishes a port; for `docker login`, `-p` is a password. */
const publishes = (programs: readonly string[], flag: string): boolean =>
  flag === '-p' && programs.some((name) => /^(?:docker|podman|nerdctl|helm)$/.test(name)) && !programs.includes('login');
