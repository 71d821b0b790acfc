/** Each user's GPU memory over the last samples. Bounded, whatever names come by. */
import type { UsersTable } from './users-table.js';

export const TREND_SAMPLES = 60;
/** Users remembered at once: those beyond have no trend until others have been gone for all samples. */
const MAX_USERS = 4096;

interface Line {
  /** A ring: sample n is element n % TREND_SAMPLES. */
  readonly bytes: Float32Array;
  /** Sample at which the user was last seen. */
  seen: number;
}

export class VramTrend {
  readonly #lines = new Map<string, Line>();
  readonly #maxUsers: number;
  #samples = 0;

  /** `maxUsers`: smaller in tests. */
  constructor(maxUsers = MAX_USERS) {
    this.#maxUsers = maxUsers;
  }

  /** Takes a sample. Where nobody reports process data it is one of nothing known. */
  add(users: UsersTable): void {
    const sample = this.#samples++;
    const at = sample % TREND_SAMPLES;
    const absent = users.totals.reporting > 0 ? 0 : NaN;
    for (const [user, line] of this.#lines) {
      if (line.seen + TREND_SAMPLES <= sample) this.#lines.delete(user);
      else line.bytes[at] = absent;
    }
    for (let row = 0; row < users.count; row++) {
      const line = this.#line(users.user(row));
      if (!line) continue;
      line.bytes[at] = users.vramBytes[row]!;
      line.seen = sample;
    }
  }

  /** What came before is no history of what comes. */
  clear(): void {
    this.#lines.clear();
    this.#samples = 0;
  }

  /** Bytes at the last samples, the newest last; 0: held none, NaN: not known. Empty for somebody who was not there at any. */
  of(user: string): Float32Array {
    const line = this.#lines.get(user);
    const length = line ? Math.min(this.#samples, TREND_SAMPLES) : 0;
    return Float32Array.from({ length }, (_, nth) => line!.bytes[(this.#samples - length + nth) % TREND_SAMPLES]!);
  }

  #line(user: string): Line | undefined {
    let line = this.#lines.get(user);
    if (!line && this.#lines.size < this.#maxUsers) {
      line = { bytes: new Float32Array(TREND_SAMPLES), seen: this.#samples };
      this.#lines.set(user, line);
    }
    return line;
  }
}
