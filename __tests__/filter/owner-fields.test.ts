/** The fields of owners: job, account, namespace, pod, team, container, the account that runs a process, and whose GPU it is. */
import { describe, expect, test } from '@jest/globals';
import { Derivations } from '../../lib/aggregate/derivations.js';
import { usageDerivations } from '../../lib/aggregate/users.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FIELDS } from '../../lib/filter/fields.js';
import { FilteredNodes } from '../../lib/filter/filtered-nodes.js';
import { parse } from '../../lib/filter/parser.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { exposition, job, lookup, on, Viewer } from '../helpers/owned-node.js';

/** alice computes as root in a pod on GPU 0, bob on GPU 1, and GPU 2 is allocated to alice. */
const viewer = new Viewer({ people: true, teamOf: (user) => (user === 'alice' ? 'green' : 'red') });
const pod = job('u-1', { scheduler: 'kubernetes', user: 'alice', account: 'bio', namespace: 'ml', pod: 'train-0' });
viewer.attribution.setJobs({
  ...lookup([on(pod, 0), on(pod, 2)]),
  find: ({ podUid, job: id }) => (podUid === 'u-1' ? pod : id === '7' ? job('7', { user: 'bob', account: 'physics' }) : undefined),
});
viewer.scrape(
  exposition([
    { pid: 1, gpu: 0, user: 'root', identity: { pod_uid: 'u-1', container: '0123456789abcdef' } },
    { pid: 2, gpu: 1, user: 'bob', identity: { job: '7' } },
  ]),
);

const filtered = (text: string): NodeView => new FilteredNodes(compile(parse(text)!, text)).filtered(viewer.node);

const FILTERS: Readonly<Record<string, readonly [text: string, pids: readonly number[]]>> = {
  job: ['job == 7', [2]],
  account: ['account == bio', [1]],
  namespace: ['ns == ml', [1]],
  pod: ['pod == train-0', [1]],
  team: ['team == red', [2]],
  container: ['container == 0123456789ab', [1]],
  runs_as: ['runs_as == root', [1]],
  allocation: ['allocation == alice', [1]],
};

test.each(Object.entries(FILTERS))('%s', (_field, [text, pids]) => {
  const { procs } = filtered(text);
  expect([...procs.pid].slice(0, procs.count)).toEqual(pids);
});

describe('what a filter leaves', () => {
  test('keeps the owners of its rows', () => {
    const node = filtered('pid == 1');
    const table = new Derivations().derive(usageDerivations.account, [node], 1);
    expect([table.user(0), table.usersOf(0)]).toEqual(['bio', ['alice']]);
    expect(node.userName(node.procs.known!.runsAs[0]!)).toBe('root');
  });

  test('by allocation, it leaves the GPU on which nothing runs as well', () => {
    const { gpus } = filtered('allocation == alice');
    expect([...gpus.index].slice(0, gpus.count)).toEqual([0, 2]);
  });
});

test('no such field is missing here', () => {
  const names = new Set(FIELDS.map(({ name }) => name));
  expect(Object.keys(FILTERS).filter((name) => !names.has(name))).toEqual([]);
});
