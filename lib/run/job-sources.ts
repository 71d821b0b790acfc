/** Opens what --jobs names, beside the sources of nodes. */
import { NO_JOBS, type ClusterJobs, type JobSourceState, type JobsReceiver } from '../model/jobs.js';
import type { JobSources } from '../sources/jobs/job-source.js';
import { systemClock } from './system-clock.js';

/** The jobs of the last answers. */
export class KnownJobs implements JobsReceiver {
  jobs: ClusterJobs = NO_JOBS;

  setJobs(jobs: ClusterJobs): void {
    this.jobs = jobs;
  }
}

/** Starts to ask; undefined when nothing is to be asked. Few runs have jobs, so the code is loaded for those. */
export async function startJobs(
  asked: readonly string[],
  receiver: JobsReceiver,
  onStates: (states: readonly JobSourceState[]) => void,
): Promise<JobSources | undefined> {
  if (asked.length === 0) return undefined;
  const { JobSources } = await import('../sources/jobs/job-source.js');
  const sources = new JobSources({ asked, clock: systemClock, receiver, onStates });
  onStates(sources.states);
  sources.start();
  return sources;
}
