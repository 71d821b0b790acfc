import type { Clock, Ms } from '../../model/clock.js';

/** The result of `work`, or undefined when it takes longer than `ms`; it goes on then, unheeded. */
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
