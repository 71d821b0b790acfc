/** Sources of jobs against real programs and files. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { JobSources, merged } from '../../../lib/sources/jobs/job-source.js';
import { readAnswer } from '../../../lib/sources/jobs/answer-reader.js';
import type { ClusterJobs, JobSourceState } from '../../../lib/model/jobs.js';
import { SteppedClock } from '../../helpers/clock.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/jobs');
const fixture = (file: string): string => join(FIXTURES, file);
const SQUEUE = fixture('squeue-v0.0.44.json');
const MINUTE = 60_000;

let directory: string;
let path: string | undefined;
const opened: Opened[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'all-smi-view-jobs-'));
  path = process.env.PATH;
  process.env.PATH = `${directory}:${path ?? ''}`;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ sources }) => sources.stop()));
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

const at = (name: string): string => join(directory, name);
/** A program of this name on the path; `$dir` is its directory. */
const program = (name: string, body: string): void => writeFileSync(at(name), `#!/bin/sh\ndir=${directory}\n${body}\n`, { mode: 0o755 });
const NODES = 'cat ' + fixture('scontrol-show-nodes.json');

interface Opened {
  readonly sources: JobSources;
  readonly clock: SteppedClock;
  readonly jobs: () => ClusterJobs | undefined;
  readonly states: () => readonly JobSourceState[];
  /** Until the next state. */
  next(): Promise<JobSourceState>;
}

function open(...asked: readonly string[]): Opened {
  const clock = new SteppedClock(Date.now());
  let jobs: ClusterJobs | undefined;
  let heard: () => void = () => undefined;
  let unread = 0;
  const sources = new JobSources({
    asked,
    clock,
    receiver: { setJobs: (next) => (jobs = next) },
    onStates: () => {
      unread++;
      heard();
    },
  });
  const one: Opened = {
    sources,
    clock,
    jobs: () => jobs,
    states: () => sources.states,
    next: async () => {
      if (unread === 0) await new Promise<void>((resolve) => (heard = resolve));
      unread = 0;
      return sources.states[0]!;
    },
  };
  opened.push(one);
  sources.start();
  return one;
}

async function until(holds: () => boolean): Promise<void> {
  for (let left = 2000; !holds(); left--) {
    if (left === 0) throw new Error('never came');
    await pause(5);
  }
}

const pidsIn = (name: string): readonly number[] => readFileSync(at(name), 'utf8').split('\n').filter(Boolean).map(Number);
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

