/** What the tabs show of jobs, pods, allocations and the people behind root: one node of a cluster with Slurm and Kubernetes. */
import { describe, expect, test } from '@jest/globals';
import type { Collector } from '../../lib/model/collector.js';
import type { JobIds } from '../../lib/aggregate/attribution.js';
import { Driver, NOW } from '../helpers/driver.js';
import { exposition, job, on, Viewer } from '../helpers/owned-node.js';
import { expectGolden } from '../helpers/golden.js';

const HOUR = 3_600_000;
const TRAIN = job('918273', {
  name: 'train',
  user: 'alice',
  account: 'physics',
  partition: 'gpu',
  startedAt: NOW - HOUR,
  endsAt: NOW + 2 * HOUR,
});
const IDLE = job('918280', { name: 'jupyter', user: 'bob', account: 'bio', partition: 'gpu', startedAt: NOW - HOUR });
const POD = job('7d1f0c52-9a0b', {
  scheduler: 'kubernetes',
  user: 'carol',
  userSource: 'label hub.jupyter.org/username',
  namespace: 'ml-team-a',
  pod: 'train-llm-0',
});

/** alice's job runs on GPU 0; GPU 2 is allocated to bob, who runs nothing; a pod of carol runs as root on GPU 3, and dave is on bob's GPU 1. */
function cluster(): Viewer {
  const viewer = new Viewer(
    { people: true, teamOf: (user) => (user === 'alice' || user === 'bob' ? 'science' : '') },
    undefined,
    'gpu-a01',
  );
  const jobs = [TRAIN, IDLE, POD];
  viewer.attribution.setJobs({
    find: ({ job: id, podUid }: JobIds) => jobs.find((one) => one.id === id || one.id === podUid),
    on: () => [on(TRAIN, 0), on(IDLE, 1), on(IDLE, 2), on(POD, 3)],
    schedulerNode: () => undefined,
  });
  return viewer.scrape(
    exposition(
      [
        { pid: 41822, gpu: 0, user: 'alice', bytes: 7e9, command: 'python train.py', identity: { job: '918273', step: '0' } },
        { pid: 51310, gpu: 1, user: 'dave', bytes: 7e9, command: 'python borrowed.py' },
        {
          pid: 61001,
          gpu: 3,
          user: 'root',
          bytes: 7e9,
          command: 'python serve.py',
          identity: { pod_uid: '7d1f0c52-9a0b', container: '0f3c5a7b9d1e2f4a', runtime: 'containerd' },
        },
      ],
      { utils: [90, 0, 0, 80], used: [7e9, 7e9, 0, 7e9] },
    ),
    NOW - 2000,
  );
}

function shown(cols: number, rows: number, ...keys: readonly string[]): Driver {
  const viewer = cluster();
  const collector: Collector = {
    source: 'gpu-a01',
    intervalMs: 3000,
    nodes: [viewer.node],
    start: (deliver) => deliver({ node: viewer.node, kind: 'data', continuity: 'next' }),
    stop: () => Promise.resolve(),
  };
  const driver = new Driver({ source: () => collector, cols, rows });
  driver.app.state.knownJobs = {
    find: ({ job: id, podUid }: JobIds) => [TRAIN, IDLE, POD].find((one) => one.id === id || one.id === podUid),
    matches: { ambiguous: 0, unmatched: 0 },
  };
  driver.app.state.touch();
  return driver.press(...keys);
}

const PICTURES: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['owners-users', ['V']],
  ['owners-accounts', ['V', 'G']],
  ['owners-jobs', ['V', 'G', 'G']],
  ['owners-namespaces', ['V', 'G', 'G', 'G']],
  ['owners-teams', ['V', 'G', 'G', 'G', 'G']],
  ['owners-job-nodes', ['V', 'G', 'G', 'Down', 'Enter']],
  ['owners-process', ['V', 'Down', 'Down', 'Enter', 'Enter', 'Enter']],
  ['owners-node', ['Enter']],
  ['owners-stranger', ['V', 'End', 'Enter', 'Enter', 'Enter']],
  ['owners-gpus', []],
];

describe.each(PICTURES)('%s', (name, keys) => {
  test.each([
    [200, 24],
    [120, 24],
    [80, 24],
  ])('%ix%i', (cols, rows) => {
    expectGolden(name, cols, rows, shown(cols, rows, ...keys).frame());
  });
});

test('a full round of G ends at the users', () => {
  const driver = shown(120, 24, 'V');
  const users = driver.frame();
  expect(driver.press('G', 'G', 'G', 'G', 'G').frame()).toBe(users);
});

test('an export of a grouping has its name and its rows', () => {
  expect(shown(120, 24, 'V', 'G').frame()).toMatch(/▲ACCOUNT/);
  const sheet = shown(120, 24, 'V', 'G', 'G');
  expect(sheet.frame()).toMatch(/918273 +alice/);
});
