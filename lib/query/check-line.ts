/** The result of a check as one line for a monitoring system, in the format of the Monitoring Plugins guidelines. Pure. */
import { clean } from '../text/sanitize.js';

/** The exit codes. */
export const CHECK_STATES = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
type CheckState = keyof typeof CHECK_STATES;

export interface CheckResult {
  readonly state: CheckState;
  /** One line without the line end. */
  readonly line: string;
}

const MAX_LINE_BYTES = 4096;

export function checkLine(state: CheckState, texts: readonly string[], performance = ''): CheckResult {
  // A bar separates the text from the performance data.
  const text = clean(texts.join('; ').replaceAll('|', '/'), MAX_LINE_BYTES);
  return { state, line: `${state} - ${text}${performance === '' ? '' : ` | ${performance}`}` };
}
