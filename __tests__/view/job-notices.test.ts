import { describe, expect, test } from '@jest/globals';
import type { JobSourceState } from '../../lib/model/jobs.js';
import { jobNotices, jobSourceText } from '../../lib/view/job-notices.js';
import diagnosis from '../../plugins/diagnosis/index.js';
import { CLUSTER } from '../helpers/cluster.js';
import { Driver, NOW } from '../helpers/driver.js';

const state = (more: Partial<JobSourceState>): JobSourceState => ({
  name: 'squeue',
  jobs: 1214,
  okAt: NOW - 12_000,
  error: undefined,
  bad: 0,
  badReason: '',
  ...more,
});
const ERROR = { code: 'S_JOBS_TIMEOUT', text: 'squeue: no answer within 30 s', advice: 'It is asked again.' };

const CASES: readonly (readonly [what: string, state: JobSourceState, text: string, told: boolean])[] = [
  ['answers', state({}), 'squeue: 1,214 jobs, 12s ago', false],
  ['has one job', state({ jobs: 1 }), 'squeue: 1 job, 12s ago', false],
  ['has not answered', state({ jobs: 0, okAt: undefined }), 'squeue: not answered yet', false],
  [
    'has bad records',
    state({ bad: 2, badReason: 'a job without an id' }),
    'squeue: 1,214 jobs, 12s ago · 2 records left out: a job without an id',
    false,
  ],
  ['fails', state({ error: ERROR, okAt: NOW - 300_000 }), 'squeue: no answer within 30 s · kept: 1,214 jobs, 5m ago', true],
  ['never answered', state({ error: ERROR, okAt: undefined }), 'squeue: no answer within 30 s · no jobs known', true],
  [
    'is a file that nobody writes any more',
    state({ name: 'jobs.json', okAt: NOW - 7_200_000 }),
    'jobs.json: 1,214 jobs, 2h ago (old)',
    true,
  ],
];

test.each(CASES)('a source that %s', (_, source, text, told) => {
  expect(jobSourceText(source, NOW)).toBe(text);
  expect(jobNotices([source], NOW).map(({ spans }) => spans.map((part) => part.text).join(''))).toEqual(told ? [` ${text} `] : []);
});

describe('Diagnosis', () => {
  const shown = (jobSources: readonly JobSourceState[], cols = 120): string => {
    const driver = new Driver({ hosts: CLUSTER, plugins: [diagnosis], cols });
    driver.app.state.jobSources = jobSources;
    return driver.press('D').frame();
  };

  test('has a line for each source', () => {
    const text = shown(CASES.map(([, source]) => source));
    for (const [, { error }, line] of CASES) expect(text).toContain(`\n ${line}\n${error === undefined ? '' : `   ${error.advice}\n`}`);
  });

  test('says all of what to do about a source that fails on a narrow screen too', () => {
    const failing = CASES.map(([, source]) => source).find(({ error }) => error !== undefined)!;
    const words = shown([failing], 60).replace(/\s+/g, ' ');
    expect(words).toContain(failing.error!.advice);
  });

  test.each([
    [0, 0, ''],
    [0, 12, '12 nodes with jobs not watched here'],
    [1, 1, '1 node with jobs not watched here · 1 node not joined: the name fits several'],
    [2, 0, '2 nodes not joined: the name fits several'],
  ])('says how the nodes were joined: %i ambiguous, %i unmatched', (ambiguous, unmatched, text) => {
    const driver = new Driver({ hosts: CLUSTER, plugins: [diagnosis], cols: 120 });
    driver.app.state.knownJobs = { find: () => undefined, matches: { ambiguous, unmatched } };
    const frame = driver.press('D').frame();
    if (text === '') expect(frame).not.toMatch(/joined|not watched/);
    else expect(frame).toContain(`\n ${text}\n`);
  });

  test('says nothing where no scheduler is asked', () => expect(shown([])).not.toMatch(/jobs?[,:]/));
});
