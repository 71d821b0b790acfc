/** GPU memory of each user over the last samples. Bounded, however many names appear. */
import { FLOAT64, Rings } from './rings.js';
import type { UsersTable } from './users-table.js';

export const USER_SAMPLES = 60;
/** Users remembered at once, 480 bytes each: those beyond have no history until others have been gone for all samples. */
export const MAX_USERS = 4096;

interface Line {
  /** One ring: bytes. */
  readonly bytes: Rings;
  /** Sample at which the user was last there. */
  seen: number;
}

export class UserHistory {
  /** History of an absent user: 0 bytes, or NaN where no node reported process data. */
  readonly #absent = new Rings(FLOAT64, 1, USER_SAMPLES);
  readonly #lines = new Map<string, Line>();
  readonly #maxUsers: number;

  /** `maxUsers`: smaller in tests. */
  constructor(maxUsers = MAX_USERS) {
    this.#maxUsers = maxUsers;
  }

  /** `sample`: its number, as in `Rings`. */
  record(sample: number, users: UsersTable): void {
    if (sample < this.#absent.last) this.clear();
    const absent = users.totals.reporting > 0 ? 0 : NaN;
    write(this.#absent, sample, absent);
    for (const [user, { bytes, seen }] of this.#lines) {
      if (seen + USER_SAMPLES <= sample) this.#lines.delete(user);
      else write(bytes, sample, absent);
    }
    for (let row = 0; row < users.count; row++) {
      const line = this.#line(users.user(row), sample);
      if (!line) continue;
      line.bytes.set(0, users.vramBytes[row]!);
      line.seen = sample;
    }
  }

  clear(): void {
    this.#lines.clear();
    this.#absent.clear();
  }

  /** Undefined for a user who was absent at all samples. */
  of(user: string): Rings | undefined {
    return this.#lines.get(user)?.bytes;
  }

  #line(user: string, sample: number): Line | undefined {
    let line = this.#lines.get(user);
    if (!line && this.#lines.size < this.#maxUsers) {
      line = { bytes: this.#absent.copy(), seen: sample };
      this.#lines.set(user, line);
    }
    return line;
  }
}

function write(ring: Rings, sample: number, value: number): void {
  ring.advance(sample);
  ring.set(0, value);
}
