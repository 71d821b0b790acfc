/** Names of users. They come from the name service, so that people of a directory have theirs too, or from a file. */
import { readFile } from 'node:fs/promises';
import { clean } from '../../text/sanitize.js';
import { findProgram } from './child.js';
import { OneShot } from './run-command.js';
import type { Clock, Ms } from '../../model/clock.js';

/** Lines of passwd(5) -> names by uid. The first line of a uid counts. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), clean(name, 256));
  }
  return names;
}

/** A directory may be slow; nobody waits longer for it than this. */
const TIMEOUT_MS = 5_000;
/** A name is asked for again after so long; a uid without one, or a service that failed, sooner. */
const KEEP_MS = 3_600_000;
const RETRY_MS = 60_000;
/** At once: what a command line takes. */
const BATCH = 500;

interface Known {
  readonly name: string | undefined;
  readonly until: Ms;
}

export class PasswdNames {
  readonly #clock: Clock;
  readonly #file: string | undefined;
  readonly #getent: OneShot;
  readonly #known = new Map<number, Known>();
  #asking: Promise<void> | undefined;

  /** `file`: read this instead of asking the name service. */
  constructor(clock: Clock, file?: string) {
    this.#clock = clock;
    this.#file = file;
    this.#getent = new OneShot(clock, TIMEOUT_MS);
  }

  /** The name of `uid` as far as it is known, else the uid itself. */
  name(uid: number): string {
    return this.#known.get(uid)?.name ?? String(uid);
  }

  /** Looks up those that aren't known. Never rejects; names that can't be had now are tried again later. */
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
      // A service that doesn't answer takes no name away.
      const name = names.get(uid) ?? (text === undefined ? this.#known.get(uid)?.name : undefined);
      this.#known.set(uid, { name, until: now + (names.has(uid) ? KEEP_MS : RETRY_MS) });
    }
  }

  /** Lines of passwd(5); undefined: nobody answered. */
  async #answer(uids: readonly number[]): Promise<string | undefined> {
    const getent = this.#file === undefined ? findProgram('getent') : undefined;
    if (getent === undefined) return readFile(this.#file ?? '/etc/passwd', 'utf8').catch(() => undefined);
    let [text, asked, answered] = ['', uids.filter((uid) => uid !== LAST), false];
    for (let round = 0; round < ROUNDS; round++) {
      // Numbers are no options; a `--` before them is a name to some.
      const outcome = await this.#getent.run({ file: getent, args: ['passwd', ...asked.map(String), String(LAST)] });
      if (outcome.kind !== 'ended' || !ANSWERS.includes(outcome.exit.code)) break;
      answered = true;
      text += `${outcome.output}\n`;
      const names = parsePasswd(outcome.output);
      if (names.has(LAST) || asked.length === 0) break;
      const open = asked.filter((uid) => !names.has(uid));
      // It stopped at the first one that has no name, or takes only one a time.
      asked = names.size > 0 && outcome.exit.code === 0 ? open : open.slice(1);
    }
    return answered ? text : undefined;
  }
}

/** getent's exit statuses: all keys have an entry, some have none. */
const ANSWERS: readonly (number | null)[] = [0, 2];
/**
 * Asked for last, for everybody knows it: who answers it has looked at all keys before it. Alpine's getent stops at the first one without an
 * entry; it is asked for the rest, this often at most (who is left over is asked for again in a minute).
 */
const LAST = 0;
const ROUNDS = 50;
