import type { Ms } from '../../model/clock.js';
import { isWarning } from './smi-values.js';

/** Maximum number of different messages at a time; further ones are ignored. */
const MAX_WORDS = 16;

/**
 * The complaints of a continuously running program. A program that repeats itself every interval has one reason, and not one that changes
 * every second: reasons are labels, and are logged when they change.
 */
export class Words {
  readonly #keepMs: Ms;
  readonly #heardAt = new Map<string, Ms>();

  /** A message that was not repeated for `keepMs` has ended. */
  constructor(keepMs: Ms) {
    this.#keepMs = keepMs;
  }

  add(text: string, now: Ms): void {
    for (const [old, at] of this.#heardAt) if (now - at > this.#keepMs) this.#heardAt.delete(old);
    if (this.#heardAt.has(text) || this.#heardAt.size < MAX_WORDS) this.#heardAt.set(text, now);
  }

  /** The cause has been handled. */
  forget(): void {
    this.#heardAt.clear();
  }

  /** In order of first appearance, warnings last: `first (and 2 more)`; '' for none. */
  at(now: Ms): string {
    const all = [...this.#heardAt].flatMap(([text, at]) => (now - at > this.#keepMs ? [] : [text]));
    const [first, ...more] = [...all.filter((text) => !isWarning(text)), ...all.filter(isWarning)];
    if (first === undefined) return '';
    return more.length === 0 ? first : `${first} (and ${more.length} more)`;
  }
}
