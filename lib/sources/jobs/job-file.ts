/** A file that another program writes the answer of a scheduler to, cron for example. Read when it has changed, and not while it is written. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { readReason } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { clean } from '../../text/sanitize.js';
import { every } from '../local/interval.js';
import { shortage } from '../local/shortage.js';
import { AnswerReader, MAX_BYTES } from './answer-reader.js';
import { failedAttempt, type Attempt, type JobReader } from './attempt.js';

const POLL_MS: Ms = 2000;

/** What changes when a file is written or replaced. */
interface Version {
  readonly key: string;
  readonly writtenAt: Ms;
}

export class JobFile implements JobReader {
  readonly name: string;
  readonly #path: string;
  readonly #file: string;
  readonly #clock: Clock;
  #end: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  /** The version that was read last, and the one that was there at the last look. */
  #read: string | undefined;
  #seen: string | undefined;
  /** The last failure that was delivered. */
  #failure = '';

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#file = clean(path, 200);
    this.name = this.#file.replace(/^.*\//, '') || this.#file;
    this.#clock = clock;
  }

  start(deliver: (attempt: Attempt) => void): void {
    this.#end = every(this.#clock, POLL_MS, () => (this.#round = this.#look(deliver)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end();
    await this.#round;
  }

  async #look(deliver: (attempt: Attempt) => void): Promise<void> {
    const attempt = await this.#attempt();
    if (attempt === undefined || this.#stopped) return;
    // A failure that lasts is delivered once.
    const failure = attempt.error?.message ?? '';
    if (failure !== '' && failure === this.#failure) return;
    this.#failure = failure;
    deliver(attempt);
  }

  /** Undefined: nothing has changed, or it is still being written. */
  async #attempt(): Promise<Attempt | undefined> {
    try {
      const now = this.#clock.now();
      const { key, writtenAt } = await versionOf(this.#path);
      const before = this.#seen;
      this.#seen = key;
      if (key === this.#read) return undefined;
      // Written moments ago: there may be more to come.
      if (key !== before && now - writtenAt < POLL_MS && now - writtenAt > -POLL_MS) return undefined;
      const answer = await this.#answer(key);
      if (answer === undefined) return undefined;
      this.#read = key;
      if (answer.problem !== undefined) return failedAttempt('S_JOBS_FILE', { file: this.#file, reason: answer.problem });
      return { answer, at: Math.min(writtenAt, now) };
    } catch (error) {
      this.#seen = undefined;
      this.#read = undefined;
      return failedAttempt('S_JOBS_FILE', { file: this.#file, reason: shortage(error) ?? readReason(error) });
    }
  }

  /** Undefined: it was written or replaced meanwhile. */
  async #answer(key: string): Promise<ReturnType<AnswerReader['end']> | undefined> {
    const handle = await open(this.#path, 'r');
    try {
      const reader = new AnswerReader(this.#clock.now());
      let bytes = 0;
      const stream = handle.createReadStream({ encoding: 'utf8', autoClose: false, highWaterMark: 2 ** 16 });
      for await (const text of stream as AsyncIterable<string>) {
        bytes += text.length;
        if (bytes > MAX_BYTES) throw new Error(`is larger than ${MAX_BYTES / 2 ** 20} MiB`);
        if (this.#stopped) return undefined;
        if (reader.fault !== undefined) break;
        reader.push(text);
      }
      const [own, named] = [await versionOf(handle), await versionOf(this.#path)];
      return own.key === key && named.key === key ? reader.end() : undefined;
    } finally {
      await handle.close();
    }
  }
}

async function versionOf(file: string | FileHandle): Promise<Version> {
  const about = await (typeof file === 'string' ? stat(file) : file.stat());
  if (!about.isFile()) throw new Error('is not a file');
  const { dev, ino, size, mtimeMs, ctimeMs } = about;
  return { key: [dev, ino, size, mtimeMs, ctimeMs].join(' '), writtenAt: mtimeMs };
}
