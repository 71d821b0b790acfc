import type { Ms } from '../../model/clock.js';
import { isWarning } from './smi-values.js';

/** Different ones at a time; a program that finds ever new words is not listened to. */
const MAX_WORDS = 16;

/**
 * What a program that goes on complains of. One that repeats itself every interval makes one reason, and not one that changes from
 * second to second: reasons are labels, and are logged when they change.
 */
export class Words {
  readonly #keepMs: Ms;
  readonly #heardAt = new Map<string, Ms>();

  /** What was not heard for `keepMs` is over. */
  constructor(keepMs: Ms) {
    this.#keepMs = keepMs;
  }

  add(text: string, now: Ms): void {
    for (const [old, at] of this.#heardAt) if (now - at > this.#keepMs) this.#heardAt.delete(old);
    if (this.#heardAt.has(text) || this.#heardAt.size < MAX_WORDS) this.#heardAt.set(text, now);
  }

  /** What was found has been dealt with. */
  forget(): void {
    this.#heardAt.clear();
  }

  /** As first heard, warnings last: `first (and 2 more)`; '' for none. */
  at(now: Ms): string {
    const all = [...this.#heardAt].flatMap(([text, at]) => (now - at > this.#keepMs ? [] : [text]));
    const [first, ...more] = [...all.filter((text) => !isWarning(text)), ...all.filter(isWarning)];
    if (first === undefined) return '';
    return more.length === 0 ? first : `${first} (and ${more.length} more)`;
  }
}
