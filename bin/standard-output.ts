/** Writing a result to standard output: all of it, or an error. */
import { AppError } from '../lib/errors.js';

/** The pipe has no reader any more: `| head` has what it wanted. */
export class ClosedPipe extends Error {}

/** Resolves when everything is written. Throws `ClosedPipe`, or `E_FILE_WRITE` for a full disk. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') reject(new ClosedPipe());
      else reject(new AppError('E_FILE_WRITE', { file: 'standard output', reason: error.message }, { cause: error }));
    };
    process.stdout.once('error', fail);
    process.stdout.write(text, (error) => {
      if (error) return fail(error);
      process.stdout.off('error', fail);
      resolve();
    });
  });
}
