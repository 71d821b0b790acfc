/** Jobs of a scheduler joined to nodes that are being scraped. */
import { expect, test } from '@jest/globals';
import { KnownJobs } from '../../lib/aggregate/known-jobs.js';
import { conditionOf, whyNotReporting } from '../../lib/model/node-view.js';
import { nodeStatus } from '../../lib/query/node-tables.js';
import type { ClusterJobs, Job } from '../../lib/model/jobs.js';
import { exposition, job, Viewer } from '../helpers/owned-node.js';

const answer = (...jobs: readonly Job[]): ClusterJobs => ({ at: 0, jobs, nodes: [] });

const ON_N1 = { allocations: [{ node: 'n1', gpuCount: 1, gpus: [{ by: 'uuid', uuid: 'gpu-0' } as const] }] };

test('a node takes part in the join from the scrape in which it says its name', () => {
  const viewer = new Viewer();
  const jobs = new KnownJobs(() => [{ nodeId: '10.0.0.7:9090', name: '10.0.0.7:9090' }]);
  jobs.setJobs(answer(job('7', { user: 'alice', ...ON_N1 })));
  viewer.attribution.setJobs(jobs);
  viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'alice' }]));
  expect(viewer.owners()).toMatchObject([{ user: 'alice', job: '7' }]);
  expect([...viewer.node.allocations.gpu]).toEqual([0]);
});

test('a process finds its job by the id of its container or pod as well', () => {
  const jobs = new KnownJobs(() => []);
  const pod = job('u-1', { scheduler: 'kubernetes', pod: 'train-0', containers: new Map([['main', 'c0ffee']]) });
  jobs.setJobs(answer(pod));
  expect(jobs.find({ job: '', podUid: 'u-1', container: '' })?.pod).toBe('train-0');
  expect(jobs.find({ job: '', podUid: '', container: 'c0ffee' })?.pod).toBe('train-0');
  expect(jobs.find({ job: '9', podUid: '', container: '' })).toBeUndefined();
});

test('two nodes that say the same name get nothing, until one of them no longer does', () => {
  const jobs = new KnownJobs(() => []);
  jobs.setJobs(answer(job('7', { user: 'alice', ...ON_N1 })));
  const [a, b] = ['a:9090', 'b:9090'].map((nodeId) => ({ nodeId, name: nodeId }));
  const data = (instance: string) => new Viewer().scrape(exposition([]).replaceAll('"n1"', `"${instance}"`)).node;
  expect(jobs.on(a!, data('n1'))).toHaveLength(1);
  expect([jobs.on(b!, data('n1')), jobs.on(a!, data('n1'))]).toEqual([[], []]);
  jobs.on(b!, data('n2'));
  expect(jobs.on(a!, data('n1'))).toHaveLength(1);
});

test('a node that is not scraped any more is down, unless the scheduler has drained it', () => {
  const viewer = new Viewer();
  const jobs = new KnownJobs(() => [viewer.node]);
  viewer.attribution.setJobs(jobs);
  viewer.scrape(exposition([]));
  const service = (state: 'drained' | 'down'): void =>
    jobs.setJobs({ at: 0, jobs: [], nodes: [{ name: 'n1', addresses: [], state, reason: 'bad fan', minors: new Map() }] });
  service('drained');
  expect([conditionOf(viewer.node), viewer.node.service?.reason]).toEqual(['up', 'bad fan']);
  viewer.node.fail({ at: 60_000, error: { code: 'S_REFUSED', text: 'connection refused' } });
  viewer.node.setStatus({ overdue: true });
  expect([conditionOf(viewer.node), nodeStatus(viewer.node), whyNotReporting(viewer.node)]).toEqual(['drained', 'drained', 'drained']);
  service('down');
  expect([conditionOf(viewer.node), nodeStatus(viewer.node)]).toEqual(['down', 'down']);
});
