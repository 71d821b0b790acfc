/**
 * Repeatable randomness: everything that the mock cluster exports is a function of its seed and of time. So a node that is not scraped costs
 * nothing, and a node that was not scraped for an hour is where it would have been.
 */

/** Mixes whole numbers into one 32-bit word (the finishing steps of MurmurHash3 after each). */
export function mix(...keys: readonly number[]): number {
  let word = 0x9e3779b9;
  for (const key of keys) {
    word = Math.imul(word ^ key, 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    word ^= word >>> 16;
  }
  return word >>> 0;
}

/** Uniform in [0, 1). */
export const draw = (...keys: readonly number[]): number => mix(...keys) / 2 ** 32;

/** Between two drawn values, with slope 0 at both. */
function octave(key: number, at: number): number {
  const cell = Math.floor(at);
  const part = at - cell;
  const from = draw(key, cell);
  return from + (draw(key, cell + 1) - from) * part * part * (3 - 2 * part);
}

/**
 * A smooth walk in [0, 1): it turns about every `period` steps and moves by less than 2.5 / `period` per step. Walks of different keys are
 * independent.
 */
export function walk(key: number, step: number, period: number): number {
  const at = step / period + draw(key);
  return 0.75 * octave(mix(key, 1), at) + 0.25 * octave(mix(key, 2), at * 3);
}
