/** Runs a program that prints an answer and ends. At most one at a time: if one cannot even be killed, no others are started. */
import { clean } from '../../text/sanitize.js';
import { Child, MAX_OUTPUT, type Command, type Exit } from './child.js';
import { shortage } from './shortage.js';
import { within } from './with-timeout.js';
import { complaint } from './smi-values.js';
import type { Clock, Ms } from '../../model/clock.js';

export type Outcome =
  | { readonly kind: 'ended'; readonly output: string; readonly errors: string; readonly exit: Exit }
  /** It cannot be run, or its output never ends. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It did not end in time and was killed. */
  | { readonly kind: 'hanging'; readonly reason: string };

/** Its output when it failed, as one line; else its exit status. */
export function failure(output: string, { code, signal, error }: Exit): string {
  const message = clean(complaint(output), 200);
  if (message !== '') return message;
  if (error !== undefined) {
    const short = shortage(error);
    return short === undefined ? (error.code ?? error.message) : `nvidia-smi could not be started: ${short}`;
  }
  return signal === null ? `exit status ${code ?? 0}` : `killed by ${signal}`;
}

export class OneShot {
  readonly #clock: Clock;
  readonly #timeoutMs: Ms;
  #running: Child | undefined;
  #stopped = false;

  constructor(clock: Clock, timeoutMs: Ms) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Returns its output, whatever its exit status: some exit statuses of nvidia-smi are harmless. Never rejects. */
  async run(command: Command): Promise<Outcome> {
    if (this.#stopped) return { kind: 'failed', reason: 'stopped' };
    if (this.#running !== undefined) return this.#hanging();
    let [output, errors, tooMuch] = ['', '', false];
    const child = new Child(command, (text, from) => {
      if (from === 'stdout') output += text;
      else if (errors.length < 4096) errors += text;
      tooMuch ||= output.length > MAX_OUTPUT;
      if (tooMuch) child.kill();
    });
    this.#running = child;
    void child.exited.then(() => (this.#running = undefined));
    const exit = await within(this.#clock, this.#timeoutMs, child.exited);
    if (exit === undefined) {
      child.kill();
      return this.#hanging();
    }
    if (tooMuch) return { kind: 'failed', reason: `its output exceeds ${MAX_OUTPUT / 2 ** 20} MiB` };
    if (exit.error !== undefined) return { kind: 'failed', reason: failure('', exit) };
    return { kind: 'ended', output, errors, exit };
  }

  /** Kills what is running; nothing is run after this. */
  stop(): void {
    this.#stopped = true;
    this.#running?.kill();
  }

  #hanging(): Outcome {
    return { kind: 'hanging', reason: `no response within ${this.#timeoutMs / 1000} s` };
  }
}