describe('Slurm', () => {
  test('jobs and nodes, asked again every minute, with no defaults of the user', async () => {
    program('squeue', `echo "$*" >>$dir/asked; env >$dir/env; cat ${SQUEUE}`);
    program('scontrol', `echo "$*" >>$dir/asked; ${NODES}`);
    process.env.SQUEUE_USERS = 'alice';
    const one = open('slurm');
    expect(await one.next()).toMatchObject({ name: 'squeue', jobs: 3, okAt: one.clock.now(), error: undefined, bad: 0 });
    delete process.env.SQUEUE_USERS;
    expect(one.jobs()).toMatchObject({ at: one.clock.now(), jobs: { length: 3 }, nodes: [{ name: 'gpu-a01', addresses: ['10.20.0.11'] }] });
    expect(readFileSync(at('env'), 'utf8')).not.toContain('SQUEUE_');
    one.clock.step(MINUTE - 1);
    await pause(50);
    expect(readFileSync(at('asked'), 'utf8').split('\n').filter(Boolean)).toEqual([
      '--json --all --states=RUNNING,SUSPENDED,PENDING,COMPLETING,CONFIGURING',
      'show nodes --json',
    ]);
    writeFileSync(at('squeue'), '#!/bin/sh\necho \'{"jobs":[],"meta":{}}\'\n');
    one.clock.step(1);
    expect(await one.next()).toMatchObject({ jobs: 0, error: undefined });
    expect(one.jobs()!.jobs).toEqual([]);
  });

  test('the text where there is no JSON; it is not asked for again', async () => {
    program(
      'squeue',
      'echo x >>$dir/squeued; echo "squeue: unrecognized option \'--json\'" >&2; echo "Try \\"squeue --help\\"" >&2; exit 1',
    );
    program(
      'scontrol',
      `case "$*" in *json*) echo "scontrol: invalid option -- json" >&2; exit 1;; *job*) cat ${fixture('scontrol-show-job-d.txt')};; *) printf 'NodeName=gpu-a02 CoresPerSocket=4\\n   State=IDLE+DRAIN\\n   Reason=bad GPU [root@2026]\\n\\n';; esac`,
    );
    const one = open('slurm');
    expect(await one.next()).toMatchObject({ jobs: 2, error: undefined, bad: 0 });
    expect(one.jobs()).toMatchObject({
      jobs: [{ user: 'alice' }, { user: 'erin' }],
      nodes: [{ name: 'gpu-a02', state: 'drained', reason: 'bad GPU' }],
    });
    one.clock.step(MINUTE);
    await one.next();
    expect(readFileSync(at('squeued'), 'utf8')).toBe('x\n');
  });

  test('without its nodes, the jobs are there and the failure is told', async () => {
    program('squeue', `cat ${SQUEUE}`);
    program('scontrol', 'echo "scontrol: error: no" >&2; exit 1');
    const one = open('slurm');
    expect(await one.next()).toMatchObject({ jobs: 3, error: undefined, bad: 1, badReason: 'scontrol: no' });
  });

  test.each<[string, string, string, string]>([
    [
      'fails',
      'echo "squeue: error: Unable to contact slurm controller (connect failure)" >&2; exit 1',
      'S_JOBS_FAILED',
      'squeue: Unable to contact slurm controller (connect failure)',
    ],
    ['fails without a word', 'exit 3', 'S_JOBS_FAILED', 'squeue: exit status 3'],
    ['is killed', 'kill -9 $$', 'S_JOBS_FAILED', 'squeue: killed by SIGKILL'],
    ['prints nothing', 'exit 0', 'S_JOBS_BAD', 'squeue: its answer cannot be used: it is empty'],
    ['prints something else', 'echo hello', 'S_JOBS_BAD', 'squeue: its answer cannot be used: it is not JSON at "h"'],
    ['ends while it writes', `head -c 1000 ${SQUEUE}`, 'S_JOBS_BAD', 'squeue: its answer cannot be used: it ends in the middle'],
    [
      'prints errors of Slurm',
      'echo \'{"jobs":[],"errors":[{"description":"Access denied"}]}\'',
      'S_JOBS_BAD',
      'squeue: its answer cannot be used: Access denied',
    ],
    ['never stops printing nonsense', 'exec cat /dev/zero', 'S_JOBS_BAD', 'squeue: its answer cannot be used: it is not JSON at "\\u0000"'],
    [
      'never stops printing jobs',
      'printf \'{"jobs":[\'; exec yes \'{"job_state":"COMPLETED","job_id":1},\'',
      'S_JOBS_BAD',
      'squeue: its answer cannot be used: it lists more than 1,000,000 jobs',
    ],
    [
      'never ends its only job',
      'printf \'{"jobs":[{"a":"\'; tr "\\0" x </dev/zero',
      'S_JOBS_TOO_LARGE',
      'squeue: its answer is larger than 512 MiB',
    ],
  ])('a program that %s: the last good answer is kept, with its age', async (_, body, code, text) => {
    program('squeue', `cat ${SQUEUE}`);
    program('scontrol', NODES);
    const one = open('slurm');
    const { okAt } = await one.next();
    program('squeue', body);
    one.clock.step(MINUTE);
    expect(await one.next()).toMatchObject({ jobs: 3, okAt, error: { code, text } });
    expect(one.jobs()!.jobs).toHaveLength(3);
    program('squeue', `cat ${SQUEUE}`);
    one.clock.step(MINUTE);
    expect(await one.next()).toMatchObject({ jobs: 3, okAt: okAt! + 2 * MINUTE, error: undefined });
  });

  test('a program that hangs is killed with its children, and is no reason to wait', async () => {
    program('squeue', 'trap "" TERM; sleep 300 & echo $$ >>$dir/pids; echo $! >>$dir/pids; printf \'{"jobs":[\'; wait; sleep 300');
    const one = open('slurm');
    await until(() => existsSync(at('pids')) && pidsIn('pids').length === 2);
    one.clock.step(30_000);
    expect(await one.next()).toMatchObject({
      jobs: 0,
      okAt: undefined,
      error: { code: 'S_JOBS_TIMEOUT', text: 'squeue: no answer within 30 s' },
    });
    await until(() => !pidsIn('pids').some(alive));
  });

  test('stopping kills what runs', async () => {
    program('squeue', 'echo $$ >>$dir/pids; sleep 300');
    const one = open('slurm');
    await until(() => existsSync(at('pids')));
    const [pid] = pidsIn('pids');
    expect(alive(pid!)).toBe(true);
    await one.sources.stop();
    await until(() => !alive(pid!));
    expect(one.clock.pending).toBe(0);
    expect(one.states()).toMatchObject([{ error: undefined, okAt: undefined }]);
  });

  test('a program that is not there, and comes later', async () => {
    const one = open('slurm');
    expect(await one.next()).toMatchObject({ error: { code: 'S_JOBS_MISSING', text: 'squeue is not on the PATH' } });
    program('squeue', `cat ${SQUEUE}`);
    program('scontrol', NODES);
    one.clock.step(MINUTE);
    expect(await one.next()).toMatchObject({ jobs: 3, error: undefined });
  });
});

