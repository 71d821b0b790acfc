/** The real clock, handed to whoever needs one. */
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
