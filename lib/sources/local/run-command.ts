/** Runs a program that prints an answer and ends. At most one at a time: if one cannot even be killed, no others are started. */
import { clean } from '../../text/sanitize.js';
import { MAX_OUTPUT, type Command, type Exit, type Programs } from './child.js';
import { OneChild } from './one-child.js';
import { shortage } from './shortage.js';
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
  readonly #timeoutMs: Ms;
  readonly #child: OneChild;

  constructor(clock: Clock, timeoutMs: Ms, programs?: Programs) {
    this.#timeoutMs = timeoutMs;
    this.#child = new OneChild(clock, timeoutMs, programs);
  }

  /** Returns its output, whatever its exit status: some exit statuses of nvidia-smi are harmless. Never rejects. */
  async run(command: Command): Promise<Outcome> {
    let [output, errors, tooMuch] = ['', '', false];
    const exit = await this.#child.run(command, (text, from, kill) => {
      if (from === 'stdout') output += text;
      else if (errors.length < 4096) errors += text;
      tooMuch ||= output.length > MAX_OUTPUT;
      if (tooMuch) kill();
    });
    if (exit === 'stopped') return { kind: 'failed', reason: exit };
    if (exit === 'late') return { kind: 'hanging', reason: `no response within ${this.#timeoutMs / 1000} s` };
    if (tooMuch) return { kind: 'failed', reason: `its output exceeds ${MAX_OUTPUT / 2 ** 20} MiB` };
    if (exit.error !== undefined) return { kind: 'failed', reason: failure('', exit) };
    return { kind: 'ended', output, errors, exit };
  }

  /** Kills what is running; nothing is run after this. */
  stop(): void {
    void this.#child.stop();
  }
}
