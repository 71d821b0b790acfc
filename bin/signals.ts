import { constants } from 'node:os';

/** The exit status of the first signal that asks a program without a screen to end: 128 and its number. */
export function signalled(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
      process.once(signal, () => {
        resolve(128 + constants.signals[signal]);
      });
    }
  });
}
