/** The resource that the system has run out of, by error code. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'too many open files; raise ulimit -n',
  ENFILE: 'the system has no more open files',
  EAGAIN: 'no more processes are allowed; raise ulimit -u',
  ENOMEM: 'out of memory',
  ENODATA: 'the node did not send it in time',
};

/** Why something that exists could not be opened or started; undefined: for another reason. */
export function shortage(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return SHORTAGES[code];
}
