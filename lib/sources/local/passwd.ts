/** User names. They come from the name service, so that users of a directory are included, or from a file. */
import { clean } from '../../text/sanitize.js';
import { THIS_MACHINE, type Access } from './access.js';
import { OneShot } from './run-command.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Lines of passwd(5) -> names by uid. The first line of a uid wins. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), clean(name, 256));
  }
  return names;
}

/** A directory may be slow; this is the longest wait. */
const TIMEOUT_MS = 5_000;
/** How long a name is cached; shorter for a uid without a name, and after a failure of the service. */
const KEEP_MS = 3_600_000;
const RETRY_MS = 60_000;
/** Maximum per call: what fits on a command line. */
const BATCH = 500;

interface Known {
  readonly name: string | undefined;
  readonly until: Ms;
}

export class PasswdNames {
  readonly #clock: Clock;
  readonly #file: string | undefined;
  readonly #access: Pick<Access, 'files' | 'programs'>;
  readonly #getent: OneShot;
  readonly #known = new Map<number, Known>();
  #asking: Promise<void> | undefined;

  /** `file`: read this instead of querying the name service. */
  constructor(clock: Clock, file?: string, access: Pick<Access, 'files' | 'programs'> = THIS_MACHINE) {
    this.#clock = clock;
    this.#file = file;
    this.#access = access;
    this.#getent = new OneShot(clock, TIMEOUT_MS, access.programs);
  }

  /** The name of `uid` if it is known, else the uid itself. */
  name(uid: number): string {
    return this.#known.get(uid)?.name ?? String(uid);
  }

  isNamed(uid: number): boolean {
    return this.#known.get(uid)?.name !== undefined;
  }

  /** Looks up the uids that are not cached. Never rejects; names that are not available now are retried later. */
  async learn(uids: Iterable<number>): Promise<void> {
    const now = this.#clock.now();
    const wanted = [...new Set(uids)].filter((uid) => (this.#known.get(uid)?.until ?? -Infinity) <= now);
    if (wanted.length === 0) return;
    this.#asking ??= this.#ask(wanted.slice(0, BATCH), now).finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  stop(): void {
    this.#getent.stop();
  }

  async #ask(uids: readonly number[], now: Ms): Promise<void> {
    const text = await this.#answer(uids);
    const names = parsePasswd(text ?? '');
    for (const uid of uids) {
      // A service that does not answer does not remove a name.
      const name = names.get(uid) ?? (text === undefined ? this.#known.get(uid)?.name : undefined);
      this.#known.set(uid, { name, until: now + (names.has(uid) ? KEEP_MS : RETRY_MS) });
    }
  }

  /** Lines of passwd(5); undefined: no answer. */
  async #answer(uids: readonly number[]): Promise<string | undefined> {
    const getent = this.#file === undefined ? this.#access.programs.find('getent') : undefined;
    if (getent === undefined) return this.#passwd();
    let [text, asked, answered] = ['', uids.filter((uid) => uid !== LAST), false];
    for (let round = 0; round < ROUNDS; round++) {
      // Numbers cannot be mistaken for options, and some implementations take a `--` before them for a name.
      const outcome = await this.#getent.run({ file: getent, args: ['passwd', ...asked.map(String), String(LAST)] });
      if (outcome.kind !== 'ended' || !ANSWERS.includes(outcome.exit.code)) break;
      answered = true;
      text += `${outcome.output}\n`;
      const names = parsePasswd(outcome.output);
      if (names.has(LAST) || asked.length === 0) break;
      const open = asked.filter((uid) => !names.has(uid));
      // It stopped at the first uid without a name, or accepts only one at a time.
      asked = names.size > 0 && outcome.exit.code === 0 ? open : open.slice(1);
    }
    return answered ? text : undefined;
  }

  #passwd(): string | undefined {
    try {
      return this.#access.files.text(this.#file ?? '/etc/passwd');
    } catch {
      return undefined;
    }
  }
}

/** Exit statuses of getent: all keys were found, some were not. */
const ANSWERS: readonly (number | null)[] = [0, 2];
/**
 * Queried last, because every system has it: if it is in the answer, all keys before it were looked up. Alpine's getent stops at the first
 * key without an entry; it is called again for the rest, at most this often (those left over are retried in a minute).
 */
const LAST = 0;
const ROUNDS = 50;
