import { CHECK_STATES, type CheckResult } from '../lib/query/check-line.js';
import { writeOut } from './standard-output.js';

/** Resolves with the exit code, which matters even if the line is not read. */
export async function printCheck({ state, line }: CheckResult): Promise<number> {
  await writeOut(`${line}\n`).catch(() => undefined);
  return CHECK_STATES[state];
}
