/** What a command line comes to. */
import type { Command, Flags } from '../lib/options/options.js';
import { AppError } from '../lib/errors.js';

export interface Request {
  readonly command: Command;
  /** Asked for instead of the command. */
  readonly show?: 'help' | 'version';
  readonly flags: Flags;
}

/** The known flag that a mistyped one begins like, for the advice. */
export function unknownFlag(name: string, known: readonly string[]): AppError {
  const typed = name.replace(/^-+/, '');
  const begins = typed.slice(0, typed.startsWith('no-') ? 6 : 3);
  const meant = typed.length < 3 ? undefined : known.find((flag) => flag.startsWith(begins));
  const reason = meant === undefined ? 'there is no such option' : `there is no such option (did you mean --${meant}?)`;
  return new AppError('E_OPTION_BAD', { option: name, reason });
}
