/** What keeps schedulers from answering, for commands without a screen. */
import type { JobSourceState } from '../lib/model/jobs.js';

/** Writes a line to standard error for each source that fails, and again when the reason changes. */
export function jobComplaints(command: string): (sources: readonly JobSourceState[]) => void {
  const told = new Map<string, string>();
  return (sources) => {
    for (const { name, error } of sources) {
      const text = error === undefined ? '' : `${error.text}. ${error.advice}`;
      if (text !== '' && told.get(name) !== text) process.stderr.write(`all-smi-view ${command}: ${text}\n`);
      told.set(name, text);
    }
  };
}
