/** How the schedulers that are asked for jobs answer, as text. Pure. */
import type { NodeMatches } from '../aggregate/job-join.js';
import type { Ms } from '../model/clock.js';
import type { JobSourceState } from '../model/jobs.js';
import { LIMITS } from '../model/limits.js';
import { ago, count } from '../text/format.js';
import { line, span, type Line } from './frame.js';

/** 'squeue: 214 jobs, 12s ago · 2 records left out: a job without an id'; after a failure the error and the age of what is kept. */
export function jobSourceText(source: JobSourceState, now: Ms): string {
  const { name, jobs, okAt, error, bad, badReason } = source;
  const known = okAt === undefined ? '' : `${count(jobs)} ${jobs === 1 ? 'job' : 'jobs'}, ${ago(now - okAt)} ago`;
  if (error !== undefined) return [error.text, known === '' ? 'no jobs known' : `kept: ${known}`].join(' · ');
  if (known === '') return `${name}: not answered yet`;
  const left = bad === 0 ? '' : ` · ${count(bad)} ${bad === 1 ? 'record' : 'records'} left out: ${badReason}`;
  return `${name}: ${known}${isStale(source, now) ? ' (old)' : ''}${left}`;
}

/** '12 nodes with jobs are not watched · 1 node is not joined: its name is not unique'; '' when all were joined. */
export function matchesText({ ambiguous, unmatched }: NodeMatches): string {
  const parts = [
    ...(unmatched === 0 ? [] : [`${count(unmatched)} ${unmatched === 1 ? 'node' : 'nodes'} with jobs not watched here`]),
    ...(ambiguous === 0 ? [] : [`${count(ambiguous)} ${ambiguous === 1 ? 'node' : 'nodes'} not joined: the name fits several`]),
  ];
  return parts.join(' · ');
}

/** Its file is no longer written, or it has not been asked for long. */
const isStale = ({ okAt }: JobSourceState, now: Ms): boolean => okAt !== undefined && now - okAt > LIMITS.jobsStaleMs;

export const isFailing = (source: JobSourceState, now: Ms): boolean => source.error !== undefined || isStale(source, now);

/** A line under the tab strip for each that fails: who owns what may have changed since. */
export const jobNotices = (sources: readonly JobSourceState[], now: Ms): readonly Line[] =>
  sources.filter((source) => isFailing(source, now)).map((source) => line(span(` ${jobSourceText(source, now)} `, 'chip-warn')));
