/** What ends the program, as one line and an exit code. Loads nothing: there may be no file descriptor left. */
import { AppError } from '../lib/errors.js';
import { checkLine } from '../lib/query/check-line.js';
import { clean } from '../lib/text/sanitize.js';
import { printCheck } from './check-output.js';
import { surviveLostOutput } from './lost-output.js';

/** Prints it. Resolves with the exit code. */
export async function reportFailure(error: unknown): Promise<number> {
  const known = codedOf(error);
  // A monitoring system reads standard output, and takes 2 for critical.
  if (process.argv[2] === 'check' && known.code !== 'E_INTERNAL') return printCheck(checkLine('UNKNOWN', [known.message]));
  surviveLostOutput();
  process.stderr.write(`all-smi-view: ${known.message}. ${known.advice}\n`);
  if (known.code === 'E_INTERNAL' && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return known.exit;
}

function codedOf(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  const cause: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
  // A module that is loaded when it is needed may find no file descriptor left.
  if (cause.code === 'EMFILE' || cause.code === 'ENFILE') return new AppError('E_OPEN_FILES', {}, { cause });
  if (isOfLoader(cause)) return new AppError('E_INSTALLATION', { reason: clean(cause.message, MAX_REASON_BYTES) }, { cause });
  return new AppError('E_INTERNAL', { reason: String(thrown) }, { cause });
}

const MAX_REASON_BYTES = 300;

/** The entry point is a bundle of its own, so this class is not that of the rest of the program. */
const isAppError = (error: unknown): error is AppError => error instanceof Error && error.name === 'AppError';

/** Whether a file of the program is missing, damaged or unreadable: Node.js's loader failed, before any other code. */
function isOfLoader({ stack = '' }: Error): boolean {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  const other = frames.findIndex((frame) => !frame.includes('node:internal/'));
  return frames.slice(0, other === -1 ? frames.length : other).some((frame) => frame.includes('node:internal/modules/'));
}

function stackOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .map((line) => clean(line, 400))
    .join('\n');
}
