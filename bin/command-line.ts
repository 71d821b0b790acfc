/** The result of reading a command line. */
import type { Command, Flags } from '../lib/options/options.js';
import { AppError } from '../lib/errors.js';

export interface Request {
  readonly command: Command;
  /** What to print instead of running the command. */
  readonly show?: 'help' | 'version';
  readonly flags: Flags;
}

/** The error for an unknown flag; suggests the known flag that begins alike. */
export function unknownFlag(name: string, known: readonly string[]): AppError {
  const typed = name.replace(/^-+/, '');
  const begins = typed.slice(0, typed.startsWith('no-') ? 6 : 3);
  const meant = typed.length < 3 ? undefined : known.find((flag) => flag.startsWith(begins));
  const reason = meant === undefined ? 'unknown option' : `unknown option (did you mean --${meant}?)`;
  return new AppError('E_OPTION_BAD', { option: name, reason });
}
