/** Opens what --jobs names, beside the sources of nodes. */
import type { JobSourceState, JobsReceiver } from '../model/jobs.js';
import type { JobSources } from '../sources/jobs/job-source.js';
import { systemClock } from './system-clock.js';

/** Starts to ask; undefined when nothing is to be asked, or nobody takes the answers: a recording has the jobs of its own time. Few runs have jobs, so the code is loaded for those. */
export async function startJobs(
  asked: readonly string[],
  receiver: JobsReceiver | undefined,
  onStates: (states: readonly JobSourceState[]) => void,
): Promise<JobSources | undefined> {
  if (asked.length === 0 || receiver === undefined) return undefined;
  const { JobSources } = await import('../sources/jobs/job-source.js');
  const sources = new JobSources({ asked, clock: systemClock, receiver, onStates });
  onStates(sources.states);
  sources.start();
  return sources;
}
