/** Runs a command of a scheduler, and reads its output while it arrives: it is never held as a whole. */
import { AppError } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { clean } from '../../text/sanitize.js';
import { findProgram, type Command, type Exit } from '../local/child.js';
import { OneChild } from '../local/one-child.js';
import { shortage } from '../local/shortage.js';
import { within } from '../local/with-timeout.js';
import { AnswerReader, MAX_BYTES } from './answer-reader.js';
import { failedAttempt, type Attempt } from './attempt.js';

export interface SchedulerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Command['env'];
}

/** A failed attempt whose program does not know the form that it was asked for. */
export class UnsupportedForm extends AppError {}

/** After text that is no answer, it may still say why. */
const MAX_USELESS = 2 ** 20;
const MAX_ERRORS = 4096;
const MAX_REASON_BYTES = 160;

export class SchedulerCommands {
  readonly #clock: Clock;
  readonly #timeoutMs: Ms;
  readonly #child: OneChild;

  constructor(clock: Clock, timeoutMs: Ms) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#child = new OneChild(clock, timeoutMs);
  }

  /** Never rejects. */
  async run({ program, args, env = {} }: SchedulerCommand): Promise<Attempt> {
    const file = findProgram(program);
    if (file === undefined) return failedAttempt('S_JOBS_MISSING', { program });
    const at = this.#clock.now();
    const reader = new AnswerReader(at);
    let [length, useless, errors] = [0, 0, ''];
    const exit = await this.#child.run({ file, args, env }, (text, from, kill) => {
      if (from === 'stderr') {
        if (errors.length < MAX_ERRORS) errors += text;
        return;
      }
      length += text.length;
      if (reader.fault !== undefined) useless += text.length;
      else if (length <= MAX_BYTES) reader.push(text);
      if (length > MAX_BYTES || useless > MAX_USELESS) kill();
    });
    if (exit === 'stopped') return failedAttempt('S_JOBS_FAILED', { program, reason: exit });
    if (exit === 'late') return failedAttempt('S_JOBS_TIMEOUT', { program, seconds: this.#timeoutMs / 1000 });
    if (length > MAX_BYTES) return failedAttempt('S_JOBS_TOO_LARGE', { program, mib: MAX_BYTES / 2 ** 20 });
    const isKilledHere = useless > MAX_USELESS;
    const answer = reader.end();
    if (!isKilledHere && (exit.code !== 0 || exit.error !== undefined)) return failedExit(program, exit, errors);
    return answer.problem === undefined ? { answer, at } : failedAttempt('S_JOBS_BAD', { program, reason: answer.problem });
  }

  /** Kills what is running; nothing is run after this. */
  async stop(): Promise<void> {
    // One that cannot be killed must not keep this program.
    await within(this.#clock, STOP_MS, this.#child.stop());
  }
}

const STOP_MS = 1000;

function failedExit(program: string, { code, signal, error }: Exit, errors: string): Attempt {
  const message = complaintOf(errors);
  const how = signal === null ? `exit status ${code ?? 0}` : `killed by ${signal}`;
  const reason = error !== undefined ? (shortage(error) ?? error.code ?? error.message) : message || how;
  const row = ['S_JOBS_FAILED', { program, reason }] as const;
  return { error: UNSUPPORTED.test(errors) ? new UnsupportedForm(...row) : new AppError(...row) };
}

/** An older Slurm, or one that was built without JSON. */
const UNSUPPORTED = /(?:unrecognized|unknown|invalid|illegal) option|serializer|data_parser|json/i;

/** The last line that says something: kubectl logs before it, and others print how to get help after it. */
function complaintOf(errors: string): string {
  const lines = errors
    .split('\n')
    .map((line) => clean(line, MAX_REASON_BYTES).trim())
    .filter((line) => /[a-z]{3}/i.test(line) && !/^(?:Try|See|Usage|Use) /.test(line));
  return (lines.at(-1) ?? '').replace(/^(?:squeue|scontrol|sacct|kubectl|error)(?::| error:)\s*(?:error:\s*)?/i, '');
}
