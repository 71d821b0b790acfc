/** One attempt to learn the jobs of a scheduler, and who makes them. */
import { AppError } from '../../errors.js';
import type { Ms } from '../../model/clock.js';
import type { Answer } from './collected.js';

export type Attempt =
  /** `at`: when the answer was given. */
  { readonly answer: Answer; readonly at: Ms; readonly error?: never } | { readonly error: AppError; readonly answer?: never };

export interface JobReader {
  /** What is asked, in a word: 'squeue', the name of a file. */
  readonly name: string;
  /** Calls `deliver` after each attempt; for a file, when it has changed. */
  start(deliver: (attempt: Attempt) => void): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export const failedAttempt = (...error: ConstructorParameters<typeof AppError>): Attempt => ({ error: new AppError(...error) });