test('Kubernetes: the pods of all namespaces that have not ended', async () => {
  program('kubectl', `echo "$*" >$dir/asked; cat ${fixture('kubectl-pods.json')}`);
  const one = open('kube');
  expect(await one.next()).toMatchObject({ name: 'kubectl', jobs: 2, error: undefined });
  expect(readFileSync(at('asked'), 'utf8')).toMatch(
    /^get pods -A -o json --field-selector=status\.phase!=Succeeded,status\.phase!=Failed /,
  );
  program(
    'kubectl',
    'echo "E0921 memcache.go:265] could not get the server" >&2; echo "Error from server (Forbidden): pods is forbidden" >&2; exit 1',
  );
  one.clock.step(MINUTE);
  expect(await one.next()).toMatchObject({ jobs: 2, error: { text: 'kubectl: Error from server (Forbidden): pods is forbidden' } });
});

describe('a file', () => {
  /** Written long ago, unless `seconds` says otherwise. */
  function write(name: string, text: string, seconds = 100): void {
    writeFileSync(at(name), text);
    const then = Date.now() / 1000 - seconds;
    utimesSync(at(name), then, then);
  }
  const squeue = readFileSync(SQUEUE, 'utf8');
  const EMPTY = '{"jobs":[],"meta":{}}\n';

  test('is read again when it has changed or was replaced, and not otherwise', async () => {
    write('jobs.json', squeue);
    const one = open(at('jobs.json'));
    const first = await one.next();
    expect(first).toMatchObject({ name: 'jobs.json', jobs: 3, error: undefined });
    expect(Math.abs(one.clock.now() - 100_000 - first.okAt!)).toBeLessThan(5000);
    const { jobs } = one.jobs()!;
    one.clock.step(10_000);
    await pause(50);
    expect(one.jobs()!.jobs).toBe(jobs);
    write('new', EMPTY, 50);
    renameSync(at('new'), at('jobs.json'));
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({ jobs: 0 });
    write('jobs.json', squeue, 20);
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({ jobs: 3 });
  });

  test('half of it is never an answer: the last good one is kept until it is whole', async () => {
    write('jobs.json', squeue);
    const one = open(at('jobs.json'));
    const { okAt } = await one.next();
    write('jobs.json', squeue.slice(0, 3000), 50);
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({
      jobs: 3,
      okAt,
      error: { code: 'S_JOBS_FILE', text: `${at('jobs.json')}: it ends in the middle` },
    });
    expect(one.jobs()!.jobs).toHaveLength(3);
    write('jobs.json', squeue, 20);
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({ jobs: 3, error: undefined });
  });

  test('text that is being written is left alone until it has been still for two looks', async () => {
    const text = readFileSync(fixture('scontrol-show-job-d.txt'), 'utf8');
    const end = text.indexOf('\nJobId=918305');
    const one = open(at('jobs.txt'));
    expect(await one.next()).toMatchObject({ error: { text: `${at('jobs.txt')}: does not exist` } });
    // Whole lines, and yet half of the jobs.
    write('jobs.txt', text.slice(0, end + 1), -2);
    one.clock.step(2000);
    await pause(50);
    expect(one.jobs()).toBeUndefined();
    write('jobs.txt', text, -4);
    one.clock.step(2000);
    await pause(50);
    expect(one.jobs()).toBeUndefined();
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({ jobs: 2, error: undefined });
  });

  test('a file that is written over while it is read is never half the one and half the other', async () => {
    const jobs = 5000;
    const textOf = (user: string): string =>
      Array.from(
        { length: jobs },
        (_, at) => `JobId=${at + 1} JobName=x\n   UserId=${user}(1)\n   JobState=RUNNING\n   Comment=${'-'.repeat(1000)}\n\n`,
      ).join('');
    const [before, after] = [textOf('alice'), textOf('bobby')];
    for (const turns of [3, 10, 30, 60]) {
      write('jobs.txt', before);
      const one = open(at('jobs.txt'));
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      write('jobs.txt', after, 50);
      // The reading that was begun is over by then.
      while (new Set(one.jobs()?.jobs.map(({ user }) => user)).size === 0) {
        one.clock.step(2000);
        await pause(5);
      }
      expect([turns, [...new Set(one.jobs()!.jobs.map(({ user }) => user))].length, one.jobs()!.jobs.length]).toEqual([turns, 1, jobs]);
      await one.sources.stop();
    }
  });

  test.each<[string, (name: string) => void, string]>([
    ['is gone', (name) => rmSync(name), 'does not exist'],
    [
      'is emptied',
      (name) => {
        truncateSync(name);
        utimesSync(name, 1, 1);
      },
      'it is empty',
    ],
    [
      'has become a directory',
      (name) => {
        rmSync(name);
        mkdtempSync(`${name}-`);
        renameSync(mkdtempSync(`${name}-`), name);
      },
      'is not a file',
    ],
  ])('that %s: said once, and the last good answer is kept', async (_, change, reason) => {
    write('jobs.json', squeue);
    const one = open(at('jobs.json'));
    await one.next();
    change(at('jobs.json'));
    one.clock.step(2000);
    // A directory that is new is looked at twice.
    one.clock.step(2000);
    expect(await one.next()).toMatchObject({ jobs: 3, error: { text: `${at('jobs.json')}: ${reason}` } });
    const [state] = one.states();
    one.clock.step(10_000);
    await pause(50);
    expect(one.states()[0]).toBe(state);
  });
});

