import type { Clock, Ms } from '../../model/clock.js';

/** The result of `work`, or undefined if it takes longer than `ms`; it then continues, and its result is ignored. */
export async function within<T>(clock: Clock, ms: Ms, work: Promise<T>): Promise<T | undefined> {
  let disarm = (): void => undefined;
  const late = new Promise<undefined>((resolve) => {
    disarm = clock.after(ms, () => {
      resolve(undefined);
    });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    disarm();
  }
}
