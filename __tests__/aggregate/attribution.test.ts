/** Who runs the processes of a node: identities from the node, jobs from a scheduler, and the sums over accounts and jobs. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { holderNames, isTrespassing } from '../../lib/aggregate/owner-columns.js';
import { userNodes } from '../../lib/aggregate/user-nodes.js';
import type { UsersTable } from '../../lib/aggregate/users-table.js';
import { GROUPINGS, type Grouping } from '../../lib/model/owners.js';
import { exposition, job, lookup, on, Viewer, type Proc } from '../helpers/owned-node.js';

const rows = (table: UsersTable): readonly unknown[] =>
  Array.from({ length: table.count }, (_, row) => [
    table.user(row),
    table.nodes[row],
    table.gpus[row],
    table.procs[row],
    table.vramBytes[row],
    table.allocatedGpus[row],
    table.allocatedIdleGpus[row],
  ]);

const ROOT_IN_POD: Proc = {
  pid: 1,
  gpu: 0,
  user: 'root',
  identity: { pod_uid: 'u-1', container: 'c1', owner: 'alice', owner_source: 'login uid' },
};

describe('the person behind a process', () => {
  test('replaces root in a container if the node knows who it is', () => {
    expect(new Viewer().scrape(exposition([ROOT_IN_POD])).owners()).toMatchObject([{ user: 'alice', runsAs: 'root' }]);
  });

  test('is not shown when processes are listed under their own user', () => {
    expect(new Viewer({ people: false }).scrape(exposition([ROOT_IN_POD])).owners()).toMatchObject([{ user: 'root', runsAs: '' }]);
  });

  test('is never guessed, and never replaces an account with a name of its own', () => {
    const procs: Proc[] = [
      { pid: 1, gpu: 0, user: 'root' },
      { pid: 2, gpu: 0, user: 'root', identity: { pod_uid: 'u-1' } },
      { pid: 3, gpu: 0, user: 'bob', identity: { job: '7', owner: 'alice' } },
      { pid: 4, gpu: 0, user: '100999', identity: { container: 'c', owner: 'carol', owner_source: 'rootless owner' } },
    ];
    expect(
      new Viewer()
        .scrape(exposition(procs))
        .owners()
        .map(({ user, runsAs }) => [user, runsAs]),
    ).toEqual([
      ['root', ''],
      ['root', ''],
      ['bob', ''],
      ['carol', '100999'],
    ]);
  });

  test('is the user of the job according to the scheduler, before the owner that the node reports', () => {
    const viewer = new Viewer();
    viewer.attribution.setJobs(lookup([on(job('7', { user: 'dave', account: 'bio', otherIds: ['s0123456789ABC'] }), 0)]));
    const procs: Proc[] = [{ pid: 1, gpu: 0, user: 'root', identity: { job: 's0123456789ABC', owner: 'alice' } }];
    expect(viewer.scrape(exposition(procs)).owners()).toMatchObject([{ user: 'dave', runsAs: 'root', account: 'bio', job: '7' }]);
  });
});

describe('the job of a process without an identity', () => {
  const hers = job('7', { user: 'alice', account: 'bio' });

  test('is the only job of its user on its GPU', () => {
    const viewer = new Viewer();
    viewer.attribution.setJobs(lookup([on(hers, 0), on(job('8', { user: 'bob' }), 0)]));
    const procs: Proc[] = [
      { pid: 1, gpu: 0, user: 'alice' },
      { pid: 2, gpu: 1, user: 'alice' },
      { pid: 3, gpu: 0, user: 'carol' },
    ];
    expect(
      viewer
        .scrape(exposition(procs))
        .owners()
        .map((row) => row.job),
    ).toEqual(['7', '', '']);
  });

  test('is unknown if the user has two jobs there', () => {
    const viewer = new Viewer();
    viewer.attribution.setJobs(lookup([on(hers, 0), on(job('8', { user: 'alice' }), 0)]));
    expect(viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'alice' }])).owners()).toMatchObject([{ job: '', account: '' }]);
  });
});

describe('allocations', () => {
  test('list an owner without a process, with the GPUs that do not compute', () => {
    const viewer = new Viewer();
    const [hers, bobs] = [job('7', { user: 'alice', account: 'bio' }), job('8', { user: 'bob', account: 'physics' })];
    viewer.attribution.setJobs(lookup([on(hers, 0), on(bobs, 1), on(bobs, 2), on(bobs, -1, 2)]));
    viewer.scrape(exposition([{ pid: 1, gpu: 0, user: 'alice' }]));
    expect(rows(viewer.table('user'))).toEqual([
      ['alice', 1, 1, 1, 1e9, 1, 0],
      ['bob', 1, 0, 0, NaN, 4, 2],
    ]);
    expect(rows(viewer.table('account')).map((row) => (row as unknown[])[0])).toEqual(['bio', 'physics']);
    expect(viewer.table('account').usersOf(1)).toEqual(['bob']);
    const [bobsNode] = userNodes([viewer.node], 'bob');
    expect([bobsNode?.slots, bobsNode?.allocatedGpus, bobsNode?.allocatedIdleGpus, bobsNode?.topRow]).toEqual([[], 4, 2, -1]);
  });

  test('are unknown without a scheduler', () => {
    const viewer = new Viewer().scrape(exposition([{ pid: 1, gpu: 0, user: 'alice' }]));
    expect(rows(viewer.table('user'))).toEqual([['alice', 1, 1, 1, 1e9, NaN, NaN]]);
    expect(viewer.node.procs.known).toBeUndefined();
  });

  test('find a process on a GPU allocated to another user, but not one of a system account', () => {
    const viewer = new Viewer();
    viewer.attribution.setJobs(lookup([on(job('7', { user: 'alice' }), 0)]));
    viewer.scrape(
      exposition([
        { pid: 1, gpu: 0, user: 'alice' },
        { pid: 2, gpu: 0, user: 'bob' },
        { pid: 3, gpu: 1, user: 'bob' },
        { pid: 4, gpu: 0, user: 'root' },
      ]),
    );
    expect([0, 1, 2, 3].map((row) => isTrespassing(viewer.node, row))).toEqual([false, true, false, false]);
  });
});

test('a new answer of the scheduler counts at once, and rows that stay the same keep it', () => {
  const viewer = new Viewer();
  const text = exposition([{ pid: 1, gpu: 0, user: 'alice' }]);
  const { structure, version } = viewer.scrape(text).scrape(text).node;
  viewer.attribution.setJobs(lookup([on(job('7', { user: 'alice' }), 0)]));
  expect(viewer.owners()).toMatchObject([{ job: '7' }]);
  expect(viewer.node.structure).toBeGreaterThan(structure);
  expect(viewer.node.version).toBeGreaterThan(version);
  expect(viewer.scrape(text).owners()).toMatchObject([{ job: '7' }]);
  viewer.attribution.setJobs(lookup([]));
  expect(viewer.owners()).toMatchObject([{ job: '' }]);
});

test('who has a GPU is its user, else its pod, else its job', () => {
  const viewer = new Viewer();
  const pod = job('u-1', { scheduler: 'kubernetes', namespace: 'ml', pod: 'train-0' });
  viewer.attribution.setJobs(
    lookup([on(job('7', { user: 'alice' }), 0), on(pod, 1), on(job('8'), 2), on(job('8'), 2), on(job('', {}), 3)]),
  );
  viewer.scrape(exposition([]));
  expect([0, 1, 2, 3].map((slot) => holderNames(viewer.node, slot))).toEqual([['alice'], ['train-0'], ['8'], ['?']]);
});

test('owners keep their names when ids are renumbered', () => {
  const viewer = new Viewer({ people: true }, 16);
  viewer.attribution.setJobs(lookup([on(job('7', { user: 'zoe', account: 'bio' }), 0)]));
  const strangers = Array.from({ length: 40 }, (_, pid): Proc => ({ pid, gpu: 0, user: `stranger${pid}` }));
  const last: Proc = { pid: 1, gpu: 0, user: 'root', identity: { job: '7' } };
  viewer.scrape(exposition(strangers)).scrape(exposition([last]));
  expect(viewer.parsers.tidy()).toBe(true);
  expect(viewer.owners()).toMatchObject([{ user: 'zoe', runsAs: 'root', account: 'bio', job: '7' }]);
  expect(viewer.node.userName(viewer.node.allocations.owner.account[0]!)).toBe('bio');
});

const randomProc = fc.record({
  pid: fc.integer({ min: 1, max: 6 }),
  gpu: fc.integer({ min: 0, max: 3 }),
  user: fc.constantFrom('alice', 'bob', 'root', '100999'),
  bytes: fc.integer({ min: 0, max: 1e6 }),
  identity: fc.option(fc.record({ job: fc.constantFrom('1', '2', '3', '4'), owner: fc.constantFrom('', 'carol') }), { nil: undefined }),
});

test('in every grouping the rows are the sums of the processes, as computed independently', () => {
  const jobs = [
    job('1', { user: 'alice', account: 'bio' }),
    job('2', { user: 'bob', account: 'physics' }),
    job('3', { user: 'carol', account: 'bio', scheduler: 'kubernetes', namespace: 'ml', pod: 'p' }),
  ];
  fc.assert(
    fc.property(fc.uniqueArray(randomProc, { selector: ({ pid, gpu }) => `${pid} ${gpu}`, maxLength: 12 }), (procs) => {
      const listed = procs.map(({ identity, ...proc }) => ({
        ...proc,
        ...(identity ? { identity: Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== '')) } : {}),
      }));
      const viewer = new Viewer({ people: true, teamOf: (user) => (user === 'alice' ? 'green' : '') });
      viewer.attribution.setJobs({ ...lookup(jobs.map((one) => on(one, -1))), on: () => [] });
      viewer.scrape(exposition(listed));
      const known = listed.map((proc) => {
        const identity: Readonly<Record<string, string>> = 'identity' in proc ? proc.identity : {};
        const own = jobs.find(({ id }) => id === identity.job);
        const hidden = proc.user === 'root' || proc.user === '100999';
        const user = (hidden && 'identity' in proc && (own?.user ?? identity.owner)) || proc.user;
        const pod = own?.scheduler === 'kubernetes';
        return {
          ...proc,
          of: {
            user,
            account: own?.account ?? '',
            job: pod ? '' : (own?.id ?? identity.job ?? ''),
            namespace: own?.namespace ?? '',
            team: user === 'alice' ? 'green' : '',
          } satisfies Record<Grouping, string>,
        };
      });
      for (const by of GROUPINGS) {
        const table = viewer.table(by);
        const names = [...new Set(known.map(({ of }) => of[by]))].sort();
        const expected = names.map((name) => {
          const own = known.filter(({ of }) => of[by] === name);
          const users = [...new Set(own.map(({ of }) => of.user))].sort();
          const [gpus, pids] = [new Set(own.map(({ gpu }) => gpu)).size, new Set(own.map(({ pid }) => pid)).size];
          return [name, 1, gpus, pids, own.reduce((sum, { bytes }) => sum + bytes, 0), users];
        });
        const found = Array.from({ length: table.count }, (_, row) => [
          table.user(row),
          table.nodes[row],
          table.gpus[row],
          table.procs[row],
          table.vramBytes[row],
          table.usersOf(row),
        ]);
        expect(found).toEqual(expected);
      }
    }),
    { numRuns: 150 },
  );
});
