/** Ranges of uids that users may map into containers, from /etc/subuid (subuid(5)). */
import { clean } from '../../text/sanitize.js';
import { OWN_FILES, type MachineFiles } from './files.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Lines `user:first:count`; the user is a name or a uid. */
export interface SubUidRange {
  readonly user: string;
  readonly first: number;
  readonly count: number;
}

const MAX_BYTES = 2 ** 20;
const KEEP_MS: Ms = 60_000;

export function parseSubUids(text: string): readonly SubUidRange[] {
  return text
    .slice(0, MAX_BYTES)
    .split('\n')
    .flatMap((line) => {
      const [, user = '', first = '', count = ''] = /^([^:#\s]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line) ?? [];
      return user === '' ? [] : [{ user: clean(user, 256), first: Number(first), count: Number(count) }];
    });
}

export class SubUids {
  readonly #clock: Clock;
  readonly #file: string;
  readonly #files: MachineFiles;
  #ranges: readonly SubUidRange[] = [];
  #until = -Infinity;

  constructor(clock: Clock, file: string, files = OWN_FILES) {
    this.#clock = clock;
    this.#file = file;
    this.#files = files;
  }

  /** Reads the file again if that was a minute ago. A file that cannot be read has no ranges. */
  refresh(): void {
    if (this.#clock.now() < this.#until) return;
    this.#until = this.#clock.now() + KEEP_MS;
    try {
      this.#ranges = parseSubUids(this.#files.text(this.#file));
    } catch {
      this.#ranges = [];
    }
  }

  /** As the file has it; '': the uid is in no range. */
  userOf(uid: number): string {
    return this.#ranges.find(({ first, count }) => uid >= first && uid < first + count)?.user ?? '';
  }
}
