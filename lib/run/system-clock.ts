/** The real clock. It is passed in, so that tests can use another. */
import type { Clock } from '../model/clock.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