describe('several', () => {
  test('each has its state, and their jobs are together', async () => {
    program('squeue', `cat ${SQUEUE}`);
    program('scontrol', NODES);
    writeFileSync(at('pods.json'), readFileSync(fixture('kubectl-pods.json')));
    utimesSync(at('pods.json'), 1000, 1000);
    const one = open('slurm', at('pods.json'), at('none.json'), 'slurm');
    await one.sources.settled;
    expect(one.states().map(({ name, jobs, error }) => [name, jobs, error?.code])).toEqual([
      ['squeue', 3, undefined],
      ['pods.json', 2, undefined],
      ['none.json', 0, 'S_JOBS_FILE'],
    ]);
    const { jobs, nodes, at: since } = one.jobs()!;
    expect([jobs.length, nodes.map(({ name, state }) => [name, state]), since]).toEqual([5, [['gpu-a01', 'in service']], 1_000_000]);
  });

  test('a job that two of them report is there once, with its GPUs', () => {
    const answers = ['sacct.json', 'squeue-v0.0.44.json', 'scontrol-show-job-d.txt'].map((file, nth) => ({
      answer: readAnswer(readFileSync(fixture(file), 'utf8'), 0),
      at: 10 - nth,
    }));
    const { jobs, at: since } = merged(answers);
    expect([since, jobs.map(({ id, allocations }) => [id, allocations[0]?.gpus.length ?? 0])]).toEqual([
      8,
      [
        ['918273', 1],
        ['918280', 1],
        ['918301', 0],
        ['918305', 8],
      ],
    ]);
  });
});
