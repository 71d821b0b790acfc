import { constants } from 'node:os';
import { END_SIGNALS } from '../lib/paint/lifetime.js';

/** Resolves with the exit code of the first signal that stops a program without a screen: 128 plus its number. */
export function signalled(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of END_SIGNALS) {
      process.once(signal, () => {
        resolve(128 + constants.signals[signal]);
      });
    }
  });
}

/** Node.js opens its inspector on a port of this machine on SIGUSR1, unless there is a listener for it. */
export function ignoreInspector(): void {
  process.on('SIGUSR1', () => undefined);
}
